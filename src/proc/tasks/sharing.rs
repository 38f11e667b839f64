//! Whether all that is in an IPC namespace is seen.
//!
//! A task refers to a `struct nsproxy`, which it may share with others, and that to the IPC namespace; both count who
//! refers to them. Where all references are those of tasks that are seen, no other task is in the namespace. Whatever
//! else refers to it leaves that open: a descriptor of it, a place where it is mounted, an attached segment.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Mutex;

use super::program::{Helper, If, Label, Program, R1, R2, R3, R6, R7, Width};
use super::{Kept, Layout, SharingLayout, begin, layout, refused, run_kept};
use crate::error::os_message;
use crate::sys::bpf::{Instruction, TaskProgram};
use crate::sys::namespace;

/// Attempts, since tasks come and go meanwhile.
const ATTEMPTS: usize = 5;
/// The size of the record that the program writes for each task, in bytes.
const RECORD: usize = 40;

/// A task in the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sighting {
    /// Its address and number: no other task has both soon.
    task: (u64, u32),
    /// The address of its `nsproxy`, and how many references that counts.
    proxy: (u64, u32),
    /// The address of the namespace, and how many references that counts.
    namespace: (u64, u32),
}

/// Whether it is known that every task in the caller's IPC namespace is in its pid namespace, or in one within that.
///
/// # Errors
/// Why that cannot be looked at, in words: `needs CAP_BPF and CAP_PERFMON`.
pub fn is_seen_whole() -> Result<bool, String> {
    /// With the namespace that it is for.
    static LOADED: Kept<(u64, TaskProgram)> = Mutex::new(None);
    let own = namespace::ipc().ok_or("/proc does not tell which IPC namespace this is")?;
    let load = || {
        let layout = layout()?;
        let written = write(layout, own).ok_or("this kernel counts otherwise who is in a namespace")?;
        Ok((own, TaskProgram::load(&written, layout.function, &mut []).map_err(refused)?))
    };
    run_kept(&LOADED, |(of, _)| *of == own, load, |(_, program)| are_all_seen(program))
}

fn are_all_seen(program: &TaskProgram) -> Result<bool, String> {
    for _ in 0..ATTEMPTS {
        // A task that is seen twice was there between the two passes; and since all numbers were the same before and after,
        // those that are seen were then all that was counted.
        let seen = pass(program)?;
        if is_all(&seen) && pass(program)? == seen {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The tasks in the namespace, in the order of their addresses.
fn pass(program: &TaskProgram) -> Result<Vec<Sighting>, String> {
    let mut pass = program.pass().map_err(refused)?;
    let mut output = Vec::new();
    let mut some = [0; 64 * RECORD];
    loop {
        match pass.read(&mut some) {
            Ok(0) => break,
            Ok(count) => output.extend_from_slice(&some[..count]),
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
            Err(error) => return Err(format!("bpf(2): {}", os_message(&error))),
        }
    }
    Ok(sightings(&output))
}

fn sightings(output: &[u8]) -> Vec<Sighting> {
    let sighting = |record: &[u8]| {
        let long = |at: usize| record.get(at..)?.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes));
        let short = |at: usize| record.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
        Some(Sighting {
            task: (long(0)?, short(24)?),
            proxy: (long(8)?, short(28)?),
            namespace: (long(16)?, short(32)?),
        })
    };
    let mut all: Vec<Sighting> = output.chunks_exact(RECORD).filter_map(sighting).collect();
    all.sort_unstable();
    all
}

/// Whether these are all that the counts count.
fn is_all(seen: &[Sighting]) -> bool {
    let Some(Sighting { namespace, .. }) = seen.first() else { return false };
    let mut proxies: BTreeMap<(u64, u32), u32> = BTreeMap::new();
    for sighting in seen {
        if sighting.namespace != *namespace {
            return false;
        }
        let tasks = proxies.entry(sighting.proxy).or_default();
        *tasks = tasks.saturating_add(1);
    }
    let all_tasks = proxies.iter().all(|((_, counted), tasks)| counted == tasks);
    all_tasks && u32::try_from(proxies.len()) == Ok(namespace.1)
}

/// Offsets of the program's record and variables on its stack.
mod local {
    pub(super) const TASK: i16 = -40;
    pub(super) const PROXY: i16 = -32;
    pub(super) const NAMESPACE: i16 = -24;
    pub(super) const PID: i16 = -16;
    pub(super) const TASKS: i16 = -12;
    pub(super) const REFERENCES: i16 = -8;
    pub(super) const UNUSED: i16 = -4;
    pub(super) const SCRATCH: i16 = -48;
}

/// Writes the program, for the namespace with this number.
fn write(layout: &Layout, namespace: u64) -> Option<Vec<Instruction>> {
    let task = &layout.task;
    let SharingLayout { pid, tasks, references, output } = layout.sharing?;
    let number = u32::try_from(namespace).ok()?.cast_signed();
    let end = Label(0);
    let mut p = Program::default();
    begin(&mut p, end);
    p.store_local(Width::Eight, local::TASK, R7);
    p.read(local::PROXY, Width::Eight, R7, task.nsproxy);
    p.read(local::PID, Width::Four, R7, pid);
    p.load_local(Width::Eight, R7, local::PROXY);
    p.jump_if(R7, If::Equal, 0, end);
    p.read(local::NAMESPACE, Width::Eight, R7, task.ipc_ns);
    p.read(local::TASKS, Width::Four, R7, tasks);
    p.load_local(Width::Eight, R7, local::NAMESPACE);
    p.read(local::SCRATCH, Width::Four, R7, task.inum);
    p.load_local(Width::Four, R1, local::SCRATCH);
    p.jump_if_half(R1, If::NotEqual, number, end);
    p.read(local::REFERENCES, Width::Four, R7, references);
    p.set(R1, 0);
    p.store_local(Width::Four, local::UNUSED, R1);
    p.load(Width::Eight, R1, R6, 0);
    p.load(Width::Eight, R1, R1, output);
    p.address_of_local(R2, local::TASK);
    p.set(R3, RECORD as i32);
    p.call(Helper::SeqWrite);
    p.here(end);
    p.end(0);
    p.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Sighting, is_all, sightings, write};
    use crate::proc::tasks::layout;
    use crate::proc::tasks::tests::{assert_excused, assert_taken};

    #[test]
    fn the_kernel_takes_the_program() {
        let layout = match layout() {
            Ok(layout) => layout,
            Err(why) => return assert_excused(&why),
        };
        assert_taken(layout, &write(layout, 0xEFFF_FFFF).expect("a program"));
    }

    fn task(number: u32, proxy: (u64, u32), references: u32) -> Sighting {
        Sighting { task: (u64::from(number) << 8, number), proxy, namespace: (7, references) }
    }

    #[test]
    fn all_are_seen_where_the_counts_say_so() {
        let (one, two) = ((1, 2), (2, 1));
        assert!(is_all(&[task(1, one, 2), task(2, one, 2), task(3, two, 2)]));
        // Of nobody nothing is known.
        assert!(!is_all(&[]));
        // A task that shares the first, or a third that refers to the namespace, is not seen.
        assert!(!is_all(&[task(1, one, 2), task(3, two, 2)]));
        assert!(!is_all(&[task(1, one, 3), task(2, one, 3), task(3, two, 3)]));
        // The counts have changed meanwhile.
        assert!(!is_all(&[task(1, one, 2), task(2, one, 1), task(3, two, 2)]));
        assert!(!is_all(&[task(1, one, 1), task(2, (1, 3), 1)]));
    }

    proptest! {
        #[test]
        fn no_output_is_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = is_all(&sightings(&bytes));
        }
    }
}
