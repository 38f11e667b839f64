//! The grammars, and what follows from what was read.

use proptest::prelude::*;

use crate::kind::model::Object;
use crate::object::reference::Resolved;
use crate::set::assign::{Assignment, NewValues, steps};
use crate::set::operate::obstacle;
use crate::set::operation::{BadOperation, Operation, parse_list};
use crate::set::range::{BadRange, Range};
use crate::sys::sem::{SemOp, SemStat};
use crate::sys::{Gid, Key, Mode, Perm, SemId, Timestamp, Uid};

fn expanded(text: &str) -> Result<Vec<SemOp>, BadOperation> {
    Operation::parse(text).map(|operation| operation.expand().collect())
}

fn set_of(nsems: u64) -> Resolved<'static> {
    let (uid, gid) = (Uid::new(0), Gid::new(0));
    let perm = Perm { key: Key::PRIVATE, uid, gid, cuid: uid, cgid: gid, mode: Mode::new(0o600) };
    let stat = SemStat { perm, otime: Timestamp::NEVER, ctime: Timestamp::new(1), nsems };
    Resolved { reference: None, object: Object::set(SemId::new(0), &stat) }
}

#[test]
fn the_forms_of_an_operation() {
    assert_eq!(expanded("0-1"), Ok(vec![SemOp::new(0, -1)]));
    assert_eq!(expanded("2+3"), Ok(vec![SemOp::new(2, 3)]));
    assert_eq!(expanded("4=0"), Ok(vec![SemOp::new(4, 0)]));
    assert_eq!(expanded("4=0n"), Ok(vec![SemOp::new(4, 0).no_wait()]));
    assert_eq!(expanded("65535-32767n"), Ok(vec![SemOp::new(65535, -32767).no_wait()]));
    assert_eq!(expanded("1:3-2"), Ok(vec![SemOp::new(1, -2), SemOp::new(2, -2), SemOp::new(3, -2)]));
    assert_eq!(expanded("7:7+1"), Ok(vec![SemOp::new(7, 1)]));
}

#[test]
fn nothing_else_is_an_operation() {
    use BadOperation::{BadAmount, BadSuffix, Empty, IndexTooLarge, NoSemaphore, NoSign, NotZero, Several, Undo};
    for (text, why) in [
        ("", Empty),
        ("0", NoSign),
        ("n", NoSign),
        ("-1", NoSemaphore),
        ("=0", NoSemaphore),
        ("0-", BadAmount),
        ("0-0", BadAmount),
        ("0+0", BadAmount),
        ("0-01", BadAmount),
        ("0-32768", BadAmount),
        ("0+99999999999", BadAmount),
        ("0--1", BadAmount),
        ("0-+1", BadAmount),
        ("0-n", BadAmount),
        ("0=", NotZero),
        ("0=1", NotZero),
        ("0=00", NotZero),
        ("0=-1", NotZero),
        ("0-1u", Undo),
        ("0-1un", Undo),
        ("0-1nu", Undo),
        ("0-1N", BadSuffix),
        ("0-1nn", BadSuffix),
        ("0-1-1", BadSuffix),
        ("0-1:2", BadSuffix),
        ("0-1,1-1", Several),
        ("0-1 1-1", Several),
        (" 0-1", Several),
        ("65536-1", IndexTooLarge),
        ("0:65536-1", IndexTooLarge),
        ("3:1-1", BadOperation::Range(BadRange::Backwards)),
        (":1-1", BadOperation::Range(BadRange::Malformed)),
        ("1:-1", BadOperation::Range(BadRange::Malformed)),
        ("1:2:3-1", BadOperation::Range(BadRange::Malformed)),
        ("00-1", BadOperation::Range(BadRange::LeadingZero)),
        ("x-1", BadOperation::Range(BadRange::Malformed)),
        ("0x1-1", BadOperation::Range(BadRange::Malformed)),
        ("2147483648-1", BadOperation::Range(BadRange::TooLarge)),
        ("٣-1", BadOperation::Range(BadRange::Malformed)),
    ] {
        assert_eq!(Operation::parse(text), Err(why), "{text:?}");
    }
}

#[test]
fn lists_are_separated_by_commas_or_blanks() {
    let shown = |text: &str| parse_list(text).map(|list| list.iter().map(Operation::to_string).collect::<Vec<_>>());
    for text in ["0-1,1:2+3n", "0-1 1:2+3n", " 0-1 , 1:2+3n ", "0-1\t1:2+3n\n"] {
        assert_eq!(shown(text), Ok(vec!["0-1".to_owned(), "1:2+3n".to_owned()]), "{text:?}");
    }
    for text in ["", " ", ",", "0-1,", ",0-1", "0-1,,1-1", "0-1, ,1-1", "0-1 x", "0-1,1-1u"] {
        assert!(parse_list(text).is_err(), "{text:?}");
    }
}

#[test]
fn ranges_know_whether_a_set_has_them() {
    let range = |text| Range::parse(text).unwrap();
    assert!(range("0:2").check("sem:0", 3).is_ok());
    assert!(range("3").check("sem:0", 3).is_err() && range("0:3").check("sem:0", 3).is_err());
    assert_eq!((range("2:5").count(), range("7").count()), (4, 1));
    assert_eq!(range("0:2147483647").count(), 1 << 31);
}

#[test]
fn values_are_given_to_all_or_by_number() {
    let of = |words: &[&str], nsems| {
        let words: Result<Vec<_>, _> = words.iter().map(|word| Assignment::parse(word)).collect();
        let new = NewValues::of(&words.unwrap(), &set_of(nsems)).map_err(|error| error.to_string())?;
        Ok::<_, String>(new.iter().collect::<Vec<_>>())
    };
    assert_eq!(of(&["1", "0", "32767"], 3), Ok(vec![(0, 1), (1, 0), (2, 32767)]));
    assert_eq!(of(&["2=5", "0:1=7"], 4), Ok(vec![(0, 7), (1, 7), (2, 5)]));
    for (words, nsems) in [
        (vec!["1"], 2),
        (vec!["1", "2", "3"], 2),
        (vec!["1", "0=2"], 2),
        (vec!["2=1"], 2),
        (vec!["0=1", "0=1"], 2),
        (vec!["0:1=1", "1=2"], 4),
        (vec!["0:2147483647=1"], 2),
    ] {
        assert!(of(&words, nsems).is_err(), "{words:?}");
    }
    for word in ["", "-1", "+1", "32768", "01", "x", "=1", "0=", "0=-1", "0=+1", "1:0=1", "0=1=2", "0 =1", " 1"] {
        assert!(Assignment::parse(word).is_err(), "{word:?}");
    }
}

#[test]
fn the_obstacle_is_named() {
    let named = |values: &[u16], text: &str| {
        let ops: Vec<SemOp> = parse_list(text).unwrap().into_iter().flat_map(Operation::expand).collect();
        obstacle(values, &ops)
    };
    assert_eq!(named(&[1, 0], "0-1 1-1"), Some("semaphore 1 is 0".to_owned()));
    assert_eq!(named(&[1, 3], "1=0"), Some("semaphore 1 is 3, not 0".to_owned()));
    assert_eq!(named(&[32767], "0+1"), Some("semaphore 0 is 32767, and can be at most 32767".to_owned()));
    assert_eq!(named(&[1, 0], "0-1 1+1 1-1"), None);
}

/// Does what the kernel does with operations of which none waits.
fn simulate(values: &[u16], ops: &[SemOp]) -> Option<Vec<u16>> {
    let mut values: Vec<i32> = values.iter().copied().map(i32::from).collect();
    for op in ops {
        let value = &mut values[usize::from(op.index)];
        if op.delta == 0 && *value != 0 {
            return None;
        }
        *value += i32::from(op.delta);
        if !(0..=32767).contains(value) {
            return None;
        }
    }
    Some(values.into_iter().map(|value| value as u16).collect())
}

fn operation() -> impl Strategy<Value = Operation> {
    (0..=65535u32, 0..=65535u32, -32767..=32767i16, any::<bool>()).prop_map(|(a, b, delta, no_wait)| Operation {
        semaphores: Range::parse(&format!("{}:{}", a.min(b), a.max(b))).unwrap(),
        delta,
        no_wait,
    })
}

proptest! {
    #[test]
    fn what_is_shown_reads_back(operations in prop::collection::vec(operation(), 1..5)) {
        for operation in &operations {
            prop_assert_eq!(Operation::parse(&operation.to_string()), Ok(*operation));
        }
        let list = operations.iter().map(Operation::to_string).collect::<Vec<_>>();
        prop_assert_eq!(parse_list(&list.join(" ")), Ok(operations.clone()));
        prop_assert_eq!(parse_list(&list.join(",")), Ok(operations));
    }

    // There is one way to write an operation, save that 3:3 may be written for 3. So whatever is accepted is one of
    // the texts that the test above goes through, and means the same.
    #[test]
    fn whatever_is_accepted_is_what_would_be_shown(text in "[0-9]{0,3}(:[0-9]{1,3})?[-+=][-+0-9]{0,5}[nu]{0,2}") {
        if let Ok(operation) = Operation::parse(&text) {
            let same = |text: &str| {
                let place = text.find(['-', '+', '=']).unwrap_or(0);
                let (semaphores, rest) = text.split_at(place);
                match semaphores.split_once(':') {
                    Some((first, last)) if first == last => format!("{first}{rest}"),
                    _ => text.to_owned(),
                }
            };
            prop_assert_eq!(operation.to_string(), same(&text));
        }
    }

    #[test]
    fn no_text_is_too_strange(text: String, near in "[0-9:=+nu, -]{0,12}") {
        for text in [text, near] {
            if let Ok(operation) = Operation::parse(&text) {
                prop_assert_eq!(Operation::parse(&operation.to_string()), Ok(operation));
                prop_assert!(operation.semaphores.last() <= 65535);
                prop_assert!(text.bytes().all(|byte| b"0123456789:=+-n".contains(&byte)));
            }
            if let Ok(range) = Range::parse(&text) {
                prop_assert_eq!(Range::parse(&range.to_string()), Ok(range));
            }
            let _ = parse_list(&text);
            let _ = Assignment::parse(&text);
        }
    }

    #[test]
    fn each_operation_is_on_the_semaphores_it_names(operation in operation()) {
        let ops: Vec<SemOp> = operation.expand().collect();
        prop_assert_eq!(ops.len() as u64, operation.semaphores.count());
        for (op, index) in ops.iter().zip(operation.semaphores.iter()) {
            prop_assert_eq!(u32::from(op.index), index);
            prop_assert_eq!((op.delta, op.no_wait, op.undo), (operation.delta, operation.no_wait, false));
        }
    }

    #[test]
    fn steps_lead_to_the_wanted_values_and_from_nowhere_else(
        before in prop::collection::vec(0..=32767u16, 4),
        other in prop::collection::vec(0..=3u16, 4),
        wanted in prop::collection::vec(0..=32767u16, 4),
        which in 1..16u32,
    ) {
        let chosen: Vec<(u32, u16)> =
            (0u32..4).zip(wanted).filter(|(index, _)| which & (1 << index) != 0).collect();
        for before in [before, other.clone()] {
            let ops = steps(&chosen, &before).unwrap();
            let mut after = before.clone();
            chosen.iter().for_each(|&(index, value)| after[index as usize] = value);
            prop_assert_eq!(simulate(&before, &ops), Some(after));
            prop_assert!(ops.iter().all(|op| op.no_wait && !op.undo));
            let differs = chosen.iter().any(|&(index, _)| other[index as usize] != before[index as usize]);
            if differs && !ops.is_empty() {
                prop_assert_eq!(simulate(&other, &ops), None);
            }
        }
    }
}
