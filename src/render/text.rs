//! Counts, lists and modes as sentences show them.

use std::fmt::Display;

/// `1 message`, `3 messages`.
pub(crate) fn plural(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// At most `most` items, and the number of the rest: `1, 2 and 5 more`.
pub(crate) fn some_of<T: Display>(items: &[T], most: usize) -> String {
    let shown: Vec<String> = items.iter().take(most).map(ToString::to_string).collect();
    let mut text = shown.join(", ");
    if items.len() > most {
        text.push_str(&format!(" and {} more", items.len() - most));
    }
    text
}

/// Permissions as ls(1) shows them: `rw-r-----`.
pub(crate) fn permission_letters(bits: u32) -> impl Iterator<Item = char> {
    (0..9).rev().map(move |bit| if bits >> bit & 1 == 0 { '-' } else { ['x', 'w', 'r'][bit % 3] })
}

#[cfg(test)]
mod tests {
    use super::{permission_letters, plural, some_of};

    #[test]
    fn sentences() {
        assert_eq!([0, 1, 2].map(|number| plural(number, "set")), ["0 sets", "1 set", "2 sets"]);
        assert_eq!([1, 2, 3].map(|most| some_of(&[7, 8], most)), ["7 and 1 more", "7, 8", "7, 8"]);
        assert_eq!(permission_letters(0o751).collect::<String>(), "rwxr-x--x");
    }
}
