//! A JSON writer without a tree: a list may have 32,000 objects.

use std::io::{self, Write};

use super::escape::is_unsafe;
use super::style::push_utc;
use super::units::{push_i64, push_u64};
use super::value::Value;

/// The buffer is flushed at this size.
const CHUNK: usize = 64 * 1024;

/// Writes JSON into a buffer that is flushed now and then. The caller opens and closes; commas are automatic.
pub struct JsonWriter<W> {
    out: W,
    text: String,
    /// Whether the next item needs a comma.
    comma: bool,
    /// The last time written: many objects share theirs.
    last_time: (i64, String),
}

impl<W: Write> JsonWriter<W> {
    pub fn new(out: W) -> Self {
        Self { out, text: String::with_capacity(CHUNK + 4096), comma: false, last_time: (0, String::new()) }
    }

    fn separate(&mut self) {
        if self.comma {
            self.text.push(',');
        }
        self.comma = true;
    }

    pub(crate) fn open_object(&mut self) {
        self.separate();
        self.text.push('{');
        self.comma = false;
    }

    pub(crate) fn close_object(&mut self) {
        self.text.push('}');
        self.comma = true;
    }

    pub fn open_array(&mut self) {
        self.separate();
        self.text.push('[');
        self.comma = false;
    }

    pub fn close_array(&mut self) {
        self.text.push(']');
        self.comma = true;
    }

    /// Keys are ours and need no escaping.
    pub fn key(&mut self, key: &str) {
        self.separate();
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\":");
        self.comma = false;
    }

    /// A key with its quotes, and the comma and colon around it, for frequent keys.
    pub(crate) fn written_key(&mut self, key: &'static str) {
        self.text.push_str(&key[usize::from(!self.comma)..]);
        self.comma = false;
    }

    /// Starts a new line, as each object of a list does.
    pub fn line(&mut self) {
        if self.comma {
            self.text.push(',');
            self.comma = false;
        }
        self.text.push('\n');
    }

    pub fn string(&mut self, text: &str) {
        self.separate();
        push_string(&mut self.text, text);
    }

    pub fn number(&mut self, number: u64) {
        self.separate();
        push_u64(&mut self.text, number);
    }

    pub fn flag(&mut self, flag: bool) {
        self.separate();
        self.text.push_str(if flag { "true" } else { "false" });
    }

    pub fn null(&mut self) {
        self.separate();
        self.text.push_str("null");
    }

    /// In UTC.
    pub fn time(&mut self, seconds: i64) {
        self.separate();
        if self.last_time.0 != seconds || self.last_time.1.is_empty() {
            self.last_time.1.clear();
            push_utc(&mut self.last_time.1, seconds);
            self.last_time.0 = seconds;
        }
        self.text.push('"');
        self.text.push_str(&self.last_time.1);
        self.text.push('"');
    }

    /// The exact value of a field.
    pub fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Null | Value::Hidden | Value::Named(None, _) => self.null(),
            Value::Number(number) | Value::Bytes(number) => self.number(*number),
            Value::Signed(number) => {
                self.separate();
                push_i64(&mut self.text, *number);
            }
            Value::Flag(flag) => self.flag(*flag),
            Value::Time(seconds) => self.time(*seconds),
            Value::Named(Some(text), _) => self.string(text),
            Value::Word(text) | Value::Text(text) => self.string(text),
            Value::Facts(facts) => {
                self.open_array();
                for (fact, source) in facts {
                    self.open_object();
                    self.key("fact");
                    self.string(fact);
                    self.key("source");
                    self.string(source);
                    self.close_object();
                }
                self.close_array();
            }
            Value::Permille(_) => {
                self.separate();
                value.push_exact(&mut self.text);
            }
            Value::Reference(kind, id) => {
                self.separate();
                self.text.push('"');
                self.text.push_str(kind);
                self.text.push(':');
                push_u64(&mut self.text, *id);
                self.text.push('"');
            }
            Value::Hex(_) | Value::Octal(_) => {
                self.separate();
                self.text.push('"');
                value.push_exact(&mut self.text);
                self.text.push('"');
            }
        }
    }

    /// For callers that mix JSON with other text.
    pub fn buffer(&mut self) -> &mut String {
        &mut self.text
    }

    /// Ends a line and its document. Another may follow.
    pub fn end_line(&mut self) {
        self.text.push('\n');
        self.comma = false;
    }

    pub(crate) fn flush_if_large(&mut self) -> io::Result<()> {
        if self.text.len() >= CHUNK { self.hand_on() } else { Ok(()) }
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.hand_on()?;
        self.out.flush()
    }

    fn hand_on(&mut self) -> io::Result<()> {
        let result = self.out.write_all(self.text.as_bytes());
        // Failed output is not retried, or a full disk would fill the memory too.
        self.text.clear();
        result
    }
}

/// Appends a string. Most are plain; serde_json escapes the rest, and we escape characters that it leaves to a
/// terminal: DEL, C1 controls, bidirectional marks. JSON readers get the same text.
pub(crate) fn push_string(out: &mut String, text: &str) {
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\');
    if plain {
        out.push('"');
        out.push_str(text);
        out.push('"');
        return;
    }
    // Every string has a JSON form.
    for c in serde_json::to_string(text).unwrap_or_default().chars() {
        if c != '\\' && is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{JsonWriter, is_unsafe, push_string};
    use crate::render::value::Value;

    #[test]
    fn commas_come_by_themselves() {
        let mut out = Vec::new();
        let mut json = JsonWriter::new(&mut out);
        json.open_object();
        json.key("list");
        json.open_array();
        json.line();
        json.value(&Value::Hex(255));
        json.line();
        json.value(&Value::Octal(0o600));
        json.open_array();
        json.string("a");
        json.string("b");
        json.close_array();
        json.close_array();
        json.key("none");
        json.value(&Value::Hidden);
        json.key("time");
        json.value(&Value::Time(0));
        json.key("share");
        json.value(&Value::Permille(1005));
        json.close_object();
        json.end_line();
        json.flush().unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"list\":[\n\"0x000000ff\",\n\"0600\",[\"a\",\"b\"]],\"none\":null,\"time\":\"1970-01-01T00:00:00Z\",\"share\":100.5}\n"
        );
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text: String) {
            let mut out = String::new();
            push_string(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }

        #[test]
        fn no_terminal_obeys_it(text in "(.|[\"\\\\\n\t\u{0}\u{7f}\u{9b}\u{202e}\u{e0001}]){0,40}") {
            let mut out = String::new();
            push_string(&mut out, &text);
            prop_assert!(out.chars().all(|c| c == '\\' || !is_unsafe(c)), "{}", out);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
