//! The test bed itself: what the other tests count on.
//!
//! Looks through util-linux's tools, so it holds whatever state the program
//! under test is in.

use std::fs;
use std::sync::mpsc;
use std::thread;

use ipcadm_testbed::{Cmd, Kind, Namespace, World, fresh, make, may_set_limits, needs_root, tool};

const IPC_NOWAIT: i16 = 0o4000;

fn own_ipc_namespace() -> String {
    let link = fs::read_link("/proc/thread-self/ns/ipc").expect("a link");
    link.to_string_lossy().into_owned()
}

/// Process numbers that `/proc` shows.
fn processes() -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok()).collect()
}

#[test]
fn nobody_is_around_but_the_test_and_what_it_started() {
    let Some(_world) = World::new() else { return };
    // The first process, which only reaps, is the same program.
    assert_eq!(fs::read_link("/proc/1/exe").expect("a link"), std::env::current_exe().expect("this program"));
    let parent = |pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let rest = stat.rsplit(')').next().unwrap_or_default().to_owned();
        rest.split_whitespace().nth(1).and_then(|number| number.parse::<u32>().ok())
    };
    for mut pid in processes() {
        while let Some(next) = parent(pid).filter(|_| pid != std::process::id()) {
            assert!(next != 0 || pid == 1, "{pid} came from outside");
            pid = next;
        }
    }
}

/// The strings of a program's dynamic symbols, unless it is linked statically.
fn dynamic_strings(elf: &[u8]) -> Option<&[u8]> {
    let number = |at: usize, len: usize| {
        let bytes = elf[at..at + len].iter().rev();
        bytes.fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let section = |index: usize| number(0x28, 8) + index * number(0x3a, 2);
    let is_dynsym = |index: &usize| number(section(*index) + 4, 4) == 11;
    let symbols = (0..number(0x3c, 2)).find(is_dynsym)?;
    let strings = section(number(section(symbols) + 0x28, 4));
    Some(&elf[number(strings + 0x18, 8)..][..number(strings + 0x20, 8)])
}

#[test]
fn calls_on_objects_are_not_imported() {
    let program = fs::read(std::env::current_exe().expect("this program")).expect("a file");
    let Some(strings) = dynamic_strings(&program) else { return };
    let names: Vec<&[u8]> = strings.split(|byte| *byte == 0).collect();
    assert!(names.contains(&b"waitpid".as_slice()), "{} names", names.len());
    for name in ["semop", "semtimedop", "msgsnd", "msgrcv", "shmat"] {
        assert!(!names.contains(&name.as_bytes()), "{name} is imported");
    }
}

#[test]
fn a_world_has_nobody_in_it() {
    let Some(world) = World::new() else { return };
    let script = "cd /proc; echo $$ [0-9]*; ls -A /run; readlink /proc/self/ns/ipc";
    world.sh(script).run().ok().stdout_is(format!("2 1 2\n{}\n", own_ipc_namespace()));
    let id = make::sem(0x5108, 1, 0o600);
    world.sh("ipcs -s").run().ok().stdout_has("0x00005108");
    assert_eq!(world.namespace().ids(Kind::Sem), [id]);
    // Other worlds know nothing of it, and what is started in it ends with it.
    let mut sleeper = world.sh("echo $$; exec sleep 1000").spawn();
    sleeper.line();
    let other = World::new().expect("another");
    assert!(other.namespace().ids(Kind::Sem).is_empty());
    drop(world);
    sleeper.wait().status(128 + 9);
}

#[test]
fn the_clock_of_a_world_began_with_it() {
    let Some(world) = World::new() else { return };
    if !needs_root("device files") {
        return;
    }
    let script =
        "stat -c %W /dev/null; awk '/^btime/ { print $2 }' /proc/stat; awk '{ print int($22 / 100) }' /proc/1/stat";
    let outcome = world.sh(script).run().ok();
    let numbers: Vec<i64> = outcome.stdout_str().lines().map(|line| line.parse().expect("a number")).collect();
    assert!((-1..=2).contains(&(numbers[0] - numbers[1] - numbers[2])), "{outcome}");
    world.sh(": >/dev/null; echo x >/dev/null; cat /dev/null").run().ok().stdout_empty();
}

#[test]
fn what_runs_in_a_world_may_be_another_user() {
    let Some(world) = World::new() else { return };
    if !needs_root("other users") {
        return;
    }
    world.sh("id -u; echo $PPID").uid(1234).run().ok().stdout_is("1234\n0\n");
    world.sh("exit 7").run().status(7);
    tool("cat", [""; 0]).inside(&world).stdin("bytes").run().ok().stdout_is("bytes");
}

#[test]
fn each_thread_has_its_own_namespace() {
    let ns = fresh();
    let (to_other, from_here) = mpsc::channel();
    let (to_here, from_other) = mpsc::channel();
    let other = thread::spawn(move || {
        let ns = fresh();
        assert_eq!(from_here.recv(), Ok(()), "the first has made its queue");
        assert!(ns.ids(Kind::Msg).is_empty());
        make::msg(0x5101, 0o644);
        make::msg(0x5102, 0o644);
        to_here.send(ns.inode()).expect("the first waits");
        assert_eq!(ns.ids(Kind::Msg).len(), 2);
    });
    let id = make::msg(0x5101, 0o600);
    to_other.send(()).expect("the second waits");
    assert_ne!(from_other.recv(), Ok(ns.inode()));
    assert_eq!(ns.ids(Kind::Msg), [id]);
    assert_eq!(make::perm(Kind::Msg, id).mode, 0o600);
    other.join().expect("the second thread");
    assert_eq!(ns.ids(Kind::Msg), [id]);
}

#[test]
fn children_and_threads_inherit_the_namespace() {
    let ns = fresh();
    let id = make::msg(0x5103, 0o644);
    tool("ipcs", ["-q"]).run().ok().stdout_has("0x00005103").stderr_empty();
    let seen = thread::scope(|scope| scope.spawn(|| ns.ids(Kind::Msg)).join());
    assert_eq!(seen.expect("the thread"), [id]);
}

#[test]
fn a_thread_can_go_back_to_a_namespace() {
    let first = fresh().held();
    make::sem(0x5104, 3, 0o600);
    let second = fresh();
    assert!(second.ids(Kind::Sem).is_empty());
    first.enter();
    let rows = first.rows(Kind::Sem);
    assert_eq!((rows.len(), &*rows[0]["nsems"], &*rows[0]["perms"]), (1, "3", "600"));
}

#[test]
fn limits_are_the_namespaces_own() {
    let ns = fresh();
    let default = ns.read_sysctl("msgmni");
    if !may_set_limits("limits of a namespace") {
        return;
    }
    ns.sysctl("msgmni", 7);
    assert_eq!(ns.read_sysctl("msgmni"), "7");
    let other = fresh();
    assert_eq!(other.read_sysctl("msgmni"), default);
}

#[test]
fn an_unprivileged_child_has_no_rights() {
    let _ns = fresh();
    let id = make::sem(0x5105, 1, 0o000).to_string();
    let ipcs = || tool("ipcs", ["-s", "-i", &id]);
    ipcs().run().ok().stdout_has("nsems = 1").stderr_empty();
    ipcs().unprivileged().run().stderr_has("Permission denied");
    let caps = tool("cat", ["/proc/self/status"]).unprivileged().run().ok();
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        caps.clone().stdout_has(&format!("{set}:\t0000000000000000\n"));
    }
}

#[test]
fn an_unprivileged_child_of_root_is_another_user() {
    let _ns = fresh();
    let status = tool("cat", ["/proc/self/status"]).unprivileged().run().ok();
    if !needs_root("other users") {
        status.stdout_has("Uid:\t0\t0\t0\t0\n");
        return;
    }
    status.stdout_has("Uid:\t65534\t65534\t65534\t65534\n").stdout_has("Groups:\t \n");
    let id = make::as_user(65534, 65534, || make::shm(0, 4096, 0o600));
    let perm = make::perm(Kind::Shm, id);
    assert_eq!((perm.uid, perm.cuid, perm.cgid), (65534, 65534, 65534));
    make::chown(Kind::Shm, id, 1, 2, 0o640);
    let perm = make::perm(Kind::Shm, id);
    assert_eq!((perm.uid, perm.gid, perm.cuid, perm.mode), (1, 2, 65534, 0o640));
    let id = id.to_string();
    tool("ipcrm", ["-m", &id]).uid(7).run().status(1).stderr_has("permission denied");
    tool("ipcrm", ["-m", &id]).uid(1).run().ok();
}

#[test]
fn proc_can_be_hidden() {
    let ns = fresh();
    make::msg(0x5106, 0o600);
    let without = |cmd: Cmd| cmd.run().ok().stderr_empty().stdout_str();
    let sysvipc = || tool("ls", ["/proc/sysvipc"]);
    assert_eq!(without(sysvipc()), "msg\nsem\nshm\n");
    assert_eq!(without(sysvipc().without_sysvipc()), "");
    assert_eq!(without(tool("ls", ["/proc"]).without_proc()), "");
    tool("ls", ["/proc"]).without_proc().unprivileged().run().ok().stdout_empty();
    assert_eq!(ns.sysvipc(Kind::Msg).lines().count(), 2, "it is still there for others");
}

#[test]
fn standard_streams_can_be_given() {
    let _ns = fresh();
    tool("cat", ["-"]).stdin("bytes\0").run().ok().stdout_is("bytes\0");
    tool("cat", [""; 0]).run().ok().stdout_empty();
    tool("echo", ["x"]).stdout_to("/dev/full").run().status(1).stderr_has("No space left");
    tool("echo", ["x"]).stdout_closed().run().status(1).stderr_has("Bad file descriptor");
    tool("sh", ["-c", ": </dev/tty"]).run().stderr_has("/dev/tty");
    tool("sh", ["-c", "ulimit -l"]).may_lock(4096).run().ok().stdout_is("4\n");
    tool("yes", [""; 0]).stdout_closed_pipe().run().signal(13).stderr_empty();
    tool("env", [""; 0])
        .env("NAME", "value")
        .run()
        .ok()
        .stdout_lacks("COLUMNS")
        .stdout_is(format!("LC_ALL=C\nNAME=value\nPATH={}\nTZ=UTC\n", std::env::var("PATH").expect("PATH")));
}

#[test]
fn background_children_talk_and_end() {
    let _ns = fresh();
    let mut cat = tool("cat", [""; 0]).stdin_open().spawn();
    cat.send("one\ntwo\n");
    assert_eq!((cat.line(), cat.line()), ("one".into(), "two".into()));
    cat.send("three");
    cat.wait().ok().stdout_is("one\ntwo\nthree");

    let cat = tool("cat", [""; 0]).stdin_open().spawn();
    cat.signal(15);
    cat.wait().signal(15);

    let mut cat = tool("cat", [""; 0]).stdin_open().spawn();
    assert!(cat.is_running());
    let pid = cat.pid();
    drop(cat);
    assert!(!fs::exists(format!("/proc/{pid}")).expect("/proc"));
}

#[test]
fn segments_are_made_and_held() {
    let ns = fresh();
    let id = make::shm(0x5107, 5000, 0o640);
    let mut memory = make::attach(id);
    memory.write(4990, b"0123456789");
    assert_eq!(make::attach_readonly(id).read(4991, 3), b"123");
    let holder = make::holder(id);
    let stat = make::shm_stat(id);
    assert_eq!((stat.size, stat.nattch, stat.perm.mode), (5000, 2, 0o640));
    assert_eq!((stat.cpid.unsigned_abs(), make::key_of(Kind::Shm, id)), (std::process::id(), 0x5107));
    assert_eq!(stat.lpid.unsigned_abs(), holder.pid());
    drop((memory, holder));
    make::shm_lock(id);
    let stat = make::shm_stat(id);
    assert_eq!((stat.nattch, stat.perm.mode), (0, 0o2640));
    make::remove(Kind::Shm, id);
    assert!(!make::exists(Kind::Shm, id));
    assert!(ns.ids(Kind::Shm).is_empty());
}

#[test]
fn sets_are_used_and_waited_on() {
    let _ns = fresh();
    let id = make::sem(0, 3, 0o600);
    assert_eq!(make::sem_stat(id).otime, 0);
    make::setall(id, &[1, 2, 3]);
    make::semop(id, &[(0, -1, IPC_NOWAIT), (2, 4, 0)]);
    assert_eq!(make::getall(id, 3), [0, 2, 7]);
    let taker = make::blocked_semop(id, 0, -1);
    let zero = make::blocked_semop(id, 1, 0);
    let id_text = id.to_string();
    let shown = tool("ipcs", ["-s", "-i", &id_text]).run().ok().stdout_str();
    let row = |n: usize| shown.lines().rev().nth(3 - n).map(|l| l.split_whitespace().collect());
    let pid = std::process::id().to_string();
    assert_eq!(row(0), Some(vec!["0", "0", "1", "0", &*pid]), "{shown}");
    assert_eq!(row(1), Some(vec!["1", "2", "0", "1", &*pid]), "{shown}");
    make::semop(id, &[(0, 1, 0)]);
    taker.until_done();
    assert!(zero.is_asleep());
    assert_eq!(make::getall(id, 3), [0, 2, 7]);
    assert_eq!(make::sem_stat(id).nsems, 3);
    drop(zero);
    assert!(make::exists(Kind::Sem, id));
}

#[test]
fn queues_are_used_and_waited_on() {
    let ns = fresh();
    let id = make::msg(0, 0o600);
    make::send(id, 5, b"five");
    make::send(id, 3, b"");
    assert_eq!(make::recv(id, -4), (3, vec![]));
    assert_eq!(make::recv(id, 0), (5, b"five".to_vec()));
    let reader = make::blocked_recv(id, 9);
    make::send(id, 9, b"nine");
    reader.until_done();
    make::qbytes(id, 4);
    make::send(id, 1, b"full");
    let writer = make::blocked_send(id, 2, b"more");
    assert!(writer.is_asleep());
    let stat = make::msg_stat(id);
    assert_eq!((stat.qnum, stat.cbytes, stat.qbytes), (1, 4, 4));
    assert_eq!(make::recv(id, 0).1, b"full");
    writer.until_done();
    assert_eq!(make::msg_stat(id).lspid.unsigned_abs(), writer.pid());
    assert_eq!(ns.rows(Kind::Msg)[0]["qnum"], "1");
}

#[test]
fn creators_can_be_dead() {
    let _ns = fresh();
    let id = make::by_dead_process(|| make::shm(0, 4096, 0o600));
    let creator = make::shm_stat(id).cpid;
    assert_ne!(creator.unsigned_abs(), std::process::id());
    // Its pid may have been taken again, but not by a process of this one.
    let status = fs::read_to_string(format!("/proc/{creator}/status")).unwrap_or_default();
    assert!(!status.contains(&format!("PPid:\t{}\n", std::process::id())));
}

#[test]
#[should_panic(expected = "the calling thread is in another IPC namespace")]
fn a_namespace_left_is_not_asked() {
    let first: Namespace = fresh();
    let _second = fresh();
    first.sysvipc(Kind::Shm);
}
