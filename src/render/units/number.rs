//! Numbers in decimal, hexadecimal and octal.

pub fn push_u64(out: &mut String, n: u64) {
    out.push_str(itoa::Buffer::new().format(n));
}

pub fn push_i64(out: &mut String, n: i64) {
    out.push_str(itoa::Buffer::new().format(n));
}

/// The number of decimal digits, 1 for zero.
pub fn digits(n: u64) -> usize {
    n.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Checking ASCII bytes at once is cheaper than pushing each.
pub(super) fn push_ascii(out: &mut String, text: &[u8]) {
    if let Ok(text) = std::str::from_utf8(text) {
        out.push_str(text);
    }
}

/// `0x` and eight lower-case hexadecimal digits, as IPC keys are written.
pub fn push_hex32(out: &mut String, n: u32) {
    push_ascii(out, &hex32(n));
}

pub(crate) fn hex32(n: u32) -> [u8; 10] {
    let mut text = *b"0x00000000";
    for (place, digit) in text.iter_mut().skip(2).enumerate() {
        let nibble = (n >> (28 - 4 * place)) & 0xf;
        *digit = b"0123456789abcdef"[nibble as usize];
    }
    text
}

/// Four octal digits: permissions and the bits beside them.
pub(crate) fn octal4(n: u32) -> [u8; 4] {
    [9, 6, 3, 0].map(|shift| b'0' + (n >> shift & 7) as u8)
}

/// Octal with at least four digits, as modes are written: `0600`, `1600`.
pub fn push_octal4(out: &mut String, mut n: u32) {
    // 32 bits are eleven octal digits.
    let mut text = [b'0'; 11];
    let mut start = text.len();
    while n > 0 || start > text.len() - 4 {
        start -= 1;
        text[start] = b'0' + (n & 7) as u8;
        n >>= 3;
    }
    push_ascii(out, &text[start..]);
}
