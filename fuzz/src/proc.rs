//! Everything that is read from `/proc`, of which other users choose a part: names, paths, control groups.
//!
//! - What a row of `/proc/sysvipc` was taken for, printed as the kernel prints it, is taken for the same again.
//! - No name of a process moves a field of its `stat`.
//! - The calls of a 32-bit program depend on the lower halves of its arguments alone.
//! - A mapping that counts as a segment's has exactly the name that the kernel gives, on its own line.
//! - Operations are as many as the memory holds, and the one a thread sleeps for is one of them.

use ipcadm::proc::blocked::{self, Call, Line, Machine};
use ipcadm::proc::cgroup::Membership;
use ipcadm::proc::sysvipc::{self, SegmentRow};
use ipcadm::proc::task::{self, Stat};
use ipcadm::proc::{maps, mounts, status};
use ipcadm::sys::Perm;
use ipcadm::sys::msg::MsgStat;
use ipcadm::sys::sem::SemStat;

/// See above.
pub fn check(data: &[u8]) {
    for line in data.split(|&byte| byte == b'\n').take(100) {
        rows(line);
        syscall(line);
    }
    mappings(data);
    operations(data);
    tasks(data);
    for mount in mounts::parse(data) {
        assert!(!mount.kind.is_empty() && !mount.kind.contains(&b' '));
    }
    let Membership { unit, service, container } = Membership::parse(data);
    assert!(service.is_none_or(|name| name.ends_with(".service")));
    assert!(unit.is_none_or(|name| !name.is_empty() && !name.ends_with(".slice")));
    assert!(container.is_none_or(|name| name.contains(':')));
}

/// As the kernel prints key, id and mode.
fn head(perm: &Perm, id: i32) -> String {
    format!("{:10} {id:10}  {:4o}", perm.key.raw(), perm.mode.bits())
}

fn owners(perm: &Perm) -> String {
    format!("{:5} {:5} {:5} {:5}", perm.uid.raw(), perm.gid.raw(), perm.cuid.raw(), perm.cgid.raw())
}

fn rows(line: &[u8]) {
    if let Some(row) = sysvipc::segment(line) {
        let SegmentRow { id, stat, rss, swap } = row;
        let (perm, times) = (&stat.perm, [stat.atime, stat.dtime, stat.ctime].map(|time| time.seconds()));
        let text = format!(
            "{} {:21} {:5} {:5}  {:5} {} {:10} {:10} {:10} {rss:21} {swap:21}",
            head(perm, id.raw()),
            stat.size,
            stat.cpid.raw(),
            stat.lpid.raw(),
            stat.nattch,
            owners(perm),
            times[0],
            times[1],
            times[2],
        );
        assert_eq!(sysvipc::segment(text.as_bytes()), Some(row));
    }
    if let Some((id, stat)) = sysvipc::set(line) {
        let SemStat { perm, otime, ctime, nsems } = &stat;
        let (otime, ctime) = (otime.seconds(), ctime.seconds());
        let text = format!("{} {nsems:10} {} {otime:10} {ctime:10}", head(perm, id.raw()), owners(perm));
        assert_eq!(sysvipc::set(text.as_bytes()), Some((id, stat)));
    }
    if let Some((id, stat)) = sysvipc::queue(line) {
        let MsgStat { perm, cbytes, qnum, lspid, lrpid, .. } = &stat;
        let times = [stat.stime, stat.rtime, stat.ctime].map(|time| time.seconds());
        let text = format!(
            "{}  {cbytes:10} {qnum:10} {:5} {:5} {} {:10} {:10} {:10}",
            head(perm, id.raw()),
            lspid.raw(),
            lrpid.raw(),
            owners(perm),
            times[0],
            times[1],
            times[2],
        );
        assert_eq!(sysvipc::queue(text.as_bytes()), Some((id, stat)));
    }
}

fn syscall(line: &[u8]) {
    let Some(line) = Line::parse(line) else { return };
    let lower = Line { args: line.args.map(|arg| arg & 0xffff_ffff), ..line };
    for machine in [Machine::X86, Machine::ARM, Machine::RISCV, Machine::LOONGARCH] {
        let narrow = machine.narrow.and_then(|abi| {
            let call = Call::decode(&line, abi);
            assert_eq!(call, Call::decode(&lower, abi));
            call
        });
        for is_64_bit in [None, Some(false), Some(true)] {
            let found = Call::of_line(&line, machine, || is_64_bit);
            assert!(found.is_none() || [Call::decode(&line, machine.wide), narrow].contains(&found));
        }
    }
}

fn mappings(data: &[u8]) {
    let lines = data.split(|&byte| byte == b'\n').count();
    let segments: Vec<_> = maps::segments(data).collect();
    assert!(segments.len() <= lines);
    for segment in segments {
        let name = format!("/SYSV{:08x} (deleted)", segment.key);
        assert_eq!(maps::segment_key(name.as_bytes()), Some(segment.key));
        let named = |line: &[u8]| line.to_ascii_lowercase().ends_with(name.to_ascii_lowercase().as_bytes());
        assert!(data.split(|&byte| byte == b'\n').any(named));
    }
    for code in maps::code(data) {
        assert!(!code.name.contains(&b'\n'));
        assert!(code.mapping.device != 0 || code.mapping.inode != 0);
    }
}

fn operations(data: &[u8]) {
    let all: Vec<_> = blocked::operations(data).collect();
    assert_eq!(all.len(), data.len() / blocked::OPERATION_SIZE);
    let some = &all[..all.len().min(100)];
    let values: Vec<u16> = data.iter().take(20).map(|byte| u16::from(*byte) << 7).collect();
    for found in [blocked::blocking(some, None), blocked::blocking(some, Some(&values))].into_iter().flatten() {
        assert!(some.contains(&found) && found.delta <= 0);
    }
}

fn tasks(data: &[u8]) {
    let rest = "S 7 8 9 0 -1 4194560 5 0 0 0 1 2 3 4 20 0 3 0 6 7 8 18446744073709551615";
    let named = Stat::parse(&[b"42 (", data, b") ", rest.as_bytes()].concat()).expect("a stat");
    let numbers = (named.state, named.parent, named.group, named.session, named.flags, named.threads, named.started);
    assert_eq!(numbers, (b'S', 7, 8, 9, 4_194_560, 3, 6));
    assert_eq!(named.command, String::from_utf8_lossy(data));
    if let Some(stat) = Stat::parse(data) {
        assert!(!stat.is_ending() || !stat.is_kernel_thread() || stat.cannot_hold_ipc());
    }
    if let (Some(credentials), Some(user)) = (status::Credentials::parse(data), status::effective_user(data)) {
        assert_eq!(credentials.uids.get(1), Some(&user));
    }
    let _ = status::process_of(data);
    assert!(task::last_ran(data).is_none_or(f64::is_finite));
}
