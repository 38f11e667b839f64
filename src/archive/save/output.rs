//! The file, or pipe, that an archive is written to.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::archive::manifest::{self, Entry, Head};
use crate::archive::tar::Name;
use crate::archive::write::Writer;
use crate::archive::{FORMAT, MAX_MANIFEST};
use crate::error::{Error, Result, Status, os_message};
use crate::object::snapshot::write_time;
use crate::proc::sysctl;
use crate::render::escape::escape_bytes;
use crate::sys::clock::now;
use crate::sys::new_file::NewFile;
use crate::sys::{Timestamp, namespace};

/// Where an archive is written. A file has no name until [`Output::finish`].
#[derive(Debug)]
pub(super) struct Output {
    pub(super) tar: Writer,
    file: Option<NamedFile>,
    time: i64,
}

/// A file that gets its name at the end.
#[derive(Debug)]
struct NamedFile {
    new: NewFile,
    path: PathBuf,
    overwrite: bool,
}

impl Output {
    /// See [`super::Saver::create`].
    pub(super) fn create(path: &Path, overwrite: bool) -> Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(data) if data.is_file() && !overwrite => {
                return Err(unwritable(Some(path), &io::Error::from_raw_os_error(libc::EEXIST)));
            }
            Ok(data) if !data.is_file() => {
                if !overwrite {
                    let (operation, reason) = (format!("write {}", shown(path)), "it exists, and is no regular file");
                    return Err(Error::cannot(Status::Exists, &operation, reason, None));
                }
                let operation = format!("replace {}", shown(path));
                return Err(Error::cannot(Status::Refused, &operation, "it is no regular file", None));
            }
            _ => {}
        }
        let new = NewFile::create(path).map_err(|error| unwritable(Some(path), &error))?;
        let out = new.file().try_clone().map_err(|error| unwritable(Some(path), &error))?;
        Ok(Self { file: Some(NamedFile { new, path: path.to_owned(), overwrite }), ..Self::onto(out) })
    }

    /// An open file, or a pipe.
    pub(super) fn onto(out: File) -> Self {
        let time = now();
        Self { tar: Writer::new(out, u64::try_from(time).unwrap_or(0)), file: None, time }
    }

    /// Writes the manifest, the checksums and the end, and gives the file its name. It is on disk when this returns.
    pub(super) fn finish(mut self, entries: &[Entry]) -> Result<()> {
        let path = self.file.as_ref().map(|file| file.path.clone());
        let failed = |error: io::Error| unwritable(path.as_deref(), &error);
        let head = Head {
            archive: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            host: sysctl::host_name(),
            boot_id: sysctl::boot_id(),
            namespace: namespace::ipc(),
            time: write_time(Timestamp::new(self.time)).unwrap_or_default(),
        };
        let text = manifest::encode(&head, entries).map_err(|error| failed(error.into()))?;
        if text.len() as u64 > MAX_MANIFEST || text.lines().any(|line| line.len() as u64 >= manifest::MAX_LINE) {
            return Err(failed(io::Error::other("too many semaphores for one archive, or in one set")));
        }
        self.tar.whole(Name::Manifest, text.as_bytes()).map_err(failed)?;
        self.tar.finish().map_err(failed)?;
        if let Some(NamedFile { new, path, overwrite }) = self.file {
            new.file().sync_all().map_err(failed)?;
            new.keep(overwrite).map_err(failed)?;
            // The name is to last as well. Not every file system can do that for a folder.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            drop(File::open(folder).and_then(|folder| folder.sync_all()));
        }
        Ok(())
    }

    /// The error for an archive that cannot be written.
    pub(super) fn unwritable(&self, error: &io::Error) -> Error {
        unwritable(self.file.as_ref().map(|file| file.path.as_path()), error)
    }
}

fn shown(path: &Path) -> String {
    escape_bytes(path.as_os_str().as_encoded_bytes()).into_owned()
}

/// Without a path it is standard output.
fn unwritable(path: Option<&Path>, error: &io::Error) -> Error {
    let Some(path) = path else {
        return Error::cannot(Status::Failed, "write to standard output", os_message(error), None);
    };
    let (status, remedy) = match error.kind() {
        io::ErrorKind::AlreadyExists => (Status::Exists, Some("--overwrite replaces it")),
        io::ErrorKind::PermissionDenied => (Status::Denied, None),
        _ => (Status::Failed, None),
    };
    Error::cannot(status, &format!("write {}", shown(path)), os_message(error), remedy)
}
