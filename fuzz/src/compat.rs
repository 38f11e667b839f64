//! The drop-ins' command lines, numbers and texts. Nothing is made or removed.
//!
//! - `ipcrm` removes only what has an id that can be, or a key that is not private; the old syntax names only ids.
//! - Every word comes back from getopt as an option, its value or an operand, or is refused in words that a terminal
//!   does not obey.
//! - `lsipc` writes text that no reader takes for anything else: no blanks in the raw form, no end of the quotes in the
//!   others, and what JSON says is JSON.

use ipcadm::compat::getopt::{self, Item, Spec, Value};
use ipcadm::compat::ipcmk::request as make;
use ipcadm::compat::ipcrm::request::{self as remove, Name};
use ipcadm::compat::lsipc::encode::{Encoding, push};
use ipcadm::compat::tool::{Tool, harmless, shown};
use ipcadm::compat::{Stop, numbers, text, times};
use ipcadm::sys::Timestamp;

use crate::support::{arguments, assert_harmless};

const OPTIONS: [Spec<u8>; 4] = [
    Spec::new(b'm', "shmem-id", Value::Required, 0),
    Spec::new(b'a', "all", Value::Optional, 1),
    Spec::new(b'v', "verbose", Value::No, 2),
    Spec::long("posix-shmem", Value::Optional, 3),
];

/// See above.
pub fn check(data: &[u8]) {
    let args = arguments(data);
    let items = getopt::read(&args, &OPTIONS);
    let operands = items.iter().filter(|item| matches!(item, Ok(Item::Operand(_)))).count();
    assert!(operands <= args.len());
    for item in items {
        match item {
            Ok(Item::Option(meaning, value)) => assert!(meaning != 0 || value.is_some()),
            Ok(Item::Operand(word)) => assert!(args.contains(&word)),
            Err(bad) => assert_harmless(&harmless(&bad.to_string()), &[]),
        }
    }
    for arg in &args {
        assert_harmless(&harmless(&shown(arg)), &[]);
        let _ = Tool::called(arg);
    }
    match remove::read(&args) {
        Ok(work) => {
            assert!(work.orders.iter().all(|order| match &order.name {
                Name::Id(id) => *id >= 0,
                Name::Key(key, _) => !key.is_private() && !work.confirm,
            }));
            assert!(!work.confirm || work.all.is_none() && !work.orders.is_empty());
        }
        Err(stop) => refused(&stop),
    }
    match make::read(&args) {
        Ok(work) => {
            assert!(work.segment.is_some() || work.set.is_some() || work.queue);
            assert!(work.mode.bits() <= 0o777);
        }
        Err(stop) => refused(&stop),
    }
    if let Ok(number) = numbers::int(data) {
        assert_eq!(numbers::int(number.to_string().as_bytes()), Ok(number));
    }
    encodings(data);
    let mut eight = [0; 8];
    eight.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
    widths(i64::from_le_bytes(eight));
}

fn refused(stop: &Stop) {
    if let Stop::Refused { messages, .. } = stop {
        assert!(!messages.is_empty());
        messages.iter().for_each(|message| assert_harmless(&harmless(message), &[]));
    }
}

fn encodings(data: &[u8]) {
    let encoded = |encoding| {
        let mut out = String::new();
        push(encoding, &mut out, data);
        // What JSON holds is escaped by its own rules.
        assert_harmless(&out, &[]);
        out
    };
    assert!(encoded(Encoding::Table { utf8: false }).is_ascii());
    encoded(Encoding::Table { utf8: true });
    encoded(Encoding::Sheet);
    assert!(!encoded(Encoding::Raw).contains(' '));
    assert!(!encoded(Encoding::Export).contains(['"', '$', '`']));
    let quoted = format!("\"{}\"", encoded(Encoding::Json));
    let found: String = serde_json::from_str(&quoted).expect("JSON");
    assert_eq!(found, String::from_utf8_lossy(data));
}

fn widths(number: i64) {
    let pushed = |push: &dyn Fn(&mut String)| {
        let mut out = String::new();
        push(&mut out);
        out
    };
    assert_eq!(pushed(&|out| text::push_left_i64(out, number, 12)), format!("{number:<12}"));
    assert_eq!(pushed(&|out| text::push_left_u64(out, number as u64, 12)), format!("{:<12}", number as u64));
    assert_eq!(pushed(&|out| text::push_octal(out, number as u32)), format!("{:o}", number as u32));
    assert!(!pushed(&|out| text::push_human(out, number as u64)).is_empty());
    let time = Timestamp::new(number);
    assert_harmless(&pushed(&|out| times::push_ctime(out, time)), &[]);
    assert_harmless(&pushed(&|out| times::push_ctime_without_year(out, time)), &[]);
}
