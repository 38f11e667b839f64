//! The last users of what threads wait for: the process that changed a semaphore last, and those that were last at each end
//! of a queue. The kernel does not tell who holds a semaphore, so that this is a hint and no more.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::kind::model::{Object, ObjectId, Queue};
use crate::kind::system_v::Part;
use crate::proc::probe;
use crate::proc::recorded::{Processes, Recorded, Thread, Unknown};
use crate::sys::{Pid, SemId, Timestamp, sem};
use crate::usage::users::{Usage, Users, Waiting};

/// The last process to change a semaphore, to send to a queue or to receive from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastChanger {
    /// Its number; none where nobody was, or a process of another pid namespace.
    pub pid: Pid,
    /// Whether it lives, and its name.
    pub state: Recorded,
}

impl LastChanger {
    /// Whether it lives; None when that is not known, or there is none.
    #[must_use]
    pub fn is_alive(&self) -> Option<bool> {
        match self.state {
            _ if self.pid.is_none() => None,
            Recorded::Alive(_) => Some(true),
            Recorded::Gone(_) => Some(false),
            Recorded::Unknown(_) => None,
        }
    }
}

/// A chain of waits is followed over so many semaphores.
const MOST_PLACES: usize = 16;

/// A semaphore that threads wait for.
type Place = (ObjectId, u16);

/// What was done last at that end of a queue for which its sleepers wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum End {
    /// Somebody has sent; receivers wait for another to do it.
    Sent,
    /// Somebody has received; senders wait for room.
    Received,
}

impl End {
    fn of(waiting: Waiting) -> Option<Self> {
        match waiting {
            Waiting::Receive { .. } => Some(Self::Sent),
            Waiting::Send { .. } => Some(Self::Received),
            Waiting::Take { .. } | Waiting::Zero { .. } | Waiting::Operate => None,
        }
    }
}

/// Who did it, and for whom that counts.
#[derive(Debug, Serialize, Deserialize)]
struct AtEnd {
    last: LastChanger,
    /// Whether it was ever done.
    ever: bool,
    /// How many threads wait for it to be done again.
    waiters: u64,
}

/// The last processes to change the semaphores that threads wait for, and those that were last at the other end of queues
/// from threads that wait.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct LastChangers {
    by_place: BTreeMap<Place, LastChanger>,
    ends: BTreeMap<(ObjectId, End), AtEnd>,
    /// The semaphores that the threads of a process wait for.
    waits: HashMap<u32, Vec<Place>>,
}

impl LastChangers {
    /// Looks up who was last at the semaphores and ends of queues of `objects` that somebody waits for. Sets that may
    /// not be read tell nothing.
    #[must_use]
    pub fn look_up(objects: &[Object], users: &Users) -> Self {
        let waited_for = |object: &&Object| users.of(object.id).is_some_and(|usage| !usage.waiters.is_empty());
        if objects.iter().any(|object| waited_for(&object)) {
            probe::run(|| Self::look(objects.iter().filter(waited_for), users))
        } else {
            Self::default()
        }
    }

    fn look<'a>(objects: impl Iterator<Item = &'a Object>, users: &Users) -> Self {
        let mut found = Self::default();
        let mut processes = Processes::new();
        for object in objects {
            let Some(usage) = users.of(object.id) else { continue };
            match object.system_v() {
                Some(Part::Set(_)) => found.look_at_set(object, usage, &mut processes),
                Some(Part::Queue(queue)) => found.look_at_queue(object, queue, usage, &mut processes),
                Some(Part::Segment(_)) | None => {}
            }
        }
        found
    }

    fn look_at_set(&mut self, set: &Object, usage: &Usage, processes: &mut Processes) {
        for waiter in &usage.waiters {
            let Some(index) = waiter.waiting.semaphore() else { continue };
            let place = (set.id, index);
            let waits = self.waits.entry(waiter.process.pid).or_default();
            if !waits.contains(&place) {
                waits.push(place);
            }
            if !self.by_place.contains_key(&place)
                && let Ok(pid) = sem::last_pid(SemId::new(set.id.sysv()), u32::from(index))
            {
                // By an operation or by setting its value; the process must have started before the later of the two.
                self.by_place.insert(place, look_up(pid, set.activity(), processes));
            }
        }
    }

    fn look_at_queue(&mut self, object: &Object, queue: &Queue, usage: &Usage, processes: &mut Processes) {
        for end in usage.waiters.iter().filter_map(|waiter| End::of(waiter.waiting)) {
            let at_end = self.ends.entry((object.id, end)).or_insert_with(|| {
                let (pid, time) = match end {
                    End::Sent => (queue.lspid, queue.stime),
                    End::Received => (queue.lrpid, queue.rtime),
                };
                let mut last = look_up(pid, time, processes);
                // A receiver that slept is recorded by its thread, which may have ended alone.
                if matches!(last.state, Recorded::Gone(_)) && end == End::Received && pid != queue.lspid {
                    let comparable = processes.clock_set([time]).is_none();
                    if processes.thread(&object.perm, time, comparable) != Thread::No {
                        last.state = Recorded::Unknown(Unknown::Hidden);
                    }
                }
                AtEnd { last, ever: !(time.is_never() && pid.is_none()), waiters: 0 }
            });
            at_end.waiters += 1;
        }
    }

    /// Who was last at what a thread waits for.
    #[must_use]
    pub fn of(&self, object: ObjectId, waiting: Waiting) -> Option<&LastChanger> {
        match End::of(waiting) {
            Some(end) => self.ends.get(&(object, end)).map(|at_end| &at_end.last),
            None => self.by_place.get(&(object, waiting.semaphore()?)),
        }
    }

    /// A line for each semaphore of a set that somebody waits for, if it is known: who changed it last, and what that
    /// process waits for in its turn. For each end of a queue that somebody waits for, who was there last. `name` makes
    /// a process's name harmless.
    #[must_use]
    pub fn lines(&self, object: ObjectId, name: impl Fn(&str) -> String) -> Vec<String> {
        let known = self.by_place.iter().filter(|((of, _), last)| *of == object && !last.pid.is_none());
        let semaphores = known.map(|(&place, _)| self.line(place, &name));
        let ends = self.ends.iter().filter(|((of, _), _)| *of == object);
        semaphores.chain(ends.map(|((_, end), at_end)| at_end.line(object, *end, &name))).collect()
    }

    fn line(&self, start: Place, name: &impl Fn(&str) -> String) -> String {
        let mut line = format!("{} semaphore {}", start.0, start.1);
        let mut seen: Vec<Place> = Vec::new();
        let mut place = start;
        while let Some(last) = self.by_place.get(&place).filter(|last| !last.pid.is_none()) {
            let verb = if seen.is_empty() { " was" } else { "," };
            line.push_str(&format!("{verb} last changed by {}", who(last, name)));
            seen.push(place);
            let Ok(pid) = u32::try_from(last.pid.raw()) else { break };
            if !matches!(last.state, Recorded::Alive(_)) {
                break;
            }
            // Of several threads that wait, one that leads back to another process is worth the most, and one that waits
            // for what its own process was the last to change the least: nobody else holds it up.
            let waits = self.waits.get(&pid).map(Vec::as_slice).unwrap_or_default();
            let is_own = |next: &Place| self.by_place.get(next).is_some_and(|other| other.pid == last.pid);
            let is_back = |next: &Place| seen.contains(next);
            let leads_back = waits.iter().find(|next| is_back(next) && !is_own(next));
            let leads_on = || waits.iter().find(|next| !is_own(next));
            let other_own = || waits.iter().find(|next| **next != place);
            let Some(&next) = leads_back.or_else(leads_on).or_else(other_own).or(waits.first()) else { break };
            let semaphore = format!("{} semaphore {}", next.0, next.1);
            if is_own(&next) {
                line.push_str(&if next == place {
                    ", one of whose threads waits for it".to_owned()
                } else {
                    format!(", one of whose threads waits for {semaphore}, which it was the last to change too")
                });
                break;
            }
            line.push_str(&format!(", which waits for {semaphore}"));
            if is_back(&next) {
                line.push_str(": they may wait for each other");
                break;
            }
            if seen.len() == MOST_PLACES {
                line.push_str(", and so on");
                break;
            }
            place = next;
        }
        line
    }
}

impl AtEnd {
    /// `msg:3 was last sent to by 812 (gone); 2 threads wait to receive`
    fn line(&self, queue: ObjectId, end: End, name: &impl Fn(&str) -> String) -> String {
        let by = match self.last.pid.is_none() {
            true => "a process of another pid namespace".to_owned(),
            false => who(&self.last, name),
        };
        let (last, never, next) = match end {
            End::Sent => ("sent to", "nobody has sent to", "receive"),
            End::Received => ("received from", "nobody has received from", "send"),
        };
        let past = if self.ever { format!("{queue} was last {last} by {by}") } else { format!("{never} {queue} yet") };
        match self.waiters {
            1 => format!("{past}; 1 thread waits to {next}"),
            many => format!("{past}; {many} threads wait to {next}"),
        }
    }
}

fn look_up(pid: Pid, time: Timestamp, processes: &mut Processes) -> LastChanger {
    let state = if pid.is_none() { Recorded::Unknown(Unknown::Hidden) } else { processes.recorded(pid, time) };
    LastChanger { pid, state }
}

fn who(last: &LastChanger, name: &impl Fn(&str) -> String) -> String {
    match &last.state {
        Recorded::Alive(living) => format!("{} ({})", last.pid, name(&living.command)),
        Recorded::Gone(_) => format!("{} (gone)", last.pid),
        Recorded::Unknown(_) => last.pid.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{LastChanger, LastChangers, MOST_PLACES, ObjectId, Pid, Recorded};
    use crate::kind::model::Kind;
    use crate::proc::recorded::Living;

    fn x(pid: i32) -> LastChanger {
        let living = Living { process: pid, command: "x".to_owned() };
        LastChanger { pid: Pid::new(pid), state: Recorded::Alive(living) }
    }

    /// Process N + 1 changed semaphore N last and waits for the next.
    fn chain(length: u16) -> LastChangers {
        let set = ObjectId::system_v(Kind::Sem, 7);
        let mut found = LastChangers::default();
        for index in 0..length {
            let pid = i32::from(index) + 1;
            found.by_place.insert((set, index), x(pid));
            found.waits.insert(pid.unsigned_abs(), vec![(set, (index + 1) % length)]);
        }
        found
    }

    #[test]
    fn threads_of_one_process_wait_for_nobody_else() {
        let set = ObjectId::system_v(Kind::Sem, 7);
        let mut found = LastChangers::default();
        let line = |found: &LastChangers| found.lines(set, str::to_owned).remove(0);
        // Both semaphores were changed by the same process, whose threads wait for one each.
        found.by_place.extend([((set, 0), x(5)), ((set, 1), x(5))]);
        found.waits.insert(5, vec![(set, 0)]);
        assert_eq!(line(&found), "sem:7 semaphore 0 was last changed by 5 (x), one of whose threads waits for it");
        found.waits.insert(5, vec![(set, 1), (set, 0)]);
        let own = "one of whose threads waits for sem:7 semaphore 1, which it was the last to change too";
        assert_eq!(line(&found), format!("sem:7 semaphore 0 was last changed by 5 (x), {own}"));
        // What leads to another process is worth more.
        found.by_place.insert((set, 2), x(6));
        found.waits.insert(5, vec![(set, 1), (set, 0), (set, 2)]);
        let others = "which waits for sem:7 semaphore 2, last changed by 6 (x)";
        assert_eq!(line(&found), format!("sem:7 semaphore 0 was last changed by 5 (x), {others}"));
        found.waits.insert(6, vec![(set, 1)]);
        let circle = "which waits for sem:7 semaphore 1, last changed by 5 (x), which waits for sem:7 semaphore 2";
        assert_eq!(
            line(&found),
            format!("sem:7 semaphore 0 was last changed by 5 (x), {others}, {circle}: they may wait for each other")
        );
    }

    #[test]
    fn a_circle_is_told_and_a_long_chain_cut() {
        let set = ObjectId::system_v(Kind::Sem, 7);
        let line = |length| chain(length).lines(set, str::to_owned).remove(0);
        assert!(line(3).ends_with("which waits for sem:7 semaphore 0: they may wait for each other"), "{}", line(3));
        let long = line(1000);
        assert!(long.ends_with(", and so on"), "{long}");
        assert_eq!(long.matches("which waits for").count(), MOST_PLACES);
    }
}
