//! `sem run`: semaphores held for exactly as long as a program lives.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use ipcadm::sys::{SemId, sem};
use ipcadm_testbed::{
    Cmd, Folder, Kind, Outcome, Running, fresh, installed, ipcadm, ipcadm_path, make, may_set_limits, needs_root, tool,
};
use rexpect::process::WaitStatus;
use rexpect::session::spawn_command;

const INT: i32 = 2;
const KILL: i32 = 9;
const TERM: i32 = 15;

/// `sem run` with these arguments behind the set.
fn sem_run(set: i32, args: &[&str]) -> Cmd {
    ipcadm(["sem", "run", &set.to_string()]).args(args.iter().copied())
}

/// A set with these values.
fn set_of(values: &[u16]) -> i32 {
    let set = make::sem(0, values.len(), 0o600);
    make::setall(set, values);
    set
}

/// Waits until somebody waits for semaphore 0 of the set: the child of what was started.
#[track_caller]
fn until_awaited(set: i32, waiting: &mut Running) {
    while sem::waiting_for_increase(SemId::new(set), 0) != Ok(1) {
        assert!(waiting.is_running(), "it ended instead of waiting");
        ipcadm_testbed::pause();
    }
}

/// Waits until something is so, and fails after a minute.
#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        ipcadm_testbed::pause();
    }
}

/// The only child of a process.
#[track_caller]
fn child_of(pid: u32) -> String {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("the children");
    let children: Vec<&str> = children.split_whitespace().collect();
    let [child] = children[..] else { panic!("the children of {pid} are {children:?}") };
    child.to_owned()
}

/// Whether a process is in the call that waits for semaphores.
fn is_in_semop(pid: &str) -> bool {
    let call = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    call.split(' ').next().and_then(|number| number.parse().ok()) == Some(libc::SYS_semtimedop)
}

/// Waits until the process that was started has ended, though its children may live.
fn until_ended(running: &mut Running) {
    while running.is_running() {
        ipcadm_testbed::pause();
    }
}

#[test]
fn it_is_held_while_the_program_runs_and_given_back_after() {
    let _ns = fresh();
    let set = set_of(&[1, 5, 0]);
    let program = ipcadm_path();
    let get = format!("{} sem get {set}", program.display());
    sem_run(set, &["-c", &get]).run().ok().stdout_is("0\n5\n0\n").stderr_empty();
    assert_eq!(make::getall(set, 3), [1, 5, 0]);
    let take = ["--take", "0-1, 1-2", "--take", "2=0 2+7", "-c", &get];
    sem_run(set, &take).run().ok().stdout_is("0\n3\n7\n");
    assert_eq!(make::getall(set, 3), [1, 5, 0]);
    sem_run(set, &["--", "true"]).run().ok().stdout_empty().stderr_empty();
    ipcadm(["sem", "-v", "run", &format!("sem:{set}"), "--", "true"])
        .run()
        .ok()
        .stderr_has(&format!("did 0-1 on sem:{set} after "))
        .stderr_has("running true");
    assert_eq!(make::getall(set, 3), [1, 5, 0]);
}

#[test]
fn the_status_is_the_programs() {
    let _ns = fresh();
    let set = set_of(&[1]);
    for (command, status) in [
        (&["true"][..], 0),
        (&["false"], 1),
        (&["sh", "-c", "exit 255"], 255),
        (&["sh", "-c", "kill -9 $$"], 137),
        (&["sh", "-c", "kill -15 $$"], 143),
        (&["/no/such/program"], 127),
        (&["no-such-program-in-path"], 127),
        (&["/"], 126),
        (&["/etc/passwd"], 126),
    ] {
        for fork in [&[][..], &["--no-fork"]] {
            // A folder that may not be looked into would give 126.
            let run = sem_run(set, fork).env("PATH", "/usr/bin:/bin");
            let outcome = run.arg("--").args(command.iter().copied()).run();
            match (fork.is_empty(), outcome.signal) {
                (false, Some(signal)) => assert_eq!(128 + signal, status, "{outcome}"),
                _ => assert_eq!(outcome.status, Some(status), "{outcome}"),
            }
            assert_eq!(outcome.stderr.is_empty(), !matches!(status, 126 | 127), "{outcome}");
            assert_eq!(make::getall(set, 1), [1]);
        }
    }
    sem_run(set, &["-c", "exit 9"]).run().status(9);
    sem_run(set, &["--", "sh", "-c", "echo \"$@\"", "x", "-z", "--"]).run().ok().stdout_is("-z --\n");
}

#[test]
fn what_is_not_acquired_runs_nothing() {
    let _ns = fresh();
    let set = set_of(&[1]);
    let more =
        |args: &[&str]| sem_run(set, &["--take", "0-2"]).args(args.iter().copied()).args(["--", "echo", "x"]).run();
    more(&["--no-wait"]).status(125).stdout_empty().stderr_has("would block (semaphore 0 is 1)");
    more(&["--timeout", "1ms"]).status(125).stdout_empty().stderr_has("timed out");
    more(&["--no-wait", "-E", "0"]).status(0).stdout_empty().stderr_has("would block");
    more(&["--no-wait", "-E", "75", "-q"]).status(75).stdout_empty().stderr_empty();
    more(&["--nonblock", "--conflict-exit-code=255", "-q"]).status(255).stdout_empty();
    more(&["-w", "0.001", "-E7"]).status(7).stdout_empty();
    assert_eq!(make::getall(set, 1), [1]);
    let mut waiting = sem_run(set, &["--take", "0-2", "-E", "0", "--", "echo", "x"]).spawn();
    until_awaited(set, &mut waiting);
    make::remove(Kind::Sem, set);
    waiting.wait().status(125).stdout_empty().stderr_has("removed while waiting");
}

#[test]
fn every_failure_of_its_own_is_125() {
    let _ns = fresh();
    let set = set_of(&[1]);
    for bad in [
        &[][..],
        &["true"],
        &["--"],
        &["-c", ""],
        &["-c", "x", "--", "true"],
        &["--take", "", "--", "true"],
        &["--take", "0-1u", "--", "true"],
        &["--take", "0-1,", "--", "true"],
        &["--take", "1-1", "--", "true"],
        &["-E", "256", "--", "true"],
        &["-E", "", "--", "true"],
        &["-E", "+1", "--", "true"],
        &["--no-wait", "-w", "1", "--", "true"],
        &["--timeout", "x", "--", "true"],
        &["--fifo", "--", "true"],
        &["--color", "never", "--fifo", "--", "true"],
    ] {
        sem_run(set, bad).run().status(125).stdout_empty();
    }
    ipcadm(["-v", "--color", "never", "sem", "--color=auto", "run", "--fifo"]).run().status(125);
    ipcadm(["ls", "sem", "run"]).run().status(2);
    sem_run(set, &["true"]).run().stderr_has("'--' goes in front of the program");
    sem_run(4711, &["-E", "3", "--", "true"]).run().status(125).stderr_has("cannot find sem:4711");
    sem_run(set, &["--", "true"]).run().ok();
    ipcadm(["sem", "run", "--help"]).run().ok().stdout_has("sem run [OPTIONS] REF -- CMD");
    let closed = make::sem(0, 1, 0o444);
    sem_run(closed, &["--", "true"]).unprivileged().run().status(125).stderr_has("needs write permission");
    assert_eq!(make::getall(set, 1), [1]);
}

#[test]
fn waiting_ends_by_the_signal_with_nothing_taken() {
    let _ns = fresh();
    let set = set_of(&[0, 1]);
    for signal in [INT, TERM, libc::SIGHUP, libc::SIGUSR1, libc::SIGALRM, KILL] {
        for to_the_child in [false, true] {
            let mut waiting = sem_run(set, &["--take", "1-1 0-1", "--", "echo", "x"]).spawn();
            until_awaited(set, &mut waiting);
            match to_the_child {
                true => drop(tool("kill", [format!("-{signal}"), child_of(waiting.pid())]).run().ok()),
                false => waiting.signal(signal),
            }
            // The output ends when the child has ended too, and before that it leaves the queue of those who wait.
            waiting.wait().signal(signal).stdout_empty().stderr_empty();
            assert_eq!(sem::waiting_for_increase(SemId::new(set), 0), Ok(0));
            assert_eq!(make::getall(set, 2), [0, 1]);
        }
    }
    make::setall(set, &[1, 1]);
    sem_run(set, &["--take", "1-1 0-1", "--no-wait", "--", "true"]).run().ok();
    assert_eq!(make::getall(set, 2), [1, 1], "nobody takes what comes later");
}

#[test]
fn a_signal_that_is_ignored_does_not_end_the_waiting() {
    let _ns = fresh();
    let set = set_of(&[0]);
    let line = format!("trap '' HUP; exec {} sem run {set} -- echo x", ipcadm_path().display());
    let mut waiting = tool("sh", ["-c", &line]).spawn();
    until_awaited(set, &mut waiting);
    waiting.signal(libc::SIGHUP);
    make::setall(set, &[1]);
    waiting.wait().ok().stdout_is("x\n");
}

#[test]
fn ctrl_c_ends_the_waiting() {
    let _ns = fresh();
    let set = set_of(&[0]);
    let mut command = Command::new(ipcadm_path());
    command.args(["sem", "run", &set.to_string(), "--", "echo", "x"]);
    let mut terminal = spawn_command(command, Some(60_000)).expect("a pseudoterminal");
    until("somebody waits", || sem::waiting_for_increase(SemId::new(set), 0) == Ok(1));
    terminal.send_control('c').expect("a control character");
    terminal.exp_eof().expect("the end of the output");
    let end = terminal.process().wait().expect("its end");
    assert!(matches!(end, WaitStatus::Signaled(_, signal, _) if signal as i32 == INT), "{end:?}");
    assert_eq!(make::getall(set, 1), [0]);
}

#[test]
fn a_terminal_that_hangs_up_ends_the_waiting_and_the_program() {
    // The kernel tells the leader of the session alone.
    if !installed("script") {
        return;
    }
    let _ns = fresh();
    for value in [0, 1] {
        let set = set_of(&[value]);
        let line = format!("exec {} sem run {set} -- sleep 600", ipcadm_path().display());
        let terminal = tool("script", ["-qc", &line, "/dev/null"]).spawn();
        let waits = || sem::waiting_for_increase(SemId::new(set), 0) == Ok(1);
        until("it waits or holds", || if value == 0 { waits() } else { make::getall(set, 1) == [0] });
        terminal.signal(KILL);
        until("it is gone", || make::getall(set, 1) == [value] && !waits());
    }
}

#[test]
fn a_wait_that_is_stopped_and_continued_goes_on() {
    let _ns = fresh();
    let set = set_of(&[0]);
    let mut waiting = sem_run(set, &["--timeout", "1h", "--", "echo", "x"]).spawn();
    until_awaited(set, &mut waiting);
    let child = child_of(waiting.pid());
    tool("kill", ["-STOP", &child]).run().ok();
    // Who is stopped does not stand in the queue.
    until("the child is stopped", || sem::waiting_for_increase(SemId::new(set), 0) == Ok(0));
    make::setall(set, &[1]);
    assert_eq!(make::getall(set, 1), [1]);
    // It is passed on.
    waiting.signal(libc::SIGCONT);
    waiting.wait().ok().stdout_is("x\n");
    assert_eq!(make::getall(set, 1), [1]);
}

#[test]
fn the_kernel_records_the_program() {
    let _ns = fresh();
    let set = set_of(&[1]);
    for fork in [&[][..], &["-F"]] {
        let mut held = sem_run(set, fork).args(["-c", "echo $$; read line"]).stdin_open().spawn();
        let pid = held.line();
        assert_eq!(sem::last_pid(SemId::new(set), 0).map(|pid| pid.to_string()), Ok(pid));
        held.wait().status(1);
    }
}

#[test]
fn the_one_that_waits_is_the_one_that_becomes_the_program() {
    let _ns = fresh();
    let set = set_of(&[0]);
    let mut waiting = sem_run(set, &["-c", "echo $$"]).spawn();
    until_awaited(set, &mut waiting);
    let child = child_of(waiting.pid());
    assert!(is_in_semop(&child) && !is_in_semop(&waiting.pid().to_string()));
    make::setall(set, &[1]);
    waiting.wait().ok().stdout_is(format!("{child}\n"));
}

#[test]
fn the_environment_of_the_program_names_what_is_held() {
    let _ns = fresh();
    let (outer, inner) = (make::sem(0x5e, 1, 0o600), set_of(&[9]));
    make::setall(outer, &[9]);
    let program = ipcadm_path().display().to_string();
    for fork in ["", "-F"] {
        let told = |before: Option<&str>, line: &str| -> String {
            let run = ipcadm(["sem", "run", "0x5e"]).args(fork.split_whitespace());
            let run = before.into_iter().fold(run, |run, before| run.env("IPCADM_SEM_RUN", before));
            run.env("KEPT", "as it was").args(["-c", line]).run().ok().value()
        };
        let tell = "echo $IPCADM_SEM_RUN $KEPT; env | grep -c IPCADM_";
        let only = format!("sem:{outer} as it was\n1");
        assert_eq!(told(None, tell), only, "by its id, though it was given by its key");
        for malformed in ["", "1", "sem:", "sem:01", "sem:0x5e", "shm:1", "sem:1,", ",sem:1", "sem:1 ,sem:2", "sem:-1"]
        {
            assert_eq!(told(Some(malformed), tell), only, "{malformed:?}");
        }
        assert_eq!(told(Some("sem:71,sem:70"), tell), format!("sem:71,sem:70,sem:{outer} as it was\n1"));
        // The same once more names nothing new, and is as a child of the first finds it.
        let nested = format!("{program} sem run {fork} {inner} -- {program} sem run {fork} 0x5e -c '{tell}'");
        assert_eq!(told(None, &nested), format!("sem:{outer},sem:{inner} as it was\n1"));
    }
    let mut held = sem_run(inner, &["-c", "echo $$; read line"]).stdin_open().spawn();
    let environment = fs::read(format!("/proc/{}/environ", held.line())).expect("its environment");
    let entry = format!("IPCADM_SEM_RUN=sem:{inner}");
    assert!(environment.split(|&byte| byte == 0).any(|found| found == entry.as_bytes()));
}

#[test]
fn a_set_that_was_removed_meanwhile_is_told() {
    let _ns = fresh();
    let told = |name: &str, program: &str| {
        format!("ipcadm: {name} was removed while {program} ran: from then on it kept nobody out\n")
    };
    let line = |set: i32, status: i32| format!("{} rm -y sem:{set} >/dev/null; exit {status}", ipcadm_path().display());
    for (options, status) in [(&[][..], 0), (&["-q", "-E0"], 3)] {
        let set = set_of(&[1]);
        let outcome = sem_run(set, options).args(["-c", &line(set, status)]).run().status(status);
        outcome.stderr_is(told(&format!("sem:{set}"), "/bin/sh"));
    }
    // Also by its key, with a name that is no plain text, and when a signal ends the program.
    let set = make::sem(0x5e, 1, 0o600);
    make::setall(set, &[1]);
    let folder = Folder::new("removed");
    symlink("/bin/sh", folder.join("\u{1b}sh")).expect("a program by that name");
    let words = ["sem", "run", "0x5e", "--", "./\u{1b}sh", "-c", &line(set, 0).replace("exit 0", "kill -9 $$")];
    let outcome = ipcadm(words).dir(&folder).run().status(137);
    outcome.stderr_is(told(&format!("sem:0x0000005e (id {set})"), "./\\x1bsh"));
    // Who has become the program is not there any more, and a program that was not run missed nothing.
    let set = set_of(&[1]);
    sem_run(set, &["-F", "-c", &line(set, 4)]).run().status(4).stderr_empty();
}

#[test]
fn a_set_that_was_changed_meanwhile_is_the_same() {
    let _ns = fresh();
    let set = set_of(&[1]);
    let program = ipcadm_path().display().to_string();
    let line = format!("({program} sem setval -q {set} 0=7 && {program} set --mode 0640 sem:{set}) >/dev/null; exit 3");
    sem_run(set, &["-c", &line]).run().status(3).stderr_empty();
    assert_eq!((make::getall(set, 1), make::perm(Kind::Sem, set).mode), (vec![7], 0o640));
}

#[test]
fn another_set_with_the_identifier_is_not_the_one() {
    if !may_set_limits("next_id") {
        return;
    }
    let ns = fresh();
    let set = set_of(&[1]);
    let mut held = sem_run(set, &["-c", "echo in; read line"]).stdin_open().spawn();
    held.line();
    make::remove(Kind::Sem, set);
    ns.sysctl("sem_next_id", set);
    assert_eq!(make::sem(0, 2, 0o600), set);
    held.wait().status(1).stderr_has(&format!("sem:{set} was removed while /bin/sh ran"));
}

#[test]
fn what_it_says_stands_before_what_the_program_says() {
    let _ns = fresh();
    let set = set_of(&[1]);
    for fork in [&[][..], &["-F"]] {
        let run = ipcadm(["-v", "sem", "run", &set.to_string()]).args(fork.iter().copied());
        let outcome = run.args(["-c", "echo program >&2"]).run().ok();
        let lines = outcome.stderr_str();
        let lines: Vec<&str> = lines.lines().collect();
        let [said, "program"] = lines[..] else { panic!("{outcome}") };
        let (before, after) = (format!("ipcadm: did 0-1 on sem:{set} after "), " s; running /bin/sh");
        let seconds = said.strip_prefix(&*before).and_then(|rest| rest.strip_suffix(after));
        assert!(seconds.is_some_and(|text| text.parse::<f64>().is_ok_and(|seconds| seconds < 60.0)), "{outcome}");
    }
}

#[test]
fn the_program_may_be_the_first_of_a_pid_namespace() {
    if !needs_root("a pid namespace") {
        return;
    }
    let _ns = fresh();
    let set = set_of(&[1]);
    let program = ipcadm_path().display().to_string();
    // ipcadm stays outside, so its child cannot see it as its parent.
    tool("unshare", ["--pid", &program, "sem", "run", &set.to_string(), "-c", "echo $$"]).run().ok().stdout_is("1\n");
    assert_eq!(make::getall(set, 1), [1]);
}

#[test]
fn signals_are_passed_on() {
    let _ns = fresh();
    let set = set_of(&[1]);
    for signal in [INT, TERM, 1, 10] {
        // The program ends of it, and its status tells.
        let mut held = sem_run(set, &["-c", "echo in; exec sleep 60"]).spawn();
        held.line();
        held.signal(signal);
        held.wait().status(128 + signal);
        assert_eq!(make::getall(set, 1), [1]);
    }
    let line = "trap 'kill $!; exit 42' TERM; sleep 60 >/dev/null 2>&1 & echo in; wait";
    let mut held = sem_run(set, &["-c", line]).spawn();
    held.line();
    held.signal(TERM);
    held.wait().status(42);
}

#[test]
fn a_signal_that_comes_too_late_does_not_hide_the_status() {
    let _ns = fresh();
    let set = set_of(&[1]);
    // The program ends while ipcadm is stopped, and the signal comes before it sees that.
    for _ in 0..10 {
        let mut held = sem_run(set, &["-c", "echo in; read line; exit 3"]).stdin_open().spawn();
        held.line();
        held.signal(19);
        held.close_stdin();
        held.signal(TERM);
        held.signal(18);
        let outcome = held.wait();
        assert!(matches!(outcome.status, Some(3 | 143)), "{outcome}");
    }
}

#[test]
fn it_stays_held_when_ipcadm_is_killed() {
    let _ns = fresh();
    let set = set_of(&[1]);
    for _ in 0..20 {
        let mut held = sem_run(set, &["-c", "echo in; read line; echo out"]).stdin_open().spawn();
        held.line();
        held.signal(KILL);
        until_ended(&mut held);
        assert_eq!(make::getall(set, 1), [0], "the program still runs");
        let next = sem_run(set, &["--", "true"]).spawn();
        ipcadm(["sem", "op", &set.to_string(), "0-1n"]).run().status(6);
        held.send("go\n");
        // The output ends when the program has.
        held.wait().signal(KILL).stdout_is("in\nout\n");
        next.wait().ok();
        assert_eq!(make::getall(set, 1), [1]);
    }
}

#[test]
fn ipcadm_may_be_killed_at_any_moment() {
    let _ns = fresh();
    let set = set_of(&[1]);
    for round in 0..200 {
        let run = sem_run(set, &["--", "true"]).spawn();
        // From before it has begun until after its end.
        (0..round * 20).for_each(|_| thread::yield_now());
        run.signal(KILL);
        run.wait();
        assert_eq!(make::getall(set, 1), [1], "round {round}");
    }
}

#[test]
fn it_is_given_back_when_the_program_is_killed() {
    let _ns = fresh();
    let set = set_of(&[1]);
    for fork in [&[][..], &["--no-fork"]] {
        let mut held = sem_run(set, fork).args(["--", "sh", "-c", "echo $$; read line"]).stdin_open().spawn();
        let pid = held.line();
        assert_eq!(pid == held.pid().to_string(), !fork.is_empty());
        assert_eq!(make::getall(set, 1), [0]);
        tool("kill", ["-9", &pid]).run().ok();
        let outcome = held.wait();
        assert!(outcome.status == Some(137) || outcome.signal == Some(KILL), "{outcome}");
        assert_eq!(make::getall(set, 1), [1]);
    }
}

#[test]
fn children_of_the_program_hold_nothing() {
    let _ns = fresh();
    let set = set_of(&[1]);
    let line = "exec 3<&0; cat <&3 >/dev/null 2>&1 & exit 0";
    let mut run = sem_run(set, &["-c", line]).stdin_open().spawn();
    until_ended(&mut run);
    assert_eq!(make::getall(set, 1), [1]);
    // Its standard input, which is not closed yet, keeps the child.
    run.close_stdin();
    run.wait().ok();
}

#[test]
fn an_ignored_sigchld_does_not_matter() {
    let _ns = fresh();
    let set = set_of(&[1]);
    // dash cannot ignore SIGCHLD.
    let program = ipcadm_path().display().to_string();
    let words = ["--ignore-signal=CHLD", &program, "sem", "run", &set.to_string(), "--", "sh", "-c", "exit 5"];
    tool("env", words).run().status(5);
    assert_eq!(make::getall(set, 1), [1]);
}

#[test]
fn setting_the_value_takes_the_undo_away() {
    let _ns = fresh();
    let set = set_of(&[1]);
    let mut held = sem_run(set, &["-c", "echo in; read line"]).stdin_open().spawn();
    held.line();
    make::setall(set, &[0]);
    held.wait().status(1);
    assert_eq!(make::getall(set, 1), [0]);
}

/// What one of many that exclude each other is to suffer.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Survives,
    /// SIGKILL for ipcadm: the program goes on.
    LosesIpcadm,
    /// SIGKILL for the program.
    IsKilled,
}

/// A counter is read, and a moment later written one higher: each line is a single write, so that a killed program
/// leaves none half done.
const COUNT: &str = r#"
echo $$
echo "in $$" >> log
n=0; while read -r m; do n=$m; done < count
i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done
echo $((n + 1)) >> count
echo "out $$" >> log
"#;

fn count_one(set: i32, folder: &Folder, fate: Fate) -> (String, Outcome) {
    let mut running = sem_run(set, &["--", "sh", "-c", COUNT]).dir(folder).spawn();
    let pid = running.line();
    match fate {
        Fate::Survives => {}
        // It may have ended already; then nothing is left to kill.
        Fate::LosesIpcadm => running.signal(KILL),
        Fate::IsKilled => drop(tool("kill", ["-9", &pid]).run()),
    }
    (pid, running.wait())
}

#[test]
fn no_two_are_ever_inside_at_once() {
    let _ns = fresh();
    let set = set_of(&[1]);
    let folder = Folder::new("count");
    for file in ["count", "log"] {
        fs::write(folder.join(file), "").unwrap();
    }
    let fates = (0..50).map(|number| match number % 5 {
        0 => Fate::LosesIpcadm,
        1 => Fate::IsKilled,
        _ => Fate::Survives,
    });
    let ended: Vec<(Fate, (String, Outcome))> = thread::scope(|scope| {
        let folder = &folder;
        let threads: Vec<_> = fates.map(|fate| (fate, scope.spawn(move || count_one(set, folder, fate)))).collect();
        threads.into_iter().map(|(fate, thread)| (fate, thread.join().unwrap())).collect()
    });
    assert_eq!(make::getall(set, 1), [1], "the value is restored");

    let log = fs::read_to_string(folder.join("log")).unwrap();
    let killed = |pid: &str| ended.iter().any(|(fate, (other, _))| *fate == Fate::IsKilled && other == pid);
    let mut inside: Option<&str> = None;
    for line in log.lines() {
        let (word, pid) = line.split_once(' ').unwrap();
        match word {
            "in" => {
                assert!(inside.is_none_or(killed), "{pid} came in while {inside:?} was inside\n{log}");
                inside = Some(pid);
            }
            _ => assert_eq!(inside.take(), Some(pid), "{log}"),
        }
    }
    for (fate, (pid, outcome)) in &ended {
        let came_out = log.contains(&format!("out {pid}\n"));
        assert!(came_out || *fate == Fate::IsKilled, "{outcome}");
        assert!(*fate != Fate::Survives || outcome.status == Some(0), "{outcome}");
    }
    let count = fs::read_to_string(folder.join("count")).unwrap();
    let numbers: Vec<usize> = count.lines().map(|line| line.parse().unwrap()).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len()), "no update is lost: {numbers:?}");
    assert!((40..=50).contains(&numbers.len()), "{numbers:?}");
}

#[test]
fn it_is_given_back_after_the_files_of_the_program_are_closed() {
    if !installed("flock") {
        return;
    }
    let _ns = fresh();
    let set = set_of(&[1]);
    let folder = Folder::new("files");
    // The lock on the file goes with the shell, and with its last descriptor.
    let line = "exec 9> locked; flock -n 9 || echo still locked";
    let jobs = || {
        for _ in 0..100 {
            sem_run(set, &["-c", line]).dir(&folder).run().ok().stdout_empty();
        }
    };
    thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(jobs))));
}

#[test]
fn what_keeps_ipcadm_from_starting_a_program_is_its_own_failure() {
    let _ns = fresh();
    let set = make::sem(0, 1, 0o600);
    make::setall(set, &[1]);
    // Too few descriptors to learn whether a program has started.
    let program = ipcadm_testbed::ipcadm_path();
    let script = |args: &str| format!("ulimit -n 4; exec {} {args} -- true", program.display());
    let run = |args: &str| ipcadm_testbed::tool("sh", ["-c", &script(args)]).run();
    run(&format!("sem run {set}")).status(125).stderr_has("Too many open files");
    assert_eq!(make::getall(set, 1), [1]);
}

#[test]
fn a_program_without_a_name_runs_nothing_and_takes_nothing() {
    let _ns = fresh();
    let set = make::sem(0, 1, 0o600).to_string();
    let queue = make::msg(0, 0o600);
    make::send(queue, 1, b"job");
    let segment = make::shm(0, 1, 0o600).to_string();
    let queue_name = queue.to_string();
    // The semaphore is 0: whoever took it would wait.
    for args in [
        &["sem", "run", &*set, "--"][..],
        &["sem", "run", &*set, "--", ""],
        &["sem", "run", &*set, "-c", ""],
        &["msg", "recv", &*queue_name, "--"],
        &["shm", "attach", &*segment, "--"],
        &["shm", "attach", &*segment, "--", ""],
    ] {
        ipcadm(args.iter().copied()).run().status(125).stdout_empty().stderr_has("unset variable?");
    }
    assert_eq!(make::msg_stat(queue).qnum, 1);
}

/// What programs tell of the signals that they ignore and that are blocked for them.
const SIGNALS: [&str; 4] = ["grep", "-E", "SigBlk|SigIgn", "/proc/self/status"];

/// Runs each command that runs a program below `env` with `options`, and tells what its program finds.
fn signals_of_programs(options: &[&str]) -> Vec<(String, String)> {
    let set = set_of(&[1]);
    let segment = make::shm(0, 1, 0o600);
    let queue = make::msg(0, 0o600);
    make::send(queue, 1, b"job");
    make::send(queue, 1, b"job");
    let commands = [
        format!("sem run {set}"),
        format!("sem run -F {set}"),
        format!("shm attach {segment} -q"),
        format!("msg recv {queue} --all"),
    ];
    let program = ipcadm_path().display().to_string();
    let run = |command: String| {
        let words = command.split(' ').chain(["--"]).chain(SIGNALS);
        let outcome = tool("env", options.iter().copied().chain([program.as_str()]).chain(words)).run().ok();
        (command, outcome.stdout_str())
    };
    commands.map(run).into()
}

#[test]
fn the_program_finds_ignored_and_blocked_signals_as_they_were() {
    let _ns = fresh();
    // RTMIN is what our own timer uses.
    let names = ["PIPE", "CHLD", "XFSZ", "RTMIN", "TERM", "HUP", "CONT", "WINCH", "USR2"];
    let single = names.iter().flat_map(|name| ["ignore", "block"].map(|what| format!("--{what}-signal={name}")));
    let all = names.join(",");
    let several = ["ignore", "block"].map(|what| format!("--{what}-signal={all}"));
    for option in single.chain(several).chain(["--".to_owned()]) {
        let expected = tool("env", [option.as_str()].into_iter().chain(SIGNALS)).run().ok().stdout_str();
        for (command, found) in signals_of_programs(&[&option]) {
            // A program is run for each message, the second like the first.
            let expected = if command.starts_with("msg") { expected.repeat(2) } else { expected.clone() };
            assert_eq!(found, expected, "env {option} ipcadm {command}");
        }
    }
}
