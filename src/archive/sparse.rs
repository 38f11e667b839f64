//! The map of a sparse member (GNU PAX sparse 1.0): where the data of a file with holes belongs.
//!
//! Decimal numbers, a line each: how many entries, then offset and length of each; zeros up to a whole block. A hole at
//! the end is told by an entry of length 0. The data follows, without gaps.

use std::io::BufRead;
use std::ops::Range;

use super::tar::padding;

/// A map has no more entries than this; smaller holes are filled up before.
pub const MAX_RUNS: usize = 1 << 20;

/// The runs of data in a file of `size` bytes: ascending, and a hole between any two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    /// The size of the whole file.
    pub size: u64,
    pub runs: Vec<Range<u64>>,
}

impl Map {
    /// A map of a file that is all data.
    #[must_use]
    pub fn full(size: u64) -> Self {
        Self { size, runs: std::iter::once(0..size).collect() }
    }

    /// Of `runs` in ascending order. The smallest holes are filled up if there are too many.
    #[must_use]
    pub fn new(size: u64, mut runs: Vec<Range<u64>>) -> Self {
        let mut gap = 0;
        loop {
            runs.dedup_by(|next, run| {
                let joins = next.start - run.end <= gap;
                if joins {
                    run.end = next.end;
                }
                joins
            });
            if runs.len() <= MAX_RUNS {
                return Self { size, runs };
            }
            gap = (gap * 2).max(4096);
        }
    }

    /// Whether there is no hole, so that the file is stored as it is.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.runs.as_slice(), [run] if *run == (0..self.size))
    }

    #[must_use]
    pub fn data(&self) -> u64 {
        self.runs.iter().map(|run| run.end - run.start).sum()
    }

    /// As it stands in front of the data.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let end = (self.runs.last().map_or(0, |run| run.end) < self.size).then_some((self.size, 0));
        let entries = self.runs.iter().map(|run| (run.start, run.end - run.start)).chain(end);
        let mut out = format!("{}\n", entries.clone().count());
        for (offset, len) in entries {
            out.push_str(&format!("{offset}\n{len}\n"));
        }
        let mut out = out.into_bytes();
        out.resize(out.len() + padding(out.len() as u64), 0);
        out
    }

    /// Reads the map of a file of `size` bytes. None unless it is as [`Map::encode`] writes it.
    #[must_use]
    pub fn read(size: u64, mut input: impl BufRead) -> Option<Self> {
        let entries = usize::try_from(number(&mut input)?).ok().filter(|count| (1..=MAX_RUNS + 1).contains(count))?;
        let mut runs: Vec<Range<u64>> = Vec::new();
        for left in (0..entries).rev() {
            let (offset, len) = (number(&mut input)?, number(&mut input)?);
            let end = offset.checked_add(len).filter(|end| *end <= size)?;
            // The first may begin with the file; behind another there is a hole.
            if runs.last().is_some_and(|run| offset <= run.end) {
                return None;
            }
            match len {
                0 if left == 0 && offset == size => {}
                0 => return None,
                _ => runs.push(offset..end),
            }
        }
        let map = Self { size, runs };
        // A hole at the end must be told, and a file without holes is not sparse.
        (!map.is_full() && map.encode().starts_with(format!("{entries}\n").as_bytes())).then_some(map)
    }
}

fn number(input: &mut impl BufRead) -> Option<u64> {
    let mut line = Vec::new();
    std::io::Read::take(input, 21).read_until(b'\n', &mut line).ok()?;
    let text = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Map;

    #[test]
    fn maps_that_lie_are_refused() {
        assert!(Map::read(10, &b"1\n10\n0\n"[..]).is_some());
        assert!(Map::read(10, &b"2\n1\n2\n10\n0\n"[..]).is_some());
        for bad in [
            "",
            "0\n",
            "1\n0\n10\n",
            "2\n0\n5\n4\n6\n",
            "2\n0\n5\n5\n5\n",
            "1\n0\n5\n",
            "1\n5\n6\n",
            "2\n5\n1\n1\n1\n",
            "1\n18446744073709551615\n1\n",
            "99999999999999999999\n",
            "1\n-1\n5\n",
            "1\n 0\n5\n",
            "1\n05\n5\n",
            "2\n1\n0\n10\n0\n",
            "3\n1\n2\n10\n0\n10\n0\n",
            "1\n9\n0\n",
            "1048578\n",
        ] {
            assert_eq!(Map::read(10, bad.as_bytes()), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn maps_read_back(gaps in proptest::collection::vec((1u64..9, 1u64..9), 0..20), first: bool, tail in 0u64..3) {
            let mut at = 0;
            let mut runs = Vec::new();
            for (number, (gap, len)) in gaps.into_iter().enumerate() {
                at += if first && number == 0 { 0 } else { gap };
                runs.push(at..at + len);
                at += len;
            }
            let map = Map::new(at + tail, runs);
            prop_assume!(map.size > 0 && !map.is_full());
            let text = map.encode();
            prop_assert_eq!(text.len() % 512, 0);
            prop_assert_eq!(Map::read(map.size, text.as_slice()), Some(map));
        }

        #[test]
        fn no_map_is_too_strange(size: u64, text in "[0-9\n]{0,40}") {
            let _ = Map::read(size, text.as_bytes());
        }
    }
}
