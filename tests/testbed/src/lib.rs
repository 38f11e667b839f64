//! The test bed of `ipcadm`: private IPC namespaces, objects made as a
//! foreign program would make them, and the program run as a child process.
//!
//! Linking this crate is enough to be safe: before `main` the whole test
//! process moves to an IPC namespace of its own (see `before_main`), so that
//! not even a test that forgets [`fresh`] can touch the host's objects, and to
//! a pid namespace, so that nobody is around who might use a test's. Each
//! test then takes a namespace for its own thread:
//!
//! ```no_run
//! use ipcadm_testbed::{fresh, ipcadm, make};
//!
//! let _ns = fresh();
//! let id = make::shm(0x51, 4096, 0o600);
//! ipcadm(["ls", "-q"]).run().ok().stdout_is(&format!("shm:{id}\n"));
//! ```
//!
//! A test of who may still use an object takes a whole [`World`].
//!
//! This is the one place in the tests where `unsafe` lives.

mod alone;
mod before_main;
pub mod calls;
pub mod crowd;
pub mod differential;
mod first_process;
mod folder;
mod leaving_out;
pub mod make;
mod namespace;
mod outcome;
pub mod population;
mod random;
mod run;
pub mod silent;
mod world;

pub use alone::{start_alone, start_apart, test_name};
pub use folder::{Folder, source};
pub use leaving_out::{installed, left_out, may_set_limits, needs_root};
pub use namespace::{Kind, Namespace, fresh};
pub use outcome::Outcome;
pub use random::Random;
pub use run::{Cmd, Running, drop_in, ipcadm, ipcadm_path, tool};
pub use world::World;

/// The uid and gid of [`Cmd::unprivileged`] children where there are several
/// users: `nobody`.
pub const NOBODY: u32 = 65534;

/// Whether this process can become other users: it is root and uid 65534 is
/// mapped here. Not so for an ordinary user, who is alone in the user
/// namespace that was entered before `main`. Tests that need two users ask
/// [`needs_root`], which says what is left out.
pub fn is_root() -> bool {
    // SAFETY: geteuid takes nothing and cannot fail.
    let uid = unsafe { libc::geteuid() };
    uid == 0 && maps_nobody("/proc/self/uid_map") && maps_nobody("/proc/self/gid_map")
}

/// Lets others run between two looks for what they are to do.
pub fn pause() {
    std::thread::sleep(std::time::Duration::from_micros(100));
}

/// The kernel's release: (6, 12).
pub fn release() -> (u32, u32) {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = text.split(['.', '-']).map_while(|part| part.trim().parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Whether the id map (lines of "inside outside count") holds id 65534.
fn maps_nobody(map: &str) -> bool {
    let text = std::fs::read_to_string(map).unwrap_or_else(|e| panic!("cannot read {map}: {e}"));
    text.lines().any(|line| {
        let mut numbers = line.split_whitespace().filter_map(|n| n.parse::<u64>().ok());
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(first), Some(_), Some(count)) => (first..first + count).contains(&u64::from(NOBODY)),
            _ => false,
        }
    })
}
