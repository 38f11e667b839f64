//! Folders of configuration files, read in the order of their names.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::os_message;

const MOST_BYTES: u64 = 1 << 20;
/// Suffixes that editors and package managers give to copies.
const COPIES_END: [&str; 4] = ["~", ".rpmnew", ".rpmsave", ".rpmorig"];

/// The files in `folder` in the order of their names, except hidden ones and copies of editors and package managers.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let meant = entries.iter().filter(|entry| !is_copy(entry.file_name().as_encoded_bytes()));
    let mut files: Vec<PathBuf> = meant.map(fs::DirEntry::path).collect();
    files.sort();
    Ok(files)
}

fn is_copy(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    name.starts_with('.') || name.contains(".dpkg-") || COPIES_END.iter().any(|end| name.ends_with(end))
}

/// Opens a regular file.
pub fn open(path: &Path) -> Result<File, String> {
    // Opening a FIFO must not block.
    let file =
        OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(|error| os_message(&error))?;
    let is_file = file.metadata().map_err(|error| os_message(&error))?.is_file();
    if is_file { Ok(file) } else { Err("no plain file".to_owned()) }
}

/// Fails for a file that is too long or not UTF-8.
pub fn text(file: File) -> Result<String, String> {
    let mut text = String::new();
    file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| os_message(&error))?;
    if text.len() as u64 > MOST_BYTES { Err("too long".to_owned()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::is_copy;

    #[test]
    fn copies() {
        assert!(
            ["db~", ".db", ".db.swp", "db.dpkg-old", "db.dpkg-new", "db.rpmsave"].iter().all(|n| is_copy(n.as_bytes()))
        );
        assert!(["db", "db.conf", "10-db"].iter().all(|name| !is_copy(name.as_bytes())));
    }
}
