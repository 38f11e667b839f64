use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::queue::Format;
use crate::render::escape::escape_bytes;
use crate::render::json::push_string;
use crate::render::units::{push_i64, push_u64};

#[derive(Debug)]
pub struct Encoder {
    format: Format,
    terminal: bool,
    scratch: String,
}

/// The message contains the byte that ends a record of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it holds a {}; use {}", .0.0, .0.1)]
pub struct Ambiguous((&'static str, &'static str));

impl Encoder {
    /// On a terminal every record is a line of escaped text.
    pub fn new(format: Format, terminal: bool) -> Self {
        Self { format, terminal, scratch: String::new() }
    }

    /// Appends a message, or nothing if its record could be taken for several. Only JSON has the `index` in the queue.
    pub fn push(&mut self, out: &mut Vec<u8>, index: Option<u32>, mtype: i64, text: &[u8]) -> Result<(), Ambiguous> {
        if self.format == Format::Jsonl {
            self.push_json(out, index, mtype, text);
            return Ok(());
        }
        if self.terminal {
            out.extend_from_slice(escape_bytes(text).as_bytes());
            out.push(b'\n');
            return Ok(());
        }
        let Some(separator) = self.format.separator() else {
            out.extend_from_slice(text);
            return Ok(());
        };
        if text.contains(&separator) {
            return Err(Ambiguous(match separator {
                b'\n' => ("newline", "-0 or --jsonl"),
                _ => ("NUL byte", "--jsonl"),
            }));
        }
        out.extend_from_slice(text);
        out.push(separator);
        Ok(())
    }

    fn push_json(&mut self, out: &mut Vec<u8>, index: Option<u32>, mtype: i64, text: &[u8]) {
        let json = &mut self.scratch;
        json.clear();
        json.push('{');
        if let Some(index) = index {
            json.push_str("\"index\":");
            push_u64(json, u64::from(index));
            json.push(',');
        }
        json.push_str("\"type\":");
        push_i64(json, mtype);
        match std::str::from_utf8(text) {
            Ok(text) => {
                json.push_str(",\"text\":");
                push_string(json, text);
            }
            Err(_) => {
                json.push_str(",\"base64\":\"");
                BASE64_STANDARD.encode_string(text, json);
                json.push('"');
            }
        }
        json.push_str("}\n");
        out.extend_from_slice(json.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::Encoder;
    use crate::queue::Format;

    fn encoded(format: Format, terminal: bool, text: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        Encoder::new(format, terminal).push(&mut out, None, 7, text).ok().map(|()| out)
    }

    #[test]
    fn each_format() {
        assert_eq!(encoded(Format::Raw, false, b"a\n\0").unwrap(), b"a\n\0");
        assert_eq!(encoded(Format::Lines, false, b"a\0").unwrap(), b"a\0\n");
        assert_eq!(encoded(Format::Null, false, b"a\n").unwrap(), b"a\n\0");
        assert_eq!(
            encoded(Format::Jsonl, false, b"a\"\n\x1b").unwrap(),
            b"{\"type\":7,\"text\":\"a\\\"\\n\\u001b\"}\n"
        );
        assert_eq!(encoded(Format::Jsonl, false, b"\xff").unwrap(), b"{\"type\":7,\"base64\":\"/w==\"}\n");
        assert_eq!(encoded(Format::Lines, false, b"a\nb"), None);
        assert_eq!(encoded(Format::Null, false, b"a\0b"), None);
    }

    #[test]
    fn a_terminal_gets_a_line_of_harmless_text() {
        for format in [Format::Raw, Format::Lines, Format::Null] {
            assert_eq!(encoded(format, true, b"\x1b[2J\n\xff").unwrap(), b"\\x1b[2J\\n\\xff\n");
        }
    }
}
