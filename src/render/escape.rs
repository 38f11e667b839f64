//! Names, paths, command lines and message contents made safe to show.
//!
//! Whoever may create an object or name a process chooses these texts, so none may reach a terminal unescaped: a
//! control sequence could rewrite the screen, a newline could forge a row and a bidirectional mark could reorder one.
//! Escaping is injective: two different texts never look alike because of it, and the original can be recovered.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Ends a text cut by [`truncate`]. One column wide.
const ELLIPSIS: char = '…';

const HEX: [u8; 16] = *b"0123456789abcdef";

/// Whether a byte is an ASCII character that shows as itself.
const fn is_plain_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'\\'
}

/// Whether a text is of ASCII characters that show as themselves: it is as wide as it is long, and escaped as it is.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(is_plain_byte)
}

/// Whether a character must be escaped: controls, the backslash, line and paragraph separators, format characters
/// (category Cf) and characters shown as nothing (`Default_Ignorable_Code_Point`), such as fillers, variation selectors
/// and bidirectional marks. Two names that differ in these look alike.
pub const fn is_unsafe(c: char) -> bool {
    matches!(
        c,
        '\0'..='\x1f'
            | '\\'
            // DEL and the C1 controls.
            | '\x7f'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

fn first_unsafe(text: &str) -> Option<usize> {
    // Nearly all text is plain ASCII, which bytes tell. The first other byte starts a character.
    let start = text.bytes().position(|byte| !is_plain_byte(byte))?;
    let (_, rest) = text.split_at_checked(start)?;
    rest.char_indices().find(|&(_, c)| is_unsafe(c)).map(|(at, _)| start + at)
}

fn push_byte(out: &mut String, byte: u8) {
    out.push_str("\\x");
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 0xf)]));
}

fn push_unsafe(out: &mut String, c: char) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0'..='\x1f' => push_byte(out, c as u8),
        // Characters from DEL on as `\u{...}`: `\x80` and up are invalid bytes.
        _ => out.extend(c.escape_unicode()),
    }
}

fn push_escaped(out: &mut String, mut text: &str) {
    while let Some((clean, rest)) = first_unsafe(text).and_then(|at| text.split_at_checked(at)) {
        out.push_str(clean);
        let mut rest = rest.chars();
        if let Some(c) = rest.next() {
            push_unsafe(out, c);
        }
        text = rest.as_str();
    }
    out.push_str(text);
}

/// Makes a text safe to show on one line of a terminal.
///
/// Newline, tab and carriage return become `\n`, `\t` and `\r`, the other C0 controls `\xNN`. Other unsafe characters
/// ([`is_unsafe`]) become `\u{...}` with the code point in lower-case hexadecimal. The backslash becomes `\\`, so no
/// text can pretend to be an escape. A text without any of these is borrowed.
pub fn escape(text: &str) -> Cow<'_, str> {
    if first_unsafe(text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + text.len() / 4 + 8);
    push_escaped(&mut out, text);
    Cow::Owned(out)
}

/// As [`escape`], for bytes that need not be UTF-8: each byte that is not part of a valid character becomes `\xNN`
/// (always `\x80` or above, which [`escape`] itself never gives).
pub fn escape_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return escape(text);
    }
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 4 + 8);
    for chunk in bytes.utf8_chunks() {
        push_escaped(&mut out, chunk.valid());
        for &byte in chunk.invalid() {
            push_byte(&mut out, byte);
        }
    }
    Cow::Owned(out)
}

fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The number of terminal columns of an escaped text; a control character counts as one.
pub fn display_width(text: &str) -> usize {
    if is_printable_ascii(text) { text.len() } else { text.width() }
}

/// Cuts a text to `width` terminal columns, ending with `…`; borrows a text that fits. The result may be narrower than
/// `width`, as wide characters are not split.
pub fn truncate(text: &str, width: usize) -> Cow<'_, str> {
    if display_width(text) <= width {
        return Cow::Borrowed(text);
    }
    let Some(room) = width.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    // The width of a text can differ from the sum of its characters: sequences can be narrower, and
    // U+FE0F can widen the character before it. Counting one for that keeps the sum an upper
    // bound, and the walk linear, however many characters without width there are.
    let mut used = 0;
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        used += match c {
            '\u{fe0f}' => 1,
            _ => c.width().unwrap_or(1),
        };
        if used > room {
            end = at;
            break;
        }
    }
    let kept = text.get(..end).unwrap_or_default();
    let mut out = String::with_capacity(kept.len() + ELLIPSIS.len_utf8());
    out.push_str(kept);
    out.push(ELLIPSIS);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    /// Undoes `escape_bytes`. `None` if the text has a backslash that starts no escape.
    fn unescape(text: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut rest = text;
        while let Some((clean, after)) = rest.split_once('\\') {
            bytes.extend_from_slice(clean.as_bytes());
            let kind = after.chars().next()?;
            rest = &after[kind.len_utf8()..];
            match kind {
                '\\' => bytes.push(b'\\'),
                'n' => bytes.push(b'\n'),
                'r' => bytes.push(b'\r'),
                't' => bytes.push(b'\t'),
                'x' => {
                    let (hex, after) = rest.split_at_checked(2)?;
                    bytes.push(u8::from_str_radix(hex, 16).ok()?);
                    rest = after;
                }
                'u' => {
                    let (hex, after) = rest.strip_prefix('{')?.split_once('}')?;
                    let c = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
                    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    rest = after;
                }
                _ => return None,
            }
        }
        bytes.extend_from_slice(rest.as_bytes());
        Some(bytes)
    }

    /// Categories Cf, Zl and Zp of Unicode 16: first and last of each run.
    const FORMAT: &str = "ad 600-605 61c 6dd 70f 890-891 8e2 180e 200b-200f 2028-2029 202a-202e 2060-2064 2066-206f feff \
        fff9-fffb 110bd 110cd 13430-1343f 1bca0-1bca3 1d173-1d17a e0001 e0020-e007f";

    /// `Default_Ignorable_Code_Point` of DerivedCoreProperties.txt.
    const IGNORABLE: &str = "ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 3164 fe00-fe0f feff ffa0 \
        fff0-fff8 1bca0-1bca3 1d173-1d17a e0000-e0fff";

    /// Stated again from the properties, not from the list in the code.
    fn is_hostile(c: char) -> bool {
        static RUNS: LazyLock<Vec<RangeInclusive<u32>>> = LazyLock::new(|| {
            let number = |text: &str| u32::from_str_radix(text, 16).unwrap();
            let run = |run: &str| {
                let (first, last) = run.split_once('-').unwrap_or((run, run));
                number(first)..=number(last)
            };
            FORMAT.split(' ').chain(IGNORABLE.split(' ')).map(run).collect()
        });
        c.is_control() || RUNS.iter().any(|run| run.contains(&c.into()))
    }

    #[test]
    fn clean_text_is_borrowed() {
        for text in ["", "abc", "/usr/bin/a b~", "größe", "日本語", "e\u{301}", "👩", "한국어", "ខ្មែរ"]
        {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text));
            assert!(matches!(escape_bytes(text.as_bytes()), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn hostile_text_is_escaped() {
        for (text, escaped) in [
            ("a\nb", "a\\nb"),
            ("\t\r", "\\t\\r"),
            ("\x1b[31mred", "\\x1b[31mred"),
            ("\0\x07\x1f", "\\x00\\x07\\x1f"),
            ("\x7f", "\\u{7f}"),
            ("\u{80}\u{9b}\u{9f}\u{a0}", "\\u{80}\\u{9b}\\u{9f}\u{a0}"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("\u{61c}\u{200b}\u{2066}\u{feff}", "\\u{61c}\\u{200b}\\u{2066}\\u{feff}"),
            ("\u{2028}\u{fff9}\u{e0001}", "\\u{2028}\\u{fff9}\\u{e0001}"),
            ("ro\u{ad}ot\u{3164}\u{fe0f}\u{e0100}", "ro\\u{ad}ot\\u{3164}\\u{fe0f}\\u{e0100}"),
            ("\\n", "\\\\n"),
            ("日\\本\n", "日\\\\本\\n"),
        ] {
            assert_eq!(escape(text), escaped);
            assert_eq!(escape_bytes(text.as_bytes()), escaped);
        }
    }

    #[test]
    fn every_character_is_escaped_if_it_must_be() {
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            let escaped = escape(&text);
            assert_eq!(escaped != text, is_hostile(c) || c == '\\', "{c:?}");
            assert!(!escaped.contains(is_hostile), "{c:?}");
            assert_eq!(unescape(&escaped).as_deref(), Some(text.as_bytes()), "{c:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_escaped() {
        for (bytes, escaped) in [
            (&b"a\xffb"[..], "a\\xffb"),
            (b"\x80", "\\x80"),
            (b"\xc2\x80", "\\u{80}"),
            (b"\xe6\x97", "\\xe6\\x97"),
            (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
            (b"\\xff\xff", "\\\\xff\\xff"),
            (b"\xfe\n\x1b", "\\xfe\\n\\x1b"),
        ] {
            assert_eq!(escape_bytes(bytes), escaped);
        }
    }

    #[test]
    fn widths_are_counted() {
        for (text, width) in [("", 0), ("abc", 3), ("größe", 5), ("日本", 4), ("e\u{301}", 1)] {
            assert_eq!(display_width(text), width, "{text}");
        }
    }

    #[test]
    fn long_text_is_cut() {
        for (text, width, cut) in [
            ("abc", 0, ""),
            ("", 0, ""),
            ("abc", 1, "…"),
            ("abc", 2, "a…"),
            ("abc", 3, "abc"),
            ("abc", 4, "abc"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("日本語", 2, "…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ] {
            assert_eq!(truncate(text, width), cut, "{text} {width}");
        }
        assert!(matches!(truncate("abc", 3), Cow::Borrowed(_)));
    }

    /// Text with more unsafe characters than chance would give.
    fn any_text() -> impl Strategy<Value = String> {
        let odd = prop_oneof![
            any::<char>(),
            proptest::char::range('\0', '\u{a0}'),
            proptest::char::range('\u{2000}', '\u{206f}'),
            proptest::char::range('\u{600}', '\u{6ff}'),
            proptest::char::range('\u{fe00}', '\u{feff}'),
            proptest::char::range('\u{e0000}', '\u{e1000}'),
            proptest::sample::select(vec!['\u{ad}', '\u{34f}', '\u{115f}', '\u{17b4}', '\u{180b}', '\u{3164}']),
            proptest::char::range('\u{300}', '\u{36f}'),
            proptest::char::range('\u{1f000}', '\u{1faff}'),
            proptest::sample::select(vec!['\u{fe0f}', '\u{fe0e}', '\u{20e3}', '\u{200d}', '#', '\\']),
            proptest::sample::select(vec!['x', 'u', 'n', '{', '}', '8', '0']),
        ];
        proptest::collection::vec(odd, 0..24).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn escaped_text_is_harmless_and_injective(text in any_text()) {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(is_hostile));
            let back = unescape(&escaped);
            prop_assert_eq!(back.as_deref(), Some(text.as_bytes()));
            let clean = !text.contains(is_hostile) && !text.contains('\\');
            prop_assert_eq!(clean, matches!(escaped, Cow::Borrowed(_)));
        }

        #[test]
        fn escaped_bytes_are_harmless_and_injective(
            text in any_text(),
            bytes: Vec<u8>,
            more in any_text(),
        ) {
            let mut all = text.into_bytes();
            all.extend(bytes);
            all.extend(more.into_bytes());
            let escaped = escape_bytes(&all);
            prop_assert!(!escaped.contains(is_hostile));
            prop_assert_eq!(unescape(&escaped), Some(all));
        }

        #[test]
        fn cut_text_fits(text in any_text(), width in 0usize..30) {
            for text in [escape(&text), Cow::Borrowed(text.as_str())] {
                let cut = truncate(&text, width);
                prop_assert!(display_width(&cut) <= width, "{:?} {}", cut, width);
                if display_width(&text) <= width {
                    prop_assert!(matches!(cut, Cow::Borrowed(same) if same == text));
                } else if width > 0 {
                    prop_assert!(cut.strip_suffix('…').is_some_and(|kept| text.starts_with(kept)));
                } else {
                    prop_assert_eq!(cut, "");
                }
            }
        }

        #[test]
        fn widths_agree_with_the_general_rule(text in any_text()) {
            prop_assert_eq!(display_width(&text), UnicodeWidthStr::width(text.as_str()));
        }
    }
}
