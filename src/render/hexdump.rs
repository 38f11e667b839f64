//! Offset, hexadecimal and ASCII, in the format of `hexdump -C`.

use std::io::{self, Write};

/// Bytes on a line.
const LINE: usize = 16;
const HEX: [u8; 16] = *b"0123456789abcdef";

/// Writes a dump. Repeated lines are folded to a `*`.
#[derive(Debug)]
pub struct HexDump<W> {
    out: W,
    /// The start of the current line.
    offset: u64,
    /// Width of an offset.
    digits: usize,
    line: [u8; LINE],
    filled: usize,
    before: Option<[u8; LINE]>,
    folding: bool,
}

impl<W: Write> HexDump<W> {
    /// Starts a dump of the bytes from `offset` to `end`.
    pub fn new(out: W, offset: u64, end: u64) -> Self {
        let digits = format!("{end:x}").len().max(8);
        Self { out, offset, digits, line: [0; LINE], filled: 0, before: None, folding: false }
    }

    pub fn push(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let take = bytes.len().min(LINE - self.filled);
            self.line[self.filled..self.filled + take].copy_from_slice(&bytes[..take]);
            self.filled += take;
            bytes = &bytes[take..];
            if self.filled == LINE {
                self.end_line()?;
            }
        }
        Ok(())
    }

    /// Dumps `len` zeros, in constant time.
    pub(crate) fn push_zeros(&mut self, len: u64) -> io::Result<()> {
        const SOME: u64 = 4 * LINE as u64;
        let zeros = [0; SOME as usize];
        if len <= SOME {
            return self.push(&zeros[..usize::try_from(len).unwrap_or(0)]);
        }
        // Fills up a line and writes at least one line of zeros and one folded line; those between are folded too.
        let skipped = (len - SOME) / LINE as u64 * LINE as u64;
        let rest = usize::try_from(len - SOME - skipped).unwrap_or(0);
        self.push(&zeros)?;
        self.offset += skipped;
        self.push(&zeros[..rest])
    }

    /// Ends the dump with the offset behind the last byte, unless it is empty. Returns the writer.
    pub fn finish(mut self) -> io::Result<W> {
        let begun = self.before.is_some() || self.filled > 0;
        if self.filled > 0 {
            let end = self.offset + self.filled as u64;
            self.write_line()?;
            self.offset = end;
        }
        if begun {
            writeln!(self.out, "{:0digits$x}", self.offset, digits = self.digits)?;
        }
        Ok(self.out)
    }

    fn end_line(&mut self) -> io::Result<()> {
        if self.before == Some(self.line) {
            if !self.folding {
                self.out.write_all(b"*\n")?;
            }
            self.folding = true;
        } else {
            self.folding = false;
            self.write_line()?;
            self.before = Some(self.line);
        }
        self.offset += LINE as u64;
        self.filled = 0;
        Ok(())
    }

    fn write_line(&mut self) -> io::Result<()> {
        let mut text = [b' '; 3 * LINE + 2];
        let mut shown = [0; LINE];
        for (at, &byte) in self.line[..self.filled].iter().enumerate() {
            // Gaps are before the first and the ninth byte.
            let column = 1 + 3 * at + usize::from(at >= LINE / 2);
            text[column] = HEX[usize::from(byte >> 4)];
            text[column + 1] = HEX[usize::from(byte & 15)];
            shown[at] = if (b' '..=b'~').contains(&byte) { byte } else { b'.' };
        }
        write!(self.out, "{:0digits$x} ", self.offset, digits = self.digits)?;
        self.out.write_all(&text)?;
        self.out.write_all(b" |")?;
        self.out.write_all(&shown[..self.filled])?;
        self.out.write_all(b"|\n")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::HexDump;

    fn dump(offset: u64, parts: &[(&[u8], u64)]) -> String {
        let len: u64 = parts.iter().map(|(bytes, zeros)| bytes.len() as u64 + zeros).sum();
        let mut dump = HexDump::new(Vec::new(), offset, offset + len);
        for (bytes, zeros) in parts {
            dump.push(bytes).unwrap();
            dump.push_zeros(*zeros).unwrap();
        }
        String::from_utf8(dump.finish().unwrap()).unwrap()
    }

    #[test]
    fn it_looks_like_that_of_hexdump() {
        assert_eq!(
            dump(0, &[(b"Hello, world! \x1b[31m and \xff more", 0)]),
            "00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 20 1b 5b  |Hello, world! .[|\n\
             00000010  33 31 6d 20 61 6e 64 20  ff 20 6d 6f 72 65        |31m and . more|\n\
             0000001e\n"
        );
        assert_eq!(dump(7, &[]), "");
        assert_eq!(
            dump(5, &[(b"x", 0)]),
            "00000005  78                                                |x|\n00000006\n"
        );
    }

    #[test]
    fn repeated_lines_are_folded() {
        assert_eq!(
            dump(0, &[(b"A", 1 << 36), (b"B", 0)]),
            "000000000  41 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |A...............|\n\
             000000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n\
             *\n\
             1000000000  00 42                                             |.B|\n1000000002\n"
                .replace("000000000  41", "0000000000  41")
                .replace("000000010", "0000000010")
        );
    }

    proptest! {
        /// Zeros that are skipped show like zeros that are written.
        #[test]
        fn zeros_are_zeros(head in proptest::collection::vec(0u8..2, 0..40), zeros in 0u64..400, tail in proptest::collection::vec(0u8..2, 0..40)) {
            let mut all = head.clone();
            all.resize(head.len() + usize::try_from(zeros).unwrap(), 0);
            all.extend(&tail);
            prop_assert_eq!(dump(3, &[(&head, zeros), (&tail, 0)]), dump(3, &[(&all, 0)]));
        }

        /// Everything can be read back from the dump.
        #[test]
        fn nothing_is_lost(bytes in proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..200)) {
            let text = dump(0, &[(&bytes, 0)]);
            let mut back: Vec<u8> = Vec::new();
            let mut last = Vec::new();
            let mut folded = false;
            for line in text.lines() {
                if line == "*" {
                    folded = true;
                    continue;
                }
                let at = usize::from_str_radix(line.split(' ').next().unwrap(), 16).unwrap();
                while folded && back.len() < at {
                    back.extend(&last);
                }
                folded = false;
                prop_assert_eq!(back.len(), at);
                let Some(hex) = line.get(10..59) else { continue };
                last = hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
                back.extend(&last);
            }
            prop_assert_eq!(back, bytes);
        }
    }
}
