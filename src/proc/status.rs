//! What `/proc/PID/status` says.
//!
//! A name stands in its first line. The kernel escapes line ends in it, so that no name makes up another line.

use serde::{Deserialize, Serialize};

const CAP_IPC_OWNER: u64 = 1 << 15;

/// The users and groups that a process acts as (credentials(7)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Its real, effective, saved and file system user.
    pub uids: Vec<u32>,
    /// Its groups of the same kinds, and the supplementary ones.
    pub gids: Vec<u32>,
    /// Whether it has, or can raise, `CAP_IPC_OWNER`: every object lets it in then.
    pub enters_all: bool,
}

impl Credentials {
    pub fn parse(status: &[u8]) -> Option<Self> {
        let numbers = |name: &[u8]| -> Option<Vec<u32>> { field(status, name)?.map(number).collect() };
        let (uids, mut gids) = (numbers(b"Uid:")?, numbers(b"Gid:")?);
        gids.extend(numbers(b"Groups:").unwrap_or_default());
        let permitted = field(status, b"CapPrm:").and_then(|mut words| std::str::from_utf8(words.next()?).ok());
        let permitted = permitted.and_then(|word| u64::from_str_radix(word, 16).ok());
        let enters_all = permitted.is_none_or(|permitted| permitted & CAP_IPC_OWNER != 0);
        Some(Self { uids, gids, enters_all })
    }
}

pub fn effective_user(status: &[u8]) -> Option<u32> {
    number(field(status, b"Uid:")?.nth(1)?)
}

/// The process that a task belongs to.
pub fn process_of(status: &[u8]) -> Option<u32> {
    number(field(status, b"Tgid:")?.next()?)
}

/// In how many pid namespaces, counted from that of `/proc`, this process has a number: 1 when `/proc` is of its own.
fn depth(status: &[u8]) -> Option<usize> {
    field(status, b"NSpid:").map(Iterator::count)
}

/// Whether the numbers in `/proc` are those that system calls give to this process. A `/proc` that was mounted outside
/// this process's pid namespace numbers processes otherwise.
pub fn numbers_are_ours() -> bool {
    // Kernels before 4.1 do not tell; they get the benefit of the doubt.
    std::fs::read("/proc/self/status").is_ok_and(|text| depth(&text).unwrap_or(1) == 1)
}

/// The words of a line.
fn field<'a>(text: &'a [u8], name: &[u8]) -> Option<impl Iterator<Item = &'a [u8]> + use<'a>> {
    let line = text.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(name))?;
    Some(line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()))
}

fn number(word: &[u8]) -> Option<u32> {
    let digits = word.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(word).ok().filter(|_| digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Credentials, depth, effective_user, process_of};

    #[test]
    fn a_hostile_name_changes_nothing() {
        let text = b"Name:\t\xff\\nTgid:\t1\\nUid:\\n\nState:\tS\nTgid:\t812\nUid:\t0\t65534\t0\t0\nGid:\t1\t2\t3\t4\nGroups:\t5 6 \nNSpid:\t812\t3\n";
        let Credentials { uids, gids, enters_all } = Credentials::parse(text).unwrap();
        assert_eq!((uids, gids, enters_all), (vec![0, 65534, 0, 0], vec![1, 2, 3, 4, 5, 6], true));
        assert_eq!((process_of(text), effective_user(text), depth(text)), (Some(812), Some(65534), Some(2)));
        assert_eq!(effective_user(b"Uid:\t1\n"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (Credentials::parse(&text), effective_user(&text), process_of(&text), depth(&text));
        }
    }
}
