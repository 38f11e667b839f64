//! CSV by RFC 4180: CRLF, and quotes where needed.

use super::escape::escape;
use super::value::Value;

/// Appends one record; `escaped` makes text from outside safe for a terminal.
pub fn push_record<'a>(out: &mut String, values: impl Iterator<Item = Value<'a>>, escaped: bool) {
    let mut scratch = String::new();
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(',');
        }
        scratch.clear();
        value.push_exact(&mut scratch);
        match &value {
            Value::Named(..) | Value::Text(_) if escaped => push_field(out, &escape(&scratch)),
            _ => push_field(out, &scratch),
        }
    }
    out.push_str("\r\n");
}

fn push_field(out: &mut String, text: &str) {
    if text.contains(['"', ',', '\r', '\n']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::push_record;
    use crate::render::value::Value;

    #[test]
    fn quotes_only_where_needed() {
        let mut out = String::new();
        let text = |text: &'static str| Value::Text(Cow::Borrowed(text));
        push_record(
            &mut out,
            [Value::Number(1), Value::Null, text("a,b"), text("say \"x\""), text("l\nm")].into_iter(),
            false,
        );
        assert_eq!(out, "1,,\"a,b\",\"say \"\"x\"\"\",\"l\nm\"\r\n");
    }

    #[test]
    fn a_terminal_gets_no_control_characters() {
        let mut out = String::new();
        push_record(&mut out, [Value::Named(Some("e\u{1b}[31m"), 7)].into_iter(), true);
        assert_eq!(out, "e\\x1b[31m\r\n");
    }
}
