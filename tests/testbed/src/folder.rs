//! Folders: those of tests, and that of the package.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, io, ops, process};

/// A new, empty folder of a test; it goes with all that is in it when this is dropped. It is a path.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// With this word in its name.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    #[track_caller]
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            // Other processes may have the same number in their pid namespaces.
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = env::temp_dir().join(format!("ipcadm-{name}-{}-{number}", process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Self(path),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => panic!("cannot make {}: {e}", path.display()),
            }
        }
    }

    /// With these permissions for it.
    #[track_caller]
    pub fn mode(self, mode: u32) -> Self {
        fs::set_permissions(&self.0, fs::Permissions::from_mode(mode)).expect("the folder's mode");
        self
    }

    /// Writes a file in it. Returns its path.
    #[track_caller]
    pub fn write(&self, name: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name.as_ref());
        fs::write(&path, bytes).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
        path
    }

    /// The path of a file in it, as an argument.
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path of plain letters").to_owned()
    }

    /// The names in it, sorted.
    #[track_caller]
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl ops::Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<OsStr> for Folder {
    fn as_ref(&self) -> &OsStr {
        self.0.as_os_str()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What a test has left mounted or forbidden goes with its namespace, or by hand.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A file of the package that is tested: of what cargo says that it is, or in whose tests this test bed was built.
pub fn source(path: impl AsRef<Path>) -> PathBuf {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| built.into(), PathBuf::from).join(path)
}
