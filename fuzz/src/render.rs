//! How text and numbers are shown.
//!
//! - Nothing that is shown is obeyed by a terminal, and the original can be had back from an escaped text.
//! - Text that is cut fits.
//! - JSON is what serde_json takes it for, CSV what RFC 4180 says; dumps hold the very bytes.
//! - A table has a line for each row; what is said of widths is so.

use std::borrow::Cow;

use crate::support::assert_harmless;
use ipcadm::render::csv;
use ipcadm::render::escape::{display_width, escape, escape_bytes, truncate};
use ipcadm::render::hexdump::HexDump;
use ipcadm::render::json::JsonWriter;
use ipcadm::render::style::{Style, TimeStyle};
use ipcadm::render::table::{self, Column};
use ipcadm::render::units::{
    age_width, digits, parse_size, push_age, push_hex32, push_i64, push_octal4, push_size, push_u64, size_width,
};
use ipcadm::render::value::Value;

/// See above.
pub fn check(data: &[u8]) {
    let escaped = escape_bytes(data);
    assert_harmless(&escaped, &[]);
    assert_eq!(unescape(&escaped), data);
    let text = String::from_utf8_lossy(data);
    let escaped = escape(&text);
    assert_harmless(&escaped, &[]);
    assert_eq!(unescape(&escaped), text.as_bytes());
    for width in [0, 1, 2, 7, 40] {
        assert!(display_width(&truncate(&escaped, width)) <= width);
    }
    dump(data);
    let mut eight = [0; 8];
    eight.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
    numbers(u64::from_le_bytes(eight));
    let values = values(&text, u64::from_le_bytes(eight));
    json(&values);
    records(&values);
    rows(&values);
}

/// Undoes what `escape` and `escape_bytes` do.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        let (what, behind) = behind.split_at(1);
        rest = behind;
        match what {
            "\\" => out.push(b'\\'),
            "n" => out.push(b'\n'),
            "r" => out.push(b'\r'),
            "t" => out.push(b'\t'),
            "x" => {
                let (digits, behind) = rest.split_at(2);
                out.push(u8::from_str_radix(digits, 16).expect("two digits"));
                rest = behind;
            }
            "u" => {
                let (digits, behind) = rest.split_once('}').expect("a bracket");
                let number = u32::from_str_radix(&digits[1..], 16).expect("digits");
                let c = char::from_u32(number).expect("a character");
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = behind;
            }
            other => panic!("\\{other} in {text:?}"),
        }
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// Reads a dump, in which lines like the one before are folded.
fn undump(text: &str) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    let mut folded = false;
    for line in text.lines() {
        if line == "*" {
            folded = true;
            continue;
        }
        let (offset, rest) = line.split_once(' ').unwrap_or((line, ""));
        let offset = usize::from_str_radix(offset, 16).expect("an offset");
        while folded && out.len() < offset {
            out.extend_from_within(out.len() - 16..);
        }
        folded = false;
        assert_eq!(out.len(), offset);
        let bytes = rest.split_once('|').map_or("", |(bytes, _)| bytes).split_whitespace();
        out.extend(bytes.map(|byte| u8::from_str_radix(byte, 16).expect("a byte")));
    }
    out
}

fn dump(data: &[u8]) {
    let mut dump = HexDump::new(Vec::new(), 0, data.len() as u64);
    for piece in data.chunks(7) {
        dump.push(piece).expect("room");
    }
    let text = String::from_utf8(dump.finish().expect("room")).expect("UTF-8");
    assert_harmless(&text, &['\n']);
    assert_eq!(undump(&text), data);
}

fn numbers(number: u64) {
    let text = |push: &dyn Fn(&mut String)| {
        let mut out = String::new();
        push(&mut out);
        out
    };
    assert_eq!(text(&|out| push_u64(out, number)), number.to_string());
    assert_eq!(digits(number), number.to_string().len());
    let (signed, small) = (number.cast_signed(), number as u32);
    assert_eq!(text(&|out| push_i64(out, signed)), signed.to_string());
    assert_eq!(text(&|out| push_hex32(out, small)), format!("0x{small:08x}"));
    assert_eq!(text(&|out| push_octal4(out, small)), format!("{small:04o}"));
    assert_eq!(text(&|out| push_age(out, signed)).len(), age_width(signed));
    let size = text(&|out| push_size(out, number));
    assert_eq!(size.len(), size_width(number));
    // A size is rounded in what is shown, by a twentieth at most.
    let whole = size.split_once('.').map_or(size.clone(), |(whole, rest)| format!("{whole}{}", &rest[1..]));
    let shown = parse_size(&size).ok().or_else(|| parse_size(&whole).ok());
    assert!(shown.is_some() || number > u64::MAX / 20 * 19, "{size}");
    if !size.contains('.')
        && let Some(shown) = shown
    {
        assert!(shown.abs_diff(number) <= number / 20, "{size}");
    }
}

fn values(text: &str, number: u64) -> Vec<Value<'_>> {
    vec![
        Value::Null,
        Value::Hidden,
        Value::Number(number),
        Value::Signed(number.cast_signed()),
        Value::Bytes(number),
        Value::Permille(number),
        Value::Hex(number as u32),
        Value::Octal(number as u32),
        Value::Time(number.cast_signed()),
        Value::Flag(number % 2 == 1),
        Value::Reference("shm", number),
        Value::Named(Some(text), number as u32),
        Value::Named(None, number as u32),
        Value::Text(Cow::Borrowed(text)),
        Value::Facts(vec![(text.into(), "source".into()), ("fact".into(), text.into())]),
    ]
}

fn json(values: &[Value<'_>]) {
    let mut bytes = Vec::new();
    let mut writer = JsonWriter::new(&mut bytes);
    writer.open_array();
    values.iter().for_each(|value| writer.value(value));
    writer.close_array();
    writer.end_line();
    writer.flush().expect("room");
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert_harmless(&text, &['\n']);
    let found: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    assert_eq!(found.len(), values.len());
    for (value, found) in values.iter().zip(&found) {
        match value {
            Value::Number(number) | Value::Bytes(number) => assert_eq!(found.as_u64(), Some(*number)),
            Value::Signed(number) => assert_eq!(found.as_i64(), Some(*number)),
            Value::Named(Some(text), _) => assert_eq!(found.as_str(), Some(*text)),
            Value::Text(text) => assert_eq!(found.as_str(), Some(&**text)),
            Value::Facts(facts) => {
                for ((fact, source), found) in facts.iter().zip(found.as_array().expect("a list")) {
                    assert_eq!((found["fact"].as_str(), found["source"].as_str()), (Some(&**fact), Some(&**source)));
                }
            }
            _ => {}
        }
    }
}

/// The fields of a record of CSV.
fn fields(record: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = record.strip_suffix("\r\n").expect("an end").chars().peekable();
    while let Some(c) = characters.next() {
        let last = fields.len() - 1;
        match c {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => fields[last].push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            '\r' | '\n' if !quoted => panic!("{record:?} ends early"),
            c => fields[last].push(c),
        }
    }
    fields
}

fn records(values: &[Value<'_>]) {
    for escaped in [false, true] {
        let mut out = String::new();
        csv::push_record(&mut out, values.iter().cloned(), escaped);
        let found = fields(&out);
        assert_eq!(found.len(), values.len());
        for (value, found) in values.iter().zip(found) {
            let mut exact = String::new();
            value.push_exact(&mut exact);
            match value {
                Value::Named(..) | Value::Text(_) if escaped => assert_eq!(unescape(&found), exact.as_bytes()),
                _ => assert_eq!(found, exact),
            }
        }
    }
}

fn rows(values: &[Value<'_>]) {
    let plain = Column { header: "FIRST", right: true, flexible: false, wraps: false };
    let columns = [plain, Column { header: "LAST", right: false, flexible: true, wraps: false }];
    let style = Style {
        bytes: false,
        time: TimeStyle::Age,
        now: 1_800_000_000,
        zone: None,
        color: false,
        width: None,
        header: true,
        indent: 2,
    };
    let mut scratch = String::new();
    for value in values {
        let mut shown = String::new();
        value.push_shown(&mut shown, &style);
        assert_eq!(value.width(&style, &mut scratch), display_width(&shown));
    }
    for width in [None, Some(40)] {
        let mut out = Vec::new();
        let style = Style { width, ..style.clone() };
        let cell = |row: usize, column: usize| values[(row + column) % values.len()].clone();
        table::write(&mut out, &columns, values.len(), &style, &cell).expect("room");
        let text = String::from_utf8(out).expect("UTF-8");
        assert_harmless(&text, &['\n']);
        assert_eq!(text.lines().count(), values.len() + 1);
    }
}
