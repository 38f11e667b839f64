//! Atomic creation of a file (`O_TMPFILE` and `linkat`).
//!
//! It has no name until it is complete (`O_TMPFILE`), so that not even `SIGKILL` leaves anything behind. Where a
//! file system cannot do that, it has a name of its own beside the one it will get.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, RenameFlags, linkat, renameat_with};

use super::random;

const MODE: u32 = 0o600;
const TRIES: u32 = 16;

/// A file without its final name. Dropping it without [`NewFile::keep`] leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    target: PathBuf,
    /// The name until then, on file systems without `O_TMPFILE`.
    temporary: Option<PathBuf>,
}

impl NewFile {
    /// Errors are those of `open` for the folder of `target`.
    pub fn create(target: &Path) -> io::Result<Self> {
        if target.file_name().is_none() {
            return Err(io::Error::from_raw_os_error(libc::EISDIR));
        }
        let target = target.to_owned();
        // linkat needs /proc to name the file.
        if Path::new("/proc/self/fd").exists() {
            let folder = folder(&target);
            let unnamed =
                OpenOptions::new().read(true).write(true).mode(MODE).custom_flags(libc::O_TMPFILE).open(folder);
            match unnamed {
                Ok(file) => return Ok(Self { file, target, temporary: None }),
                // Errors of file systems and kernels without O_TMPFILE.
                Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR | libc::EINVAL)) => {}
                Err(error) => return Err(error),
            }
        }
        let (temporary, file) =
            beside(&target, |path| OpenOptions::new().read(true).write(true).create_new(true).mode(MODE).open(path))?;
        Ok(Self { file, target, temporary: Some(temporary) })
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Names the file: `overwrite` replaces a file of that name, otherwise the name must be free.
    ///
    /// # Errors
    /// `AlreadyExists`; `InvalidInput` for a link, device or anything else but a regular file, which is not replaced.
    pub fn keep(mut self, overwrite: bool) -> io::Result<()> {
        if overwrite && fs::symlink_metadata(&self.target).is_ok_and(|there| !there.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "what is there is no regular file"));
        }
        match &self.temporary {
            None if !overwrite => return link(&self.file, &self.target),
            None => {
                let (path, ()) = beside(&self.target, |path| link(&self.file, path))?;
                self.temporary = Some(path);
            }
            Some(temporary) if !overwrite => {
                match rename_new(temporary, &self.target) {
                    // A hard link is as exclusive, and dropping this removes the first name.
                    Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) => {
                        return fs::hard_link(temporary, &self.target);
                    }
                    other => other?,
                }
                self.temporary = None;
                return Ok(());
            }
            Some(_) => {}
        }
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.target)?;
            self.temporary = None;
        }
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Nothing else can be tried.
            let _ = fs::remove_file(temporary);
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Calls `make` with an unused name in the folder of `target`.
fn beside<T>(target: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
    let mut last = io::Error::from_raw_os_error(libc::EEXIST);
    for _ in 0..TRIES {
        let mut name = OsString::from(format!(".ipcadm-{:08x}-", random::bits32()?));
        // The target's name may already have the greatest length.
        let own = target.file_name().unwrap_or_default().as_bytes();
        name.push(std::ffi::OsStr::from_bytes(&own[..own.len().min(200)]));
        let path = folder(target).join(name);
        match make(&path) {
            Ok(made) => return Ok((path, made)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// `linkat` of an open file without a name; `EEXIST` if `path` is taken.
fn link(file: &File, path: &Path) -> io::Result<()> {
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

/// `renameat2` with `RENAME_NOREPLACE`: `EEXIST` if `to` is taken, `EINVAL` where the file system lacks the flag.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}
