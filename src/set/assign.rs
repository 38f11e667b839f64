//! Which semaphores get which values: `1 0 4` for all of a set, or `2=4` and `0:1=0` for some.

use crate::error::{Error, Result, Status};
use crate::object::reference::Resolved;
use crate::object::semaphores::{count, id, values};
use crate::set::operate;
use crate::set::range::{BadRange, Range};
use crate::sys::Errno;
use crate::sys::sem::{self, MAX_VALUE, SemOp};

/// How often `keep_undo` starts again when somebody else was faster.
const TRIES: u32 = 1000;

/// One word of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// The value of the next semaphore.
    Next(u16),
    /// The value of these semaphores.
    To(Range, u16),
}

/// Why a text is no assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAssignment {
    /// What is in front of the `=`.
    #[error(transparent)]
    Range(#[from] BadRange),
    /// What is to be the value.
    #[error("a value is 0 to {MAX_VALUE}")]
    Value,
}

impl Assignment {
    /// Reads `VALUE`, `INDEX=VALUE` or `A:B=VALUE`.
    ///
    /// # Errors
    /// Anything else, with the reason.
    pub fn parse(text: &str) -> std::result::Result<Self, BadAssignment> {
        match text.split_once('=') {
            Some((semaphores, value)) => Ok(Self::To(Range::parse(semaphores)?, parse_value(value)?)),
            None => parse_value(text).map(Self::Next),
        }
    }
}

fn parse_value(text: &str) -> std::result::Result<u16, BadAssignment> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // As strict as a semaphore's number: 010 is eight to some and ten to others.
    let plain = plain && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|&value| plain && value <= MAX_VALUE).ok_or(BadAssignment::Value)
}

/// The new values of some semaphores of a set, by number, each at most once and in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewValues {
    values: Vec<(u32, u16)>,
    /// Whether every semaphore of the set gets one.
    all: bool,
}

impl NewValues {
    /// Fits `assignments` to a set.
    ///
    /// # Errors
    /// A usage error: values with and without a number mixed, too few or too many, a semaphore that the set lacks or
    /// that is given twice.
    pub fn of(assignments: &[Assignment], set: &Resolved<'_>) -> Result<Self> {
        let nsems = count(&set.object);
        let next: Vec<u16> = assignments
            .iter()
            .filter_map(|assignment| match assignment {
                Assignment::Next(value) => Some(*value),
                Assignment::To(..) => None,
            })
            .collect();
        if next.len() == assignments.len() {
            if next.len() as u64 != nsems {
                let reason = format!("{} for the {nsems} of {}", plural(next.len() as u64, "value"), set);
                return Err(Error::Usage(format!("{reason}; INDEX=VALUE sets some of them")));
            }
            return Ok(Self { values: (0u32..).zip(next).collect(), all: true });
        }
        if !next.is_empty() {
            return Err(Error::Usage("either VALUE for every semaphore, or INDEX=VALUE throughout".to_owned()));
        }
        let mut values = Vec::new();
        for assignment in assignments {
            if let Assignment::To(semaphores, value) = assignment {
                semaphores.check(set, nsems)?;
                // Overlaps are refused below, but should not fill the memory before.
                if values.len() as u64 + semaphores.count() > nsems {
                    return Err(Error::Usage("a semaphore is given two values".to_owned()));
                }
                values.extend(semaphores.iter().map(|index| (index, *value)));
            }
        }
        values.sort_unstable();
        if let Some(pair) = values.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::Usage(format!("semaphore {} is given two values", pair[0].0)));
        }
        let all = values.len() as u64 == nsems;
        Ok(Self { values, all })
    }

    /// The semaphores and their new values.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u16)> + '_ {
        self.values.iter().copied()
    }

    /// Sets the values: all of a set at one moment, some one after another. Other processes' undo records for these
    /// semaphores are dropped.
    ///
    /// # Errors
    /// Status 4 without permission, 3 when the set is gone meanwhile, 9 when that was after some had been set.
    pub fn set(&self, set: &Resolved<'_>) -> Result<()> {
        let id = id(&set.object);
        if self.all {
            let values: Vec<u16> = self.values.iter().map(|(_, value)| *value).collect();
            return sem::set_all(id, &values).map_err(|errno| explain(set, errno, WRITE));
        }
        for (place, (index, value)) in self.iter().enumerate() {
            if let Err(errno) = sem::set_value(id, index, value) {
                let error = explain(set, errno, WRITE);
                if place == 0 {
                    return Err(error);
                }
                let message = format!("{error}; {place} of {} were set before", self.values.len());
                return Err(Error::Failed { status: Status::Partial, message });
            }
        }
        Ok(())
    }

    /// Reaches the values by one `semop`, which keeps all undo records, and returns the values from which it went.
    /// When all values are there already, nothing is done.
    ///
    /// # Errors
    /// Status 4 without permission, 3 when the set is gone meanwhile, 1 when one `semop` cannot do it: more operations
    /// than SEMOPM, or values that never keep still.
    pub fn reach(&self, set: &Resolved<'_>) -> Result<Vec<u16>> {
        for _ in 0..TRIES {
            let before = values(&set.object).map_err(|errno| explain(set, errno, BOTH))?;
            let Some(ops) = steps(&self.values, &before) else {
                return Err(cannot_reach(set, "semop(2) knows semaphores up to 65535 only"));
            };
            if ops.is_empty() {
                return Ok(before);
            }
            let most = operate::semopm();
            if ops.len() as u64 > most {
                let reason = format!("takes {} operations, and kernel.sem (SEMOPM) allows {most}", ops.len());
                return Err(cannot_reach(set, &reason));
            }
            match sem::op(id(&set.object), &ops, None) {
                Ok(()) => return Ok(before),
                // Not the values it was made for any more.
                Err(Errno::EAGAIN | Errno::ERANGE | Errno::EINTR) => {}
                Err(errno) => return Err(explain(set, errno, BOTH)),
            }
        }
        Err(cannot_reach(set, &format!("they changed {TRIES} times while it was tried")))
    }
}

/// Operations that lead from `before` to the wanted values, and are possible from nowhere else: take all there is,
/// see that it was all, give the new value. Empty when there is nothing to change; None when a semaphore cannot be
/// named.
pub(super) fn steps(wanted: &[(u32, u16)], before: &[u16]) -> Option<Vec<SemOp>> {
    let old = |index: u32| before.get(index as usize).copied().unwrap_or(0);
    if wanted.iter().all(|&(index, value)| old(index) == value) {
        return Some(Vec::new());
    }
    let mut ops = Vec::with_capacity(wanted.len() * 3);
    for &(index, value) in wanted {
        let at = |delta: i16| Some(SemOp::new(u16::try_from(index).ok()?, delta).no_wait());
        // Values are at most 32767, which fits.
        let (take, give) = (-old(index).cast_signed(), value.cast_signed());
        if take != 0 {
            ops.push(at(take)?);
        }
        ops.push(at(0)?);
        if give != 0 {
            ops.push(at(give)?);
        }
    }
    Some(ops)
}

const WRITE: &str = "needs write permission or CAP_IPC_OWNER";
const BOTH: &str = "needs read and write permission or CAP_IPC_OWNER";

fn explain(set: &Resolved<'_>, errno: Errno, rights: &str) -> Error {
    let name = format!("set values of {}", set);
    match errno {
        Errno::EACCES => Error::cannot(Status::Denied, &name, errno, Some(rights)),
        Errno::EINVAL | Errno::EIDRM => Error::cannot(Status::NotFound, &name, "it was removed meanwhile", None),
        errno => Error::call(&name, errno),
    }
}

fn cannot_reach(set: &Resolved<'_>, reason: &str) -> Error {
    let name = format!("set values of {} by one operation", set);
    Error::cannot(Status::Failed, &name, reason, Some("without --keep-undo it works, and drops undo records"))
}

fn plural(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
