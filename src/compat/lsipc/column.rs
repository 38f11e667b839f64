//! The columns, their facts, and which are shown by default.

use crate::compat::fact::{self, Fact};
use crate::kind::system_v::SystemV;

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// The name in the output of `-i`, which has a line for each value.
    pub(super) label: &'static str,
    /// Shown by `--help`.
    pub(super) meaning: &'static str,
    /// Whether cells are right-aligned.
    pub(super) right: bool,
    /// Whether cells may be truncated to the terminal.
    pub(super) cut: bool,
    /// Whether a cell much wider than the others may overflow the column on a terminal. With `-i` such a column has a
    /// line even if it is empty.
    pub(super) uneven: bool,
    pub(super) shows: Shows,
}

/// Rows of objects leave columns of limits empty, and the other way round.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shows {
    Object(Fact),
    Limit(LimitFact),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum LimitFact {
    Name,
    Description,
    Value,
    Used,
    Share,
}

const fn right(name: &'static str, label: &'static str, meaning: &'static str, fact: Fact) -> Column {
    Column { name, label, meaning, right: true, cut: false, uneven: false, shows: Shows::Object(fact) }
}

const fn left(name: &'static str, label: &'static str, meaning: &'static str, fact: Fact) -> Column {
    Column { right: false, ..right(name, label, meaning, fact) }
}

const fn limit(name: &'static str, label: &'static str, meaning: &'static str, fact: LimitFact) -> Column {
    let right = !matches!(fact, LimitFact::Name | LimitFact::Description);
    Column { name, label, meaning, right, cut: false, uneven: false, shows: Shows::Limit(fact) }
}

/// Columns of every object.
pub(super) static GENERIC: [Column; 13] = [
    left("KEY", "Key", "key the object was made with", fact::KEY),
    left("ID", "ID", "identifier", fact::ID),
    right("OWNER", "Owner", "user who owns it, by name if there is one", fact::OWNER),
    right("PERMS", "Permissions", "permissions", fact::PERMS),
    right("CUID", "Creator UID", "creator's user number", fact::CUID),
    left("CUSER", "Creator user", "creator's user name", fact::CUSER),
    right("CGID", "Creator GID", "creator's group number", fact::CGID),
    left("CGROUP", "Creator group", "creator's group name", fact::CGROUP),
    right("UID", "UID", "owner's user number", fact::UID),
    left("USER", "User name", "owner's user name", fact::USER),
    right("GID", "GID", "owner's group number", fact::GID),
    left("GROUP", "Group name", "owner's group name", fact::GROUP),
    right("CTIME", "Last change", "time of creation or last change", fact::CTIME),
];

static SEGMENTS: [Column; 8] = [
    right("SIZE", "Segment size", "size", fact::SIZE),
    right("NATTCH", "Attached processes", "attachments", fact::NATTCH),
    Column {
        uneven: true,
        ..left("STATUS", "Status", "dest (goes at the last detach), locked (into RAM)", fact::STATUS)
    },
    right("ATTACH", "Attach time", "time of the last attach", fact::ATTACH),
    right("DETACH", "Detach time", "time of the last detach", fact::DETACH),
    Column { cut: true, ..left("COMMAND", "Creator command", "creator's command line, while it runs", fact::COMMAND) },
    right("CPID", "Creator PID", "creator's process", fact::CPID),
    right("LPID", "Last user PID", "last process to attach or detach", fact::LPID),
];

static QUEUES: [Column; 6] = [
    right("USEDBYTES", "Bytes used", "bytes held", fact::USED_BYTES),
    left("MSGS", "Messages", "messages held", fact::MESSAGES),
    right("SEND", "Msg sent", "time of the last send", fact::SEND),
    right("RECV", "Msg received", "time of the last receive", fact::RECV),
    right("LSPID", "Msg sender", "last process to send", fact::LSPID),
    right("LRPID", "Msg receiver", "last process to receive", fact::LRPID),
];

static SETS: [Column; 2] = [
    right("NSEMS", "Semaphores", "number of semaphores", fact::NSEMS),
    right("OTIME", "Last operation", "time of the last operation", fact::OTIME),
];

/// Columns of limits.
pub(super) static SUMMARY: [Column; 5] = [
    limit("RESOURCE", "Resource", "name of the limit", LimitFact::Name),
    limit("DESCRIPTION", "Description", "what is limited", LimitFact::Description),
    limit("LIMIT", "Limit", "its value", LimitFact::Value),
    limit("USED", "Used", "how much is in use", LimitFact::Used),
    limit("USE%", "Use", "how much of the limit is in use", LimitFact::Share),
];

/// The columns that only this kind of object has.
pub(super) fn special(kind: SystemV) -> &'static [Column] {
    match kind {
        SystemV::Segment => &SEGMENTS,
        SystemV::Queue => &QUEUES,
        SystemV::Set => &SETS,
    }
}

/// The default columns of a kind, without `COMMAND`, whose place varies; and the columns that `-t` adds.
pub(super) const fn listed(kind: SystemV) -> (&'static str, &'static str) {
    match kind {
        SystemV::Segment => ("KEY,ID,PERMS,OWNER,SIZE,NATTCH,STATUS,CTIME,CPID,LPID", "ATTACH,DETACH"),
        SystemV::Queue => ("KEY,ID,PERMS,OWNER,USEDBYTES,MSGS,LSPID,LRPID", "SEND,RECV,CTIME"),
        SystemV::Set => ("KEY,ID,PERMS,OWNER,NSEMS", "OTIME,CTIME"),
    }
}

/// The columns that `-c` adds.
pub(super) const CREATOR: &str = "CUID,CGID,UID,GID";

/// The columns with these comma-separated names.
pub(super) fn named(names: &'static str) -> impl Iterator<Item = &'static Column> {
    names.split(',').filter_map(|name| Column::named(name.as_bytes()))
}

impl Column {
    /// The name in output; with `shell`, a valid name of a variable.
    pub(super) const fn heading(&self, shell: bool) -> &'static str {
        if shell && matches!(self.shows, Shows::Limit(LimitFact::Share)) { "USE_PCT" } else { self.name }
    }

    /// Finds a column by name, ignoring case.
    pub(super) fn named(name: &[u8]) -> Option<&'static Self> {
        let groups: [&[Self]; 5] = [&GENERIC, &SEGMENTS, &QUEUES, &SETS, &SUMMARY];
        groups.into_iter().flatten().find(|column| column.name.as_bytes().eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::{CREATOR, listed, named};
    use crate::kind::system_v::SystemV;

    #[test]
    fn every_column_of_a_list_exists() {
        for names in SystemV::ALL.map(listed).into_iter().flat_map(|(list, times)| [list, times]).chain([CREATOR]) {
            assert!(named(names).map(|column| column.name).eq(names.split(',')), "{names}");
        }
    }
}
