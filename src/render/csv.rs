//! CSV as RFC 4180 has it: CRLF, and quotes where they are needed.

use super::value::Value;

/// Appends one record.
pub fn push_record<'a>(out: &mut String, values: impl Iterator<Item = Value<'a>>) {
    let mut scratch = String::new();
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(',');
        }
        scratch.clear();
        value.push_exact(&mut scratch);
        push_field(out, &scratch);
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
        );
        assert_eq!(out, "1,,\"a,b\",\"say \"\"x\"\"\",\"l\nm\"\r\n");
    }
}
