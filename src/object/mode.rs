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

    /// The mode to set, if that does not depend on the one before because it was given in octal.
    #[must_use]
    pub fn is_absolute(&self) -> Option<u32> {
        match self {
            Self::Absolute(mode) => Some(mode & KEPT),
            Self::Symbolic(_) => None,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn octal_modes_are_read() {
        for (text, mode) in [("0", 0), ("6", 0o6), ("60", 0o60), ("600", 0o600), ("0600", 0o600), ("0777", 0o777)] {
            let change = ModeChange::parse(text);
            assert_eq!(change, Ok(ModeChange::Absolute(mode)), "{text}");
            assert_eq!(change.as_ref().map(|c| c.apply(0o7123)), Ok(mode));
            assert_eq!(change.map(|c| c.is_absolute()), Ok(Some(mode)));
        }
    }

    #[test]
    fn symbolic_modes_are_read() {
        for (text, old, new) in [
            ("u+rw,g-w,o=r", 0o066, 0o644),
            ("a=r", 0o777, 0o444),
            ("=r", 0o777, 0o444),
            ("-w", 0o777, 0o555),
            ("+r", 0o000, 0o444),
            ("g=u", 0o640, 0o660),
            ("go=u", 0o640, 0o666),
            ("o+u", 0o641, 0o647),
            ("u-g", 0o640, 0o240),
            ("a=u", 0o640, 0o666),
            ("u=rw,go=", 0o777, 0o600),
            ("u+r-w", 0o222, 0o422),
            ("u=g,g=o", 0o642, 0o422),
            ("u=g,g=u", 0o642, 0o442),
            ("u=rw+x", 0o000, 0o700),
            ("g=u-w", 0o600, 0o640),
            ("ug+rr", 0o000, 0o440),
            ("au=x", 0o777, 0o111),
            // As chmod has it, nothing after an operator is no permissions.
            ("u+", 0o640, 0o640),
            ("=", 0o640, 0o000),
            // What was there above the nine bits is not carried over.
            ("u+r", 0o1200, 0o600),
        ] {
            let change = ModeChange::parse(text);
            assert_eq!(change.as_ref().map(|c| c.apply(old)), Ok(new), "{text}");
            assert_eq!(change.map(|c| c.is_absolute()), Ok(None), "{text}");
        }
    }

    #[test]
    fn bad_modes_are_refused() {
        use ModeError::*;
        for (text, error) in [
            ("", Empty),
            ("1000", OutOfRange),
            ("1600", OutOfRange),
            ("7777", OutOfRange),
            ("00600", TooLong),
            ("77777777777777777777", TooLong),
            ("800", NotOctal('8')),
            ("0o600", NotOctal('o')),
            ("0x1", NotOctal('x')),
            ("600 ", NotOctal(' ')),
            ("600,u+r", NotOctal(',')),
            ("u+r,", EmptyClause),
            (",u+r", EmptyClause),
            ("u+r,,g+r", EmptyClause),
            (",", EmptyClause),
            ("u", MissingOperator),
            ("ugo", MissingOperator),
            ("u+r,g", MissingOperator),
            ("rw", UnknownWho('r')),
            ("U+r", UnknownWho('U')),
            (" u+r", UnknownWho(' ')),
            ("u+r, g+r", UnknownWho(' ')),
            ("u+s", NotKept('s')),
            ("+t", NotKept('t')),
            ("a+X", NotKept('X')),
            ("u+q", UnknownPermission('q')),
            ("u+6", UnknownPermission('6')),
            ("g=a", UnknownPermission('a')),
            ("g=ur", UnknownPermission('r')),
            ("g=ru", UnknownPermission('u')),
            ("g=uo", UnknownPermission('o')),
            ("u+r\u{202e}", UnknownPermission('\u{202e}')),
        ] {
            assert_eq!(ModeChange::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn errors_say_why() {
        assert_eq!(
            ModeError::OutOfRange.to_string(),
            "is out of range: an IPC object keeps permission bits only, 0 to 0777"
        );
        assert_eq!(ModeError::NotKept('s').to_string(), "has 's', which IPC objects do not keep (use r, w and x)");
        for hostile in ['\u{1b}', '\n', '\u{9b}', '\u{202e}', '\u{200b}', '\u{e0001}'] {
            let message = ModeError::NotOctal(hostile).to_string();
            assert!(message.is_ascii() && !message.contains(char::is_control));
        }
    }

    #[test]
    fn filters_are_read() {
        for (text, filter) in [
            ("600", ModeFilter::Exact(0o600)),
            ("0600", ModeFilter::Exact(0o600)),
            ("/022", ModeFilter::Any(0o22)),
            ("-022", ModeFilter::All(0o22)),
            ("/000", ModeFilter::Any(0)),
            ("-0", ModeFilter::All(0)),
        ] {
            assert_eq!(ModeFilter::parse(text), Ok(filter), "{text}");
        }
        for (text, error) in [
            ("", ModeError::Empty),
            ("/", ModeError::Empty),
            ("-", ModeError::Empty),
            ("//022", ModeError::NotOctal('/')),
            ("+022", ModeError::NotOctal('+')),
            ("u+r", ModeError::NotOctal('u')),
            ("/u=w", ModeError::NotOctal('u')),
            ("-1000", ModeError::OutOfRange),
            ("00022", ModeError::TooLong),
        ] {
            assert_eq!(ModeFilter::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn filters_choose() {
        for (text, mode, chosen) in [
            ("600", 0o600, true),
            ("600", 0o640, false),
            ("600", 0o1600, true),
            ("/022", 0o620, true),
            ("/022", 0o602, true),
            ("/022", 0o644, false),
            ("-022", 0o622, true),
            ("-022", 0o620, false),
            ("/000", 0, true),
            ("/000", 0o777, true),
            ("-000", 0, true),
            ("-000", 0o777, true),
            ("000", 0o1000, true),
            ("000", 0o001, false),
        ] {
            let filter = ModeFilter::parse(text);
            assert_eq!(filter.map(|f| f.matches(mode)), Ok(chosen), "{text} {mode:o}");
        }
        // Bits that do not count are none, however they got into the filter.
        assert!(ModeFilter::Any(0o1000).matches(0o1000));
        assert!(ModeFilter::All(0o1600).matches(0o600));
    }

    /// One operator with the classes and permissions around it, before it is text.
    type Piece = (Vec<char>, Vec<(char, Vec<char>)>);

    fn any_clause() -> impl Strategy<Value = Piece> {
        let who = proptest::collection::vec(proptest::sample::select(vec!['u', 'g', 'o', 'a']), 0..4);
        let operator = proptest::sample::select(vec!['+', '-', '=']);
        let permissions = prop_oneof![
            proptest::collection::vec(proptest::sample::select(vec!['r', 'w', 'x']), 0..4),
            proptest::sample::select(vec!['u', 'g', 'o']).prop_map(|class| vec![class]),
        ];
        (who, proptest::collection::vec((operator, permissions), 1..4))
    }

    /// chmod as POSIX words it, one class and one permission at a time.
    fn model(clauses: &[Piece], old: u32) -> u32 {
        let has = |mode: u32, class: usize, bit: usize| mode >> (8 - 3 * class - bit) & 1 == 1;
        let classes = ['u', 'g', 'o'];
        let mut mode = old & 0o777;
        for (who, actions) in clauses {
            for (operator, permissions) in actions {
                let before = mode;
                for class in 0..3 {
                    if !who.is_empty() && !who.contains(&'a') && !who.contains(&classes[class]) {
                        continue;
                    }
                    for bit in 0..3 {
                        let named =
                            permissions.iter().any(|letter| match classes.iter().position(|class| class == letter) {
                                Some(from) => has(before, from, bit),
                                None => *letter == ['r', 'w', 'x'][bit],
                            });
                        let on = match operator {
                            '+' => has(before, class, bit) || named,
                            '-' => has(before, class, bit) && !named,
                            _ => named,
                        };
                        let mask = 1 << (8 - 3 * class - bit);
                        mode = if on { mode | mask } else { mode & !mask };
                    }
                }
            }
        }
        mode
    }

    proptest! {
        #[test]
        fn symbolic_modes_do_as_chmod(
            clauses in proptest::collection::vec(any_clause(), 1..4),
            old in 0u32..0o10000,
        ) {
            let text = clauses
                .iter()
                .map(|(who, actions)| {
                    let mut text: String = who.iter().collect();
                    for (operator, permissions) in actions {
                        text.push(*operator);
                        text.extend(permissions);
                    }
                    text
                })
                .collect::<Vec<_>>()
                .join(",");
            let new = ModeChange::parse(&text).map(|change| change.apply(old));
            prop_assert_eq!(new, Ok(model(&clauses, old)), "{}", text);
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), near in "[ugoarwx+=,0-7/-]{0,10}", old: u32) {
            for text in [text, near] {
                match ModeChange::parse(&text) {
                    Ok(change) => prop_assert!(change.apply(old) <= 0o777),
                    Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
                }
                match ModeFilter::parse(&text) {
                    Ok(filter) => prop_assert_eq!(filter.matches(old), filter.matches(old & 0o777)),
                    Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
                }
            }
        }

        #[test]
        fn octal_modes_read_back(mode in 0u32..=0o777, other in 0u32..=0o777) {
            for text in [format!("{mode:o}"), format!("{mode:04o}")] {
                prop_assert_eq!(ModeChange::parse(&text).map(|c| c.apply(other)), Ok(mode));
                prop_assert_eq!(
                    ModeFilter::parse(&text).map(|f| f.matches(other)),
                    Ok(mode == other)
                );
                let any = (0..9).any(|bit| mode >> bit & other >> bit & 1 == 1);
                prop_assert_eq!(
                    ModeFilter::parse(&format!("/{text}")).map(|f| f.matches(other)),
                    Ok(mode == 0 || any)
                );
                let all = (0..9).all(|bit| mode >> bit & 1 <= other >> bit & 1);
                prop_assert_eq!(
                    ModeFilter::parse(&format!("-{text}")).map(|f| f.matches(other)),
                    Ok(all)
                );
            }
        }
    }
}
