//! Permission modes as they are given on the command line: to set, and to select by.
//!
//! System V IPC keeps the nine permission bits and nothing else, so there is no setuid, setgid or
//! sticky bit to name here. Execute permission is kept, though nothing consults it.

/// The bits an IPC object keeps.
const KEPT: u32 = 0o777;

/// Why a text is not a mode.
///
/// The message is the reason alone; the caller puts the option and the offending word before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModeError {
    /// There is no text at all, or nothing after the `/` or `-` of a filter.
    #[error("is empty")]
    Empty,
    /// The octal number has bits above 0777.
    #[error("is out of range: an IPC object keeps permission bits only, 0 to 0777")]
    OutOfRange,
    /// The octal number has more than four digits.
    #[error("has more than four octal digits")]
    TooLong,
    /// A number has this character, which is no octal digit.
    #[error("has {0:?} where an octal digit (0 to 7) is expected")]
    NotOctal(char),
    /// A part between commas, or next to one, is empty.
    #[error("has nothing before or after a comma")]
    EmptyClause,
    /// A clause ends before its `+`, `-` or `=`.
    #[error("has no +, - or = after u, g, o or a")]
    MissingOperator,
    /// A clause has this character before its operator, where only classes of users may be.
    #[error("has {0:?} where u, g, o, a, +, - or = is expected")]
    UnknownWho(char),
    /// Nothing follows a `+` or `-`.
    #[error("has nothing after + or - (an unset variable?)")]
    NoPermission,
    /// This letter is a permission of files that IPC objects do not have: `s`, `t` or `X`.
    #[error("has {0:?}, which IPC objects do not keep (use r, w and x)")]
    NotKept(char),
    /// A clause has this character after its operator, where only permissions may be.
    #[error("has {0:?} where r, w, x, or one of u, g, o is expected")]
    UnknownPermission(char),
}

/// A change of mode, as chmod(1) takes it: `600`, or `u+rw,g-w,o=r`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModeChange {
    /// The mode to set, whatever it was. Only the low nine bits are used.
    Absolute(u32),
    /// Steps to take one after the other, each on what the one before left.
    Symbolic(Vec<ModeStep>),
}

/// One step of a symbolic change of mode: an operator with what is on either side of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModeStep {
    /// All bits of the classes to change.
    who: u32,
    operator: Operator,
    source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Add,
    Remove,
    Set,
}

/// Where a step takes its permissions from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// From the command line: these, three bits in the lowest place.
    Given(u32),
    /// From what a class has, three bits this far up.
    Class(u32),
}

/// Spreads three permission bits to all three classes.
const fn to_all(permissions: u32) -> u32 {
    (permissions & 0o7) * 0o111
}

/// How far up the bits of a class are.
const fn class_shift(letter: char) -> Option<u32> {
    match letter {
        'u' => Some(6),
        'g' => Some(3),
        'o' => Some(0),
        _ => None,
    }
}

const fn operator(letter: char) -> Option<Operator> {
    match letter {
        '+' => Some(Operator::Add),
        '-' => Some(Operator::Remove),
        '=' => Some(Operator::Set),
        _ => None,
    }
}

/// Reads an octal mode: one to four digits, up to 0777.
fn parse_octal(text: &str) -> Result<u32, ModeError> {
    if text.is_empty() {
        return Err(ModeError::Empty);
    }
    let mut mode = 0u32;
    for (place, c) in text.chars().enumerate() {
        let digit = c.to_digit(8).ok_or(ModeError::NotOctal(c))?;
        // Go on to the end of a longer one: a bad digit is the better thing to complain about.
        if place < 4 {
            mode = mode * 8 + digit;
        }
    }
    if text.len() > 4 {
        Err(ModeError::TooLong)
    } else if mode > KEPT {
        Err(ModeError::OutOfRange)
    } else {
        Ok(mode)
    }
}

impl ModeChange {
    /// Reads a change of mode.
    ///
    /// It is an octal number of one to four digits up to 0777, or clauses separated by commas. A
    /// clause is any of `u`, `g`, `o` and `a` (all, also when none is given: there is no umask
    /// here), then one or more times `+`, `-` or `=` followed either by any of `r`, `w` and `x` or
    /// by one of `u`, `g` and `o`, to take what that class has.
    ///
    /// # Errors
    ///
    /// Returns the reason when `text` is not of this form or names bits IPC objects do not keep.
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        if text.is_empty() {
            return Err(ModeError::Empty);
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return parse_octal(text).map(Self::Absolute);
        }
        let mut steps = Vec::new();
        for clause in text.split(',') {
            if clause.is_empty() {
                return Err(ModeError::EmptyClause);
            }
            parse_clause(clause, &mut steps)?;
        }
        Ok(Self::Symbolic(steps))
    }

    /// The mode that follows from `old`. Takes and gives the low nine bits, no others.
    #[must_use]
    pub fn apply(&self, old: u32) -> u32 {
        match self {
            Self::Absolute(mode) => mode & KEPT,
            Self::Symbolic(steps) => steps.iter().fold(old & KEPT, |mode, step| step.apply(mode)),
        }
    }
}

impl ModeStep {
    fn apply(self, old: u32) -> u32 {
        let permissions = match self.source {
            Source::Given(permissions) => permissions,
            Source::Class(shift) => old >> shift,
        };
        let bits = to_all(permissions) & self.who;
        match self.operator {
            Operator::Add => old | bits,
            Operator::Remove => old & !bits,
            Operator::Set => (old & !self.who) | bits,
        }
    }
}

/// Reads one clause of a symbolic mode and appends its steps.
fn parse_clause(clause: &str, steps: &mut Vec<ModeStep>) -> Result<(), ModeError> {
    let mut rest = clause.chars().peekable();
    let mut who = 0;
    let mut next = loop {
        let Some(c) = rest.next() else {
            return Err(ModeError::MissingOperator);
        };
        if let Some(operator) = operator(c) {
            break Some(operator);
        }
        who |= match class_shift(c) {
            Some(shift) => 0o7 << shift,
            None if c == 'a' => KEPT,
            None => return Err(ModeError::UnknownWho(c)),
        };
    };
    if who == 0 {
        who = KEPT;
    }
    while let Some(found) = next {
        let mut source = Source::Given(0);
        if let Some(shift) = rest.peek().copied().and_then(class_shift) {
            rest.next();
            source = Source::Class(shift);
        }
        next = None;
        for c in rest.by_ref() {
            next = operator(c);
            if next.is_some() {
                break;
            }
            let bit = match c {
                'r' => 0o4,
                'w' => 0o2,
                'x' => 0o1,
                's' | 't' | 'X' => return Err(ModeError::NotKept(c)),
                _ => return Err(ModeError::UnknownPermission(c)),
            };
            source = match source {
                Source::Given(permissions) => Source::Given(permissions | bit),
                // What a class has is taken as it is; chmod does not mix the two either.
                Source::Class(_) => return Err(ModeError::UnknownPermission(c)),
            };
        }
        // An unset variable may have stood there; "=" alone takes everything away on purpose.
        if found != Operator::Set && matches!(source, Source::Given(0)) {
            return Err(ModeError::NoPermission);
        }
        steps.push(ModeStep { who, operator: found, source });
    }
    Ok(())
}

/// A choice of objects by their mode, as find(1) takes it with `-perm`. Compares the low nine bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeFilter {
    /// Exactly these bits: `600`.
    Exact(u32),
    /// Any of these bits: `/022`. No bits at all match every mode.
    Any(u32),
    /// All of these bits: `-022`. No bits at all match every mode.
    All(u32),
}

impl ModeFilter {
    /// Reads a filter: an octal number of one to four digits up to 0777, perhaps after `/` or `-`.
    ///
    /// # Errors
    ///
    /// Returns the reason when `text` is not of this form or names bits IPC objects do not keep.
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        if let Some(any) = text.strip_prefix('/') {
            parse_octal(any).map(Self::Any)
        } else if let Some(all) = text.strip_prefix('-') {
            parse_octal(all).map(Self::All)
        } else {
            parse_octal(text).map(Self::Exact)
        }
    }

    /// Whether an object with this mode is chosen. Bits above the low nine do not count.
    #[must_use]
    pub fn matches(self, mode: u32) -> bool {
        let mode = mode & KEPT;
        match self {
            Self::Exact(bits) => mode == bits & KEPT,
            Self::Any(bits) => bits & KEPT == 0 || mode & bits != 0,
            Self::All(bits) => mode & bits & KEPT == bits & KEPT,
        }
    }
}

/// Permission bits, or a change of them, as an option's value.
pub(crate) fn mode_change(text: &str) -> Result<ModeChange, String> {
    ModeChange::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
