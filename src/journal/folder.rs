//! The folders of records: places that nobody else can write to.
//!
//! A folder of a known name lies where only root or the user himself can make one. Where there is no such place, each
//! run makes one in `/tmp`, or in `/var/tmp` should `/tmp` be full: by a random name, as others can take any name that
//! they can foretell. The next run finds every folder of its user again, and passes over those of other users.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::os_message;
use crate::sys::unopened::Unopened;
use crate::sys::{accounts, random};

/// The permission bits of group and others.
const OTHERS: u32 = 0o077;
/// Bits that let group or others rename and remove what is in a folder.
const OTHERS_WRITE: u32 = 0o022;
/// Only the owner of a file may do so all the same.
const STICKY: u32 = 0o1000;
/// How often a folder is made: another run takes one that is still empty for left behind, and removes it.
const TRIES: u32 = 8;

/// Where folders for the records of one user may be.
#[derive(Clone, Debug)]
pub struct Places {
    /// The folders that have a name of their own, the preferred one first.
    known: Vec<PathBuf>,
    /// Where everybody may make folders.
    shared: Vec<PathBuf>,
    /// What the names of our folders there begin with.
    prefix: String,
}

/// The folders of one user that there are.
#[derive(Debug)]
pub struct Found {
    pub folders: Vec<PathBuf>,
    /// Whether that is all of them.
    pub all: bool,
}

impl Places {
    #[must_use]
    pub fn usual() -> Self {
        let me = accounts::effective_user().raw();
        let mut known = Vec::new();
        if me == 0 {
            known.push(PathBuf::from("/run/ipcadm"));
        }
        if let Some(runtime) = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute())
        {
            known.push(runtime.join("ipcadm"));
        }
        // Where it usually is: the next run may have an environment without it, from cron or sudo.
        let usual = PathBuf::from(format!("/run/user/{me}/ipcadm"));
        if !known.contains(&usual) {
            known.push(usual);
        }
        Self::new(known, vec!["/tmp".into(), "/var/tmp".into()])
    }

    /// These `known` folders, and folders of random names in those that are `shared`.
    #[must_use]
    pub fn new(known: Vec<PathBuf>, shared: Vec<PathBuf>) -> Self {
        let prefix = format!("ipcadm-{}-", accounts::effective_user().raw());
        Self { known, shared, prefix }
    }

    /// What `begin` makes in the first folder that is safe, and in which it can; folders are made if need be.
    ///
    /// # Errors
    /// Why there is none, for each place.
    pub fn first<T>(&self, begin: impl Fn(&Path) -> io::Result<T>) -> Result<T, String> {
        let mut reasons = Vec::new();
        for path in &self.known {
            match make(path).and_then(|()| begin(path).map_err(|error| os_message(&error))) {
                Ok(begun) => return Ok(begun),
                Err(reason) => reasons.push(format!("{}: {reason}", path.display())),
            }
        }
        for shared in &self.shared {
            match self.first_in(shared, &begin) {
                Ok(begun) => return Ok(begun),
                Err(reason) => reasons.push(format!("{}: {reason}", shared.display())),
            }
        }
        Err(reasons.join("; "))
    }

    fn first_in<T>(&self, shared: &Path, begin: impl Fn(&Path) -> io::Result<T>) -> Result<T, String> {
        // Where nothing can be listed no later run would find it.
        fs::read_dir(shared).map_err(|error| os_message(&error))?;
        let mut reason = String::new();
        for _ in 0..TRIES {
            let bits = || random::bits32().map_err(|errno| errno.to_string());
            let folder = shared.join(format!("{}{:08x}{:08x}", self.prefix, bits()?, bits()?));
            make(&folder)?;
            match begin(&folder) {
                Ok(begun) => return Ok(begun),
                Err(error) => reason = os_message(&error),
            }
            self.tidy(&folder);
        }
        Err(reason)
    }

    /// The folders that the caller owns, whichever of his runs made them.
    #[must_use]
    pub fn own(&self) -> Found {
        let known = self.known.iter().filter(|path| is_own_folder(path)).cloned();
        let mut found = Found { folders: known.collect(), all: true };
        for shared in &self.shared {
            match self.list(shared, &mut found.folders) {
                // Where nothing can be listed none is made.
                Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
                    found.all = false;
                }
                _ => {}
            }
        }
        found
    }

    fn list(&self, shared: &Path, folders: &mut Vec<PathBuf>) -> io::Result<()> {
        for entry in fs::read_dir(shared)? {
            let entry = entry?;
            // Others may have made any number of such names: those of others are forgotten at once.
            if entry.file_name().as_encoded_bytes().starts_with(self.prefix.as_bytes())
                && is_own_folder_in(shared, &entry.path())
            {
                folders.push(entry.path());
            }
        }
        Ok(())
    }

    /// Removes `folder` if it is empty and was made for one run.
    pub(super) fn tidy(&self, folder: &Path) {
        if folder.parent().is_some_and(|above| self.shared.iter().any(|shared| shared == above)) {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Makes a folder, unless there is one, where nobody else can put another in its place.
fn make(path: &Path) -> Result<(), String> {
    check_above(path)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(os_message(&error)),
        _ => check(path),
    }
}

fn is_own_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|data| data.is_dir() && data.uid() == accounts::effective_user().raw())
}

/// The same of a folder in one where everybody may make some. What is mounted there is nobody's, and its file system is
/// not asked: it may be one that a user serves, and never answer.
fn is_own_folder_in(shared: &Path, path: &Path) -> bool {
    let found = Unopened::entry(path).ok().and_then(|folder| folder.about().ok());
    found.is_some_and(|folder| {
        let above = || Unopened::at(shared).ok()?.about().ok();
        folder.is_folder
            && folder.uid == accounts::effective_user().raw()
            && above().is_some_and(|above| above.mount == folder.mount)
    })
}

/// Whether a folder that exists belongs to the caller and is closed to everybody else, and cannot be put in the place
/// of another by them.
///
/// # Errors
/// What is wrong with it, in words.
pub fn check(path: &Path) -> Result<(), String> {
    let me = accounts::effective_user().raw();
    let folder = open_folder(path).map_err(|error| os_message(&error))?;
    let data = folder.metadata().map_err(|error| os_message(&error))?;
    if data.uid() != me {
        return Err(format!("belongs to user {} and not to you", data.uid()));
    }
    if data.mode() & OTHERS != 0 {
        return Err("is open to others (its mode should be 0700)".to_owned());
    }
    check_above(path)
}

fn check_above(path: &Path) -> Result<(), String> {
    let me = accounts::effective_user().raw();
    let above = path.parent().unwrap_or(Path::new("/"));
    let data = fs::metadata(above).map_err(|error| os_message(&error))?;
    let owned = data.uid() == 0 || data.uid() == me || is_unmapped(data.uid());
    if !owned || data.mode() & OTHERS_WRITE != 0 && data.mode() & STICKY == 0 {
        return Err(format!("others could replace it in {}", above.display()));
    }
    Ok(())
}

/// In a user namespace the real root, who owns `/tmp`, has no number of his own.
fn is_unmapped(uid: u32) -> bool {
    uid == super::UNMAPPED && !crate::sys::namespace::is_initial_user()
}

fn open_folder(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW).open(path)
}

/// Opens a file in it for reading and writing, if it is a plain file of the caller's own.
///
/// # Errors
/// Those of `open`; `Unsupported` for what is no such file.
pub fn open_own(path: &Path) -> io::Result<File> {
    // Opening must neither follow a link nor wait for the other end of a FIFO.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
    let data = file.metadata()?;
    let own = data.is_file() && data.uid() == accounts::effective_user().raw() && data.mode() & OTHERS == 0;
    if own { Ok(file) } else { Err(io::Error::new(io::ErrorKind::Unsupported, "is no plain file of your own")) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::{Path, PathBuf};

    use super::{Places, check, open_own};

    fn prepare(known: &[&Path]) -> Result<PathBuf, String> {
        let known = known.iter().map(|&path| path.to_owned()).collect();
        Places::new(known, Vec::new()).first(|folder| Ok(folder.to_owned()))
    }

    #[test]
    fn only_a_folder_of_ones_own_will_do() {
        let base = std::env::temp_dir().join(format!("ipcadm-folder-{}", std::process::id()));
        fs::create_dir(&base).unwrap();
        fs::set_permissions(&base, fs::Permissions::from_mode(0o700)).unwrap();
        let good = base.join("good");
        assert_eq!(prepare(&[&good]), Ok(good.clone()));
        // Made before, it is as good.
        assert_eq!(prepare(&[&good]), Ok(good.clone()));
        assert_eq!(fs::metadata(&good).unwrap().permissions().mode() & 0o7777, 0o700);

        let link = base.join("link");
        symlink(&good, &link).unwrap();
        assert!(check(&link).is_err());
        let file = base.join("file");
        fs::write(&file, "").unwrap();
        assert!(check(&file).is_err());
        let open = base.join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(check(&open).unwrap_err().contains("open to others"));
        let inside = open.join("inside");
        fs::create_dir(&inside).unwrap();
        fs::set_permissions(&inside, fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o770)).unwrap();
        assert!(check(&inside).unwrap_err().contains("others could replace it"));
        // And none is made there.
        let new = open.join("new");
        assert!(prepare(&[&new]).unwrap_err().contains("others could replace it") && !new.exists());
        assert!(prepare(&[&link, &base.join("no/such/folder")]).unwrap_err().contains("no/such/folder"));
        // The first that will do is taken.
        assert_eq!(prepare(&[&link, &open, &good]), Ok(good.clone()));

        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(open_own(&file).is_ok());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(open_own(&file).is_err());
        let link = good.join("link");
        symlink(&file, &link).unwrap();
        assert!(open_own(&link).is_err() && open_own(&good).is_err());
        fs::remove_dir_all(&base).unwrap();
    }
}
