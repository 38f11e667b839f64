//! Messages from a stream of records.

use std::io::{self, BufRead, Read};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::queue::Format;

#[derive(Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// None where the record has no type.
    pub mtype: Option<i64>,
    pub text: &'a [u8],
}

#[derive(Debug, thiserror::Error)]
pub enum BadInput {
    #[error("{}", crate::error::os_message(.0))]
    Read(#[from] io::Error),
    /// The record exceeds the largest message; the rest of it was not read.
    #[error("too large")]
    TooLarge,
    /// Not a JSON object of a message.
    #[error("{0}")]
    Malformed(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "type")]
    mtype: Option<i64>,
    text: Option<String>,
    base64: Option<String>,
    /// Ignored: `msg peek` prints it, and its output can be sent.
    #[serde(rename = "index")]
    _index: Option<IgnoredAny>,
}

/// Buffers are kept from record to record.
#[derive(Debug)]
pub struct Records<R> {
    reader: R,
    format: Format,
    /// Bytes.
    largest: usize,
    /// The last record, if it did not lie whole in the reader's buffer.
    record: Vec<u8>,
    /// Otherwise its length in that buffer.
    ahead: Option<usize>,
    /// Consumed bytes of the reader's buffer.
    used: usize,
    text: Vec<u8>,
    number: u64,
    ended: bool,
}

/// Searching chunks first is several times faster than byte by byte.
fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    const PIECE: usize = 64;
    let start = bytes.chunks(PIECE).position(|piece| piece.contains(&byte))? * PIECE;
    bytes.get(start..)?.iter().position(|&here| here == byte).map(|at| start + at)
}

impl<R: BufRead> Records<R> {
    /// `largest` is the largest message in bytes.
    pub fn new(reader: R, format: Format, largest: usize) -> Self {
        let (record, text) = (Vec::new(), Vec::new());
        Self { reader, format, largest, record, ahead: None, used: 0, text, number: 0, ended: false }
    }

    /// The number of the last record, or line of JSON, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next message. In [`Format::Raw`] the whole stream is one, an empty stream too.
    pub fn read_next(&mut self) -> Result<Option<Record<'_>>, BadInput> {
        match (self.format, self.format.separator()) {
            (Format::Jsonl, _) => self.json(),
            (_, Some(separator)) => {
                if !self.read_record(separator, self.largest)? {
                    return Ok(None);
                }
                Ok(Some(Record { mtype: None, text: self.record()? }))
            }
            (_, None) => {
                if self.ended {
                    return Ok(None);
                }
                self.ended = true;
                self.number = 1;
                let most = (self.largest as u64).saturating_add(1);
                (&mut self.reader).take(most).read_to_end(&mut self.record)?;
                if self.record.len() > self.largest {
                    return Err(BadInput::TooLarge);
                }
                Ok(Some(Record { mtype: None, text: &self.record }))
            }
        }
    }

    /// Reads up to `separator`, which is dropped, or the end of the stream. False at the end.
    fn read_record(&mut self, separator: u8, largest: usize) -> Result<bool, BadInput> {
        self.reader.consume(std::mem::take(&mut self.used));
        self.ahead = None;
        let buffer = match self.reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => &[],
            other => other?,
        };
        if let Some(end) = find(buffer, separator) {
            self.number += 1;
            if end > largest {
                return Err(BadInput::TooLarge);
            }
            (self.ahead, self.used) = (Some(end), end + 1);
            return Ok(true);
        }
        self.record.clear();
        let most = (largest as u64).saturating_add(1);
        if (&mut self.reader).take(most).read_until(separator, &mut self.record)? == 0 {
            return Ok(false);
        }
        self.number += 1;
        if self.record.last() == Some(&separator) {
            self.record.pop();
        } else if self.record.len() > largest {
            return Err(BadInput::TooLarge);
        }
        Ok(true)
    }

    /// The record just read.
    fn record(&mut self) -> io::Result<&[u8]> {
        match self.ahead {
            // Buffered bytes are not read again.
            Some(end) => Ok(self.reader.fill_buf()?.get(..end).unwrap_or_default()),
            None => Ok(&self.record),
        }
    }

    fn json(&mut self) -> Result<Option<Record<'_>>, BadInput> {
        // `\u0000` takes six bytes for one; the rest is for keys and blanks.
        let longest = self.largest.saturating_mul(6).saturating_add(4096);
        loop {
            if !self.read_record(b'\n', longest)? {
                return Ok(None);
            }
            if !self.record()?.trim_ascii().is_empty() {
                break;
            }
        }
        // serde would also take a list of the values.
        if !self.record()?.trim_ascii_start().starts_with(b"{") {
            return Err(BadInput::Malformed("no JSON object".to_owned()));
        }
        let line: Line = serde_json::from_slice(self.record()?).map_err(|error| {
            // The line is always the first.
            BadInput::Malformed(error.to_string().replace(" at line 1 column ", " at column "))
        })?;
        if line.mtype.is_some_and(|mtype| mtype < 1) {
            return Err(BadInput::Malformed("a type is 1 or more".to_owned()));
        }
        self.text = match (line.text, line.base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(base64)) => BASE64_STANDARD
                .decode(base64)
                .map_err(|_| BadInput::Malformed("not base64 (RFC 4648, with padding)".to_owned()))?,
            _ => return Err(BadInput::Malformed("needs either \"text\" or \"base64\"".to_owned())),
        };
        if self.text.len() > self.largest {
            return Err(BadInput::TooLarge);
        }
        Ok(Some(Record { mtype: line.mtype, text: &self.text }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BadInput, Records};
    use crate::queue::Format;
    use crate::queue::encode::Encoder;

    type Read = Result<Vec<(Option<i64>, Vec<u8>)>, String>;

    fn read(format: Format, largest: usize, bytes: &[u8]) -> Read {
        // Small buffers, so that records cross their ends.
        let [small, large] = [3, 100_000].map(|capacity| {
            let reader = std::io::BufReader::with_capacity(capacity, bytes);
            let mut records = Records::new(reader, format, largest);
            let mut all = Vec::new();
            loop {
                match records.read_next() {
                    Ok(Some(record)) => all.push((record.mtype, record.text.to_vec())),
                    Ok(None) => return Ok(all),
                    Err(bad) => return Err(format!("{}: {bad}", records.number())),
                }
            }
        });
        assert_eq!(small, large);
        small
    }

    fn texts(texts: &[&str]) -> Read {
        Ok(texts.iter().map(|text| (None, text.as_bytes().to_vec())).collect())
    }

    #[test]
    fn streams_are_cut_into_messages() {
        assert_eq!(read(Format::Raw, 9, b""), texts(&[""]));
        assert_eq!(read(Format::Raw, 4, b"a\nb\0"), texts(&["a\nb\0"]));
        assert_eq!(read(Format::Lines, 9, b""), texts(&[]));
        assert_eq!(read(Format::Lines, 9, b"a\n\nbc"), texts(&["a", "", "bc"]));
        assert_eq!(read(Format::Lines, 9, b"a\r\n"), texts(&["a\r"]));
        assert_eq!(read(Format::Null, 9, b"a\nb\0c\0"), texts(&["a\nb", "c"]));
    }

    #[test]
    fn the_largest_message_is_taken_and_no_larger() {
        for (format, end) in [(Format::Raw, ""), (Format::Lines, "\n"), (Format::Lines, ""), (Format::Null, "\0")] {
            assert_eq!(read(format, 3, format!("abc{end}").as_bytes()), texts(&["abc"]));
            assert_eq!(read(format, 3, format!("abcd{end}").as_bytes()), Err("1: too large".to_owned()));
        }
        assert_eq!(read(Format::Jsonl, 3, br#"{"text":"abcd"}"#), Err("1: too large".to_owned()));
        assert_eq!(read(Format::Jsonl, 3, &vec![b' '; 5000]), Err("1: too large".to_owned()));
        // Endless input must not be read to its end.
        let mut endless = Records::new(std::io::BufReader::new(std::io::repeat(0)), Format::Raw, 100);
        assert!(matches!(endless.read_next(), Err(BadInput::TooLarge)));
    }

    #[test]
    fn json_is_strict() {
        let one = |line: &str| read(Format::Jsonl, 100, line.as_bytes());
        assert_eq!(
            one("{\"text\":\"a\"}\n\n  \n{\"type\":3,\"base64\":\"/w==\"}").unwrap(),
            [(None, b"a".to_vec()), (Some(3), vec![255])]
        );
        assert_eq!(one(r#"{"index":7,"type":1,"text":"\u0000é"}"#).unwrap(), [(Some(1), "\0é".as_bytes().to_vec())]);
        for bad in [
            "x",
            "[]",
            r#"[3,"hi",null,null]"#,
            "{}",
            "3",
            r#"{"type":1}"#,
            r#"{"text":"a","base64":""}"#,
            r#"{"text":"a","tpye":1}"#,
            r#"{"type":0,"text":""}"#,
            r#"{"type":-1,"text":""}"#,
            r#"{"type":"1","text":""}"#,
            r#"{"type":1.5,"text":""}"#,
            r#"{"type":9223372036854775808,"text":""}"#,
            r#"{"text":"a"} {"text":"b"}"#,
            r#"{"text":"\ud800"}"#,
            r#"{"text":"a","text":"b"}"#,
        ] {
            assert!(one(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn base64_is_what_would_be_written() {
        let one = |base64: &str| read(Format::Jsonl, 100, format!(r#"{{"base64":"{base64}"}}"#).as_bytes());
        for (base64, text) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob")] {
            assert_eq!(one(base64), Ok(vec![(None, text.into())]), "{base64}");
        }
        for bad in
            ["Z", "Zg", "/w", "Zg=", "Zg===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9", "Zm9v\\n", "Zm-_", "=Zg="]
        {
            assert!(one(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(messages in prop::collection::vec((1i64.., any::<Vec<u8>>()), 0..8)) {
            for format in [Format::Lines, Format::Null, Format::Jsonl] {
                let mut encoder = Encoder::new(format, false);
                let (mut stream, mut kept) = (Vec::new(), Vec::new());
                for (mtype, text) in &messages {
                    if encoder.push(&mut stream, Some(4), *mtype, text).is_ok() {
                        kept.push(((format == Format::Jsonl).then_some(*mtype), text.clone()));
                    }
                }
                prop_assert_eq!(read(format, 1000, &stream), Ok(kept));
            }
        }

        #[test]
        fn no_stream_is_too_strange(bytes: Vec<u8>, largest in 0usize..50) {
            for format in [Format::Raw, Format::Lines, Format::Null, Format::Jsonl] {
                let _ = read(format, largest, &bytes);
            }
        }
    }
}
