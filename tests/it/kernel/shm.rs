//! The kernel calls on segments, each once against the real kernel, and the few others that the program needs.

use std::fs;

use ipcadm::sys::shm::{self, Attachment, ShmFlags};
use ipcadm::sys::{Errno, Gid, Key, Mode, Pid, ShmId, Uid, memory, namespace, process, random};
use ipcadm_testbed::{Kind, fresh, make, may_set_limits, needs_root};

const MODE: Mode = Mode::new(0o640);

fn segment(size: u64) -> ShmId {
    shm::create(Key::PRIVATE, size, MODE, ShmFlags::default()).expect("a segment")
}

#[test]
fn segments_are_made_found_changed_and_removed() {
    let ns = fresh();
    let key = Key::from_bits(0xf000_0051);
    let create = |size| shm::create(key, size, MODE, ShmFlags::default());
    assert_eq!(shm::find(key), Err(Errno::ENOENT));
    let id = create(5000).expect("a segment");
    assert_eq!(create(5000), Err(Errno::EEXIST));
    assert_eq!(shm::find(key), Ok(id));
    let stat = shm::stat(id).expect("its stat");
    assert_eq!((stat.size, stat.nattch, stat.perm.key, stat.perm.mode), (5000, 0, key, MODE));
    assert_eq!(stat.cpid.raw().cast_unsigned(), std::process::id());
    assert!(stat.atime.is_never() && stat.dtime.is_never() && !stat.ctime.is_never() && stat.lpid.is_none());
    assert_eq!(shm::stat_at(id.raw() % 32768), Ok((id, stat)));
    assert_eq!(shm::stat_any(id.raw() % 32768), Ok((id, stat)));
    assert_eq!(shm::stat_any(id.raw()), Ok((id, stat)));
    assert_eq!(shm::set(id, Uid::new(0), Gid::new(0), Mode::new(0o7600)), Ok(()));
    assert_eq!(make::perm(Kind::Shm, id.raw()).mode, 0o600, "status bits cannot be set");
    let usage = shm::usage().expect("what is in use");
    let pages = 5000_u64.div_ceil(memory::page_size() as u64);
    assert_eq!((usage.used_ids, usage.total_pages, usage.resident_pages, usage.swapped_pages), (1, pages, 0, 0));
    let limits = shm::limits().expect("the limits");
    assert_eq!(i64::from(limits.max_index), i64::from(id.raw() % 32768));
    assert_eq!(shm::remove(id), Ok(()));
    assert_eq!((shm::remove(id), shm::stat(id)), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
    assert_eq!(shm::find(Key::PRIVATE), Err(Errno::EINVAL), "it would make one");
    assert_eq!(create(0), Err(Errno::EINVAL));
    assert_eq!(create(u64::MAX), Err(Errno::EINVAL));
    assert!(ns.ids(Kind::Shm).is_empty());
}

#[test]
fn limits_are_read() {
    let ns = fresh();
    let limits = shm::limits().expect("the limits");
    let most = u64::MAX - (1 << 24);
    assert_eq!((limits.shmmax, limits.shmall, limits.shmmin, limits.shmmni), (most, most, 1, 4096));
    if may_set_limits("limits of segments") {
        for (name, value) in [("shmmax", u64::MAX), ("shmall", 222), ("shmmni", 33)] {
            ns.sysctl(name, value);
        }
        let limits = shm::limits().expect("the limits");
        assert_eq!((limits.shmmax, limits.shmall, limits.shmmni), (u64::MAX, 222, 33));
    }
}

#[test]
fn segments_are_locked_and_unlocked() {
    let _ns = fresh();
    let id = segment(1);
    let locked = || shm::stat(id).map(|stat| stat.perm.mode.is_shm_locked());
    assert_eq!((shm::lock(id), locked()), (Ok(()), Ok(true)));
    assert_eq!((shm::unlock(id), locked()), (Ok(()), Ok(false)));
    assert_eq!(shm::lock(ShmId::new(id.raw() + 1)), Err(Errno::EINVAL));
}

#[test]
fn segments_are_attached_and_detached() {
    let _ns = fresh();
    let id = segment(1);
    let nattch = || shm::stat(id).map(|stat| stat.nattch);
    let first = Attachment::new(id, false).expect("attached");
    let second = Attachment::new(id, true).expect("attached");
    assert_eq!(nattch(), Ok(2));
    let maps = fs::read_to_string("/proc/self/maps").expect("the maps");
    let rights = |address: usize| {
        let start = format!("{address:08x}-");
        let line = maps.lines().find(|line| line.starts_with(&start)).expect("a mapping");
        line.split_whitespace().nth(1).map(str::to_owned)
    };
    assert_eq!((rights(first.address()).as_deref(), rights(second.address()).as_deref()), (Some("rw-s"), Some("r--s")));
    assert_eq!(first.detach(), Ok(()));
    assert_eq!(nattch(), Ok(1));
    // A removed segment stays until its last detach.
    assert_eq!(shm::remove(id), Ok(()));
    let stat = shm::stat(id).expect("still there");
    assert!(stat.perm.mode.is_doomed() && stat.perm.key.is_private());
    drop(second);
    assert_eq!(shm::stat(id), Err(Errno::EINVAL));
    assert_eq!(Attachment::new(id, true).err(), Some(Errno::EINVAL));
}

#[test]
fn mappings_are_known_by_their_device() {
    let _ns = fresh();
    let id = segment(1);
    let attachment = Attachment::new(id, true).expect("attached");
    let maps = fs::read("/proc/self/maps").expect("the maps");
    let devices: Vec<u64> = ipcadm::proc::maps::segments(&maps)
        .map(|found| found.mapping)
        .filter(|mapping| u64::try_from(id.raw()) == Ok(mapping.inode))
        .map(|mapping| mapping.device)
        .collect();
    assert!(devices.contains(&memory::segment_device().expect("a device")), "{devices:?}");
    drop(attachment);
}

#[test]
fn huge_pages_that_do_not_exist_are_refused() {
    let _ns = fresh();
    let flags = ShmFlags { huge_shift: Some(13), no_reserve: true };
    assert_eq!(shm::create(Key::PRIVATE, 1 << 13, MODE, flags), Err(Errno::EINVAL));
}

#[test]
fn what_a_stranger_may_do() {
    let _ns = fresh();
    if !needs_root("other users") {
        return;
    }
    let key = Key::from_bits(0x51);
    let id = shm::create(key, 1, Mode::new(0o600), ShmFlags::default()).expect("a segment");
    make::as_user(7007, 7007, || {
        assert_eq!(shm::find(key), Ok(id));
        assert!(shm::stat_any(id.raw()).is_ok_and(|(now, _)| now == id));
        assert_eq!(shm::stat(id), Err(Errno::EACCES));
        assert_eq!(shm::stat_at(id.raw() % 32768), Err(Errno::EACCES));
        assert_eq!(Attachment::new(id, true).err(), Some(Errno::EACCES));
        assert_eq!((shm::lock(id), shm::unlock(id)), (Err(Errno::EPERM), Err(Errno::EPERM)));
        assert_eq!(shm::set(id, Uid::new(7007), Gid::new(0), MODE), Err(Errno::EPERM));
        assert_eq!(shm::remove(id), Err(Errno::EPERM));
    });
}

#[test]
fn the_surroundings_are_known() {
    let ns = fresh();
    assert_eq!(namespace::ipc(), Some(ns.inode()));
    let own = i32::try_from(std::process::id()).expect("a pid");
    assert_eq!(process::exists(Pid::new(own)), Some(true));
    assert_eq!(process::exists(Pid::new(0)), None);
    assert_eq!(process::exists(Pid::new(i32::MAX)), Some(false));
    let random: Vec<u32> = (0..4).map(|_| random::bits32().expect("random bits")).collect();
    assert!(random.iter().any(|&bits| bits != random[0]));
}
