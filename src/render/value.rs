//! A value of a field, before it becomes text. People and machines get the same value in different forms.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::escape::{display_width, escape, is_plain};
use super::slot::Slot;
use super::style::{Style, TimeStyle, push_utc};
use super::units::{
    ShownSize, age_width, digits, hex32, octal4, push_hex32, push_i64, push_octal4, push_size, push_u64, shown_age,
    size_width,
};

/// The variants tell how the value is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Never, none, or not applicable to this object.
    Null,
    /// The caller may not see it.
    Hidden,
    Number(u64),
    Signed(i64),
    Bytes(u64),
    /// A percentage in tenths.
    Permille(u64),
    Hex(u32),
    Octal(u32),
    Time(i64),
    Flag(bool),
    /// `shm:42`.
    Reference(&'static str, u64),
    /// Tables show the name or else the number; JSON has the name or null.
    Named(Option<&'a str>, u32),
    /// Our own text, known to be harmless.
    Word(Cow<'a, str>),
    /// Text from outside.
    Text(Cow<'a, str>),
    /// Statements and their sources: tables show the statements, JSON has both.
    Facts(Vec<(Cow<'a, str>, Cow<'a, str>)>),
}

impl Value<'_> {
    /// The form for people.
    pub fn push_shown(&self, out: &mut String, style: &Style) {
        match self {
            Self::Null => out.push('-'),
            Self::Hidden => out.push('?'),
            Self::Bytes(bytes) if !style.bytes => push_size(out, *bytes),
            Self::Permille(_) => {
                self.push_exact(out);
                out.push('%');
            }
            Self::Time(seconds) => style.push_time(out, *seconds),
            Self::Flag(yes) => out.push_str(if *yes { "yes" } else { "no" }),
            Self::Named(Some(name), _) => out.push_str(&escape(name)),
            Self::Named(None, number) => push_u64(out, u64::from(*number)),
            Self::Text(text) => out.push_str(&escape(text)),
            Self::Facts(facts) => out.push_str(&escape(&joined(facts))),
            _ => self.push_exact(out),
        }
    }

    /// Terminal columns of [`Value::push_shown`], without writing it where possible.
    #[inline(always)]
    pub fn width(&self, style: &Style, scratch: &mut String) -> usize {
        match self {
            Self::Null | Self::Hidden => 1,
            Self::Number(number) => digits(*number),
            Self::Bytes(bytes) if style.bytes => digits(*bytes),
            Self::Bytes(bytes) => size_width(*bytes),
            Self::Permille(tenths) => digits(tenths / 10) + 3,
            Self::Signed(number @ 0..) => digits(number.unsigned_abs()),
            Self::Hex(_) => 10,
            Self::Octal(bits) if *bits <= 0o7777 => 4,
            Self::Time(seconds) if style.time == TimeStyle::Age => age_width(style.now.saturating_sub(*seconds)),
            Self::Reference(kind, id) => kind.len() + 1 + digits(*id),
            Self::Named(None, number) => digits(u64::from(*number)),
            Self::Named(Some(name), _) if is_plain(name) => name.len(),
            Self::Word(text) => display_width(text),
            _ => {
                scratch.clear();
                self.push_shown(scratch, style);
                display_width(scratch)
            }
        }
    }

    /// Writes the form for people into a place of a line. False where that takes more room, or characters that are not
    /// as wide as their bytes are many; `scratch` is for what has to be put together first.
    #[inline(always)]
    pub fn fill(&self, slot: Slot<'_>, style: &Style, scratch: &mut String) -> bool {
        match self {
            Self::Null => slot.text(b"-"),
            Self::Hidden => slot.text(b"?"),
            Self::Number(number) => slot.number(*number, b""),
            Self::Bytes(bytes) if style.bytes => slot.number(*bytes, b""),
            Self::Bytes(bytes) => {
                let shown = ShownSize::new(*bytes);
                slot.number(shown.number, shown.behind())
            }
            Self::Permille(tenths) => slot.number(tenths / 10, &[b'.', b'0' + (tenths % 10) as u8, b'%']),
            Self::Signed(number @ 0..) => slot.number(number.unsigned_abs(), b""),
            Self::Hex(bits) => slot.text(&hex32(*bits)),
            Self::Time(seconds) if style.time == TimeStyle::Age && *seconds <= style.now => {
                let (number, unit) = shown_age(style.now.saturating_sub(*seconds));
                slot.number(number, unit.as_bytes())
            }
            Self::Reference(kind, id) => slot.reference(kind, *id),
            Self::Named(None, number) => slot.number(u64::from(*number), b""),
            Self::Word(text) if text.is_ascii() => slot.text(text.as_bytes()),
            Self::Named(Some(name), _) if is_plain(name) => slot.text(name.as_bytes()),
            Self::Octal(bits) if *bits <= 0o7777 => slot.text(&octal4(*bits)),
            _ => {
                scratch.clear();
                self.push_shown(scratch, style);
                scratch.is_ascii() && slot.text(scratch.as_bytes())
            }
        }
    }

    /// The form in CSV: exact, and empty for null.
    pub fn push_exact(&self, out: &mut String) {
        match self {
            Self::Null | Self::Hidden | Self::Named(None, _) => {}
            Self::Number(number) | Self::Bytes(number) => push_u64(out, *number),
            Self::Signed(number) => push_i64(out, *number),
            Self::Permille(tenths) => {
                push_u64(out, tenths / 10);
                out.push('.');
                push_u64(out, tenths % 10);
            }
            Self::Hex(bits) => push_hex32(out, *bits),
            Self::Octal(bits) => push_octal4(out, *bits),
            Self::Time(seconds) => push_utc(out, *seconds),
            Self::Flag(yes) => out.push_str(if *yes { "true" } else { "false" }),
            Self::Reference(kind, id) => {
                out.push_str(kind);
                out.push(':');
                push_u64(out, *id);
            }
            Self::Named(Some(name), _) => out.push_str(name),
            Self::Word(text) | Self::Text(text) => out.push_str(text),
            Self::Facts(facts) => out.push_str(&joined(facts)),
        }
    }

    /// Sorts by meaning; null and hidden are last even when reversed.
    pub fn compare(&self, other: &Self, reverse: bool) -> Ordering {
        match (self.rank(), other.rank()) {
            (Some(one), Some(two)) if reverse => two.cmp(&one),
            (Some(one), Some(two)) => one.cmp(&two),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }

    fn rank(&self) -> Option<Rank<'_>> {
        Some(match self {
            Self::Null | Self::Hidden => return None,
            Self::Number(number) | Self::Bytes(number) | Self::Permille(number) => Rank::Number(i128::from(*number)),
            Self::Signed(number) | Self::Time(number) => Rank::Number(i128::from(*number)),
            Self::Hex(bits) | Self::Octal(bits) => Rank::Number(i128::from(*bits)),
            Self::Flag(yes) => Rank::Number(i128::from(*yes)),
            Self::Reference(kind, id) => Rank::Reference(kind, *id),
            Self::Named(Some(name), _) => Rank::Text(name),
            Self::Named(None, number) => Rank::Number(i128::from(*number)),
            Self::Word(text) | Self::Text(text) => Rank::Text(text),
            Self::Facts(facts) => Rank::Text(facts.first().map_or("", |(fact, _)| fact)),
        })
    }
}

fn joined(facts: &[(Cow<'_, str>, Cow<'_, str>)]) -> String {
    facts.iter().map(|(fact, _)| &**fact).collect::<Vec<_>>().join("; ")
}

/// The sort key. Numbers come before text, as users without a name do before names.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank<'a> {
    Number(i128),
    Reference(&'a str, u64),
    Text(&'a str),
}

#[cfg(test)]
pub(super) mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::Value;
    use crate::render::escape::display_width;
    use crate::render::style::{Style, TimeStyle};

    pub(in crate::render) fn any_value() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            Just(Value::Null),
            Just(Value::Hidden),
            any::<u64>().prop_map(Value::Number),
            any::<i64>().prop_map(Value::Signed),
            any::<u64>().prop_map(Value::Bytes),
            any::<u64>().prop_map(Value::Permille),
            any::<u32>().prop_map(Value::Hex),
            any::<u32>().prop_map(Value::Octal),
            any::<i64>().prop_map(Value::Time),
            any::<bool>().prop_map(Value::Flag),
            any::<u64>().prop_map(|id| Value::Reference("shm", id)),
            any::<u32>().prop_map(|uid| Value::Named(None, uid)),
            any::<String>().prop_map(|text| Value::Text(Cow::Owned(text))),
            Just(Value::Facts(vec![("it\u{202e}is".into(), "so".into()), ("or\tnot".into(), "".into())])),
        ]
    }

    proptest! {
        #[test]
        fn the_width_is_that_of_the_text(value in any_value(), bytes: bool) {
            let style = Style { now: 1_795_238_000, ..Style::new(bytes, TimeStyle::Age) };
            let mut shown = String::new();
            value.push_shown(&mut shown, &style);
            prop_assert_eq!(value.width(&style, &mut String::new()), display_width(&shown));
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
