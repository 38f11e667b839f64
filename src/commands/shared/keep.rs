//! The keep list: files whose lines select objects that `clean` never removes.

use std::io;
use std::path::Path;

use clap::Parser;

use crate::config;
use crate::error::{Error, Result, Status, os_message};
use crate::kind::model::{Kind, KindSet, Object};
use crate::listing::select::Selection;
use crate::render::escape::{escape, escape_bytes};

const FOLDER: &str = "/etc/ipcadm/keep.d";
/// Characters of a malformed line that a message repeats.
const MOST_SHOWN: usize = 200;

/// A line holds kinds and selectors with the same meaning as for `ls` and `clean`.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true, disable_version_flag = true)]
struct Words {
    kinds: Vec<String>,
    #[command(flatten)]
    selectors: Selection,
}

#[derive(Debug)]
pub(crate) struct Line {
    /// `/etc/ipcadm/keep.d/db:3`, escaped.
    pub(crate) place: String,
    selection: Selection,
}

/// All lines, in the order of the file names.
#[derive(Debug, Default)]
pub(crate) struct KeepList {
    pub(crate) lines: Vec<Line>,
}

impl KeepList {
    /// Reads `folder`, or the default one, which may be missing. Anything unreadable or malformed is an error, so that
    /// nothing is removed that somebody meant to keep.
    pub(crate) fn read(folder: Option<&Path>) -> Result<Self> {
        let path = folder.unwrap_or(Path::new(FOLDER));
        let files = match config::files(path) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_none() => {
                // A dangling link was meant to name a folder.
                return match path.ancestors().find(|path| path.is_symlink() && !path.exists()) {
                    Some(link) => Err(unreadable(link, "it is a link to what does not exist")),
                    None => Ok(Self::default()),
                };
            }
            Err(error) => return Err(unreadable(path, &os_message(&error))),
        };
        let mut list = Self::default();
        for file in files {
            let text = config::open(&file).and_then(config::text).map_err(|reason| unreadable(&file, &reason))?;
            for (number, line) in text.lines().enumerate() {
                let place = format!("{}:{}", shown(&file), number + 1);
                let selection = parse(line).map_err(|reason| malformed(&place, &reason))?;
                list.lines.extend(selection.map(|selection| Line { place, selection }));
            }
        }
        Ok(list)
    }

    /// The index of the first line that keeps `object`; `now` is in seconds since 1970.
    pub(crate) fn keeps(&self, object: &Object, now: i64) -> Option<usize> {
        self.lines.iter().position(|line| line.selection.matches(object, now))
    }
}

fn unreadable(path: &Path, reason: &str) -> Error {
    Error::cannot(Status::Failed, &format!("read the keep list {}", shown(path)), reason, Some("nothing was removed"))
}

fn malformed(place: &str, reason: &str) -> Error {
    Error::Failed { status: Status::Failed, message: format!("keep list, {place}: {reason} (nothing was removed)") }
}

fn shown(path: &Path) -> String {
    escape_bytes(path.as_os_str().as_encoded_bytes()).into_owned()
}

/// Parses a line; None if it is blank or a comment. The error is escaped.
pub fn parse(line: &str) -> std::result::Result<Option<Selection>, String> {
    let words: Vec<&str> = line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
    if words.is_empty() {
        return Ok(None);
    }
    let words = Words::try_parse_from(words).map_err(|error| {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        shortened(first.strip_prefix("error: ").unwrap_or(first))
    })?;
    let mut kinds = KindSet::NONE;
    for word in &words.kinds {
        let kind = Kind::from_word(word.as_bytes())
            .ok_or_else(|| format!("'{}' is no kind; kinds are shm, sem and msg", shortened(word)))?;
        kinds = kinds.with(kind);
    }
    if words.selectors.is_by_use() {
        return Err("--pid, --state, --orphan, --creator-gone, --grace and --bystander have no place in a keep list: what is kept must not depend \
                    on who uses it at the moment"
            .to_owned());
    }
    if kinds.is_empty() && !words.selectors.is_given() {
        return Err("it chooses nothing".to_owned());
    }
    let kinds = if kinds.is_empty() { KindSet::ALL } else { kinds };
    words.selectors.among(kinds).map(Some).map_err(|error| cut(&error.to_string()))
}

fn shortened(text: &str) -> String {
    escape(&cut(text)).into_owned()
}

/// Truncates, since a word of a file may be as long as the file.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse;
    use crate::kind::model::KindSet;

    #[test]
    fn lines() {
        for nothing in ["", "   ", "# shm", "  # --owner nobody"] {
            assert!(parse(nothing).unwrap().is_none(), "{nothing:?}");
        }
        let selection = parse("shm sem --mode 0600 --key 0x0d4d* # device mapper").unwrap().unwrap();
        assert_eq!(selection.kinds, KindSet::SHM.with(crate::kind::model::Kind::Sem));
        assert_eq!((selection.mode.len(), selection.key.len()), (1, 1));
        for bad in [
            "smh",
            "shm:5",
            "--owner",
            "--owner no-such-user-here",
            "--key 5x",
            "--help",
            "-h",
            "--version",
            "--state idle",
            "--orphan",
            "--pid 1",
            "--grace 1",
            "'shm'",
            "--yes",
            "--",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_not_repeated_at_length() {
        let long = "x".repeat(900_000);
        for line in [long.clone(), format!("--owner {long}"), format!("--{long}"), format!("--key {long}")] {
            assert!(parse(&line).unwrap_err().len() < 300);
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in "[^\\n]*") {
            let _ = parse(&line);
        }
    }
}
