//! Which System V calls processes are found able to make, tried on programs that are made for it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ipcadm::code::abilities::Abilities;
use ipcadm::code::calls::{Calls, How};
use ipcadm::code::program_files::ProgramFiles;
use ipcadm::proc::reader::{Reader, Task};
use ipcadm::sys::memory;
use ipcadm_testbed::{Folder, NOBODY, installed, is_root, left_out, make, needs_root};

/// Tells that it runs, and then waits for the end of its input.
const PROGRAM: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#ifdef CALL
static void call(int id) {
    char buffer[64] = { 0 };
    (void)!(long)CALL;
}
#else
static void call(int id) { puts("E"); }
#endif
static void *wait(void *x) {
    char byte;
    (void)!write(1, "!", 1);
    while (read(0, &byte, 1) > 0) {}
    _exit(0);
}
int main(int count, char **words) {
    pthread_t thread;
    if (count > 9) call(count);
    if (count > 1 && !strcmp(words[1], "thread")) {
        pthread_create(&thread, 0, wait, 0);
        pthread_exit(0);
    }
    wait(0);
}
"#;

/// The calls in C, and what they are.
const CALLS: [(&str, Calls); 5] = [
    ("semop(id, (void *)buffer, 1)", Calls::SETS),
    ("semtimedop(id, (void *)buffer, 1, (void *)buffer)", Calls::SETS),
    ("msgsnd(id, buffer, 1, 0)", Calls::QUEUES),
    ("msgrcv(id, buffer, 1, 0, 0)", Calls::QUEUES),
    ("shmat(id, 0, 0)", Calls::SEGMENTS),
];

/// A folder for programs, gone with the test.
struct Programs(Folder);

impl Programs {
    fn new() -> Self {
        Self(Folder::new("calls"))
    }

    /// Compiles `source`; None when that cannot be done in this way here.
    fn compile(&self, name: &str, source: &str, options: &[&str]) -> Option<PathBuf> {
        let (path, text) = (self.0.join(name), self.0.join(format!("{name}.c")));
        fs::write(&text, source).expect("a source");
        let options = options.iter().map(|option| (*option).to_owned());
        let output =
            Command::new("gcc").arg("-O2").arg(&text).args(options).arg("-o").arg(&path).output().expect("gcc");
        if !output.status.success() {
            left_out(&format!("what cannot be compiled here, {name}: {}", String::from_utf8_lossy(&output.stderr)));
        }
        output.status.success().then_some(path)
    }

    fn program(&self, name: &str, call: Option<&str>, options: &[&str]) -> Option<PathBuf> {
        let call = call.map(|call| format!("#define CALL {call}\n")).unwrap_or_default();
        self.compile(name, &format!("{call}{PROGRAM}"), &[options, &["-pthread"]].concat())
    }
}

/// A process that waits for the end of its input.
struct Running(Child);

impl Running {
    /// Started, and at the point where it waits.
    #[track_caller]
    fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut running = Self(child.unwrap_or_else(|e| panic!("{command:?}: {e}")));
        let output = running.0.stdout.as_mut().expect("a pipe");
        output.read_exact(&mut [0]).unwrap_or_else(|e| panic!("{command:?} did not come up: {e}"));
        running
    }

    fn task(&self) -> Task {
        Task::process(self.0.id())
    }

    #[track_caller]
    fn abilities(&self) -> Abilities {
        look(self.task()).expect("it runs")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn look(task: Task) -> Option<Abilities> {
    Abilities::of(task, &mut Reader::default(), &mut ProgramFiles::default())
}

/// Names, calls and how they are known.
fn files(found: &Abilities) -> Vec<(&str, Calls, How)> {
    found.files.iter().map(|file| (file.name.as_str(), file.calls, file.how)).collect()
}

#[test]
fn what_compilers_make_is_known_for_what_it_calls() {
    if !installed("gcc") {
        return;
    }
    let folder = Programs::new();
    for (kind, options, how) in [
        ("dynamic", &[][..], How::Imports),
        ("static", &["-static"], How::Static),
        ("static-pie", &["-static-pie", "-fPIE"], How::Static),
    ] {
        for (number, (call, calls)) in CALLS.into_iter().enumerate() {
            let name = format!("{kind}-{number}");
            let Some(path) = folder.program(&name, Some(call), options) else { continue };
            let found = Running::start(&mut Command::new(path)).abilities();
            assert_eq!(files(&found), [(name.as_str(), calls, how)], "{call}");
            assert_eq!((found.calls(), found.unexaminable), (calls, Vec::<String>::new()));
        }
        let Some(path) = folder.program(kind, None, options) else { continue };
        let found = Running::start(&mut Command::new(&path)).abilities();
        assert_eq!((files(&found), found.unexaminable.len()), (vec![], 0), "{kind}");
        let program = found.program.expect("a program");
        assert_eq!((program.path.as_str(), program.name.as_str()), (path.to_str().unwrap(), kind));
    }
}

#[test]
fn a_library_counts_by_the_name_it_has_for_itself() {
    if !installed("gcc") {
        return;
    }
    let folder = Programs::new();
    // The linker lets `semop` be the end of `my_semop`.
    let source = "int semop(int, void *, unsigned long);\nint my_semop(int id) { return semop(id, 0, 0); }\n\
        int use_it(int id) { return my_semop(id); }\n";
    let options = ["-shared", "-fPIC", "-Wl,-soname,libsets.so.7"];
    let library = folder.compile("sets.so", source, &options).expect("a library");
    let link = folder.0.join("libsets.so.7");
    fs::rename(&library, &link).expect("a name");
    let program = folder.program(
        "linked",
        Some("({ int use_it(int); use_it(id); })"),
        &[link.to_str().unwrap(), "-Wl,-rpath,$ORIGIN"],
    );
    let running = Running::start(&mut Command::new(program.expect("a program")));
    let expected = [("libsets.so.7", Calls::SETS, How::Imports)];
    assert_eq!(files(&running.abilities()), expected);
    if !needs_root("files whose names are gone") {
        return;
    }
    fs::remove_file(link).expect("gone");
    assert_eq!(files(&running.abilities()), expected);
}

#[test]
fn a_program_whose_name_is_gone_is_known_all_the_same() {
    if !installed("gcc") {
        return;
    }
    let folder = Programs::new();
    let path = folder.program("gone", Some(CALLS[0].0), &[]).expect("a program");
    let running = Running::start(&mut Command::new(&path));
    fs::remove_file(&path).expect("gone");
    let found = running.abilities();
    assert_eq!(files(&found), [("gone", Calls::SETS, How::Imports)]);
    assert_eq!(found.program.map(|program| program.name).as_deref(), Some("gone"));
    // Nor need it ever have had one.
    if let Some(path) = folder.program("memory", Some(CALLS[1].0), &["-static"]) {
        let memory = memory::file_of(&fs::read(path).expect("a program")).expect("a file in memory");
        let path = format!("/proc/{}/fd/{}", std::process::id(), memory.as_raw_fd());
        let found = Running::start(&mut Command::new(path)).abilities();
        assert_eq!(files(&found), [("memfd:ipcadm", Calls::SETS, How::Static)]);
        assert_eq!(found.unexaminable, Vec::<String>::new());
    }
}

#[test]
fn a_process_whose_first_thread_has_ended_shows_its_code() {
    if !installed("gcc") {
        return;
    }
    let folder = Programs::new();
    let path = folder.program("threads", Some(CALLS[2].0), &[]).expect("a program");
    let mut running = Running::start(Command::new(&path).arg("thread"));
    let stat = format!("/proc/{}/stat", running.0.id());
    while !fs::read_to_string(&stat).expect("it runs").contains(") Z ") {
        ipcadm_testbed::pause();
    }
    let found = running.abilities();
    assert_eq!(files(&found), [("threads", Calls::QUEUES, How::Imports)]);
    assert_eq!((found.program.map(|program| program.name).as_deref(), found.unexaminable.len()), (Some("threads"), 0));
    // It is not reaped yet.
    drop(running.0.stdin.take());
    while fs::read(format!("/proc/{}/maps", running.0.id())).is_ok_and(|maps| !maps.is_empty())
        || fs::read_dir(format!("/proc/{}/task", running.0.id())).is_ok_and(|threads| threads.count() > 1)
    {
        ipcadm_testbed::pause();
    }
    assert_eq!(look(running.task()), None);
}

#[test]
fn a_process_that_executes_another_program_meanwhile_can_be_examined() {
    if !installed("gcc") {
        return;
    }
    let folder = Programs::new();
    let source = "#include <unistd.h>\nint main(int count, char **words) {\n\
        (void)!write(1, \"!\", 1);\n\
        execl(words[2], words[0], words[2], words[1], (char *)0);\n}\n";
    let (one, two) = (folder.compile("one", source, &[]), folder.compile("two", source, &[]));
    let (one, two) = (one.expect("a program"), two.expect("a program"));
    let running = Running::start(Command::new(&one).args([&one, &two]).stdout(Stdio::piped()));
    let (mut reader, mut files) = (Reader::default(), ProgramFiles::default());
    let mut names = BTreeSet::new();
    let mut looks = 0;
    while looks < 300 || names.len() < 2 {
        looks += 1;
        let found = Abilities::of(running.task(), &mut reader, &mut files).expect("it runs");
        assert_eq!((found.unexaminable, found.files.len()), (vec![], 0));
        names.extend(found.program.map(|program| program.name));
    }
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn interpreters_count_by_what_they_have_loaded() {
    if installed("perl") {
        let found = Running::start(Command::new("perl").args(["-e", "$| = 1; print '!'; <STDIN>"])).abilities();
        assert_eq!(found.calls(), Calls::ALL);
        let program = found.program.as_ref().expect("a program");
        // The system's root is nobody in an ordinary user's namespace.
        assert!(program.name.starts_with("perl") && program.is_roots == is_root(), "{program:?}");
    }
    if installed("python3") {
        let of = |import: &str| {
            let script = format!("import sys{import}\nprint('!', flush=True)\nsys.stdin.read()");
            Running::start(Command::new("python3").args(["-c", &script])).abilities()
        };
        let (plain, ctypes) = (of(""), of(", ctypes"));
        assert_eq!(ctypes.calls(), Calls::ALL);
        assert!(ctypes.files.iter().any(|file| file.how == How::ForeignFunctions), "{ctypes:?}");
        assert!(ctypes.files.len() > plain.files.len() || plain.calls() == Calls::ALL, "{plain:?}");
    }
}

#[test]
fn without_privilege_ones_own_processes_can_be_examined() {
    if !installed("gcc") || !needs_root("another user's processes") {
        return;
    }
    let folder = Programs::new();
    let path = folder.program("own", Some(CALLS[4].0), &[]).expect("a program");
    let secret = folder.program("secret", None, &[]).expect("a program");
    let start = |path: &Path| Running::start(Command::new(path).uid(NOBODY).gid(NOBODY));
    let (running, other) = (start(&path), Running::start(&mut Command::new(&path)));
    let hidden = start(&secret);
    // Who cannot read a program's file can run it all the same, but is not let into the process then.
    fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o711)).expect("a mode");
    make::as_user(NOBODY, NOBODY, || {
        let found = running.abilities();
        assert_eq!((files(&found), found.unexaminable.len()), (vec![("own", Calls::SEGMENTS, How::Imports)], 0));
        let found = hidden.abilities();
        let expected = format!("{} may not be opened: Permission denied", secret.display());
        assert_eq!(found.unexaminable, [expected]);
        let found = other.abilities();
        assert_eq!(found.unexaminable, ["its mappings may not be read: Permission denied"]);
        assert_eq!((found.program, found.files.len()), (None, 0));
    });
}

#[test]
fn file_systems_that_are_mounted_elsewhere_are_looked_up_there() {
    if !installed("gcc") || !installed("unshare") || !needs_root("mounting") {
        return;
    }
    let folder = Programs::new();
    let path = folder.program("mounted", Some(CALLS[0].0), &[]).expect("a program");
    let place = folder.0.join("place");
    fs::create_dir(&place).expect("a folder");
    // In a mount namespace of its own, at the place $0, with the program $1.
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        Running::start(command.args(["-m", "sh", "-ec", script]).args([&place, &path]))
    };
    let mount = r#"mount -t tmpfs x "$0"; cp "$1" "$0/p";"#;
    let running = run(&format!(r#"{mount} exec "$0/p""#));
    assert_eq!(
        (files(&running.abilities()), running.abilities().unexaminable.len()),
        (vec![("p", Calls::SETS, How::Imports)], 0)
    );

    let running = run(&format!(r#"{mount} exec 3<"$0/p"; umount -l "$0"; exec /proc/self/fd/3"#));
    let found = running.abilities();
    assert_eq!((found.files.len(), found.program.map(|program| program.is_roots)), (0, Some(false)));
    assert_eq!(found.unexaminable, ["/p is on a file system that is not to be seen, which could hang its reader"]);

    let layers = r#"cd "$0"; mkdir l u w m; mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w m; cp p m;"#;
    let running = run(&format!(r#"{mount} {layers} exec "$0/m/p""#));
    let expected =
        format!("{}/m/p is on an overlay that is mounted elsewhere, which could hang its reader", place.display());
    assert_eq!(running.abilities().unexaminable, [expected]);
}
