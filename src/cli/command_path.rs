//! Finds the subcommand path in argv before clap runs.

use std::ffi::OsString;

use crate::kind::model::Kind;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// `rm`, or a kind and perhaps its subcommand; never more than two.
    pub words: Vec<String>,
    /// The index of the argument after them.
    pub end: usize,
    /// Whether a global option lacks its value, as in a bare `--color`.
    pub incomplete: bool,
}

impl Words {
    /// Whether the first word is a kind: those have subcommands of their own.
    pub fn is_under_kind(&self) -> bool {
        self.words.first().is_some_and(|word| Kind::from_word(word.as_bytes()).is_some())
    }

    /// `args` begin with the program's name. Global options may stand between the words.
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
                let under_kind = found.is_under_kind();
                if text.starts_with(b"-") || found.words.len() == usize::from(under_kind) + 1 {
                    return found;
                }
                found.words.push(arg.to_string_lossy().into_owned());
            }
            found.end += 1;
        }
        found
    }

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
