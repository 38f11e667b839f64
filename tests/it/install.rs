//! What `make install` and `make uninstall` overwrite and remove, and that they find their way.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use ipcadm_testbed::{Cmd, Folder, installed, ipcadm_path, source, tool};

const FOREIGN: &str = "not of ipcadm";

/// A scratch folder to install into, with a blank in its name; it goes at the end.
struct Root(Folder);

impl Root {
    fn new(name: &str) -> Self {
        Root(Folder::new(&format!("install {name}")))
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// Make, called in the scratch folder, with nothing to be built.
    fn make(&self, target: &str) -> Cmd {
        let makefile = source("Makefile");
        let cmd = tool("make", ["--no-print-directory", "-C"]).arg(&self.0).arg("-f").arg(makefile);
        cmd.arg(format!("DESTDIR={}", self.0.display()))
            .arg(format!("BINARY={}", ipcadm_path().display()))
            .args(["CARGO=false", target])
    }

    /// All that is no folder.
    fn files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.0.to_path_buf()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
                let is_folder = entry.file_type().expect("a type").is_dir();
                if is_folder { &mut folders } else { &mut files }.push(entry.path());
            }
        }
        files
    }
}

#[test]
fn what_is_not_ours_is_neither_overwritten_nor_removed() {
    if !installed("make") {
        return;
    }
    for place in ["usr/local/bin/ipcadm", "usr/local/share/man/man1/ipcadm.1"] {
        for installed in [false, true] {
            let root = Root::new("foreign");
            if installed {
                root.make("install").run().ok();
                root.make("install").run().ok();
            }
            let path = root.path(place);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(&path, FOREIGN).expect("written");
            let before = root.files().len();
            root.make("install").run().status(2).stderr_has(&path.display().to_string());
            assert_eq!(root.files().len(), before);
            root.make("uninstall").run().ok().stderr_has("packaging/place: ");
            assert_eq!(root.files(), [path.as_path()]);
            assert_eq!(fs::read_to_string(&path).expect("it is there"), FOREIGN);
        }
    }
}

#[test]
fn drop_ins_are_found_wherever_they_are() {
    if !installed("make") {
        return;
    }
    let root = Root::new("elsewhere");
    root.make("install").run().ok();
    root.make("install-dropins").arg("DROPINDIR=/opt/own one/bin").run().ok();
    assert!(fs::metadata(root.path("opt/own one/bin/ipcs")).is_ok());
    root.make("uninstall").run().ok().stderr_empty();
    assert!(root.files().is_empty(), "{:?}", root.files());
}

#[test]
fn a_link_to_the_folder_of_programs_is_that_folder() {
    if !installed("make") {
        return;
    }
    let root = Root::new("link");
    root.make("install").run().ok();
    symlink("bin", root.path("usr/local/same")).expect("a link");
    root.make("install-dropins").arg("DROPINDIR=/usr/local/same").run().ok();
    assert!(fs::metadata(root.path("usr/local/share/man/man1/ipcs.1")).is_ok());
    root.make("uninstall").run().ok().stderr_empty();
    assert_eq!(root.files(), [root.path("usr/local/same")]);
}

#[test]
fn a_package_without_cargo_is_refused_with_a_reason() {
    let script = source("packaging/debian/build");
    let build = tool("bash", [script]).env("BINARY", ipcadm_path()).env("CARGO", "/nonexistent/cargo");
    build.run().status(1).stdout_empty().stderr_has("there is no /nonexistent/cargo");
}
