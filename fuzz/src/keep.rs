//! Lines of a keep list.
//!
//! - A line says the same whenever it is read, and nothing if it has no words in front of a `#`.
//! - Why one is refused is short and can be shown on a terminal.

use ipcadm::commands::shared::keep::parse;

use crate::support::assert_harmless;

/// Characters that a refusal may have: what is wrong with a line is not repeated at length.
const LONGEST: usize = 500;

/// See above.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines().take(20) {
        let is_empty = line.split_whitespace().next().is_none_or(|word| word.starts_with('#'));
        let found = parse(line);
        assert_eq!(format!("{found:?}"), format!("{:?}", parse(line)));
        match found {
            Ok(chosen) => assert_eq!(chosen.is_none(), is_empty),
            Err(reason) => {
                assert!(!is_empty && reason.chars().count() <= LONGEST, "{reason}");
                assert_harmless(&reason, &[]);
            }
        }
    }
}
