//! The facts about objects that `ipcs` and `lsipc` show; each tool formats them in its own way.

use crate::kind::model::{Object, Segment};
use crate::object::names::Names;
use crate::sys::{Gid, Key, Mode, Pid, Timestamp, Uid};

/// A fact that is not formatted yet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Key(Key),
    Number(u64),
    /// An identifier or a process id.
    Id(i32),
    Bytes(u64),
    /// Mode bits, shown in octal.
    Bits(u32),
    Perms(Mode),
    /// The `SHM_DEST` and `SHM_LOCKED` bits of a segment.
    Status(Mode),
    /// Shown as a number if the user has no name, unlike `User`.
    Owner(Uid),
    User(Uid),
    Group(Gid),
    Time(Timestamp),
    /// The command line of a process that the kernel recorded no later than this.
    Command(Pid, Timestamp),
}

use Value::{Bits, Bytes, Command, Group, Id, Number, Owner, Perms, Status, Time, User};

/// Reads a fact from an object; None if its kind has no such fact.
pub(super) type Fact = fn(&Object) -> Option<Value>;

pub(super) const KEY: Fact = |object| Some(Value::Key(object.perm.key));
pub(super) const ID: Fact = |object| Some(Id(object.id.sysv()));
pub(super) const OWNER: Fact = |object| Some(Owner(object.perm.uid));
pub(super) const PERMS: Fact = |object| Some(Perms(object.perm.mode));
pub(super) const MODE_BITS: Fact = |object| Some(Bits(object.perm.mode.bits()));
pub(super) const PERM_BITS: Fact = |object| Some(Bits(object.perm.mode.permissions()));
pub(super) const CUID: Fact = |object| Some(Number(object.perm.cuid.raw().into()));
pub(super) const CUSER: Fact = |object| Some(User(object.perm.cuid));
pub(super) const CGID: Fact = |object| Some(Number(object.perm.cgid.raw().into()));
pub(super) const CGROUP: Fact = |object| Some(Group(object.perm.cgid));
pub(super) const UID: Fact = |object| Some(Number(object.perm.uid.raw().into()));
pub(super) const USER: Fact = |object| Some(User(object.perm.uid));
pub(super) const GID: Fact = |object| Some(Number(object.perm.gid.raw().into()));
pub(super) const GROUP: Fact = |object| Some(Group(object.perm.gid));
pub(super) const CTIME: Fact = |object| Some(Time(object.ctime));

pub(super) const SIZE: Fact = |object| Some(Bytes(object.as_segment()?.size));
pub(super) const NATTCH: Fact = |object| Some(Number(object.as_segment()?.nattch));
pub(super) const STATUS: Fact = |object| object.as_segment().map(|_| Status(object.perm.mode));
pub(super) const ATTACH: Fact = |object| Some(Time(object.as_segment()?.atime));
pub(super) const DETACH: Fact = |object| Some(Time(object.as_segment()?.dtime));
pub(super) const CPID: Fact = |object| Some(Id(object.as_segment()?.cpid.raw()));
pub(super) const LPID: Fact = |object| Some(Id(object.as_segment()?.lpid.raw()));
pub(super) const COMMAND: Fact = |object| {
    let Segment { cpid, atime, dtime, .. } = *object.as_segment()?;
    // The segment is as old as its oldest time.
    let made = [object.ctime, atime, dtime].into_iter().filter(|time| !time.is_never()).min();
    Some(Command(cpid, made.unwrap_or(object.ctime)))
};

pub(super) const USED_BYTES: Fact = |object| Some(Bytes(object.as_queue()?.cbytes));
/// 0 where the kernel does not tell it: msg_qbytes of an unreadable queue needs `MSG_STAT_ANY`, Linux 4.17.
pub(super) const CAPACITY: Fact = |object| Some(Bytes(object.as_queue()?.qbytes.unwrap_or(0)));
pub(super) const MESSAGES: Fact = |object| Some(Number(object.as_queue()?.qnum));
pub(super) const SEND: Fact = |object| Some(Time(object.as_queue()?.stime));
pub(super) const RECV: Fact = |object| Some(Time(object.as_queue()?.rtime));
pub(super) const LSPID: Fact = |object| Some(Id(object.as_queue()?.lspid.raw()));
pub(super) const LRPID: Fact = |object| Some(Id(object.as_queue()?.lrpid.raw()));

pub(super) const NSEMS: Fact = |object| Some(Number(object.as_set()?.nsems));
pub(super) const OTIME: Fact = |object| Some(Time(object.as_set()?.otime));

/// The values of the `wanted` facts; all objects are of one kind.
pub(super) fn values(
    objects: &[Object],
    facts: impl Iterator<Item = Fact>,
    wanted: fn(&Value) -> bool,
) -> impl Iterator<Item = Value> {
    facts
        .filter(move |fact| objects.first().and_then(fact).is_some_and(|value| wanted(&value)))
        .flat_map(|fact| objects.iter().filter_map(fact))
}

/// Looks up the users and groups that these facts name.
pub(super) fn names(objects: &[Object], facts: impl Iterator<Item = Fact>) -> Names {
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    // Most objects have the same owner as the previous one.
    let note = |numbers: &mut Vec<u32>, number| numbers.extend((numbers.last() != Some(&number)).then_some(number));
    for value in values(objects, facts, |value| matches!(value, Owner(_) | User(_) | Group(_))) {
        match value {
            Owner(uid) | User(uid) => note(&mut users, uid.raw()),
            Group(gid) => note(&mut groups, gid.raw()),
            _ => {}
        }
    }
    Names::look_up(users, groups)
}

#[cfg(test)]
mod tests {
    use super::{CGROUP, CUSER, GROUP, KEY, OWNER, names};
    use crate::kind::model::Object;
    use crate::sys::sem::SemStat;
    use crate::sys::{Gid, Key, Mode, Perm, SemId, Timestamp, Uid};

    #[test]
    fn every_name_is_looked_up_however_they_alternate() {
        let set = |number: u32| {
            let (uid, cuid) = (Uid::new(number % 2 * 4_000_000_000), Uid::new(number / 2 % 2 * 4_000_000_000));
            let (gid, cgid) = (Gid::new(4_000_000_000), Gid::new(number / 2 % 2 * 4_000_000_000));
            let perm = Perm { key: Key::PRIVATE, uid, gid, cuid, cgid, mode: Mode::new(0) };
            let never = Timestamp::NEVER;
            Object::set(SemId::new(0), &SemStat { perm, otime: never, ctime: never, nsems: 1 })
        };
        let objects: Vec<Object> = (0..100).map(set).collect();
        let (root, group) = (Uid::new(0), Gid::new(0));
        let all = names(&objects, [KEY, OWNER, CUSER, GROUP, CGROUP].into_iter());
        assert_eq!((all.user(root), all.group(group)), (Some("root"), Some("root")));
        assert_eq!((all.user(Uid::new(4_000_000_000)), all.group(Gid::new(4_000_000_000))), (None, None));
        let none = names(&objects, [KEY, GROUP].into_iter());
        assert_eq!((none.user(root), none.group(group)), (None, None));
    }
}
