//! Undo records: what processes did with `SEM_UNDO`, and what the kernel will take back when they end.
//!
//! The kernel keeps them in lists. A list belongs to all threads of a process, and to processes that were made with
//! `CLONE_SYSVSEM`; it has one record for each set that was used with `SEM_UNDO`, from the first time on until all of them
//! have ended.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::Mutex;

use super::program::{Helper, If, Label, Program, R0, R1, R2, R3, R4, R6, R7, R8, R9, Width};
use super::{Kept, Layout, begin, layout, refused, run_kept};
use crate::error::os_message;
use crate::sys::bpf::{Instruction, Map, TaskProgram};
use crate::sys::namespace;

/// Records that the program looks at before it is run for the same task again. The kernel looks through the loop as
/// often before it lets the program run.
const RECORDS: i32 = 32;
/// The longest list of adjustments that is read.
const MOST_SEMAPHORES: i32 = 1 << 16;
/// The program stops and lets its user take what it wrote when it has written more than so many bytes.
const FULL: i32 = 1 << 16;
/// Before the adjustments of each record that the program writes: the set, the number of adjustments, in eight bytes each
/// the process and the address of the list. Of a list that it lost in the middle the set is -1.
const RECORD: usize = 24;
/// Times that the program is run anew before its user gives up, some seconds' worth.
const MOST_STOPS: usize = 50_000;
/// Passes over all tasks where lists are lost.
const ATTEMPTS: usize = 5;
/// The places of the table that tells the program which sets are asked for: as many as there can be sets, unless the kernel
/// was told otherwise when it was started. A set's place is told by the lower bits of its identifier.
const PLACES: usize = 1 << 15;
/// What a place holds: the set, and its number of semaphores, which is 0 where there is none.
const PLACE: usize = 8;

/// Offsets in the map that the program shares with this process: numbers, and the records that it writes.
mod state {
    pub(super) const WRITTEN: i16 = 0;
    /// The list in which the program stopped, and the record.
    pub(super) const STOPPED_IN: i16 = 8;
    pub(super) const STOPPED_AT: i16 = 16;
    /// The list that it read last, for which process.
    pub(super) const LAST: i16 = 24;
    pub(super) const LAST_PROCESS: i16 = 32;
    pub(super) const NAMESPACE: i16 = 40;
    pub(super) const OUTPUT: i16 = 64;
    pub(super) const SIZE: usize =
        OUTPUT as usize + super::FULL as usize + super::RECORD + 2 * super::MOST_SEMAPHORES as usize;
}

/// The undo records of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoList {
    pub process: u32,
    /// Others that it shares the list with: what is in it is given back when the last of them ends.
    pub shared_with: Vec<u32>,
    /// By set: the semaphores with an adjustment that is not zero, and what the kernel will add to their values.
    pub records: BTreeMap<i32, Vec<(u16, i16)>>,
}

/// By set, as in [`UndoList`].
type Records = BTreeMap<i32, Vec<(u16, i16)>>;
/// By the address of the list and the process: an address may soon be that of another list.
type ByList = BTreeMap<(u64, u32), Records>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoLists {
    pub lists: Vec<UndoList>,
    /// Why some may be missing, in words; None when none are.
    pub incomplete: Option<String>,
}

#[derive(Debug, Default)]
struct Found {
    records: ByList,
    /// Processes whose lists changed too much while they were read.
    lost: BTreeSet<u32>,
    /// Whether there were more than can be read.
    too_many: bool,
}

/// The processes that have records of some of `sets`, which are given with their number of semaphores; in the caller's
/// IPC namespace, and in its pid namespace.
///
/// # Errors
/// Why they cannot be read, in words: `needs CAP_BPF and CAP_PERFMON`.
pub fn read(sets: &[(i32, u64)]) -> Result<UndoLists, String> {
    static LOADED: Kept<Loaded> = Mutex::new(None);
    run_kept(&LOADED, |_| true, Loaded::new, |loaded| loaded.read(sets))
}

/// The program in the kernel.
#[derive(Debug)]
struct Loaded {
    program: TaskProgram,
    state: Map,
    table: Map,
}

impl Loaded {
    fn new() -> Result<Self, String> {
        let layout = layout()?;
        let state = Map::new(state::SIZE as u32).map_err(refused)?;
        let table = Map::new((PLACES * PLACE) as u32).map_err(refused)?;
        let written = write(layout, &state, &table).ok_or("the program for it is too long")?;
        let program = TaskProgram::load(&written, layout.function, &mut []).map_err(refused)?;
        Ok(Self { program, state, table })
    }

    fn read(&self, sets: &[(i32, u64)]) -> Result<UndoLists, String> {
        let namespace = namespace::ipc().ok_or("/proc does not tell which IPC namespace this is")?;
        let mut all = Found::default();
        let mut rest = sets.to_vec();
        while !rest.is_empty() {
            let table;
            (table, rest) = fill(&rest);
            self.table.set(&table).map_err(refused)?;
            let mut found = self.pass(namespace)?;
            for _ in 1..ATTEMPTS {
                if found.lost.is_empty() {
                    break;
                }
                found = self.pass(namespace)?;
            }
            all.add(found);
        }
        Ok(UndoLists { incomplete: all.incomplete(), lists: lists(all.records) })
    }

    /// Runs the program for all tasks.
    fn pass(&self, namespace: u64) -> Result<Found, String> {
        let mut found = Found::default();
        let mut state = vec![0; state::SIZE];
        put(&mut state, state::NAMESPACE, namespace);
        self.state.set(&state).map_err(refused)?;
        let mut pass = self.program.pass().map_err(refused)?;
        for _ in 0..MOST_STOPS {
            let ended = match pass.read(&mut [0; 64]) {
                Ok(count) => count == 0,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
                Err(error) => return Err(format!("bpf(2): {}", os_message(&error))),
            };
            self.state.get(&mut state).map_err(refused)?;
            take(&state, &mut found);
            if ended {
                return Ok(found);
            }
            put(&mut state, state::WRITTEN, 0);
            self.state.set(&state).map_err(refused)?;
        }
        found.too_many = true;
        Ok(found)
    }
}

/// The table of these sets; beside it those for which there is no room, as another is in their place.
fn fill(sets: &[(i32, u64)]) -> (Vec<u8>, Vec<(i32, u64)>) {
    let mut table = vec![0; PLACES * PLACE];
    let mut left = Vec::new();
    for &(id, size) in sets {
        let at = (id.cast_unsigned() as usize % PLACES) * PLACE;
        // Operations cannot name more semaphores.
        let number = u32::try_from(size).unwrap_or(u32::MAX).min(MOST_SEMAPHORES as u32);
        let place = [id.to_ne_bytes(), number.to_ne_bytes()].concat();
        match table.get_mut(at..at + PLACE) {
            Some(free) if free[4..] == [0; 4] => free.copy_from_slice(&place),
            Some(same) if same[..4] == place[..4] => {}
            _ => left.push((id, size)),
        }
    }
    (table, left)
}

impl Found {
    fn add(&mut self, more: Self) {
        for (list, records) in more.records {
            self.records.entry(list).or_default().extend(records);
        }
        self.lost.extend(more.lost);
        self.too_many |= more.too_many;
    }

    fn incomplete(&self) -> Option<String> {
        match (self.lost.first(), self.lost.len()) {
            _ if self.too_many => Some("there are too many".to_owned()),
            (Some(process), 1) => Some(format!("those of process {process} change too fast")),
            (Some(process), many) => Some(format!("those of process {process} and {} more change too fast", many - 1)),
            (None, _) => None,
        }
    }
}

/// Tells for each process who shares its list.
fn lists(records: ByList) -> Vec<UndoList> {
    let mut lists: Vec<UndoList> = Vec::with_capacity(records.len());
    let mut sharers: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (list, process) in records.keys() {
        sharers.entry(*list).or_default().push(*process);
    }
    for ((list, process), records) in records {
        let all = sharers.get(&list).map(Vec::as_slice).unwrap_or_default();
        let shared_with = all.iter().copied().filter(|other| *other != process).collect();
        lists.push(UndoList { process, shared_with, records });
    }
    lists.sort_by_key(|list| list.process);
    lists
}

fn get(bytes: &[u8], at: i16) -> u64 {
    let found = usize::try_from(at).ok().and_then(|at| bytes.get(at..)?.first_chunk());
    found.map_or(0, |found| u64::from_ne_bytes(*found))
}

fn put(bytes: &mut [u8], at: i16, value: u64) {
    if let Some(place) = usize::try_from(at).ok().and_then(|at| bytes.get_mut(at..)?.first_chunk_mut()) {
        *place = value.to_ne_bytes();
    }
}

/// Takes the records that the program has written.
fn take(state: &[u8], found: &mut Found) {
    let written = usize::try_from(get(state, state::WRITTEN)).unwrap_or(usize::MAX);
    let output = state.get(state::OUTPUT as usize..).unwrap_or_default();
    let mut rest = output.get(..written).unwrap_or(output);
    while let Some((head, after)) = rest.split_at_checked(RECORD) {
        let word = |at: usize| head[at..].first_chunk().map_or(0, |word| u32::from_ne_bytes(*word));
        let (set, count) = (word(0).cast_signed(), word(4));
        let (process, list) = (get(head, 8), get(head, 16));
        let Some(adjustments) = usize::try_from(count).ok().and_then(|count| after.get(..count.checked_mul(2)?)) else {
            return;
        };
        rest = after.get(adjustments.len().next_multiple_of(8)..).unwrap_or_default();
        // A process that is just ending has no number any more.
        let Ok(process @ 1..) = u32::try_from(process) else { continue };
        if set == -1 {
            found.lost.insert(process);
        } else {
            let adjustments = adjustments.chunks_exact(2).map(|two| i16::from_ne_bytes([two[0], two[1]]));
            let some = (0..=u16::MAX).zip(adjustments).filter(|(_, by)| *by != 0);
            found.records.entry((list, process)).or_default().insert(set, some.collect());
        }
    }
}

/// Offsets of the program's variables on its stack.
mod local {
    pub(super) const SET: i16 = -8;
    pub(super) const LIST: i16 = -16;
    pub(super) const SCRATCH: i16 = -24;
    pub(super) const RECORD: i16 = -32;
    pub(super) const PROCESS: i16 = -40;
    /// The bytes of a record's adjustments.
    pub(super) const BYTES: i16 = -48;
    pub(super) const ADJUSTMENTS: i16 = -56;
    pub(super) const TASK: i16 = -64;
    /// The only key of both maps.
    pub(super) const KEY: i16 = -72;
}

/// Writes the program. It is run for each task, and once more without one.
fn write(layout: &Layout, shared: &Map, table: &Map) -> Option<Vec<Instruction>> {
    use std::os::fd::AsRawFd;

    let (task, undo) = (&layout.task, &layout.undo);
    let [fresh, first, walk, each, next, stop, again, lost, done, end] = std::array::from_fn(Label);
    let mut p = Program::default();

    begin(&mut p, end);
    p.set(R1, 0);
    p.store_local(Width::Eight, local::KEY, R1);
    p.look_up(shared.as_raw_fd(), local::KEY);
    p.jump_if(R0, If::Equal, 0, end);
    // From here on R8 is where the state lies, and R6 the list.
    p.copy(R8, R0);
    p.store_local(Width::Eight, local::TASK, R7);
    p.read(local::LIST, Width::Eight, R7, task.undo_list);
    p.load_local(Width::Eight, R6, local::LIST);
    p.jump_if(R6, If::Equal, 0, end);
    task.read_namespace(&mut p, local::SCRATCH, end);
    p.load(Width::Eight, R2, R8, state::NAMESPACE);
    p.jump_if_register(R1, If::NotEqual, R2, end);

    task.read_process(&mut p, local::PROCESS, local::SCRATCH, end);

    // Go on where it stopped in this list. The task may have ended since; another may have its list.
    p.load(Width::Eight, R1, R8, state::STOPPED_IN);
    p.set(R2, 0);
    p.store(Width::Eight, R8, state::STOPPED_IN, R2);
    p.jump_if_register(R1, If::NotEqual, R6, fresh);
    p.load(Width::Eight, R7, R8, state::STOPPED_AT);
    p.jump(walk);

    // The threads of a process mostly come one after the other.
    p.here(fresh);
    p.load(Width::Eight, R1, R8, state::LAST);
    p.jump_if_register(R1, If::NotEqual, R6, first);
    p.load_local(Width::Four, R1, local::PROCESS);
    p.load(Width::Eight, R2, R8, state::LAST_PROCESS);
    p.jump_if_register(R1, If::Equal, R2, end);

    // R7 is the record that is looked at, by its place in the list; behind the last comes the list itself.
    p.here(first);
    p.read(local::RECORD, Width::Eight, R6, undo.first);
    p.load_local(Width::Eight, R7, local::RECORD);
    p.here(walk);
    p.set(R9, 0);
    p.here(each);
    p.copy(R1, R6);
    p.add(R1, undo.first);
    p.jump_if_register(R7, If::Equal, R1, done);
    // A record may be given back to the kernel's memory between two runs.
    p.read(local::SCRATCH, Width::Eight, R7, undo.list - undo.next);
    p.load_local(Width::Eight, R1, local::SCRATCH);
    p.jump_if_register(R1, If::NotEqual, R6, lost);
    p.read(local::SET, Width::Four, R7, undo.semid - undo.next);
    p.load_local(Width::Four, R1, local::SET);
    // Its set has been removed.
    p.jump_if_half(R1, If::Equal, -1, next);
    let (adjustments, is_pointer) = undo.adjustments;
    if is_pointer {
        p.read(local::ADJUSTMENTS, Width::Eight, R7, adjustments - undo.next);
    } else {
        p.copy(R1, R7);
        p.add(R1, adjustments - undo.next);
        p.store_local(Width::Eight, local::ADJUSTMENTS, R1);
    }
    p.look_up(table.as_raw_fd(), local::KEY);
    p.jump_if(R0, If::Equal, 0, next);
    // From here on R0 is the place of the set in the table.
    p.load_local(Width::Four, R1, local::SET);
    p.copy(R2, R1);
    p.and(R2, PLACES as i32 - 1);
    p.multiply(R2, PLACE as i32);
    p.add_register(R0, R2);
    p.load(Width::Four, R2, R0, 0);
    p.jump_if_register(R1, If::NotEqual, R2, next);
    p.load(Width::Four, R2, R0, 4);
    p.jump_if(R2, If::Equal, 0, next);
    // The full list may be written until there is no room for another.
    p.load(Width::Eight, R3, R8, state::WRITTEN);
    p.jump_if(R3, If::Greater, FULL, stop);
    p.and(R3, -8);
    p.copy(R4, R8);
    p.add_register(R4, R3);
    p.jump_if(R2, If::Greater, MOST_SEMAPHORES, next);
    p.load_local(Width::Four, R1, local::SET);
    p.store(Width::Four, R4, state::OUTPUT, R1);
    p.store(Width::Four, R4, state::OUTPUT + 4, R2);
    p.load_local(Width::Four, R1, local::PROCESS);
    p.store(Width::Eight, R4, state::OUTPUT + 8, R1);
    p.store(Width::Eight, R4, state::OUTPUT + 16, R6);
    p.multiply(R2, 2);
    p.store_local(Width::Eight, local::BYTES, R2);
    p.copy(R1, R4);
    p.add(R1, i32::from(state::OUTPUT) + RECORD as i32);
    p.load_local(Width::Eight, R3, local::ADJUSTMENTS);
    p.call(Helper::ReadKernel);
    p.jump_if(R0, If::NotEqual, 0, lost);
    p.load(Width::Eight, R1, R8, state::WRITTEN);
    p.load_local(Width::Eight, R2, local::BYTES);
    p.add(R2, RECORD as i32 + 7);
    p.and(R2, -8);
    p.add_register(R1, R2);
    p.store(Width::Eight, R8, state::WRITTEN, R1);
    p.here(next);
    p.read(local::RECORD, Width::Eight, R7, 0);
    p.load_local(Width::Eight, R7, local::RECORD);
    p.add(R9, 1);
    p.jump_if(R9, If::Less, RECORDS, each);

    // To be run for this task again.
    p.here(stop);
    p.store(Width::Eight, R8, state::STOPPED_AT, R7);
    p.store(Width::Eight, R8, state::STOPPED_IN, R6);
    p.here(again);
    p.end(1);

    // Another object lies where the next record was, as happens when the task is giving up its list.
    p.here(lost);
    p.load_local(Width::Eight, R7, local::TASK);
    p.read(local::SCRATCH, Width::Eight, R7, task.undo_list);
    p.load_local(Width::Eight, R1, local::SCRATCH);
    p.jump_if_register(R1, If::NotEqual, R6, end);
    p.load(Width::Eight, R3, R8, state::WRITTEN);
    p.jump_if(R3, If::Greater, FULL, again);
    p.and(R3, -8);
    p.copy(R4, R8);
    p.add_register(R4, R3);
    p.set(R1, -1);
    p.store(Width::Four, R4, state::OUTPUT, R1);
    p.set(R1, 0);
    p.store(Width::Four, R4, state::OUTPUT + 4, R1);
    p.load_local(Width::Four, R1, local::PROCESS);
    p.store(Width::Eight, R4, state::OUTPUT + 8, R1);
    p.store(Width::Eight, R4, state::OUTPUT + 16, R6);
    p.add(R3, RECORD as i32);
    p.store(Width::Eight, R8, state::WRITTEN, R3);
    p.jump(end);
    p.here(done);
    p.store(Width::Eight, R8, state::LAST, R6);
    p.load_local(Width::Four, R1, local::PROCESS);
    p.store(Width::Eight, R8, state::LAST_PROCESS, R1);
    p.here(end);
    p.end(0);
    p.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Found, PLACE, PLACES, fill, lists, put, state, take, write};
    use crate::proc::tasks::layout;
    use crate::proc::tasks::tests::{assert_excused, assert_taken};
    use crate::sys::bpf::Map;

    #[test]
    fn the_kernel_takes_the_program() {
        let layout = match layout() {
            Ok(layout) => layout,
            Err(why) => return assert_excused(&why),
        };
        let table = Map::new((PLACES * PLACE) as u32).unwrap();
        let state = Map::new(state::SIZE as u32).unwrap();
        assert_taken(layout, &write(layout, &state, &table).expect("a program"));
    }

    /// Records as the program writes them.
    fn written(records: &[(i32, u64, u64, &[i16])]) -> Vec<u8> {
        let mut output = Vec::new();
        for (set, process, list, adjustments) in records {
            output.extend(set.to_ne_bytes());
            output.extend((adjustments.len() as u32).to_ne_bytes());
            output.extend([process.to_ne_bytes(), list.to_ne_bytes()].concat());
            output.extend(adjustments.iter().flat_map(|by| by.to_ne_bytes()));
            output.resize(output.len().next_multiple_of(8), 0);
        }
        let mut state = vec![0; state::OUTPUT as usize];
        put(&mut state, state::WRITTEN, output.len() as u64);
        state.extend(output);
        state
    }

    #[test]
    fn records_are_taken_one_after_the_other() {
        let records: [(i32, u64, u64, &[i16]); 5] = [
            (3, 12, 0xffff_8000_0000_1000, &[0, 2, 0, -3, 0]),
            (3, 13, 0xffff_8000_0000_1000, &[0, 2, 0, -3, 0]),
            (7, 13, 0xffff_8000_0000_1000, &[0]),
            // Just ending, and lost.
            (7, 0, 0xffff_8000_0000_2000, &[1]),
            (-1, 14, 0xffff_8000_0000_3000, &[]),
        ];
        let mut found = Found::default();
        take(&written(&records), &mut found);
        assert_eq!(found.incomplete().as_deref(), Some("those of process 14 change too fast"));
        let lists = lists(found.records);
        assert_eq!(lists.len(), 2);
        assert_eq!((lists[0].process, &lists[0].shared_with[..]), (12, &[13][..]));
        assert_eq!((lists[1].process, &lists[1].shared_with[..]), (13, &[12][..]));
        assert_eq!(lists[0].records.iter().collect::<Vec<_>>(), [(&3, &vec![(1, 2), (3, -3)])]);
        assert_eq!(lists[1].records.iter().collect::<Vec<_>>(), [(&3, &vec![(1, 2), (3, -3)]), (&7, &vec![])]);
    }

    #[test]
    fn what_has_no_place_is_left_for_the_next_pass() {
        let other = PLACES as i32 + 3;
        let (table, left) = fill(&[(3, 1), (other, 2), (0, 5), (3, 1)]);
        assert_eq!(left, [(other, 2)]);
        let place = |number: usize| table[number * PLACE..][..PLACE].to_vec();
        assert_eq!(place(3), [3_i32.to_ne_bytes(), 1_i32.to_ne_bytes()].concat());
        assert_eq!((place(0), place(1)), ([0_i32.to_ne_bytes(), 5_i32.to_ne_bytes()].concat(), vec![0; PLACE]));
        assert_eq!(fill(&left).1, []);
    }

    proptest! {
        #[test]
        fn no_records_are_too_strange(count in any::<u64>(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut found = Found::default();
            take(&bytes, &mut found);
            let mut state = vec![0; state::OUTPUT as usize];
            put(&mut state, state::WRITTEN, count);
            take(&[state, bytes].concat(), &mut found);
        }
    }
}
