//! Where records of what is closed are kept: a folder that nobody else can write to.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::bare;
use crate::sys::accounts;

/// The permission bits of group and others.
const OTHERS: u32 = 0o077;
/// Bits that let group or others rename and remove what is in a folder.
const OTHERS_WRITE: u32 = 0o022;
/// Only the owner of a file may do so all the same.
const STICKY: u32 = 0o1000;

/// The folders that may hold records of this user, the preferred one first.
#[must_use]
pub fn candidates() -> Vec<PathBuf> {
    let me = accounts::effective_user().raw();
    let mut folders = Vec::new();
    if me == 0 {
        folders.push(PathBuf::from("/run/ipcadm"));
    }
    if let Some(runtime) = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute()) {
        folders.push(runtime.join("ipcadm"));
    }
    // Where it usually is: the next run may have an environment without it, from cron or sudo.
    let usual = PathBuf::from(format!("/run/user/{me}/ipcadm"));
    if !folders.contains(&usual) {
        folders.push(usual);
    }
    folders.push(PathBuf::from(format!("/tmp/ipcadm-{me}")));
    folders
}

/// The first of `candidates` that exists or can be made, and is safe.
///
/// # Errors
/// Why each of them is not.
pub fn prepare(candidates: &[PathBuf]) -> Result<PathBuf, String> {
    let mut reasons = Vec::new();
    for path in candidates {
        let made = match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(bare(&error)),
            _ => check(path),
        };
        match made {
            Ok(()) => return Ok(path.clone()),
            Err(reason) => reasons.push(format!("{}: {reason}", path.display())),
        }
    }
    Err(reasons.join("; "))
}

/// Whether a folder that exists belongs to the caller and is closed to everybody else, and cannot be put in the place
/// of another by them.
///
/// # Errors
/// What is wrong with it, in words.
pub fn check(path: &Path) -> Result<(), String> {
    let me = accounts::effective_user().raw();
    let folder = open_folder(path).map_err(|error| bare(&error))?;
    let data = folder.metadata().map_err(|error| bare(&error))?;
    if data.uid() != me {
        return Err(format!("belongs to user {} and not to you", data.uid()));
    }
    if data.mode() & OTHERS != 0 {
        return Err("is open to others (its mode should be 0700)".to_owned());
    }
    let above = path.parent().unwrap_or(Path::new("/"));
    let data = fs::metadata(above).map_err(|error| bare(&error))?;
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

    use super::{check, open_own, prepare};

    #[test]
    fn only_a_folder_of_ones_own_will_do() {
        let base = std::env::temp_dir().join(format!("ipcadm-folder-{}", std::process::id()));
        fs::create_dir(&base).unwrap();
        fs::set_permissions(&base, fs::Permissions::from_mode(0o700)).unwrap();
        let good = base.join("good");
        assert_eq!(prepare(std::slice::from_ref(&good)), Ok(good.clone()));
        // Made before, it is as good.
        assert_eq!(prepare(std::slice::from_ref(&good)), Ok(good.clone()));
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
        assert!(prepare(&[link.clone(), base.join("no/such/folder")]).unwrap_err().contains("no/such/folder"));
        // The first that will do is taken.
        assert_eq!(prepare(&[link, open, good.clone()]), Ok(good.clone()));

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
