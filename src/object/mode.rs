//! Permission modes on the command line. System V IPC keeps the nine permission bits and nothing else: no setuid,
//! setgid or sticky bit. Execute permission is kept, though nothing checks it.

const KEPT: u32 = 0o777;

/// Messages are the reason alone; the caller adds the option and the word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModeError {
    #[error("is empty")]
    Empty,
    #[error("is out of range: an IPC object keeps permission bits only, 0 to 0777")]
    OutOfRange,
    #[error("has more than four octal digits")]
    TooLong,
    #[error("has {0:?} where an octal digit (0 to 7) is expected")]
    NotOctal(char),
    #[error("has nothing before or after a comma")]
    EmptyClause,
    #[error("has no +, - or = after u, g, o or a")]
    MissingOperator,
    #[error("has {0:?} where u, g, o, a, +, - or = is expected")]
    UnknownWho(char),
    #[error("has nothing after + or - (an unset variable?)")]
    NoPermission,
    #[error("has {0:?}, which IPC objects do not keep (use r, w and x)")]
    NotKept(char),
    #[error("has {0:?} where r, w, x, or one of u, g, o is expected")]
    UnknownPermission(char),
}

/// As for chmod(1): `600`, or `u+rw,g-w,o=r`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModeChange {
    /// Only the low nine bits are used.
    Absolute(u32),
    /// Steps in order.
    Symbolic(Vec<ModeStep>),
}

/// An operator with both its sides.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Three bits in the lowest place.
    Given(u32),
    /// The bits of a class, shifted by this much.
    Class(u32),
}

/// Copies three permission bits to all three classes.
const fn to_all(permissions: u32) -> u32 {
    (permissions & 0o7) * 0o111
}

/// The shift of a class.
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

/// One to four digits, up to 0777.
fn parse_octal(text: &str) -> Result<u32, ModeError> {
    if text.is_empty() {
        return Err(ModeError::Empty);
    }
    let mut mode = 0u32;
    for (place, c) in text.chars().enumerate() {
        let digit = c.to_digit(8).ok_or(ModeError::NotOctal(c))?;
        // Read a longer number to its end: a bad digit is the better complaint.
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
    /// Reads an octal number of one to four digits up to 0777, or clauses separated by commas. A clause is any of `u`,
    /// `g`, `o` and `a` (the default: there is no umask here), then one or more times `+`, `-` or `=` followed either
    /// by any of `r`, `w` and `x` or by one of `u`, `g` and `o`, to copy the bits of that class.
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

    /// The new mode, with the low nine bits only.
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
                // chmod does not combine a class with other permissions either.
                Source::Class(_) => return Err(ModeError::UnknownPermission(c)),
            };
        }
        // Probably an unset variable; "=" alone clears all bits on purpose.
        if found != Operator::Set && matches!(source, Source::Given(0)) {
            return Err(ModeError::NoPermission);
        }
        steps.push(ModeStep { who, operator: found, source });
    }
    Ok(())
}

/// As `-perm` of find(1). Compares the low nine bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeFilter {
    /// `600`.
    Exact(u32),
    /// `/022`. No bits at all match every mode.
    Any(u32),
    /// `-022`. No bits at all match every mode.
    All(u32),
}

impl ModeFilter {
    /// Reads an octal number of one to four digits up to 0777, perhaps after `/` or `-`.
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        if let Some(any) = text.strip_prefix('/') {
            parse_octal(any).map(Self::Any)
        } else if let Some(all) = text.strip_prefix('-') {
            parse_octal(all).map(Self::All)
        } else {
            parse_octal(text).map(Self::Exact)
        }
    }

    pub fn matches(self, mode: u32) -> bool {
        let mode = mode & KEPT;
        match self {
            Self::Exact(bits) => mode == bits & KEPT,
            Self::Any(bits) => bits & KEPT == 0 || mode & bits != 0,
            Self::All(bits) => mode & bits & KEPT == bits & KEPT,
        }
    }
}

pub(crate) fn mode_change(text: &str) -> Result<ModeChange, String> {
    ModeChange::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
