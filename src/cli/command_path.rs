//! The words of a command in front of its own arguments, found without parsing the rest.

use std::ffi::OsString;

/// The words that stand for a kind and hold commands of their own.
pub const KIND_WORDS: [&str; 3] = ["shm", "sem", "msg"];

/// The first words of a command line, and where the first thing stands that is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// `rm`, or a kind and perhaps a command under it. Never more than two.
    pub words: Vec<String>,
    /// The place of the argument behind them.
    pub end: usize,
    /// Whether a value is still owed to an option of every command, as in a bare `--color`.
    pub incomplete: bool,
}

impl Words {
    /// Reads them from `args`, the program's own name first. Between them may be options that every command has,
    /// and one of those has a value.
    #[must_use]
    pub fn of(args: &[OsString]) -> Self {
        let mut found = Self { end: 1, ..Self::default() };
        while let Some(arg) = args.get(found.end) {
            let text = arg.as_encoded_bytes();
            if text == b"--color" {
                found.end += 2;
                if found.end > args.len() {
                    found.incomplete = true;
                    return found;
                }
                continue;
            }
            if !matches!(text, b"-v" | b"--verbose") && !text.starts_with(b"--color=") {
                let under_kind = found.words.first().is_some_and(|word| KIND_WORDS.contains(&word.as_str()));
                if text.starts_with(b"-") || found.words.len() == usize::from(under_kind) + 1 {
                    return found;
                }
                found.words.push(arg.to_string_lossy().into_owned());
            }
            found.end += 1;
        }
        found
    }

    /// Whether they are exactly these.
    #[must_use]
    pub fn are(&self, words: &[&str]) -> bool {
        self.words == words
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    fn words(line: &str) -> (Vec<String>, usize) {
        let args: Vec<_> = line.split(' ').map(Into::into).collect();
        let found = Words::of(&args);
        (found.words, found.end)
    }

    #[test]
    fn options_of_every_command_may_stand_between() {
        let expect = |line: &str, expected: &[&str], end: usize| {
            assert_eq!(words(line), (expected.iter().map(|word| (*word).to_owned()).collect(), end), "{line}");
        };
        expect("ipcadm", &[], 1);
        expect("ipcadm rm shm:1", &["rm"], 2);
        expect("ipcadm --color always rm shm:1", &["rm"], 4);
        expect("ipcadm -v shm --color=never attach 0 -- x", &["shm", "attach"], 5);
        expect("ipcadm sem run 0 -- x", &["sem", "run"], 3);
        expect("ipcadm --json shm", &[], 1);
        expect("ipcadm shm --json", &["shm"], 2);
        expect("ipcadm rm --bogus attach -- x", &["rm"], 2);
    }

    #[test]
    fn an_option_may_lack_its_value() {
        assert!(Words::of(&["ipcadm".into(), "--color".into()]).incomplete);
    }
}
