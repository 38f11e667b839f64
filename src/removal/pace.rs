//! How many objects are locked together: the more, the fewer waits for the kernel, and the longer others are shut out.

use std::time::Duration;

use crate::removal::Candidate;

/// Objects that are locked together, at the least and at the most.
const FEWEST: usize = 256;
const MOST: usize = 2048;
/// Semaphores in them, unless one set has more: each takes three calls while the others are locked too.
const MOST_SEMAPHORES: u64 = 8192;
/// How long objects should be locked, at the most. What is over depends on what else the machine does.
const LONGEST: Duration = Duration::from_millis(20);

/// Learns from each batch how many objects the next may have.
#[derive(Debug)]
pub(super) struct Pace {
    objects: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { objects: FEWEST }
    }
}

impl Pace {
    /// How many of the first of `candidates` may be locked together: so few, with so few semaphores, that nobody is shut
    /// out for long because of the objects of others.
    #[must_use]
    pub(super) fn number(&self, candidates: &[Candidate]) -> usize {
        let mut semaphores: u64 = 0;
        let fits = |candidate: &&Candidate| {
            semaphores = semaphores.saturating_add(candidate.object.as_set().map_or(0, |set| set.nsems));
            semaphores <= MOST_SEMAPHORES
        };
        // A set that has more by itself is alone.
        candidates.iter().take(self.objects).take_while(fits).count().max(1).min(candidates.len())
    }

    /// So many objects were locked for so long. Some of that is the same for any number, so it takes a few batches until
    /// the number is right.
    pub(super) fn note(&mut self, objects: usize, locked: Duration) {
        let share = LONGEST.as_secs_f64() / locked.as_secs_f64().max(f64::MIN_POSITIVE);
        let next = objects as f64 * share.min(2.0);
        self.objects = (next as usize).clamp(FEWEST, MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, FEWEST, LONGEST, MOST, MOST_SEMAPHORES, Pace};
    use crate::kind::model::{Detail, Set};
    use crate::object::samples::objects;
    use crate::removal::{Candidate, Condition};
    use crate::sys::Timestamp;
    use crate::usage::criteria::Criteria;
    use crate::usage::state::State;
    use crate::usage::users::Usage;

    fn sets(sizes: &[u64]) -> Vec<Candidate> {
        let set = |&nsems| {
            let [_, mut set, _] = objects();
            set.detail = Detail::Sem(Set { nsems, otime: Timestamp::NEVER });
            Candidate::new(set, Usage::default(), Condition::State(State::Orphan, Criteria::default()))
        };
        sizes.iter().map(set).collect()
    }

    #[test]
    fn what_is_locked_together_is_little_work() {
        let number = |sizes: &[u64]| Pace::default().number(&sets(sizes));
        assert_eq!([number(&[]), number(&[1; 3]), number(&vec![1; FEWEST + 2])], [0, 3, FEWEST]);
        let (whole, more) = (MOST_SEMAPHORES, MOST_SEMAPHORES + 1);
        assert_eq!(number(&[1, whole - 1, 1]), 2);
        // Too large for any batch, and for everybody else.
        assert_eq!([number(&[1, more, 1]), number(&[more, 1]), number(&[u64::MAX, 1])], [1; 3]);
    }

    #[test]
    fn a_batch_grows_until_it_takes_its_time() {
        let mut pace = Pace::default();
        // The wait for the kernel, and what each object takes.
        let took =
            |objects: usize, each: u32| Duration::from_millis(8) + Duration::from_micros(10) * each * objects as u32;
        let mut after = |rounds: u32, each: u32| {
            for _ in 0..rounds {
                pace.note(pace.objects, took(pace.objects, each));
            }
            took(pace.objects, each)
        };
        assert!((LONGEST * 9 / 10..=LONGEST).contains(&after(20, 1)));
        // The machine is busy with something else now.
        assert!(after(3, 3) <= LONGEST * 11 / 10);
        pace.note(pace.objects, Duration::ZERO);
        assert!(pace.objects <= MOST);
        pace.note(1, Duration::from_secs(3));
        assert_eq!(pace.objects, FEWEST);
    }
}
