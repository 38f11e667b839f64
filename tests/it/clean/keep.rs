//! The keep list: what a line of selectors names is never cleaned.

use std::fs;

use ipcadm_testbed::{Folder, Kind, Outcome, fresh, ipcadm, make};

/// A keep list of this test's own.
struct Keep(Folder);

impl Keep {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Folder::new("keep");
        files.iter().for_each(|(name, text)| drop(folder.write(name, text)));
        Self(folder)
    }

    fn clean(&self, args: &[&str]) -> Outcome {
        let states = ["--grace=0", "--state=orphan", "--state=dormant", "--state=unknown", "--keep-dir"];
        ipcadm(["clean"]).args(states).arg(&self.0).args(args.iter().copied()).run()
    }

    fn place(&self, name: &str, line: usize) -> String {
        format!("{}/{name}:{line}", self.0.display())
    }
}

fn segment(key: i32, mode: u32) -> i32 {
    make::by_dead_process(|| make::shm(key, 4096, mode))
}

#[test]
fn lines_keep_by_key_kind_mode_and_owner() {
    let ns = fresh();
    let keyed = [segment(0x0d4d_0001, 0o600), segment(0x0d4d_0002, 0o600)];
    let by_mode = segment(0x77, 0o640);
    let set = make::sem(0x0d4d_0003, 1, 0o640);
    let free = segment(0x51, 0o600);
    let keep = Keep::new(&[
        ("20-mode", "# by mode\n\nshm --mode 0640  # the web server's\n"),
        ("10-keys", "shm --key 0x0d4d*"),
        ("10-keys~", "shm sem msg"),
        (".hidden", "shm sem msg"),
        ("30-old.dpkg-old", "shm sem msg"),
    ]);
    let outcome = keep.clean(&["--dry-run"]).ok();
    let (first, second) = (keep.place("10-keys", 1), keep.place("20-mode", 3));
    let lines = format!("kept by {first}: shm:{}, shm:{}\nkept by {second}: shm:{by_mode}\n", keyed[0], keyed[1]);
    assert!(outcome.stdout_str().contains(&lines), "{outcome}");
    keep.clean(&["--yes"]).ok().stdout_is(format!("removed sem:{set}\nremoved shm:{free}\n"));
    assert_eq!(ns.ids(Kind::Shm).len(), 3);
    let me = Keep::new(&[("me", &format!("--owner {}", fs_owner()))]);
    me.clean(&["--yes", "-v"]).ok().stdout_empty().stderr_has(&format!("kept by {}: shm:", me.place("me", 1)));
    Keep::new(&[]).clean(&["--yes", "-q"]).ok();
    assert!(ns.ids(Kind::Shm).is_empty());
}

/// The user who runs this.
fn fs_owner() -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").expect("/proc").uid()
}

#[test]
fn a_malformed_line_stops_it_all() {
    let ns = fresh();
    let id = segment(0, 0o600);
    for (line, reason) in [
        ("shm --kye 0x51", "unexpected argument '--kye' found"),
        ("shm:5", "'shm:5' is no kind; kinds are shm, sem and msg"),
        ("--owner no-such-user-here", "--owner: no such user: no-such-user-here"),
        ("--mode 9", "invalid value '9' for '--mode <MODE>'"),
        ("--state orphan", "have no place in a keep list"),
        ("--grace 5", "have no place in a keep list"),
        ("shm --yes", "unexpected argument '--yes' found"),
        ("shm \u{1b}[31m", r"is no kind"),
    ] {
        let keep = Keep::new(&[("a", "sem\n"), ("b", &format!("# x\n\n{line}\n"))]);
        for mode in ["--yes", "--dry-run"] {
            let outcome = keep.clean(&[mode]).status(1).stdout_empty();
            outcome
                .stderr_has(&format!("ipcadm: keep list, {}: ", keep.place("b", 3)))
                .stderr_has(reason)
                .stderr_lacks("\u{1b}");
        }
    }
    assert_eq!(ns.ids(Kind::Shm), [id]);
}

#[test]
fn what_cannot_be_read_stops_it_all() {
    let ns = fresh();
    let id = segment(0, 0o600);
    let keep = Keep::new(&[]);
    fs::create_dir(keep.0.join("folder")).expect("a folder");
    keep.clean(&["--yes"]).status(1).stderr_has("cannot read the keep list").stderr_has("no plain file");
    let keep = Keep::new(&[]);
    fs::write(keep.0.join("bytes"), b"shm \xff\n").expect("a file");
    keep.clean(&["--yes"]).status(1).stderr_has("cannot read the keep list");
    ipcadm(["clean", "--yes", "--grace=0", "--keep-dir", "/no/such/folder"]).run().status(1);
    ipcadm(["clean", "--yes", "--grace=0", "--keep-dir", ""]).run().status(2);
    assert_eq!(ns.ids(Kind::Shm), [id]);
}
