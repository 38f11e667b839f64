//! Whether a thread is frozen by its control group.
//!
//! The freezer of cgroup v1 has its threads sleep in a function of the kernel of its own. One that
//! cgroup v2 has frozen looks asleep like any other; only its group tells.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::mounts::{self, Mount};
use super::reader::{Reader, Task};

/// The function in which a thread of a frozen cgroup v1 sleeps, as `wchan` names it.
const REFRIGERATOR: &[u8] = b"__refrigerator";

/// The control groups that were asked about.
#[derive(Debug, Default)]
pub struct Freezer {
    /// The mount of cgroup v2.
    mount: Option<Option<Mount>>,
    frozen: HashMap<Vec<u8>, bool>,
}

impl Freezer {
    /// Whether a thread in `state`, as `stat` gives it, is frozen; false where that does not show.
    pub fn holds(&mut self, task: Task, state: u8, reader: &mut Reader) -> bool {
        if state == b'D' && reader.read(task, "wchan").is_ok_and(|place| place == REFRIGERATOR) {
            return true;
        }
        let Ok(text) = reader.read(task, "cgroup") else { return false };
        let Some(group) = unified(text) else { return false };
        if let Some(&frozen) = self.frozen.get(group) {
            return frozen;
        }
        let mount = self.mount.get_or_insert_with(|| of_groups(&fs::read("/proc/self/mountinfo").ok()?));
        let events = mount.as_ref().and_then(|mount| folder(mount, group)).map(|folder| folder.join("cgroup.events"));
        let frozen = events.and_then(|file| fs::read(file).ok()).is_some_and(|text| is_frozen(&text));
        self.frozen.insert(group.to_vec(), frozen);
        frozen
    }
}

/// The group of the second version in `/proc/PID/cgroup`, seen from the root of this process's cgroup namespace.
fn unified(text: &[u8]) -> Option<&[u8]> {
    // No name has a line end in it.
    text.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"0::"))
}

/// What `cgroup.events` says.
fn is_frozen(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n').any(|line| line == b"frozen 1")
}

/// The first mount of groups of the second version.
fn of_groups(mountinfo: &[u8]) -> Option<Mount> {
    mounts::parse(mountinfo).find(|mount| mount.kind == b"cgroup2")
}

/// The folder of a group; None where it cannot be seen there.
fn folder(mount: &Mount, group: &[u8]) -> Option<PathBuf> {
    let group = Path::new(OsStr::from_bytes(group));
    let inside = group.strip_prefix(OsStr::from_bytes(&mount.root)).ok()?;
    // Groups outside of this process's namespace begin with `/..`.
    let is_plain = inside.components().all(|part| matches!(part, Component::Normal(_)));
    is_plain.then(|| Path::new(OsStr::from_bytes(&mount.point)).join(inside))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::{folder, is_frozen, of_groups, unified};

    #[test]
    fn the_group_is_found_where_it_is_mounted() {
        assert_eq!(unified(b"6:freezer:/x\n1:name=systemd:/y\n0::/a/b c\n"), Some(b"/a/b c".as_slice()));
        assert_eq!(unified(b"6:freezer:/0::/x\n"), None);
        let mounts = b"25 30 0:22 / /sys rw - sysfs sysfs rw\n\
                       34 25 0:29 / /sys/fs/my\\040groups rw,nosuid shared:9 - cgroup2 - rw,nsdelegate\n";
        let whole = of_groups(mounts).unwrap();
        assert_eq!(folder(&whole, b"/a/b").as_deref(), Some(Path::new("/sys/fs/my groups/a/b")));
        assert_eq!(folder(&whole, b"/").as_deref(), Some(Path::new("/sys/fs/my groups")));
        assert_eq!(folder(&whole, b"/../other"), None);
        let part = of_groups(b"34 25 0:29 /a /mnt rw - cgroup2 - rw\n").unwrap();
        assert_eq!(folder(&part, b"/a/b").as_deref(), Some(Path::new("/mnt/b")));
        assert_eq!(folder(&part, b"/ab"), None);
        assert_eq!(of_groups(b"1 2 0:1 / / rw - ext4 cgroup2 rw\n"), None);
    }

    #[test]
    fn only_a_whole_line_says_frozen() {
        assert!(is_frozen(b"populated 1\nfrozen 1\n"));
        assert!(!is_frozen(b"populated 1\nfrozen 0\n") && !is_frozen(b"unfrozen 1\nfrozen 10\n") && !is_frozen(b""));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (unified(&text), is_frozen(&text));
            let mount = of_groups(b"1 2 0:3 / /mnt rw - cgroup2 x y").unwrap();
            prop_assert!(folder(&mount, &text).is_none_or(|folder| folder.starts_with("/mnt")));
            let _ = of_groups(&[b"1 2 0:3 ".as_slice(), &text, b" - cgroup2 x y"].concat());
        }
    }
}
