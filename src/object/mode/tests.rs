//! Modes and mode filters, against tables and a bitwise model.

use proptest::prelude::*;

use super::*;

#[test]
fn octal_modes_are_read() {
    for (text, mode) in [("0", 0), ("6", 0o6), ("60", 0o60), ("600", 0o600), ("0600", 0o600), ("0777", 0o777)] {
        let change = ModeChange::parse(text);
        assert_eq!(change, Ok(ModeChange::Absolute(mode)), "{text}");
        assert_eq!(change.as_ref().map(|c| c.apply(0o7123)), Ok(mode));
        assert_eq!(change, Ok(ModeChange::Absolute(mode)));
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
        // As chmod has it, nothing after "=" is no permissions.
        ("=", 0o640, 0o000),
        // What was there above the nine bits is not carried over.
        ("u+r", 0o1200, 0o600),
    ] {
        let change = ModeChange::parse(text);
        assert_eq!(change.as_ref().map(|c| c.apply(old)), Ok(new), "{text}");
        assert_eq!(change.map(|c| matches!(c, ModeChange::Absolute(_))), Ok(false), "{text}");
    }
}

#[test]
fn bad_modes_are_refused() {
    use ModeError::*;
    for (text, error) in [
        ("", Empty),
        // Not as chmod has it: a variable may have stood there.
        ("u+", NoPermission),
        ("-", NoPermission),
        ("u+r-", NoPermission),
        ("u+-r", NoPermission),
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
    // Nothing behind a "+" or "-" is refused; chmod takes it.
    let action = (operator, permissions)
        .prop_map(|(operator, permissions)| (if permissions.is_empty() { '=' } else { operator }, permissions));
    (who, proptest::collection::vec(action, 1..4))
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
