//! Who may be what sleepers wait for. The kernel does not say who holds a semaphore; it says who changed it last,
//! which is a hint and no more.

use std::collections::{BTreeMap, HashMap};

use super::index_of;
use crate::object::model::{Kind, Object, ObjectId};
use crate::object::users::Users;
use crate::proc::process::Recorded;
use crate::proc::recorded::Processes;
use crate::sys::{Pid, SemId, sem};

/// The last process to change a semaphore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Its number; none of a semaphore that was never changed, or by a process of another pid namespace.
    pub pid: Pid,
    /// Whether it lives, and its name.
    pub state: Recorded,
}

impl Trace {
    /// Whether it lives; None when that is not known, or there is none.
    #[must_use]
    pub fn is_alive(&self) -> Option<bool> {
        match self.state {
            _ if self.pid.is_none() => None,
            Recorded::Alive(_) => Some(true),
            Recorded::Gone => Some(false),
            Recorded::Unknown => None,
        }
    }
}

/// A chain of waits is followed over so many semaphores.
const MOST_PLACES: usize = 16;

/// A semaphore that threads wait for.
type Place = (ObjectId, u16);

/// The last processes to change the semaphores that threads wait for.
#[derive(Debug, Default)]
pub struct Traces {
    by_place: BTreeMap<Place, Trace>,
    /// The semaphores that the threads of a process wait for.
    waits: HashMap<u32, Vec<Place>>,
}

impl Traces {
    /// Looks up who last changed the semaphores of `sets` that somebody waits for. Sets that may not be read tell
    /// nothing.
    #[must_use]
    pub fn look_up(sets: &[Object], users: &Users) -> Self {
        let mut traces = Self::default();
        let mut processes = Processes::new();
        for set in sets.iter().filter(|object| object.kind() == Kind::Sem) {
            for waiter in users.of(set.id).into_iter().flat_map(|usage| &usage.waiters) {
                let Some(index) = index_of(waiter.waiting) else { continue };
                let place = (set.id, index);
                let waits = traces.waits.entry(waiter.process.pid).or_default();
                if !waits.contains(&place) {
                    waits.push(place);
                }
                if !traces.by_place.contains_key(&place)
                    && let Ok(pid) = sem::last_pid(SemId::new(set.id.id), u32::from(index))
                {
                    traces.by_place.insert(place, trace(set, pid, &mut processes));
                }
            }
        }
        traces
    }

    /// Who last changed a semaphore that somebody waits for.
    #[must_use]
    pub fn of(&self, set: ObjectId, index: u16) -> Option<&Trace> {
        self.by_place.get(&(set, index))
    }

    /// A line for each semaphore of `set` that somebody waits for, if it is known: who changed it last, and what that process waits
    /// for in its turn. `name` makes a process's name harmless.
    #[must_use]
    pub fn lines(&self, set: ObjectId, name: impl Fn(&str) -> String) -> Vec<String> {
        let traced = self.by_place.iter().filter(|((of, _), trace)| *of == set && !trace.pid.is_none());
        traced.map(|(&place, _)| self.line(place, &name)).collect()
    }

    fn line(&self, start: Place, name: &impl Fn(&str) -> String) -> String {
        let mut line = format!("{} semaphore {}", start.0, start.1);
        let mut seen = vec![start];
        let mut place = start;
        while let Some(trace) = self.by_place.get(&place).filter(|trace| !trace.pid.is_none()) {
            let verb = if seen.len() == 1 { " was" } else { "," };
            line.push_str(&format!("{verb} last changed by {}", who(trace, name)));
            let Ok(pid) = u32::try_from(trace.pid.raw()) else { break };
            if !matches!(trace.state, Recorded::Alive(_)) {
                break;
            }
            // Of several threads that wait, one that leads back is worth the most.
            let waits = self.waits.get(&pid).map(Vec::as_slice).unwrap_or_default();
            let Some(&next) = waits.iter().find(|place| seen.contains(place)).or(waits.first()) else { break };
            line.push_str(&format!(", which waits for {} semaphore {}", next.0, next.1));
            if seen.contains(&next) {
                line.push_str(": they may wait for each other");
                break;
            }
            if seen.len() == MOST_PLACES {
                line.push_str(", and so on");
                break;
            }
            seen.push(next);
            place = next;
        }
        line
    }
}

fn trace(set: &Object, pid: Pid, processes: &mut Processes) -> Trace {
    // By an operation or by setting its value; the process must have started before the later of the two.
    let time = set.activity();
    let state = if pid.is_none() {
        Recorded::Unknown
    } else {
        let comparable = processes.clock_set([time]).is_none();
        processes.recorded(pid, time, comparable).into()
    };
    Trace { pid, state }
}

fn who(trace: &Trace, name: &impl Fn(&str) -> String) -> String {
    match &trace.state {
        Recorded::Alive(command) => format!("{} ({})", trace.pid, name(command)),
        Recorded::Gone => format!("{} (gone)", trace.pid),
        Recorded::Unknown => trace.pid.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, MOST_PLACES, ObjectId, Pid, Recorded, Trace, Traces};

    /// Process N + 1 changed semaphore N last and waits for the next.
    fn chain(length: u16) -> Traces {
        let set = ObjectId { kind: Kind::Sem, id: 7 };
        let mut traces = Traces::default();
        for index in 0..length {
            let pid = i32::from(index) + 1;
            traces.by_place.insert((set, index), Trace { pid: Pid::new(pid), state: Recorded::Alive("x".to_owned()) });
            traces.waits.insert(pid.unsigned_abs(), vec![(set, (index + 1) % length)]);
        }
        traces
    }

    #[test]
    fn a_circle_is_told_and_a_long_chain_cut() {
        let set = ObjectId { kind: Kind::Sem, id: 7 };
        let line = |length| chain(length).lines(set, str::to_owned).remove(0);
        assert!(line(3).ends_with("which waits for sem:7 semaphore 0: they may wait for each other"), "{}", line(3));
        let long = line(1000);
        assert!(long.ends_with(", and so on"), "{long}");
        assert_eq!(long.matches("which waits for").count(), MOST_PLACES);
    }
}
