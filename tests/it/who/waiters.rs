//! Threads asleep on objects are all found, and what they wait for is told as the kernel counts it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use ipcadm::kind::field::Needs;
use ipcadm::kind::model::{Kind, KindSet, Object, ObjectId};
use ipcadm::object::inventory;
use ipcadm::object::semaphores::{Budget, Semaphore};
use ipcadm::proc::reader::Reader;
use ipcadm::usage::users::{Usage, Users, Waiting, Wants};
use ipcadm_testbed::{Folder, alone, fresh, make, tool};

const ALL: Wants = Wants::ALL;

fn objects() -> Vec<Object> {
    inventory::collect(KindSet::ALL, Needs::NOTHING).expect("a list").objects
}

fn scan() -> Users {
    Users::scan(&objects(), ALL)
}

fn of(users: &Users, kind: Kind, id: i32) -> &Usage {
    users.of(ObjectId::system_v(kind, id)).expect("it was among the objects")
}

#[test]
fn sleepers_in_every_call_are_told_apart() {
    alone!("sleepers_in_every_call_are_told_apart", |_| {
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
            assert_eq!((usage.hidden_waiters, &usage.hidden_why), (Some(0), &None));
            let found: Vec<_> = usage.waiters.iter().map(|waiter| (waiter.tid, waiter.waiting)).collect();
            assert_eq!(found, [(pid, waiting)]);
        }
        drop((take, zero, receive, send));
        assert!(of(&scan(), Kind::Sem, set).waiters.is_empty());
    });
}

#[test]
fn threads_are_found_wherever_their_process_lives() {
    let here = fresh().held();
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
    // Removed, they have no key any more, but their mappings still show it.
    make::remove(ipcadm_testbed::Kind::Shm, one);
    let usage = scan();
    let usage = of(&usage, Kind::Shm, one);
    assert_eq!((usage.holders.len(), usage.hidden_attachments), (3, 0));
    drop((own, holders));
}

#[test]
fn who_shares_the_memory_of_a_holder_is_one_too() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    let holder = make::holder_with_a_twin(id);
    let users = scan();
    let usage = of(&users, Kind::Shm, id);
    assert_eq!((usage.holders.len(), usage.hidden_attachments, &usage.hidden_why), (2, 0, &None));
    assert!(usage.holders.iter().any(|found| found.process.pid == holder.pid()));
}

#[test]
fn a_mapping_of_another_namespace_hides_no_holder() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    let larger = make::holder_from_elsewhere(1 << 20);
    let real = make::holder(id);
    let pids = || of(&scan(), Kind::Shm, id).holders.iter().map(|holder| holder.process.pid).collect::<Vec<_>>();
    assert_eq!(pids(), [real.pid()]);
    drop(larger);
    // One of the same size cannot be told.
    let alike = make::holder_from_elsewhere(4096);
    assert_eq!(BTreeSet::from_iter(pids()), BTreeSet::from([real.pid(), alike.pid()]));
    let users = scan();
    let usage = of(&users, Kind::Shm, id);
    assert_eq!(usage.hidden_attachments, 0);
    assert!(usage.hidden_why.as_ref().is_some_and(|why| why.contains("more mappings")), "{:?}", usage.hidden_why);
}

#[test]
fn except_means_nothing_without_a_type() {
    let _ns = fresh();
    let queue = make::msg(0x52, 0o600);
    let receivers = [-3, 0, 7].map(|mtype| make::blocked_recv_except(queue, mtype));
    let users = scan();
    let mut found: Vec<_> = of(&users, Kind::Msg, queue).waiters.iter().map(|waiter| waiter.waiting).collect();
    found.sort_by_key(|waiting| matches!(waiting, Waiting::Receive { mtype, .. } if *mtype > 0));
    let excepts = found.iter().map(|waiting| matches!(waiting, Waiting::Receive { except: true, .. }));
    assert_eq!(excepts.collect::<Vec<_>>(), [false, false, true]);
    drop(receivers);
}

/// The kernel's own count, of each semaphore.
fn counts(id: i32, nsems: usize) -> Vec<(u32, u32)> {
    let object = objects().into_iter().find(|object| object.id == ObjectId::system_v(Kind::Sem, id)).expect("the set");
    let semaphores =
        ipcadm::object::semaphores::semaphores(&object, &mut Budget::unlimited()).expect("they may be read");
    assert_eq!(semaphores.len(), nsems);
    let counts = |semaphore: &Semaphore| Some((semaphore.ncnt?, semaphore.zcnt?));
    semaphores.iter().map(|semaphore| counts(semaphore).expect("without an end")).collect()
}

/// The kernel's listing of a process's threads ends early where the one that it has come to ends: without more care a
/// thread is missed in one of a thousand such listings.
#[test]
fn a_thread_is_listed_while_older_ones_of_its_process_end() {
    alone!("a_thread_is_listed_while_older_ones_of_its_process_end", |_| {
        const OLDER: usize = 600;
        let mut reader = Reader::default();
        for _ in 0..3 {
            let may_end = Arc::new(AtomicBool::new(false));
            let older: Vec<_> = (0..OLDER)
                .map(|number| {
                    let may_end = Arc::clone(&may_end);
                    thread::spawn(move || {
                        // They see it one after another.
                        while !may_end.load(Ordering::Relaxed) {
                            thread::sleep(Duration::from_millis(20));
                        }
                        (0..number % 200 * 100).for_each(|round| _ = std::hint::black_box(round));
                    })
                })
                .collect();
            let (tell, told) = mpsc::channel();
            let (end, ends) = mpsc::channel::<()>();
            let younger = thread::spawn(move || {
                let own = std::fs::read_link("/proc/thread-self").expect("a link");
                let number = own.file_name().and_then(|number| number.to_str()?.parse::<u32>().ok());
                tell.send(number.expect("a number")).expect("somebody listens");
                let _ = ends.recv();
            });
            let tid = told.recv().expect("a number");
            may_end.store(true, Ordering::Relaxed);
            let mut is_last = false;
            while !is_last {
                is_last = older.iter().all(thread::JoinHandle::is_finished);
                let listed = reader.thread_ids(std::process::id());
                assert!(listed.is_err() || listed.is_ok_and(|listed| listed.contains(&tid)), "{tid} is missing");
            }
            drop(end);
            younger.join().expect("it ends");
        }
    });
}

#[test]
fn hundreds_of_threads_are_found_as_the_kernel_counts_them() {
    const EACH: usize = 100;
    let _ns = fresh();
    let (set, empty, full) = (make::sem(0, 4, 0o600), make::msg(0, 0o600), make::msg(0, 0o600));
    make::setall(set, &[1, 0, 1, 0]);
    make::qbytes(full, 1);
    make::send(full, 1, b"x");
    thread::scope(|scope| {
        for number in 0..EACH {
            // The first can be done, so it is the second that blocks: one or another, to take or for zero.
            let operations = match number % 3 {
                0 => [(0, -1, 0), (1, -2, 0)],
                1 => [(0, -1, 0x1000), (2, 0, 0x1000)],
                _ => [(3, -1, 0), (2, 0, 0)],
            };
            scope.spawn(move || make::semop_until_removed(set, &operations));
            scope.spawn(move || make::recv_until_removed(empty, 3 + i64::try_from(number).unwrap()));
            scope.spawn(move || make::send_until_removed(full, &vec![b'y'; number]));
        }
        let expected = [(0, 0), (34, 0), (0, 33), (33, 0)];
        let all_asleep = || {
            let users = scan();
            let lens = [(Kind::Sem, set), (Kind::Msg, empty), (Kind::Msg, full)]
                .map(|(kind, id)| of(&users, kind, id).waiters.len());
            counts(set, 4) == expected && lens == [EACH; 3]
        };
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !all_asleep() && std::time::Instant::now() < deadline {
            thread::yield_now();
        }
        let users = scan();
        let usage = of(&users, Kind::Sem, set);
        let mut found = [(0, 0); 4];
        for waiter in &usage.waiters {
            match waiter.waiting {
                Waiting::Take { index, by } => {
                    assert_eq!(by, if index == 1 { 2 } else { 1 });
                    found[usize::from(index)].0 += 1;
                }
                Waiting::Zero { index } => found[usize::from(index)].1 += 1,
                other => panic!("{other:?}"),
            }
            let zero = matches!(waiter.waiting, Waiting::Zero { .. });
            assert_eq!((waiter.undo, waiter.timeout), (Some(zero), Some(false)));
            assert_ne!(waiter.tid, waiter.process.pid);
        }
        let received: BTreeSet<i64> = of(&users, Kind::Msg, empty)
            .waiters
            .iter()
            .filter_map(|waiter| match waiter.waiting {
                Waiting::Receive { mtype, except: false } => Some(mtype),
                _ => None,
            })
            .collect();
        let sent: BTreeSet<u64> = of(&users, Kind::Msg, full)
            .waiters
            .iter()
            .filter_map(|waiter| match waiter.waiting {
                Waiting::Send { bytes } => Some(bytes),
                _ => None,
            })
            .collect();
        make::remove(ipcadm_testbed::Kind::Sem, set);
        make::remove(ipcadm_testbed::Kind::Msg, empty);
        make::remove(ipcadm_testbed::Kind::Msg, full);
        assert_eq!(usage.hidden_waiters, Some(0));
        assert_eq!(found, expected);
        assert_eq!(received, (3..103).collect());
        assert_eq!(sent, (0..100).collect());
    });
}

/// A 32-bit x86 program that makes one system call, `number(ebx, ecx, edx, esi, edi, ebp)`, on the eight bytes in its
/// `data`, and ends. It needs no library.
fn elf_of_32_bits(registers: [u32; 7], data: [u8; 8]) -> Vec<u8> {
    const BASE: u32 = 0x0804_8000;
    let mut code = Vec::new();
    // mov eax, ebx, ecx, edx, esi, edi, ebp; int 0x80; mov eax, 1; int 0x80
    for (opcode, value) in [0xb8, 0xbb, 0xb9, 0xba, 0xbe, 0xbf, 0xbd_u8].into_iter().zip(registers) {
        code.push(opcode);
        code.extend(value.to_le_bytes());
    }
    code.extend([0xcd, 0x80, 0xb8, 1, 0, 0, 0, 0xcd, 0x80]);
    let size = u32::try_from(52 + 32 + 8 + code.len()).expect("a few bytes");
    let mut file = Vec::from(*b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0");
    for half in [2_u16, 3] {
        file.extend(half.to_le_bytes());
    }
    for word in [1, BASE + 52 + 32 + 8, 52, 0, 0] {
        file.extend(u32::to_le_bytes(word));
    }
    for half in [52_u16, 32, 1, 0, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    for word in [1, 0, BASE, BASE, size, size, 7, 0x1000] {
        file.extend(u32::to_le_bytes(word));
    }
    file.extend(data);
    file.extend(code);
    file
}

/// Where its data is.
const DATA: u32 = 0x0804_8000 + 52 + 32;

#[test]
#[cfg(target_arch = "x86_64")]
fn programs_of_32_bits_are_understood() {
    let _ns = fresh();
    let (set, queue) = (make::sem(0, 2, 0o600), make::msg(0, 0o600));
    let (s, q) = (set.cast_unsigned(), queue.cast_unsigned());
    // Semaphore 1, take 2, undo; a pair of an address and type -5.
    let operation = [1, 0, 0xfe, 0xff, 0, 0x10, 0, 0];
    let pair = [0, 0x80, 4, 8, 0xfb, 0xff, 0xff, 0xff];
    let take = Waiting::Take { index: 1, by: 2 };
    let receive = |mtype| Waiting::Receive { mtype, except: false };
    let cases = [
        (Kind::Sem, [117, 1, s, 1, 0, DATA, 0], operation, take),
        (Kind::Sem, [420, s, DATA, 1, 0, 0, 0], operation, take),
        (Kind::Msg, [117, 12, q, 4, 0, DATA, 0], pair, receive(-5)),
        (Kind::Msg, [401, q, DATA, 4, 9, 0, 0], pair, receive(9)),
    ];
    let dir = Folder::new("elf");
    for (number, (kind, registers, data, waiting)) in cases.into_iter().enumerate() {
        let path = dir.join(number.to_string());
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(&elf_of_32_bits(registers, data)).unwrap();
        file.set_permissions(std::fs::Permissions::from_mode(0o700)).unwrap();
        drop(file);
        let run = tool("sh", ["-c", "exec \"$0\" 2>/dev/null", path.to_str().unwrap()]);
        let mut running = run.spawn();
        let id = if kind == Kind::Sem { set } else { queue };
        let found = loop {
            let users = scan();
            let waiters = of(&users, kind, id).waiters.clone();
            if !waiters.is_empty() || !running.is_running() {
                break waiters;
            }
            thread::yield_now();
        };
        if found.is_empty() {
            ipcadm_testbed::left_out("32-bit programs");
            break;
        }
        assert_eq!(found.iter().map(|waiter| waiter.waiting).collect::<Vec<_>>(), [waiting], "{registers:?}");
        assert_eq!(found[0].process.pid, running.pid());
        assert_eq!(found[0].undo, Some(kind == Kind::Sem));
        running.signal(9);
        running.wait();
    }
}
