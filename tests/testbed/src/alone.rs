//! Tests that start themselves again, in a process of their own.
//!
//! [`apart!`](crate::apart) is for what changes or counts something of the whole process. [`alone!`](crate::alone) is for
//! a test in an IPC namespace that is known to have been made inside its pid namespace: only of such a one does the
//! program conclude that nobody outside waits on a queue, whose sleepers the kernel does not count. It tells by the
//! numbers of both namespaces, which each CPU takes from a store of its own: so they are made one after the other on the
//! same CPU.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::{env, io, mem, process};

use crate::leaving_out::{LEFT_OUT, say_left_out};
use crate::{Namespace, Outcome, before_main, fresh, left_out, tool};

/// Set to the name of the test in the process that is to run it.
const MARK: &str = "IPCADM_TEST_ALONE";
/// What tests go by, and what cargo tells them.
const HANDED_ON: [&str; 4] = ["CI", "CARGO_BIN_EXE_ipcadm", "CARGO_MANIFEST_DIR", "TMPDIR"];
/// How that process ends when it has to be started again, which is rarely so.
const AGAIN: i32 = 77;
const ATTEMPTS: u32 = 20;
/// In so many numbers the kernel's order is that of the program's rule, and so
/// many are to be left for namespaces that the test itself makes. The program
/// can go by the kernel's counts too, but only with rights, and not while the
/// namespace is held open or a segment attached.
const BLOCK: u64 = 4096;
const LEFT: u64 = 32;
/// `NS_GET_ID` of linux/nsfs.h, since Linux 6.18.
const NS_GET_ID: libc::Ioctl = libc::_IOR::<u64>(0xb7, 13);

/// The name by which the test runner knows a test of this module (`module_path!()`).
pub fn test_name(module: &str, name: &str) -> String {
    // The runner leaves the crate's name out.
    module.split_once("::").map_or_else(|| name.to_owned(), |(_, module)| format!("{module}::{name}"))
}

/// `alone!(name, |namespace| …)` runs the body in an IPC namespace made inside a pid namespace of its own: the calling
/// test, which is called `name`, is started again. Left out where there is none to be had, or the kernel does not number
/// its namespaces.
///
/// # Panics
///
/// When the body panics, or `name` is not that of a test in the calling module.
#[macro_export]
macro_rules! alone {
    ($name:expr, $body:expr) => {
        $crate::start_alone(&$crate::test_name(module_path!(), $name), $body)
    };
}

/// `apart!(name, || …)` runs the body in a process of its own: the calling test, which is called `name`, is started again.
///
/// # Panics
///
/// When the body panics, or `name` is not that of a test in the calling module.
#[macro_export]
macro_rules! apart {
    ($name:expr, $body:expr) => {
        $crate::start_apart(&$crate::test_name(module_path!(), $name), $body)
    };
}

/// What [`alone!`](crate::alone) does.
#[doc(hidden)]
#[track_caller]
pub fn start_alone(test: &str, body: impl FnOnce(&Namespace)) {
    if !before_main::of_its_own() {
        return left_out("what takes a pid namespace");
    }
    if number("thread-self/ns/ipc").is_none() {
        return left_out("what takes namespaces with numbers (Linux 6.18)");
    }
    if is_marked(test) {
        let namespace = fresh();
        let (inner, outer) = (number("thread-self/ns/ipc"), number("thread-self/ns/pid"));
        if !are_in_order(inner.expect("a number"), outer.expect("a number")) {
            process::exit(AGAIN);
        }
        return body(&namespace);
    }
    let mut attempts = 0;
    let outcome = loop {
        attempts += 1;
        // Each CPU counts for itself, so both namespaces have to be made on the same one.
        let outcome = on_one_cpu(|| started_again(test));
        if outcome.status != Some(AGAIN) || attempts == ATTEMPTS {
            break outcome;
        }
    };
    check(test, outcome);
}

/// What [`apart!`](crate::apart) does.
#[doc(hidden)]
#[track_caller]
pub fn start_apart(test: &str, body: impl FnOnce()) {
    if is_marked(test) { body() } else { check(test, started_again(test)) }
}

/// Whether this is the process that was started for the test.
fn is_marked(test: &str) -> bool {
    env::var_os(MARK).is_some_and(|marked| marked == *test)
}

/// Runs the test in a process of its own; what happens before `main` there makes the pid namespace.
fn started_again(test: &str) -> Outcome {
    let program = env::current_exe().expect("this program");
    let mut start = tool(program, ["--exact", test, "--nocapture"]).env(MARK, test);
    for name in HANDED_ON {
        start = match env::var_os(name) {
            Some(value) => start.env(name, value),
            None => start,
        };
    }
    start.run()
}

#[track_caller]
fn check(test: &str, outcome: Outcome) {
    let outcome = outcome.ok();
    assert!(outcome.stdout_str().contains("1 passed"), "{test} is no test\n{outcome}");
    for line in outcome.stderr_str().lines() {
        if let Some(what) = line.strip_prefix(LEFT_OUT) {
            say_left_out(what);
        }
    }
}

/// Whether the numbers of an IPC namespace and a pid namespace show that the former is the younger: only in one block do
/// they tell which is.
pub(crate) fn are_in_order(inner: u64, outer: u64) -> bool {
    let place = |number: u64| ((number - 1) / BLOCK, (number - 1) % BLOCK);
    let (inner, outer) = (place(inner), place(outer));
    inner.0 == outer.0 && inner.1 <= BLOCK - LEFT
}

/// The number of the namespace that this file in `/proc` stands for.
pub(crate) fn number(file: &str) -> Option<u64> {
    let file = File::open(format!("/proc/{file}")).ok()?;
    let mut number: u64 = 0;
    // SAFETY: NS_GET_ID writes a u64 to where the third argument points.
    let ret = unsafe { libc::ioctl(file.as_raw_fd(), NS_GET_ID, &raw mut number) };
    (ret == 0).then_some(number)
}

/// Runs `start` with the calling thread, and whatever it starts, on one CPU.
pub(crate) fn on_one_cpu<T>(start: impl FnOnce() -> T) -> T {
    let size = mem::size_of::<libc::cpu_set_t>();
    // SAFETY: all zero is an empty set; the calls fill in and read one of
    // `size` bytes, for the calling thread (0).
    let before = unsafe {
        let mut before: libc::cpu_set_t = mem::zeroed();
        let mut one: libc::cpu_set_t = mem::zeroed();
        let cpu = usize::try_from(libc::sched_getcpu()).expect("a CPU");
        libc::CPU_SET(cpu, &mut one);
        let got = libc::sched_getaffinity(0, size, &raw mut before);
        assert_eq!(got, 0, "sched_getaffinity: {}", io::Error::last_os_error());
        let set = libc::sched_setaffinity(0, size, &raw const one);
        assert_eq!(set, 0, "sched_setaffinity: {}", io::Error::last_os_error());
        before
    };
    let result = start();
    // SAFETY: as above.
    unsafe { libc::sched_setaffinity(0, size, &raw const before) };
    result
}
