//! Assignments of values to semaphores: `1 0 4` for a whole set, or `2=4` and `0:1=0` for some.

use crate::error::{Error, Result, Status};
use crate::object::reference::Resolved;
use crate::object::semaphores::{count, id, values};
use crate::set::operate;
use crate::set::range::{BadRange, Range};
use crate::sys::Errno;
use crate::sys::sem::{self, MAX_VALUE, SemOp};

/// Retries of `keep_undo` after interference.
const TRIES: u32 = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    Next(u16),
    To(Range, u16),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAssignment {
    #[error(transparent)]
    Range(#[from] BadRange),
    #[error("a value is 0 to {MAX_VALUE}")]
    Value,
}

impl Assignment {
    /// Reads `VALUE`, `INDEX=VALUE` or `A:B=VALUE`.
    pub fn parse(text: &str) -> std::result::Result<Self, BadAssignment> {
        match text.split_once('=') {
            Some((semaphores, value)) => Ok(Self::To(Range::parse(semaphores)?, parse_value(value)?)),
            None => parse_value(text).map(Self::Next),
        }
    }
}

fn parse_value(text: &str) -> std::result::Result<u16, BadAssignment> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // No leading zero, as for indexes: 010 may be read as octal.
    let plain = plain && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|&value| plain && value <= MAX_VALUE).ok_or(BadAssignment::Value)
}

/// New values by index, each at most once and in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewValues {
    values: Vec<(u32, u16)>,
    /// Whether every semaphore of the set gets one.
    all: bool,
}

impl NewValues {
    /// Matches `assignments` with a set.
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
                // Overlaps are refused below, but must not fill the memory before.
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

    pub fn iter(&self) -> impl Iterator<Item = (u32, u16)> + '_ {
        self.values.iter().copied()
    }

    /// Sets the values: those of a whole set at one moment, others one after another. Clears all undo adjustments of
    /// these semaphores.
    ///
    /// # Errors
    /// Status 4 without permission, 3 when the set is gone, 9 when it went after some values were set.
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

    /// Changes the values by one `semop`, which keeps all undo adjustments, and returns the old values. Does nothing
    /// when all values are there already.
    ///
    /// # Errors
    /// Status 4 without permission, 3 when the set is gone, 1 when one `semop` cannot do it: more operations than
    /// SEMOPM, or values that keep changing.
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
                // The values have changed since they were read.
                Err(Errno::EAGAIN | Errno::ERANGE | Errno::EINTR) => {}
                Err(errno) => return Err(explain(set, errno, BOTH)),
            }
        }
        Err(cannot_reach(set, &format!("they changed {TRIES} times while it was tried")))
    }
}

/// Operations from `before` to the wanted values that fail for any other start: subtract the old value, wait for zero,
/// add the new value. Empty without changes; None for an index beyond sixteen bits.
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
