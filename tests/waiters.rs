//! Threads asleep on objects are all found, and what they wait for is told as the kernel counts it.

use std::collections::BTreeSet;
use std::thread;

use ipcadm::object::inventory::{self, Wants as Collect};
use ipcadm::object::model::{Kind, KindSet, Object, ObjectId};
use ipcadm::object::users::{Usage, Users, Waiting, Wants};
use ipcadm_testbed::{fresh, make};

const ALL: Wants = Wants { holders: true, waiters: true };

fn objects() -> Vec<Object> {
    inventory::collect(Collect { kinds: KindSet::ALL, memory: false }).unwrap().objects
}

fn scan() -> Users {
    Users::scan(&objects(), ALL)
}

fn of(users: &Users, kind: Kind, id: i32) -> &Usage {
    users.of(ObjectId { kind, id }).expect("it was among the objects")
}

/// Whether every process can be looked into, which not even root can where another has more capabilities.
fn all_can_be_seen() -> bool {
    let numbers = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.parse::<u32>().is_ok()).collect()
    };
    numbers("/proc").iter().all(|pid| {
        let denied = |name: &str| {
            let read = std::fs::read(format!("/proc/{pid}/{name}"));
            read.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
        };
        // A thread of the kernel has no memory.
        !denied("syscall") || std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.is_empty())
    })
}

#[test]
fn sleepers_in_every_call_are_told_apart() {
    let _ns = fresh();
    let (set, queue, full) = (make::sem(0x51, 3, 0o600), make::msg(0x52, 0o600), make::msg(0x53, 0o600));
    make::setall(set, &[0, 1, 1]);
    make::qbytes(full, 10);
    make::send(full, 1, b"0123456789");
    let take = make::blocked_semop(set, 2, -3);
    let zero = make::blocked_semop(set, 1, 0);
    let receive = make::blocked_recv(queue, -7);
    let send = make::blocked_send(full, 5, b"four");
    let users = scan();

    let usage = of(&users, Kind::Sem, set);
    assert_eq!((usage.hidden_waiters, &usage.hidden_why), (Some(0), &None));
    let mut expected = [(take.pid(), Waiting::Take { index: 2, by: 3 }), (zero.pid(), Waiting::Zero { index: 1 })];
    expected.sort_by_key(|(pid, _)| *pid);
    let found: Vec<_> = usage.waiters.iter().map(|waiter| (waiter.tid, waiter.waiting)).collect();
    assert_eq!(found, expected);
    for waiter in &usage.waiters {
        assert_eq!((waiter.process.pid, waiter.undo, waiter.timeout), (waiter.tid, Some(false), Some(false)));
        assert!(!waiter.process.command.is_empty() && waiter.process.uid.is_some());
    }

    for (id, pid, waiting) in [
        (queue, receive.pid(), Waiting::Receive { mtype: -7, except: false }),
        (full, send.pid(), Waiting::Send { bytes: 4 }),
    ] {
        let usage = of(&users, Kind::Msg, id);
        assert_eq!(usage.hidden_waiters, all_can_be_seen().then_some(0), "{:?}", usage.hidden_why);
        assert_eq!(usage.hidden_why.is_none(), usage.hidden_waiters == Some(0));
        let found: Vec<_> = usage.waiters.iter().map(|waiter| (waiter.tid, waiter.waiting)).collect();
        assert_eq!(found, [(pid, waiting)]);
    }
    drop((take, zero, receive, send));
    assert!(of(&scan(), Kind::Sem, set).waiters.is_empty());
}

#[test]
fn threads_are_found_wherever_their_process_lives() {
    let here = fresh();
    let set = make::sem(0x51, 1, 0o600);
    // This process's first thread is in another namespace, and so is one of these two, on a set of the same id.
    thread::scope(|scope| {
        let own = scope.spawn(|| _ = make::blocked_semop(set, 0, -1).pid());
        own.join().unwrap();
        scope.spawn(|| {
            let _there = fresh();
            assert_eq!(make::sem(0x51, 1, 0o600), set);
            let sleeper = make::blocked_semop(set, 0, -1);
            scope
                .spawn(move || {
                    here.enter();
                    let usage = scan();
                    let usage = of(&usage, Kind::Sem, set);
                    assert!(usage.waiters.iter().all(|waiter| waiter.process.pid != sleeper.pid()));
                    assert_eq!(usage.hidden_waiters, Some(0));
                })
                .join()
                .unwrap();
        });
    });
}

#[test]
fn holders_are_found_and_counted() {
    let _ns = fresh();
    let (one, two) = (make::shm(0x51, 8192, 0o600), make::shm(0, 4096, 0o600));
    let holders = [make::holder(one), make::holder(one), make::holder(two)];
    let own = make::attach(one);
    let users = scan();
    let usage = of(&users, Kind::Shm, one);
    assert_eq!((usage.hidden_attachments, &usage.hidden_why, usage.hidden_waiters), (0, &None, Some(0)));
    let pids: BTreeSet<u32> = usage.holders.iter().map(|holder| holder.process.pid).collect();
    assert_eq!(pids, BTreeSet::from([holders[0].pid(), holders[1].pid(), std::process::id()]));
    assert!(usage.holders.iter().all(|holder| holder.mappings == 1 && holder.writable));
    assert_eq!(of(&users, Kind::Shm, two).holders.len(), 1);
    drop(own);
}
