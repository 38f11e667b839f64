//! Whether systemd-logind removes the objects of users who log out (`RemoveIPC` of logind.conf(5)), and whose.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::sys::Uid;

/// There only when systemd runs the system.
const RUNNING: &str = "/run/systemd/system";
/// Where configuration lies, the first place first.
const FOLDERS: [&str; 4] = ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"];
/// The default, where nothing else is said.
const LAST_SYSTEM_UID: u32 = 999;
/// Users that systemd makes up for services.
const DYNAMIC: std::ops::RangeInclusive<u32> = 61184..=65519;
const NOBODY: u32 = 65534;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub removes: bool,
    /// The file that says so, or the manual page with the default.
    pub source: String,
}

impl Policy {
    /// Reads it; None where systemd does not run the system.
    pub fn read() -> Option<Self> {
        Path::new(RUNNING).is_dir().then(|| Self::of(&FOLDERS.map(PathBuf::from)))
    }

    fn of(folders: &[PathBuf]) -> Self {
        let mut policy = Self { removes: true, source: "logind.conf(5): the default".to_owned() };
        let main = folders.iter().map(|folder| folder.join("logind.conf")).find(|path| path.exists());
        // Of two drop-ins with one name the first place's counts; then all are read in the order of their names.
        let mut drop_ins: BTreeMap<_, PathBuf> = BTreeMap::new();
        for folder in folders {
            for entry in fs::read_dir(folder.join("logind.conf.d")).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.extension().is_some_and(|end| end == "conf") {
                    drop_ins.entry(entry.file_name()).or_insert(path);
                }
            }
        }
        for path in main.into_iter().chain(drop_ins.into_values()) {
            if let Some(removes) = fs::read(&path).ok().and_then(|text| remove_ipc(&text)) {
                policy = Self { removes, source: path.display().to_string() };
            }
        }
        policy
    }
}

/// The last valid `RemoveIPC=` in the section `[Login]`.
fn remove_ipc(text: &[u8]) -> Option<bool> {
    let mut in_section = false;
    let mut found = None;
    for line in text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
        if line.starts_with(b"[") {
            in_section = line == b"[Login]";
        } else if in_section && let Some(value) = setting(line, b"RemoveIPC") {
            found = truth(value).or(found);
        }
    }
    found
}

fn setting<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    Some(line.strip_prefix(name)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii())
}

fn truth(value: &[u8]) -> Option<bool> {
    match value.to_ascii_lowercase().as_slice() {
        b"1" | b"yes" | b"y" | b"true" | b"t" | b"on" => Some(true),
        b"0" | b"no" | b"n" | b"false" | b"f" | b"off" => Some(false),
        _ => None,
    }
}

/// Users whose objects logind never removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemUsers {
    last: u32,
}

impl SystemUsers {
    /// By `/etc/login.defs`.
    pub fn read() -> Self {
        let last = fs::read("/etc/login.defs").ok().and_then(|text| sys_uid_max(&text));
        Self { last: last.unwrap_or(LAST_SYSTEM_UID) }
    }

    pub fn has(self, uid: Uid) -> bool {
        let uid = uid.raw();
        uid <= self.last || uid == NOBODY || DYNAMIC.contains(&uid)
    }
}

fn sys_uid_max(text: &[u8]) -> Option<u32> {
    text.split(|&byte| byte == b'\n').find_map(|line| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let value = words.next().filter(|&name| name == b"SYS_UID_MAX").and_then(|_| words.next())?;
        std::str::from_utf8(value).ok()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{SystemUsers, remove_ipc, sys_uid_max};
    use crate::sys::Uid;

    #[test]
    fn settings_as_systemd_reads_them() {
        assert_eq!(remove_ipc(b"[Login]\n#RemoveIPC=no\n"), None);
        assert_eq!(remove_ipc(b"RemoveIPC=no\n[Login]\nRemoveIPC = Off\r\n"), Some(false));
        assert_eq!(remove_ipc(b"[Login]\nRemoveIPC=no\nRemoveIPC=maybe\n[Other]\nRemoveIPC=yes"), Some(false));
        assert_eq!(remove_ipc(b"[Login]\nRemoveIPC=no\nRemoveIPC=1"), Some(true));
        assert_eq!(sys_uid_max(b"#SYS_UID_MAX 5\nUID_MIN\t1000\nSYS_UID_MAX\t\t 499 \n"), Some(499));
        let system = SystemUsers { last: 999 };
        assert_eq!(
            [0, 999, 1000, 61183, 61184, 65519, 65534, 65536].map(|uid| system.has(Uid::new(uid))),
            [true, true, false, false, true, true, true, false]
        );
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (remove_ipc(&text), sys_uid_max(&text));
        }
    }
}
