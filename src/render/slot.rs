//! Writing into the place that a cell has in a line of a table. Its bytes are blanks before.

use super::units::digits;

/// A place in a line, as wide as its column.
pub struct Slot<'a> {
    pub(crate) bytes: &'a mut [u8],
    /// Whether what is shorter stands at the right.
    pub(crate) right: bool,
}

impl<'a> Slot<'a> {
    /// Writes ASCII text; false if there is no room for it.
    #[inline(always)]
    pub(crate) fn text(self, text: &[u8]) -> bool {
        self.part(text.len()).is_some_and(|part| {
            part.copy_from_slice(text);
            true
        })
    }

    /// Writes a number and ASCII text behind it; false if there is no room for them.
    #[inline(always)]
    pub(crate) fn number(self, number: u64, behind: &[u8]) -> bool {
        let length = digits(number);
        self.part(length + behind.len()).is_some_and(|part| {
            part[length..].copy_from_slice(behind);
            fill(&mut part[..length], number);
            true
        })
    }

    /// Writes a word, a colon and a number; false if there is no room for them.
    pub(crate) fn reference(self, word: &str, number: u64) -> bool {
        let start = word.len() + 1;
        self.part(start + digits(number)).is_some_and(|part| {
            part[..start - 1].copy_from_slice(word.as_bytes());
            part[start - 1] = b':';
            fill(&mut part[start..], number);
            true
        })
    }

    fn part(self, length: usize) -> Option<&'a mut [u8]> {
        let start = if self.right { self.bytes.len().checked_sub(length)? } else { 0 };
        self.bytes.get_mut(start..start + length)
    }
}

/// Writes the last digits of a number, as many as there is room for.
fn fill(part: &mut [u8], mut number: u64) {
    for digit in part.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}
