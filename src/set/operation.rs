//! Operations on semaphores: `0-1`, `2+3`, `0:3=0n`.

use std::fmt;

use crate::set::range::{BadRange, Range};
use crate::sys::sem::{MAX_VALUE, SemOp};

/// `semop(2)` has sixteen bits for it.
const MAX_INDEX: u32 = u16::MAX as u32;

/// One operation on one semaphore or on a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Every constructor keeps indexes at or below 65535.
    pub(super) semaphores: Range,
    /// Negative takes, waiting until the value suffices; 0 waits for zero. -32767 to 32767.
    pub(super) delta: i16,
    pub(super) no_wait: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOperation {
    #[error("is empty (an unset variable?)")]
    Empty,
    #[error("an operation is INDEX-N to take, INDEX+N to give, or INDEX=0 to wait for zero")]
    NoSign,
    #[error("which semaphore? As in 0-1")]
    NoSemaphore,
    #[error(transparent)]
    Range(#[from] BadRange),
    #[error("semop(2) knows semaphores up to {MAX_INDEX} only")]
    IndexTooLarge,
    #[error("what is taken or given is a number from 1 to {MAX_VALUE}")]
    BadAmount,
    #[error("only =0 can be waited for; 'ipcadm sem setval' sets values")]
    NotZero,
    #[error("'u' (undo) means nothing in a process that ends at once; 'ipcadm sem run' undoes, and needs no 'u'")]
    Undo,
    #[error("only 'n' (no wait) may follow an operation")]
    BadSuffix,
    #[error("one operation a word: 0-1 2+3")]
    Several,
}

impl Operation {
    /// Reads `INDEX-N`, `INDEX+N` or `INDEX=0`, with `A:B` for several semaphores and `n` behind for no wait.
    pub fn parse(text: &str) -> Result<Self, BadOperation> {
        if text.is_empty() {
            return Err(BadOperation::Empty);
        }
        if text.contains([',', ' ']) {
            return Err(BadOperation::Several);
        }
        let place = text.find(['-', '+', '=']).ok_or(BadOperation::NoSign)?;
        let (semaphores, rest) = text.split_at(place);
        if semaphores.is_empty() {
            return Err(BadOperation::NoSemaphore);
        }
        let semaphores = Range::parse(semaphores)?;
        if semaphores.last() > MAX_INDEX {
            return Err(BadOperation::IndexTooLarge);
        }
        let (sign, rest) = rest.split_at(1);
        let (amount, suffix) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let delta = match sign {
            "=" if amount == "0" => 0,
            "=" => return Err(BadOperation::NotZero),
            "-" => -parse_amount(amount)?,
            _ => parse_amount(amount)?,
        };
        let no_wait = match suffix {
            "" => false,
            "n" => true,
            "u" | "nu" | "un" => return Err(BadOperation::Undo),
            _ => return Err(BadOperation::BadSuffix),
        };
        Ok(Self { semaphores, delta, no_wait })
    }

    /// Fails for indexes beyond 65535.
    pub fn wait_zero(semaphores: Range) -> Result<Self, BadOperation> {
        if semaphores.last() > MAX_INDEX {
            return Err(BadOperation::IndexTooLarge);
        }
        Ok(Self { semaphores, delta: 0, no_wait: false })
    }

    /// In ascending order of semaphores.
    pub fn expand(self) -> impl Iterator<Item = SemOp> {
        let numbers = self.semaphores.iter().filter_map(|index| u16::try_from(index).ok());
        numbers.map(move |index| SemOp { index, delta: self.delta, no_wait: self.no_wait, undo: false })
    }
}

/// Reads operations separated by commas, blanks or both. The error names the first malformed one; an empty text, or
/// nothing between two commas, is malformed.
pub fn parse_list(text: &str) -> Result<Vec<Operation>, String> {
    let mut operations = Vec::new();
    for part in text.split(',') {
        let mut words = part.split([' ', '\t', '\n']).filter(|word| !word.is_empty()).peekable();
        if words.peek().is_none() {
            return Err(BadOperation::Empty.to_string());
        }
        for word in words {
            let operation = Operation::parse(word).map_err(|bad| match bad {
                BadOperation::Undo => format!("{word}: 'sem run' always undoes; leave out the 'u'"),
                bad if word == text => bad.to_string(),
                bad => format!("{word}: {bad}"),
            })?;
            operations.push(operation);
        }
    }
    Ok(operations)
}

/// From 1 to 32767, without a leading zero.
fn parse_amount(text: &str) -> Result<i16, BadOperation> {
    let amount = text.parse::<i16>().map_err(|_| BadOperation::BadAmount)?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if plain && amount > 0 { Ok(amount) } else { Err(BadOperation::BadAmount) }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.delta {
            0 => write!(f, "{}=0", self.semaphores)?,
            // The number includes its minus sign.
            delta if delta < 0 => write!(f, "{}{delta}", self.semaphores)?,
            delta => write!(f, "{}+{delta}", self.semaphores)?,
        }
        if self.no_wait { f.write_str("n") } else { Ok(()) }
    }
}
