//! Processes that keep whoever looks into them waiting for as long as they like.
//!
//! How they do it is told in [`silent`].

use std::fs;

use ipcadm_testbed::{
    Cmd, Folder, Kind, NOBODY, Running, alone, installed, ipcadm, is_root, left_out, make, silent, tool,
};

/// Where it is compiled, and what it has mounted.
struct Stranger(Folder);

impl Stranger {
    fn new(name: &str) -> Option<Self> {
        if !installed("cc") {
            return None;
        }
        // What is mounted there is gone when the mount namespace is.
        let folder = Self(Folder::new(name));
        fs::create_dir(folder.0.join("mount")).expect("a folder");
        silent::compile(&folder.0);
        Some(folder)
    }

    /// Starts it as another user, where there is one. None where it may not mount.
    fn start(&self, words: &[&str]) -> Option<(Running, u32)> {
        let user = if is_root() { NOBODY.to_string() } else { "0".to_owned() };
        let mount = self.0.join("mount");
        let before = [mount.as_os_str(), user.as_ref()].into_iter();
        let mut stranger = tool(silent::program(&self.0), before.chain(words.iter().map(AsRef::as_ref))).spawn();
        let Ok(pid) = stranger.line().parse() else {
            left_out("a file system of a user's own (FUSE)");
            return None;
        };
        Some((stranger, pid))
    }
}

fn judging(command: &[&str]) -> Cmd {
    ipcadm(command.iter().copied())
}

#[test]
fn memory_that_is_not_delivered_keeps_nobody_waiting() {
    alone!("memory_that_is_not_delivered_keeps_nobody_waiting", |_| {
        let Some(folder) = Stranger::new("silent-memory") else { return };
        let Some((_stranger, pid)) = folder.start(&["memory"]) else { return };
        let sleeper = format!("process {pid}");
        // No state depends on it.
        let listed = judging(&["ls", "--no-header", "-o", "ref,state"]).run().ok();
        listed.stdout_is("sem:0  active\n");
        judging(&["clean", "--yes", "--grace", "0"]).run().stdout_lacks("removed");
        judging(&["rm", "--if-unused", "sem:0"]).run().status(10).stderr_has(&pid.to_string());
        for command in [&["who", "sem:0"][..], &["show", "sem:0"], &["ps"]] {
            let told = judging(command).run().ok();
            assert!(told.stdout_str().contains(&pid.to_string()), "{sleeper} is missing\n{told}");
        }
    });
}

#[test]
fn nothing_stays_closed_for_a_process_that_does_not_answer() {
    alone!("nothing_stays_closed_for_a_process_that_does_not_answer", |ns| {
        let Some(folder) = Stranger::new("silent-exec") else { return };
        let leaked = || {
            make::by_dead_process(|| {
                let queue = make::msg(0, 0o600);
                make::send(queue, 1, b"x");
                make::recv(queue, 0);
                queue
            })
        };
        let queues: Vec<i32> = (0..3).map(|_| leaked()).collect();
        let Some((_stranger, _)) = folder.start(&["exec", "0"]) else { return };
        let archive = folder.0.join("saved.tar");
        let save = format!("--save={}", archive.display());
        let cleaned = judging(&["clean", "--yes", "--grace", "0", &save]).run();
        let left = ns.ids(Kind::Msg);
        for &queue in &left {
            assert_eq!(make::perm(Kind::Msg, queue).mode & 0o777, 0o600, "{cleaned}");
        }
        if is_root() {
            // He is let into none of them.
            cleaned.ok();
            assert!(left.is_empty(), "{left:?}");
        } else {
            cleaned.status(10).stderr_has("does not answer");
            assert_eq!(left, queues);
        }
        judging(&["who", "msg:0"]).run();
        judging(&["ls", "-o", "+state"]).run().ok();
    });
}
