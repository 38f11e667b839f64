//! What the tests of all shells share.

use std::env;

use ipcadm_testbed::{Cmd, ipcadm_path, make, tool};

/// A shell that finds the built program, and its script as `$SCRIPT`.
pub(crate) fn shell(name: &str, args: &[&str], script: &str) -> Cmd {
    let program = ipcadm_path();
    let folder = program.parent().expect("it stands in a folder");
    let path = env::var("PATH").unwrap_or_default();
    tool(name, args)
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("SCRIPT", crate::completions::committed(script))
        // fish looks for its own folders, which are not to be written to.
        .env("HOME", "/nonexistent")
        .env("TERM", "dumb")
}

/// Objects of each kind: two segments of 4 and 8 KiB, a set, a queue.
pub(crate) struct Objects {
    pub shm: [String; 2],
    pub sem: String,
    pub msg: String,
}

pub(crate) fn objects() -> Objects {
    Objects {
        shm: [4096, 8192].map(|size| format!("shm:{}", make::shm(0, size, 0o600))),
        sem: format!("sem:{}", make::sem(0x51, 3, 0o600)),
        msg: format!("msg:{}", make::msg(0x52, 0o600)),
    }
}

impl Objects {
    /// In the order of a list.
    pub(crate) fn all(&self) -> Vec<&str> {
        vec![&self.shm[0], &self.shm[1], &self.sem, &self.msg]
    }
}
