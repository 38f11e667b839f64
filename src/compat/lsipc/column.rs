//! The columns: their names and what they say, and which of them are shown for what.

use crate::kind::model::Kind;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Key,
    Id,
    Owner,
    Perms,
    Cuid,
    Cuser,
    Cgid,
    Cgroup,
    Uid,
    User,
    Gid,
    Group,
    Ctime,
    Size,
    Nattch,
    Status,
    Attach,
    Detach,
    Command,
    Cpid,
    Lpid,
    UsedBytes,
    Msgs,
    Send,
    Recv,
    LsPid,
    LrPid,
    Nsems,
    Otime,
    Resource,
    Description,
    Limit,
    Used,
    UsePercent,
}

use Column::{
    Attach, Cgid, Cgroup, Command, Cpid, Ctime, Cuid, Cuser, Description, Detach, Gid, Group, Id, Key, Limit, Lpid,
    LrPid, LsPid, Msgs, Nattch, Nsems, Otime, Owner, Perms, Recv, Resource, Send, Size, Status, Uid, UsePercent, Used,
    UsedBytes, User,
};

/// Of every object.
pub(super) const GENERIC: [Column; 13] =
    [Key, Id, Owner, Perms, Cuid, Cuser, Cgid, Cgroup, Uid, User, Gid, Group, Ctime];
/// Of limits.
pub(super) const SUMMARY: [Column; 5] = [Resource, Description, Limit, Used, UsePercent];

/// What only this kind has.
pub(super) const fn special(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Shm => &[Size, Nattch, Status, Attach, Detach, Command, Cpid, Lpid],
        Kind::Msg => &[UsedBytes, Msgs, Send, Recv, LsPid, LrPid],
        Kind::Sem => &[Nsems, Otime],
    }
}

/// What a list of this kind shows, without `COMMAND`, whose place varies.
pub(super) const fn listed(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Shm => &[Key, Id, Perms, Owner, Size, Nattch, Status, Ctime, Cpid, Lpid],
        Kind::Msg => &[Key, Id, Perms, Owner, UsedBytes, Msgs, LsPid, LrPid],
        Kind::Sem => &[Key, Id, Perms, Owner, Nsems],
    }
}

/// What `-t` adds.
pub(super) const fn times(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Shm => &[Attach, Detach],
        Kind::Msg => &[Send, Recv, Ctime],
        Kind::Sem => &[Otime, Ctime],
    }
}

/// What `-c` adds.
pub(super) const CREATOR: [Column; 4] = [Cuid, Cgid, Uid, Gid];

/// What is fixed about a column.
pub(super) struct Facts {
    /// Its name.
    pub name: &'static str,
    /// What it is called where each value stands on a line of its own.
    pub label: &'static str,
    /// What it says, for the help.
    pub meaning: &'static str,
    /// Whether its cells stand at the right.
    pub right: bool,
}

impl Column {
    /// Its facts.
    pub(super) const fn facts(self) -> Facts {
        let (name, label, meaning, right) = match self {
            Key => ("KEY", "Key", "key the object was made with", false),
            Id => ("ID", "ID", "identifier", false),
            Owner => ("OWNER", "Owner", "user who owns it, by name if there is one", true),
            Perms => ("PERMS", "Permissions", "permissions", true),
            Cuid => ("CUID", "Creator UID", "creator's user number", true),
            Cuser => ("CUSER", "Creator user", "creator's user name", false),
            Cgid => ("CGID", "Creator GID", "creator's group number", true),
            Cgroup => ("CGROUP", "Creator group", "creator's group name", false),
            Uid => ("UID", "UID", "owner's user number", true),
            User => ("USER", "User name", "owner's user name", false),
            Gid => ("GID", "GID", "owner's group number", true),
            Group => ("GROUP", "Group name", "owner's group name", false),
            Ctime => ("CTIME", "Last change", "time of creation or last change", true),
            Size => ("SIZE", "Segment size", "size", true),
            Nattch => ("NATTCH", "Attached processes", "attachments", true),
            Status => ("STATUS", "Status", "dest (goes at the last detach), locked (into RAM)", false),
            Attach => ("ATTACH", "Attach time", "time of the last attach", true),
            Detach => ("DETACH", "Detach time", "time of the last detach", true),
            Command => ("COMMAND", "Creator command", "creator's command line, while it runs", false),
            Cpid => ("CPID", "Creator PID", "creator's process", true),
            Lpid => ("LPID", "Last user PID", "last process to attach or detach", true),
            UsedBytes => ("USEDBYTES", "Bytes used", "bytes held", true),
            Msgs => ("MSGS", "Messages", "messages held", false),
            Send => ("SEND", "Msg sent", "time of the last send", true),
            Recv => ("RECV", "Msg received", "time of the last receive", true),
            LsPid => ("LSPID", "Msg sender", "last process to send", true),
            LrPid => ("LRPID", "Msg receiver", "last process to receive", true),
            Nsems => ("NSEMS", "Semaphores", "number of semaphores", true),
            Otime => ("OTIME", "Last operation", "time of the last operation", true),
            Resource => ("RESOURCE", "Resource", "name of the limit", false),
            Description => ("DESCRIPTION", "Description", "what is limited", false),
            Limit => ("LIMIT", "Limit", "its value", true),
            Used => ("USED", "Used", "how much is in use", true),
            UsePercent => ("USE%", "Use", "how much of the limit is in use", true),
        };
        Facts { name, label, meaning, right }
    }

    /// Its name in output: with `shell`, one that can name a variable.
    pub(super) fn name(self, shell: bool) -> &'static str {
        if shell && self == UsePercent { "USE_PCT" } else { self.facts().name }
    }

    /// The column of this name in any case.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let all = GENERIC.iter().chain(special(Kind::Shm)).chain(special(Kind::Msg)).chain(special(Kind::Sem));
        all.chain(&SUMMARY).copied().find(|column| column.facts().name.as_bytes().eq_ignore_ascii_case(name))
    }
}
