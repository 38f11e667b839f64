//! Formats cells, numbers and sizes as util-linux does.

use crate::render::units::{push_i64, push_u64};

const BLANKS: &str = "                                                                ";

/// Right-aligns the cell that begins at `start`, in a column of at most 64 characters.
pub fn pad_front(out: &mut String, start: usize, width: usize) {
    let missing = width.saturating_sub(out.len() - start);
    out.insert_str(start, BLANKS.get(..missing).unwrap_or(BLANKS));
}

/// Left-aligns the cell that begins at `start`.
pub fn pad(out: &mut String, start: usize, width: usize) {
    let missing = width.saturating_sub(out.len() - start);
    match BLANKS.get(..missing) {
        Some(blanks) => out.push_str(blanks),
        None => out.extend(std::iter::repeat_n(' ', missing)),
    }
}

pub fn push_left_u64(out: &mut String, number: u64, width: usize) {
    let start = out.len();
    push_u64(out, number);
    pad(out, start, width);
}

pub fn push_left_i64(out: &mut String, number: i64, width: usize) {
    let start = out.len();
    push_i64(out, number);
    pad(out, start, width);
}

/// Formats as `%o`.
pub fn push_octal(out: &mut String, number: u32) {
    let mut shift = (number.checked_ilog2().unwrap_or(0) / 3) * 3;
    loop {
        out.push(char::from(b'0' + ((number >> shift) & 7) as u8));
        if shift == 0 {
            return;
        }
        shift -= 3;
    }
}

/// Formats as `%#o`.
pub fn push_octal_marked(out: &mut String, number: u32) {
    if number != 0 {
        out.push('0');
    }
    push_octal(out, number);
}

/// Formats a size as util-linux does: a power of 1024 with one letter, and one decimal unless it is 0. The fraction is
/// truncated to three decimals before it is rounded to one.
pub fn push_human(out: &mut String, bytes: u64) {
    const LETTERS: [char; 7] = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];
    let unit = (bytes.checked_ilog2().unwrap_or(0) / 10) as usize;
    let shift = unit * 10;
    let mut whole = bytes >> shift;
    let below = bytes & ((1 << shift) - 1);
    let thousandths = ((u128::from(below) * 1000) >> shift) as u64;
    let mut tenths = (thousandths + 50) / 100;
    if tenths == 10 {
        whole += 1;
        tenths = 0;
    }
    push_u64(out, whole);
    if tenths > 0 {
        out.push('.');
        push_u64(out, tenths);
    }
    out.push(LETTERS[unit]);
}

#[cfg(test)]
mod tests {
    use super::{push_human, push_octal, push_octal_marked};

    fn text(push: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        push(&mut out);
        out
    }

    #[test]
    fn octal_numbers() {
        for (number, octal) in
            [(0, "0"), (7, "7"), (8, "10"), (0o600, "600"), (0o2606, "2606"), (u32::MAX, "37777777777")]
        {
            assert_eq!(text(|out| push_octal(out, number)), octal);
        }
        assert_eq!(text(|out| push_octal_marked(out, 0o40)), "040");
        assert_eq!(text(|out| push_octal_marked(out, 0)), "0");
    }

    #[test]
    fn sizes_for_humans() {
        for (bytes, shown) in [
            (0, "0B"),
            (1, "1B"),
            (1023, "1023B"),
            (1024, "1K"),
            (16000, "15.6K"),
            (65537, "64K"),
            (3 << 30, "3G"),
            (u64::MAX, "16E"),
            ((1 << 20) - 1, "1024K"),
        ] {
            assert_eq!(text(|out| push_human(out, bytes)), shown, "{bytes}");
        }
    }
}
