//! Data pages of a segment as a bit set.

use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pages {
    bits: Vec<u64>,
    page: u64,
    count: u64,
}

impl Pages {
    /// An empty set for a segment of `size` bytes.
    pub(super) fn none(size: u64, page: u64) -> Self {
        let words = usize::try_from(size.div_ceil(page).div_ceil(64)).unwrap_or(0);
        Self { bits: vec![0; words], page, count: 0 }
    }

    pub(super) fn add(&mut self, number: u64) {
        let word = usize::try_from(number / 64).ok().and_then(|at| self.bits.get_mut(at));
        if let Some(word) = word {
            let bit = 1 << (number % 64);
            self.count += u64::from(*word & bit == 0);
            *word |= bit;
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.count.saturating_mul(self.page)
    }

    /// The end of the run at the start of `range`, and whether its pages are in the set.
    pub(super) fn run(&self, range: &Range<u64>) -> (u64, bool) {
        let first = range.start / self.page;
        let last = range.end.div_ceil(self.page);
        let data = self.has(first);
        let mut number = first + 1;
        while number < last {
            let word = usize::try_from(number / 64).ok().and_then(|at| self.bits.get(at)).copied().unwrap_or(0);
            // Pages that end the run, from `number` on, as ones.
            let ends = (if data { !word } else { word }) >> (number % 64);
            if ends == 0 {
                number = (number / 64 + 1) * 64;
            } else {
                number += u64::from(ends.trailing_zeros());
                break;
            }
        }
        (number.saturating_mul(self.page).min(range.end), data)
    }

    fn has(&self, number: u64) -> bool {
        let word = usize::try_from(number / 64).ok().and_then(|at| self.bits.get(at)).copied().unwrap_or(0);
        word >> (number % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pages;

    proptest! {
        /// Runs cover a range without gaps, alternate, and agree with each page.
        #[test]
        fn runs_tell_of_every_byte(
            chosen in proptest::collection::vec(any::<bool>(), 1..300),
            start in 0u64..3000,
            len in 0u64..3000,
        ) {
            let page = 10;
            let size = chosen.len() as u64 * page;
            let mut pages = Pages::none(size, page);
            for (number, _) in chosen.iter().enumerate().filter(|(_, chosen)| **chosen) {
                pages.add(number as u64);
                pages.add(number as u64);
            }
            prop_assert_eq!(pages.bytes(), chosen.iter().filter(|chosen| **chosen).count() as u64 * page);
            let (start, end) = (start.min(size), (start + len).min(size));
            let mut at = start;
            let mut before = None;
            while at < end {
                let (to, data) = pages.run(&(at..end));
                prop_assert!(to > at && to <= end);
                prop_assert_ne!(before, Some(data));
                for byte in at..to {
                    prop_assert_eq!(chosen[usize::try_from(byte / page).unwrap()], data, "byte {}", byte);
                }
                before = Some(data);
                at = to;
            }
        }
    }
}
