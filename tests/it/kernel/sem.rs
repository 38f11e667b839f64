//! The kernel calls on semaphore sets, each once against the real kernel.

use std::thread;
use std::time::Duration;

use ipcadm::sys::sem::{self, SemOp};
use ipcadm::sys::{Errno, Gid, Key, Mode, SemId, Uid};
use ipcadm_testbed::{Kind, fresh, make, may_set_limits, needs_root};

const MODE: Mode = Mode::new(0o640);

#[test]
fn sets_are_made_found_changed_and_removed() {
    let ns = fresh();
    let key = Key::from_bits(0xf000_0051);
    assert_eq!(sem::find(key), Err(Errno::ENOENT));
    let id = sem::create(key, 3, MODE).expect("a set");
    assert_eq!(sem::create(key, 3, MODE), Err(Errno::EEXIST));
    assert_eq!(sem::find(key), Ok(id));
    let stat = sem::stat(id).expect("its stat");
    assert_eq!((stat.nsems, stat.perm.key, stat.perm.mode), (3, key, MODE));
    assert!(stat.otime.is_never() && !stat.ctime.is_never());
    assert_eq!(sem::stat_at(id.raw() % 32768), Ok((id, stat)));
    assert_eq!(sem::stat_any(id.raw() % 32768), Ok((id, stat)));
    assert_eq!(sem::stat_any(id.raw()), Ok((id, stat)));
    assert_eq!(sem::set(id, Uid::new(0), Gid::new(0), Mode::new(0o600)), Ok(()));
    assert_eq!(make::perm(Kind::Sem, id.raw()).mode, 0o600);
    let usage = sem::usage().expect("what is in use");
    assert_eq!((usage.used_ids, usage.semaphores), (1, 3));
    let limits = sem::limits().expect("the limits");
    assert_eq!(i64::from(limits.max_index), i64::from(id.raw() % 32768));
    assert_eq!(sem::remove(id), Ok(()));
    assert_eq!(sem::remove(id), Err(Errno::EINVAL));
    assert_eq!(sem::stat(id), Err(Errno::EINVAL));
    assert_eq!(sem::stat_any(id.raw()), Err(Errno::EINVAL));
    assert_eq!(sem::find(Key::PRIVATE), Err(Errno::EINVAL), "it would make one");
    assert_eq!(sem::create(Key::PRIVATE, 0, MODE), Err(Errno::EINVAL));
    assert_eq!(sem::create(Key::PRIVATE, u32::MAX, MODE), Err(Errno::EINVAL));
    assert!(ns.ids(Kind::Sem).is_empty());
}

#[test]
fn limits_are_read() {
    let ns = fresh();
    if may_set_limits("limits of semaphores") {
        ns.sysctl("sem", "11 222 3 44");
        let limits = sem::limits().expect("the limits");
        assert_eq!((limits.semmsl, limits.semmns, limits.semopm, limits.semmni), (11, 222, 3, 44));
        assert_eq!(limits.semvmx, u64::from(sem::MAX_VALUE));
        let id = sem::create(Key::PRIVATE, 11, MODE).expect("a set");
        assert_eq!(sem::op(id, &[SemOp::new(0, 1); 4], None), Err(Errno::E2BIG));
        assert_eq!(sem::op(id, &[SemOp::new(0, 1); 3], None), Ok(()));
        assert_eq!(sem::create(Key::PRIVATE, 12, MODE), Err(Errno::EINVAL));
    }
}

#[test]
fn values_are_read_and_set() {
    let _ns = fresh();
    let id = sem::create(Key::PRIVATE, 3, MODE).expect("a set");
    assert_eq!(sem::set_all(id, &[1, 2, 3]), Ok(()));
    assert_eq!(sem::get_all(id, 3), Ok(vec![1, 2, 3]));
    assert_eq!(sem::set_value(id, 2, 32767), Ok(()));
    assert_eq!((sem::value(id, 2), sem::value(id, 0)), (Ok(32767), Ok(1)));
    let pid = sem::last_pid(id, 2).expect("a pid");
    assert_eq!(pid.raw().cast_unsigned(), std::process::id());
    assert_eq!(sem::set_value(id, 2, 32768), Err(Errno::ERANGE));
    assert_eq!(sem::set_all(id, &[9, 9, 40000]), Err(Errno::ERANGE));
    assert_eq!(sem::value(id, 3), Err(Errno::EINVAL));
    assert_eq!(sem::value(id, u32::MAX), Err(Errno::EINVAL));
    assert_eq!(sem::set_value(id, 3, 0), Err(Errno::EINVAL));
    assert_eq!(sem::get_all(id, 3), Ok(vec![1, 2, 32767]));
    assert!(sem::stat(id).is_ok_and(|stat| stat.otime.is_never()));
}

/// The kernel is not told how long a buffer is. Whatever the size of the set, a buffer that is too small for it must
/// give an error and never be overrun.
#[test]
fn a_set_that_has_grown_overruns_no_buffer() {
    let _ns = fresh();
    for nsems in [1, 2, 3, 100, 2048, 2049, 32000] {
        let id = sem::create(Key::PRIVATE, nsems, MODE).expect("a set");
        let nsems = usize::try_from(nsems).expect("a small number");
        let values: Vec<u16> = (0u16..).take(nsems).map(|value| value % 32768).collect();
        assert_eq!(sem::set_all(id, &values), Ok(()));
        for short in [0, 1, nsems / 2, nsems - 1] {
            if short < nsems {
                assert_eq!(sem::get_all(id, short), Err(Errno::EFAULT), "{short} of {nsems}");
                assert_eq!(sem::set_all(id, &vec![7; short]), Err(Errno::EFAULT), "{short} of {nsems}");
            }
        }
        assert_eq!(sem::get_all(id, nsems).as_ref(), Ok(&values), "nothing was set");
        // Too much room: the rest stays zero.
        let more = sem::get_all(id, nsems + 5).expect("values");
        assert_eq!((&more[..nsems], &more[nsems..]), (&*values, &[0; 5][..]));
    }
}

#[test]
fn operations_are_done_or_refused_as_a_whole() {
    let _ns = fresh();
    let id = sem::create(Key::PRIVATE, 2, MODE).expect("a set");
    assert_eq!(sem::op(id, &[SemOp::new(0, 2), SemOp::new(1, 1)], None), Ok(()));
    assert_eq!(sem::op(id, &[SemOp::new(0, -1).no_wait(), SemOp::new(1, -2).no_wait()], None), Err(Errno::EAGAIN));
    assert_eq!(sem::op(id, &[SemOp::new(0, 0).no_wait()], None), Err(Errno::EAGAIN));
    let patience = Some(Duration::from_millis(1));
    assert_eq!(sem::op(id, &[SemOp::new(0, -3)], patience), Err(Errno::EAGAIN));
    assert_eq!(sem::op(id, &[SemOp::new(0, -3)], Some(Duration::ZERO)), Err(Errno::EAGAIN));
    assert_eq!(sem::op(id, &[SemOp::new(0, -2)], patience), Ok(()));
    assert_eq!(sem::op(id, &[SemOp::new(2, 1)], None), Err(Errno::EFBIG));
    assert_eq!(sem::op(id, &[SemOp::new(0, 32767), SemOp::new(0, 1)], None), Err(Errno::ERANGE));
    assert_eq!(sem::op(id, &[], None), Err(Errno::EINVAL));
    assert_eq!(sem::get_all(id, 2), Ok(vec![0, 1]));
    assert!(sem::stat(id).is_ok_and(|stat| !stat.otime.is_never()));
    assert_eq!(sem::op(SemId::new(id.raw() + 1), &[SemOp::new(0, 1)], None), Err(Errno::EINVAL));
}

#[test]
fn what_is_undone_is_undone_at_the_end_of_the_process() {
    let _ns = fresh();
    let id = sem::create(Key::PRIVATE, 1, MODE).expect("a set");
    let done = make::by_dead_process(|| {
        let add = SemOp { undo: true, ..SemOp::new(0, 5) };
        sem::op(id, &[add, SemOp::new(0, 1)], None).map_or(0, |()| i32::from(sem::value(id, 0).unwrap_or(0)))
    });
    assert_eq!((done, sem::value(id, 0)), (6, Ok(1)));
    assert!(sem::last_pid(id, 0).is_ok_and(|pid| pid.raw().cast_unsigned() != std::process::id()));
}

#[test]
fn waiters_are_counted_and_learn_of_the_removal() {
    let _ns = fresh();
    let id = sem::create(Key::PRIVATE, 2, MODE).expect("a set");
    sem::set_value(id, 1, 1).expect("a value");
    let minute = Some(Duration::from_secs(60));
    thread::scope(|scope| {
        let decrease = scope.spawn(move || sem::op(id, &[SemOp::new(0, -1)], None));
        let zero = scope.spawn(move || sem::op(id, &[SemOp::new(1, 0)], minute));
        while (sem::waiting_for_increase(id, 0), sem::waiting_for_zero(id, 1)) != (Ok(1), Ok(1)) {
            ipcadm_testbed::pause();
        }
        assert_eq!((sem::waiting_for_zero(id, 0), sem::waiting_for_increase(id, 1)), (Ok(0), Ok(0)));
        assert_eq!(sem::remove(id), Ok(()));
        assert_eq!(decrease.join().expect("a thread"), Err(Errno::EIDRM));
        assert_eq!(zero.join().expect("a thread"), Err(Errno::EIDRM));
    });
}

#[test]
fn what_a_stranger_may_do() {
    let _ns = fresh();
    if !needs_root("other users") {
        return;
    }
    let id = sem::create(Key::from_bits(0x51), 1, Mode::new(0o600)).expect("a set");
    make::as_user(7007, 7007, || {
        assert_eq!(sem::find(Key::from_bits(0x51)), Ok(id));
        assert!(sem::stat_any(id.raw()).is_ok_and(|(now, _)| now == id));
        assert_eq!(sem::stat(id), Err(Errno::EACCES));
        assert_eq!(sem::stat_at(id.raw() % 32768), Err(Errno::EACCES));
        assert_eq!(sem::get_all(id, 1), Err(Errno::EACCES));
        assert_eq!(sem::value(id, 0), Err(Errno::EACCES));
        assert_eq!(sem::set_value(id, 0, 1), Err(Errno::EACCES));
        assert_eq!(sem::set_all(id, &[1]), Err(Errno::EACCES));
        assert_eq!(sem::op(id, &[SemOp::new(0, 1)], None), Err(Errno::EACCES));
        assert_eq!(sem::set(id, Uid::new(7007), Gid::new(0), MODE), Err(Errno::EPERM));
        assert_eq!(sem::remove(id), Err(Errno::EPERM));
    });
    assert_eq!(sem::value(id, 0), Ok(0));
}
