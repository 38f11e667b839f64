//! What a test leaves out where the machine lacks what it needs.
//!
//! A test that leaves itself out passes, and the test runner keeps what passing tests print to itself. So it is said
//! past the runner; and where `CI` is true, only what is excused below may be left out at all.

use std::io::Write as _;
use std::path::Path;

use crate::differential::{NEWEST, USUAL, release_of};
use crate::make::{Version, mount_of};
use crate::{is_root, release};

/// What an ordinary machine may lack, though all checks are run on it.
struct Excuse {
    /// How the word of what is left out begins.
    of: &'static str,
    /// Whether it holds here.
    holds: fn() -> bool,
}

/// Where the kernel describes its types.
const BTF: &str = "/sys/kernel/btf/vmlinux";

const EXCUSES: [Excuse; 17] = [
    // `.ci/run` runs all tests as root too, where there is one.
    Excuse { of: "what needs root: ", holds: is_ordinary_user },
    Excuse { of: "what needs root or Linux 6.9: ", holds: is_ordinary_user },
    // The capabilities count in the initial user namespace alone, and the kernel has to describe its types.
    Excuse { of: "what takes CAP_BPF and CAP_PERFMON", holds: tasks_are_unreadable },
    Excuse { of: "what the kernel says of its types (BTF)", holds: || !Path::new(BTF).exists() },
    Excuse { of: "what takes questions about single mappings (Linux 6.11)", holds: || release() < (6, 11) },
    // Containers may not mount `/proc` where theirs is masked, nor their users.
    Excuse { of: "what takes a pid namespace", holds: is_ordinary_user },
    Excuse { of: "what takes namespaces with numbers (Linux 6.18)", holds: || release() < (6, 18) },
    // It is what the others are tested for.
    Excuse { of: "what an ordinary user sees", holds: || !is_ordinary_user() },
    Excuse {
        of: "what takes numbers of processes that are soon used again (Linux 6.14)",
        holds: || release() < (6, 14),
    },
    // Hosts have one version or both, and containers often none that may be written to.
    Excuse { of: "control groups of version 1", holds: || is_ordinary_user() || mount_of(Version::One).is_none() },
    Excuse { of: "control groups of version 2", holds: || is_ordinary_user() || mount_of(Version::Two).is_none() },
    // The kernel is built without them, or for a processor that has none.
    Excuse { of: "32-bit programs", holds: || !Path::new("/proc/sys/abi/vsyscall32").exists() },
    Excuse { of: "what the kernel refuses by an estimate (vm.overcommit_memory)", holds: || !estimates_memory() },
    // What tools did before and do now is tested where the old or the new ones are.
    Excuse { of: "what util-linux 2.38 does", holds: || release_of("ipcs").is_some_and(|is| !USUAL.contains(&is)) },
    Excuse { of: "what newer releases of util-linux do", holds: || release_of("ipcs").is_some_and(|is| is < NEWEST) },
    // Containers rarely have the device, and where they do, it may be root's alone.
    Excuse { of: "a file system of a user's own (FUSE)", holds: || !may_serve_files() },
    // Debian has no package of it.
    Excuse { of: "what needs Python's sysv_ipc", holds: || Path::new("/etc/debian_version").exists() },
];

/// Whether file systems can be served by this user.
fn may_serve_files() -> bool {
    std::fs::File::options().read(true).write(true).open("/dev/fuse").is_ok()
}

/// How the line about it begins.
pub(crate) const LEFT_OUT: &str = "left out: ";

/// Says it past the test runner, who would take what eprintln! prints.
pub(crate) fn say_left_out(what: &str) {
    drop(std::io::stderr().write_all(format!("{LEFT_OUT}{what}\n").as_bytes()));
}

/// Whether the kernel refuses memory that it takes for too much.
fn estimates_memory() -> bool {
    std::fs::read_to_string("/proc/sys/vm/overcommit_memory").is_ok_and(|mode| mode.trim() == "0")
}

/// Says on stderr what the calling test leaves out.
///
/// # Panics
///
/// Where `CI` is true and nothing excuses it.
#[track_caller]
pub fn left_out(what: &str) {
    say_left_out(what);
    let excused = EXCUSES.iter().any(|excuse| what.starts_with(excuse.of) && (excuse.holds)());
    assert!(excused || std::env::var("CI").as_deref() != Ok("true"), "nothing may be left out here: {what}");
}

/// [`is_root`]; when not, says on stderr what the calling test leaves out.
#[track_caller]
pub fn needs_root(what: &str) -> bool {
    let root = is_root();
    if !root {
        left_out(&format!("what needs root: {what}"));
    }
    root
}

/// Whether a program is there that only some tests need. `.ci/run` installs those that are not everywhere; what is
/// missing is left out, which nothing excuses.
#[track_caller]
pub fn installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    if !found {
        left_out(&format!("what needs {name}"));
    }
    found
}

/// Whether this process may write the limits of its namespaces: root, or an
/// ordinary user since Linux 6.9. When not, says on stderr what the calling
/// test leaves out.
#[track_caller]
pub fn may_set_limits(what: &str) -> bool {
    let allowed = is_root() || release() >= (6, 9);
    if !allowed {
        left_out(&format!("what needs root or Linux 6.9: {what}"));
    }
    allowed
}

/// Whether the test was started by another user than root, who is root in a user namespace of his own by now.
fn is_ordinary_user() -> bool {
    outside_of_root().is_some_and(|(first, _)| first != 0)
}

/// Whether the kernel's memory may not be read by BPF programs, though by root.
fn tasks_are_unreadable() -> bool {
    outside_of_root() != Some((0, u64::from(u32::MAX))) || !Path::new(BTF).exists()
}

/// Which user this user namespace's root is outside of it, and of how many its users are.
fn outside_of_root() -> Option<(u64, u64)> {
    let map = std::fs::read_to_string("/proc/self/uid_map").ok()?;
    let numbers: Vec<u64> = map.lines().next()?.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    matches!(numbers[..], [0, _, _]).then(|| (numbers[1], numbers[2]))
}
