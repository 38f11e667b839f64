//! Running the program, and util-linux's, as child processes.

mod cmd;
mod confine;
mod running;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use cmd::Cmd;
pub use running::Running;
pub(crate) use running::{asleep_in_ipc, pid_t};

/// The program under test with these arguments.
pub fn ipcadm<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Cmd {
    Cmd::new(ipcadm_path(), "ipcadm".into()).args(args)
}

/// The program under test, called by another name (`ipcs`, `ipcrm`, `ipcmk`,
/// `lsipc`), as through a symbolic link.
pub fn drop_in<A: Into<OsString>>(name: &str, args: impl IntoIterator<Item = A>) -> Cmd {
    Cmd::new(ipcadm_path(), name.into()).args(args)
}

/// Another program: a path, or a name that is looked up in PATH. It is called
/// by its last path component, so util-linux's messages begin as usual.
pub fn tool<A: Into<OsString>>(path: impl AsRef<Path>, args: impl IntoIterator<Item = A>) -> Cmd {
    let path = path.as_ref();
    let name = path.file_name().unwrap_or(path.as_os_str()).to_owned();
    Cmd::new(in_path(path), name).args(args)
}

/// The program under test: what CARGO_BIN_EXE_ipcadm names when it is set
/// while the tests run; else it lies beside the test executable
/// (`target/PROFILE/deps/x`), or one folder above it.
pub fn ipcadm_path() -> PathBuf {
    if let Some(path) = env::var_os("CARGO_BIN_EXE_ipcadm") {
        return path.into();
    }
    let test = env::current_exe().unwrap_or_else(|e| panic!("where is this executable: {e}"));
    let found = test.ancestors().skip(1).take(2).map(|dir| dir.join("ipcadm"));
    found
        .into_iter()
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("there is no ipcadm near {}; build it first", test.display()))
}

/// Held while this process forks, and while it does what a fork must not see
/// half done.
pub(crate) fn forking() -> MutexGuard<'static, ()> {
    static FORKING: Mutex<()> = Mutex::new(());
    // It guards no data: a panic while it was held spoiled nothing.
    FORKING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn in_path(name: &Path) -> PathBuf {
    if name.components().count() > 1 {
        return name.to_owned();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("there is no {} in PATH", name.display()))
}
