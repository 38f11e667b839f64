//! The kernel calls on message queues, each once against the real kernel.

use std::fs;
use std::sync::mpsc;
use std::thread;

use ipcadm::sys::msg::{self, Message, Wanted};
use ipcadm::sys::{Errno, Gid, Key, Mode, MsgId, Uid};
use ipcadm_testbed::{Kind, fresh, make, may_set_limits, needs_root};

const MODE: Mode = Mode::new(0o640);
const ROOT: (Uid, Gid) = (Uid::new(0), Gid::new(0));

fn queue(messages: &[(i64, &str)]) -> MsgId {
    let id = msg::create(Key::PRIVATE, MODE).expect("a queue");
    let mut message = Message::with_capacity(0);
    for (mtype, text) in messages {
        message.fill(*mtype, text.as_bytes());
        assert_eq!(msg::send(id, &message, true), Ok(()));
    }
    id
}

/// Takes a message without waiting.
fn take(id: MsgId, wanted: Wanted) -> Result<(i64, String), Errno> {
    let mut message = Message::with_capacity(64);
    msg::receive(id, &mut message, wanted, true, false)?;
    Ok((message.mtype(), String::from_utf8_lossy(message.text()).into_owned()))
}

fn text(mtype: i64, text: &str) -> Result<(i64, String), Errno> {
    Ok((mtype, text.to_owned()))
}

#[test]
fn queues_are_made_found_changed_and_removed() {
    let ns = fresh();
    let key = Key::from_bits(0xf000_0051);
    assert_eq!(msg::find(key), Err(Errno::ENOENT));
    let id = msg::create(key, MODE).expect("a queue");
    assert_eq!(msg::create(key, MODE), Err(Errno::EEXIST));
    assert_eq!(msg::find(key), Ok(id));
    let stat = msg::stat(id).expect("its stat");
    assert_eq!((stat.perm.key, stat.perm.mode, stat.qbytes, stat.qnum, stat.cbytes), (key, MODE, 16384, 0, 0));
    assert!(stat.stime.is_never() && stat.rtime.is_never() && stat.lspid.is_none() && stat.lrpid.is_none());
    assert_eq!(msg::stat_at(id.raw() % 32768), Ok((id, stat)));
    assert_eq!(msg::stat_any(id.raw() % 32768), Ok((id, stat)));
    assert_eq!(msg::stat_any(id.raw()), Ok((id, stat)));
    assert_eq!(msg::set(id, ROOT.0, ROOT.1, Mode::new(0o600), 77), Ok(()));
    assert_eq!((make::perm(Kind::Msg, id.raw()).mode, make::msg_stat(id.raw()).qbytes), (0o600, 77));
    // The kernel would make the capacity 0 of this without a word.
    assert_eq!(msg::set(id, ROOT.0, ROOT.1, MODE, 1 << 40), Err(Errno::EINVAL));
    assert_eq!(msg::set(id, ROOT.0, ROOT.1, MODE, msg::MAX_QBYTES + 1), Err(Errno::EINVAL));
    assert_eq!(make::msg_stat(id.raw()).qbytes, 77);
    assert_eq!(msg::remove(id), Ok(()));
    assert_eq!((msg::remove(id), msg::stat(id)), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
    assert_eq!(msg::find(Key::PRIVATE), Err(Errno::EINVAL), "it would make one");
    assert!(ns.ids(Kind::Msg).is_empty());
}

#[test]
fn limits_and_use_are_read() {
    let ns = fresh();
    if may_set_limits("limits of queues") {
        for (name, value) in [("msgmni", 11), ("msgmnb", 222), ("msgmax", 33)] {
            ns.sysctl(name, value);
        }
        let limits = msg::limits().expect("the limits");
        assert_eq!((limits.msgmni, limits.msgmnb, limits.msgmax), (11, 222, 33));
    }
    queue(&[]);
    let last = queue(&[(1, "four"), (2, "")]);
    let usage = msg::usage().expect("what is in use");
    assert_eq!((usage.used_ids, usage.messages, usage.bytes), (2, 2, 4));
    let limits = msg::limits().expect("the limits");
    assert_eq!(i64::from(limits.max_index), i64::from(last.raw() % 32768));
}

#[test]
fn the_wanted_message_is_taken() {
    let _ns = fresh();
    let all = [(5, "a"), (3, "b"), (9, "c"), (3, "d")];
    let id = queue(&all);
    assert_eq!(take(id, Wanted::First), text(5, "a"));
    assert_eq!(take(id, Wanted::Type(9)), text(9, "c"));
    assert_eq!(take(id, Wanted::Type(9)), Err(Errno::ENOMSG));
    assert_eq!(take(id, Wanted::Except(3)), Err(Errno::ENOMSG));
    assert_eq!(take(id, Wanted::UpTo(2)), Err(Errno::ENOMSG));
    assert_eq!(take(id, Wanted::UpTo(i64::MAX)), text(3, "b"));
    assert_eq!(take(id, Wanted::Except(9)), text(3, "d"));
    assert_eq!(take(id, Wanted::First), Err(Errno::ENOMSG));
    let id = queue(&all);
    assert_eq!(take(id, Wanted::UpTo(5)), text(3, "b"));
    assert_eq!(take(id, Wanted::Except(5)), text(9, "c"));
}

#[test]
fn a_message_too_large_stays_or_is_cut() {
    let _ns = fresh();
    let long = "0123456789abcdef_";
    let id = queue(&[(1, long)]);
    let mut small = Message::with_capacity(8);
    assert_eq!(msg::receive(id, &mut small, Wanted::First, true, false), Err(Errno::E2BIG));
    assert_eq!(msg::peek(id, &mut small, 0), Err(Errno::E2BIG));
    assert_eq!(make::msg_stat(id.raw()).qnum, 1);
    assert_eq!(msg::receive(id, &mut small, Wanted::First, true, true), Ok(()));
    assert_eq!((small.mtype(), small.text()), (1, &long.as_bytes()[..8]));
    assert_eq!(make::msg_stat(id.raw()).qnum, 0);
}

#[test]
fn peeking_changes_nothing() {
    let _ns = fresh();
    let id = queue(&[(5, "first"), (1, ""), (i64::MAX, "last")]);
    let before = msg::stat(id);
    let mut message = Message::with_capacity(64);
    for (position, mtype, text) in [(0, 5, "first"), (2, i64::MAX, "last"), (1, 1, ""), (0, 5, "first")] {
        assert_eq!(msg::peek(id, &mut message, position), Ok(()));
        assert_eq!((message.mtype(), message.text()), (mtype, text.as_bytes()));
    }
    assert_eq!(msg::peek(id, &mut message, 3), Err(Errno::ENOMSG));
    assert_eq!(msg::peek(id, &mut message, u32::MAX), Err(Errno::ENOMSG));
    assert_eq!(msg::stat(id), before);
}

#[test]
fn bad_messages_are_refused() {
    let ns = fresh();
    let id = queue(&[]);
    let mut message = Message::with_capacity(0);
    for mtype in [0, -1, i64::MIN] {
        message.fill(mtype, b"x");
        assert_eq!(msg::send(id, &message, true), Err(Errno::EINVAL));
    }
    message.fill(1, &[b'x'; 8193]);
    assert_eq!(msg::send(id, &message, true), Err(Errno::EINVAL), "larger than msgmax");
    message.fill(1, &[b'x'; 8192]);
    assert_eq!(msg::send(id, &message, true), Ok(()));
    assert_eq!(msg::send(id, &message, true), Ok(()));
    assert_eq!(msg::send(id, &message, true), Err(Errno::EAGAIN), "full");
    if may_set_limits("msgmax") {
        // Sent before the limit was lowered: it can be received but not looked at.
        ns.sysctl("msgmax", 100);
        assert_eq!(msg::peek(id, &mut Message::with_capacity(8192), 0), Err(Errno::EINVAL));
        let mut room = Message::with_capacity(8192);
        assert_eq!(msg::receive(id, &mut room, Wanted::First, true, false), Ok(()));
        assert_eq!(room.text().len(), 8192);
    }
    assert_eq!(msg::send(MsgId::new(id.raw() + 1), &message, true), Err(Errno::EINVAL));
}

#[test]
fn a_sleeper_learns_of_the_removal() {
    let _ns = fresh();
    let id = queue(&[]);
    let (to_here, from_thread) = mpsc::channel();
    thread::scope(|scope| {
        let receiver = scope.spawn(move || {
            to_here.send(fs::read_link("/proc/thread-self").expect("a thread")).expect("somebody listens");
            msg::receive(id, &mut Message::with_capacity(64), Wanted::First, false, false)
        });
        let thread = from_thread.recv().expect("the receiver");
        let call = format!("{} ", libc::SYS_msgrcv);
        let asleep = || {
            let file = |name| fs::read_to_string(format!("/proc/{}/{name}", thread.display())).unwrap_or_default();
            file("syscall").starts_with(&call) && file("stat").contains(") S ")
        };
        while !asleep() {
            ipcadm_testbed::pause();
        }
        assert_eq!(msg::remove(id), Ok(()));
        assert_eq!(receiver.join().expect("the receiver"), Err(Errno::EIDRM));
    });
}

#[test]
fn what_a_stranger_may_do() {
    let _ns = fresh();
    if !needs_root("other users") {
        return;
    }
    let key = Key::from_bits(0x51);
    let id = msg::create(key, Mode::new(0o600)).expect("a queue");
    make::as_user(7007, 7007, || {
        let mut message = Message::with_capacity(64);
        message.fill(1, b"x");
        assert_eq!(msg::find(key), Ok(id));
        assert!(msg::stat_any(id.raw()).is_ok_and(|(now, _)| now == id));
        assert_eq!(msg::stat(id), Err(Errno::EACCES));
        assert_eq!(msg::stat_at(id.raw() % 32768), Err(Errno::EACCES));
        assert_eq!(msg::send(id, &message, true), Err(Errno::EACCES));
        assert_eq!(msg::receive(id, &mut message, Wanted::First, true, true), Err(Errno::EACCES));
        assert_eq!(msg::peek(id, &mut message, 0), Err(Errno::EACCES));
        assert_eq!(msg::set(id, Uid::new(7007), ROOT.1, MODE, 5), Err(Errno::EPERM));
        assert_eq!(msg::remove(id), Err(Errno::EPERM));
    });
}
