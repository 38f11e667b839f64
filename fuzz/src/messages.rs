//! Messages as records.
//!
//! - How the stream falls into buffers changes nothing.
//! - What was read is read again, byte by byte, from what is written of it, in each format that can hold it.
//! - A line of JSON is JSON, and the type in it is one that a message can have.
//! - On a terminal a message is one line without anything that it would obey.

use std::io::BufReader;

use crate::support::assert_harmless;
use ipcadm::queue::Format;
use ipcadm::queue::encode::Encoder;
use ipcadm::queue::input::Records;

type Messages = Vec<(Option<i64>, Vec<u8>)>;

/// Messages of up to so many bytes are taken.
const LARGEST: usize = 300;

/// Those up to the first that is none, and what is wrong with that.
fn read(format: Format, capacity: usize, bytes: &[u8]) -> (Messages, Option<String>) {
    let mut records = Records::new(BufReader::with_capacity(capacity, bytes), format, LARGEST);
    let mut all = Vec::new();
    loop {
        match records.read_next() {
            Ok(Some(record)) => all.push((record.mtype, record.text.to_vec())),
            Ok(None) => return (all, None),
            Err(bad) => {
                let number = records.number();
                return (all, Some(format!("{number}: {bad}")));
            }
        }
    }
}

/// See above.
pub fn check(data: &[u8]) {
    for format in [Format::Raw, Format::Lines, Format::Null, Format::Jsonl] {
        let found = read(format, 100_000, data);
        assert_eq!(read(format, 3, data), found);
        for (mtype, text) in &found.0 {
            assert!(text.len() <= LARGEST && mtype.is_none_or(|mtype| mtype >= 1));
            round_trip(mtype.unwrap_or(7), text);
        }
    }
}

fn round_trip(mtype: i64, text: &[u8]) {
    for format in [Format::Raw, Format::Lines, Format::Null, Format::Jsonl] {
        let mut out = Vec::new();
        let written = Encoder::new(format, false).push(&mut out, None, mtype, text);
        let ambiguous = format.separator().is_some_and(|separator| text.contains(&separator));
        assert_eq!(written.is_err(), ambiguous);
        if !ambiguous {
            let told = (format == Format::Jsonl).then_some(mtype);
            assert_eq!(read(format, 5, &out), (vec![(told, text.to_vec())], None));
        }
        let mut shown = Vec::new();
        Encoder::new(format, true).push(&mut shown, Some(3), mtype, text).expect("a terminal takes all");
        let shown = String::from_utf8(shown).expect("UTF-8");
        let line = shown.strip_suffix('\n').expect("a line");
        assert_harmless(line, &[]);
        if format == Format::Jsonl {
            let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert_eq!((value["type"].as_i64(), value["index"].as_u64()), (Some(mtype), Some(3)));
            assert!(value["text"].as_str().is_none_or(|found| found.as_bytes() == text));
        }
    }
}
