//! Choosing columns and sort keys by the names a user gives.

use crate::listing::fields::{FIELDS, Field, find};

/// Why `-o` or `--sort` cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadField {
    /// There is no such field.
    #[error("unknown column '{0}'{1}\n  columns: {names}", names = all_names())]
    Unknown(String, String),
    /// Nothing between two commas.
    #[error("empty column name")]
    Empty,
    /// `-COL` of a column that is not shown.
    #[error("column '{0}' is not shown, so it cannot be left out")]
    NotShown(String),
    /// Everything was taken away.
    #[error("no column is left")]
    Nothing,
}

fn all_names() -> String {
    FIELDS.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
}

/// Finds a field by the name a user gave.
///
/// # Errors
/// When there is none; says what was probably meant.
pub fn find_or_suggest(name: &str) -> Result<&'static Field, BadField> {
    if name.is_empty() {
        return Err(BadField::Empty);
    }
    let shown = crate::render::escape::escape(name).into_owned();
    find(name).ok_or_else(|| {
        let hint = match name {
            "json" | "csv" | "jsonl" | "table" => format!(" (for that format: --format {name})"),
            "perms" => " (did you mean 'mode'?)".to_owned(),
            "bytes" | "segsz" => " (did you mean 'size'?)".to_owned(),
            "user" => " (did you mean 'owner'?)".to_owned(),
            "messages" => " (did you mean 'qnum'?)".to_owned(),
            _ => FIELDS
                .iter()
                .find(|field| field.name.eq_ignore_ascii_case(name) || (name.len() > 2 && field.name.starts_with(name)))
                .map_or_else(String::new, |field| format!(" (did you mean '{}'?)", field.name)),
        };
        BadField::Unknown(shown, hint)
    })
}

/// Reads the value of `-o`: names separated by commas replace the columns in `shown`; `+NAME` adds one, `-NAME`
/// takes one away.
///
/// # Errors
/// An unknown or empty name, or one to be left out that is not there.
pub fn choose(text: &str, shown: &[&'static Field]) -> Result<Vec<&'static Field>, BadField> {
    let changes = text.split(',').all(|word| word.starts_with(['+', '-']));
    let mut columns: Vec<&'static Field> = if changes { shown.to_vec() } else { Vec::new() };
    for word in text.split(',') {
        if let Some(name) = word.strip_prefix('-') {
            let field = find_or_suggest(name)?;
            let before = columns.len();
            columns.retain(|column| !std::ptr::eq(*column, field));
            if columns.len() == before {
                return Err(BadField::NotShown(field.name.to_owned()));
            }
        } else {
            let field = find_or_suggest(word.strip_prefix('+').unwrap_or(word))?;
            if !columns.iter().any(|column| std::ptr::eq(*column, field)) {
                columns.push(field);
            }
        }
    }
    if columns.is_empty() { Err(BadField::Nothing) } else { Ok(columns) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::choose;
    use crate::kind::model::Kind;
    use crate::listing::fields::default_columns;

    fn names(text: &str) -> Result<Vec<&'static str>, String> {
        choose(text, &default_columns(Some(Kind::Sem)))
            .map(|columns| columns.iter().map(|column| column.name).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn columns_are_replaced_added_and_left_out() {
        assert_eq!(names("id,owner"), Ok(vec!["id", "owner"]));
        assert_eq!(names("+uid,-mode"), Ok(vec!["ref", "key", "owner", "nsems", "otime", "ctime", "uid"]));
        assert_eq!(names("id,+uid"), Ok(vec!["id", "uid"]));
        for bad in ["", "id,", "+", "-", "nope", "-size", "id,-id"] {
            assert!(names(bad).is_err(), "{bad:?}");
        }
        assert!(names("json").unwrap_err().contains("--format json"));
    }

    proptest! {
        #[test]
        fn no_choice_is_too_strange(text: String) {
            let _ = names(&text);
        }
    }
}
