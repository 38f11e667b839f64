//! Rows: a title, a heading and a line for each object. Headings keep the blanks at their ends, which scripts that cut
//! columns count on.

use super::owners::Owners;
use super::{Format, Unit, push_size_cell};
use crate::compat::Tool;
use crate::compat::common::say;
use crate::compat::out::Out;
use crate::compat::text::{pad, pad_front, push_left, push_left_i64, push_left_u64, push_octal};
use crate::compat::times::{Recent, push_ctime, push_ctime_without_year};
use crate::kind::field::Needs;
use crate::kind::model::{Detail, Kind, KindSet, Object, Queue, Segment, Set};
use crate::object::inventory;
use crate::render::units::{push_hex32, push_i64};
use crate::sys::Timestamp;

/// Owners are cut to this width, except where creators are shown too.
const OWNER: usize = 10;

/// Lists all objects of a kind.
///
/// # Errors
/// Why the kernel does not list them.
pub(super) fn show(out: &mut Out, kind: Kind, format: Format, unit: Unit) -> Result<(), String> {
    let Some(head) = head(kind, format, unit) else { return Ok(()) };
    let kinds = KindSet::of(kind);
    let inventory = inventory::collect(kinds, Needs::NOTHING).map_err(|error| error.to_string())?;
    for loss in &inventory.losses {
        say(Tool::Ipcs, loss);
    }
    let owners = Owners::of(&inventory.objects, format == Format::Creator);
    let mut times = Recent::default();
    out.text.push_str(head);
    for object in &inventory.objects {
        row(&mut out.text, object, format, unit, &owners, &mut times);
        out.text.push('\n');
        out.row();
    }
    Ok(())
}

/// Title and heading; None for the processes of semaphores, of which nothing is shown.
fn head(kind: Kind, format: Format, unit: Unit) -> Option<&'static str> {
    let human = unit == Unit::Human;
    Some(match (kind, format) {
        (Kind::Msg, Format::Time) => concat!(
            "------ Message Queues Send/Recv/Change Times --------\n",
            "msqid    owner      send                 recv                 change              \n",
        ),
        (Kind::Msg, Format::Pid) => {
            concat!("------ Message Queues PIDs --------\n", "msqid      owner      lspid      lrpid     \n")
        }
        (Kind::Msg, Format::Creator) => concat!(
            "------ Message Queues Creators/Owners --------\n",
            "msqid      perms      cuid       cgid       uid        gid       \n",
        ),
        (Kind::Msg, _) if human => concat!(
            "------ Message Queues --------\n",
            "key        msqid      owner      perms      size         messages    \n",
        ),
        (Kind::Msg, _) => concat!(
            "------ Message Queues --------\n",
            "key        msqid      owner      perms      used-bytes   messages    \n",
        ),
        (Kind::Shm, Format::Time) => concat!(
            "------ Shared Memory Attach/Detach/Change Times --------\n",
            "shmid      owner      attached             detached             changed             \n",
        ),
        (Kind::Shm, Format::Pid) => concat!(
            "------ Shared Memory Creator/Last-op PIDs --------\n",
            "shmid      owner      cpid       lpid      \n",
        ),
        (Kind::Shm, Format::Creator) => concat!(
            "------ Shared Memory Segment Creators/Owners --------\n",
            "shmid      perms      cuid       cgid       uid        gid       \n",
        ),
        (Kind::Shm, _) if human => concat!(
            "------ Shared Memory Segments --------\n",
            "key        shmid      owner      perms      size       nattch     status      \n",
        ),
        (Kind::Shm, _) => concat!(
            "------ Shared Memory Segments --------\n",
            "key        shmid      owner      perms      bytes      nattch     status      \n",
        ),
        (Kind::Sem, Format::Time) => concat!(
            "------ Semaphore Operation/Change Times --------\n",
            "semid    owner      last-op                    last-changed              \n",
        ),
        (Kind::Sem, Format::Pid) => return None,
        (Kind::Sem, Format::Creator) => concat!(
            "------ Semaphore Arrays Creators/Owners --------\n",
            "semid      perms      cuid       cgid       uid        gid       \n",
        ),
        (Kind::Sem, _) => {
            concat!("------ Semaphore Arrays --------\n", "key        semid      owner      perms      nsems     \n",)
        }
    })
}

fn row(out: &mut String, object: &Object, format: Format, unit: Unit, owners: &Owners, times: &mut Recent) {
    match format {
        Format::Creator => creators(out, object, owners),
        Format::Time => {
            let id_width = if object.kind() == Kind::Shm { 10 } else { 8 };
            id_and_owner(out, object, id_width, owners);
            match &object.detail {
                Detail::Msg(queue) => three_times(out, times, [queue.stime, queue.rtime, object.ctime]),
                Detail::Shm(segment) => three_times(out, times, [segment.atime, segment.dtime, object.ctime]),
                Detail::Sem(set) => two_times(out, times, [set.otime, object.ctime]),
            }
        }
        Format::Pid => match &object.detail {
            Detail::Msg(queue) => {
                id_and_owner(out, object, 8, owners);
                out.push_str("  ");
                push_right(out, queue.lspid.raw(), 5);
                out.push_str("     ");
                push_right(out, queue.lrpid.raw(), 5);
            }
            Detail::Shm(segment) => {
                id_and_owner(out, object, 10, owners);
                out.push(' ');
                push_left_i64(out, segment.cpid.raw().into(), 10);
                out.push(' ');
                push_left_i64(out, segment.lpid.raw().into(), 10);
            }
            Detail::Sem(_) => {}
        },
        Format::List | Format::Limits | Format::Summary => {
            push_hex32(out, object.perm.key.bits());
            out.push(' ');
            id_and_owner(out, object, 10, owners);
            out.push(' ');
            perms(out, object);
            out.push(' ');
            match &object.detail {
                Detail::Msg(queue) => contents(out, queue, unit),
                Detail::Shm(segment) => memory(out, object, segment, unit),
                Detail::Sem(Set { nsems, .. }) => push_left_u64(out, *nsems, 10),
            }
        }
    }
}

fn contents(out: &mut String, queue: &Queue, unit: Unit) {
    push_size_cell(out, queue.cbytes, 12, unit);
    out.push(' ');
    push_left_u64(out, queue.qnum, 12);
}

fn memory(out: &mut String, object: &Object, segment: &Segment, unit: Unit) {
    push_size_cell(out, segment.size, 10, unit);
    out.push(' ');
    push_left_u64(out, segment.nattch, 10);
    let mode = object.perm.mode;
    out.push_str(if mode.is_doomed() { " dest  " } else { "       " });
    out.push_str(if mode.is_locked() { " locked" } else { "       " });
}

fn creators(out: &mut String, object: &Object, owners: &Owners) {
    let perm = &object.perm;
    push_left_i64(out, object.id.sysv().into(), 10);
    out.push(' ');
    perms(out, object);
    for name in [owners.user(perm.cuid), owners.group(perm.cgid), owners.user(perm.uid), owners.group(perm.gid)] {
        out.push(' ');
        push_left(out, name, 10);
    }
}

fn id_and_owner(out: &mut String, object: &Object, id_width: usize, owners: &Owners) {
    push_left_i64(out, object.id.sysv().into(), id_width);
    out.push(' ');
    let name = owners.user(object.perm.uid);
    // A character is never cut in two.
    let end = (0..=OWNER).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0).min(name.len());
    push_left(out, &name[..end], OWNER);
}

fn perms(out: &mut String, object: &Object) {
    let start = out.len();
    push_octal(out, object.perm.mode.permissions());
    pad(out, start, 10);
}

fn push_right(out: &mut String, number: i32, width: usize) {
    let start = out.len();
    push_i64(out, number.into());
    pad_front(out, start, width);
}

fn three_times(out: &mut String, recent: &mut Recent, times: [Timestamp; 3]) {
    for time in times {
        out.push(' ');
        time_cell(out, recent, time, 20, push_ctime_without_year);
    }
}

fn two_times(out: &mut String, recent: &mut Recent, times: [Timestamp; 2]) {
    out.push(' ');
    for time in times {
        out.push(' ');
        time_cell(out, recent, time, 26, push_ctime);
    }
}

fn time_cell(out: &mut String, recent: &mut Recent, time: Timestamp, width: usize, push: fn(&mut String, Timestamp)) {
    recent.push(out, time, |out| {
        let start = out.len();
        if time.is_never() {
            out.push_str("Not set");
        } else {
            push(out, time);
        }
        pad(out, start, width);
    });
}

#[cfg(test)]
mod tests {
    use super::super::owners::Owners;
    use super::{Format, Recent, Unit, row};
    use crate::kind::model::Object;
    use crate::sys::msg::MsgStat;
    use crate::sys::shm::ShmStat;
    use crate::sys::{Gid, Key, Mode, MsgId, Perm, Pid, ShmId, Timestamp, Uid};

    /// Nobody has this number.
    const STRANGER: u32 = 3_999_999_999;

    fn perm() -> Perm {
        let (uid, gid) = (Uid::new(STRANGER), Gid::new(STRANGER));
        Perm { key: Key::from_bits(u32::MAX), uid, gid, cuid: uid, cgid: gid, mode: Mode::new(0o3777) }
    }

    fn shown(object: &Object, format: Format) -> String {
        let mut out = String::new();
        let owners = Owners::of(std::slice::from_ref(object), true);
        row(&mut out, object, format, Unit::Default, &owners, &mut Recent::default());
        out
    }

    #[test]
    fn what_is_too_wide_moves_the_rest_and_loses_nothing() {
        let never = Timestamp::new(0);
        let pid = Pid::new(4_194_304);
        let stat = MsgStat {
            perm: perm(),
            stime: never,
            rtime: never,
            ctime: never,
            cbytes: u64::MAX,
            qnum: u64::MAX,
            qbytes: 0,
            lspid: pid,
            lrpid: pid,
        };
        let queue = Object::queue(MsgId::new(i32::MAX), &stat, true);
        assert_eq!(
            shown(&queue, Format::List),
            "0xffffffff 2147483647 3999999999 777        18446744073709551615 18446744073709551615"
        );
        assert_eq!(shown(&queue, Format::Pid), "2147483647 3999999999  4194304     4194304");
        assert_eq!(shown(&queue, Format::Creator), "2147483647 777        3999999999 3999999999 3999999999 3999999999");
        let stat = ShmStat {
            perm: perm(),
            size: u64::MAX,
            atime: never,
            dtime: never,
            ctime: never,
            cpid: pid,
            lpid: pid,
            nattch: u64::MAX,
        };
        let segment = Object::segment(ShmId::new(0), &stat, None);
        assert_eq!(
            shown(&segment, Format::List),
            "0xffffffff 0          3999999999 777        18446744073709551615 18446744073709551615 dest   locked"
        );
    }
}
