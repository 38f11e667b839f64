//! Files behind `O_PATH` descriptors. These calls only use what the kernel has cached, so that neither a file system
//! nor its server can delay them.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, StatxFlags, makedev, openat2, statx};

use super::errno::Result;

/// File attributes that the kernel knows without asking the file system (`AT_STATX_DONT_SYNC`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// `st_dev` of stat(2): the file system, or a part of it (btrfs).
    pub device: u64,
    pub inode: u64,
    /// The subvolume, where the device does not identify it (bcachefs).
    pub subvolume: u64,
    /// The mount id, as in the first column of `/proc/PID/mountinfo`.
    pub mount: Option<u64>,
    pub is_regular: bool,
    pub is_folder: bool,
    pub uid: u32,
    pub mode: u32,
}

/// A file opened with `O_PATH`.
#[derive(Debug)]
pub struct Unopened(File);

impl Unopened {
    /// Finds a file by a path of `/proc`, following the link at its end.
    pub fn at(path: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(path).map(Self)
    }

    /// As [`Unopened::at`], without following a symbolic link at the end.
    pub fn entry(path: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).custom_flags(libc::O_PATH | libc::O_NOFOLLOW).open(path).map(Self)
    }

    /// Finds a file by its path below a folder, which is the root for `..` and links. Only cached names are found:
    /// `EAGAIN` for others, whose file system would have to be asked.
    ///
    /// # Errors
    /// Those of openat2(2): `ENOSYS` before Linux 5.6, `EINVAL` before 5.12.
    pub fn below(root: &Self, path: &CStr) -> Result<Self> {
        let (flags, resolve) = (OFlags::PATH | OFlags::CLOEXEC, ResolveFlags::IN_ROOT | ResolveFlags::CACHED);
        let found = openat2(&root.0, path, flags, Mode::empty(), resolve | ResolveFlags::NO_MAGICLINKS)?;
        Ok(Self(File::from(found)))
    }

    /// `ENOSYS` before Linux 4.11; `EACCES` by some file systems for files of others.
    pub fn about(&self) -> Result<About> {
        /// `STATX_SUBVOL`, since Linux 6.10.
        const SUBVOLUME: StatxFlags = StatxFlags::from_bits_retain(libc::STATX_SUBVOL);
        let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
        let mask = StatxFlags::TYPE | StatxFlags::MODE | StatxFlags::UID | StatxFlags::INO | StatxFlags::MNT_ID;
        let data = statx(&self.0, c"", flags, mask | SUBVOLUME)?;
        let has = |flag: StatxFlags| data.stx_mask & flag.bits() != 0;
        let mode = u32::from(data.stx_mode);
        Ok(About {
            device: makedev(data.stx_dev_major, data.stx_dev_minor),
            inode: data.stx_ino,
            subvolume: if has(SUBVOLUME) { data.stx_subvol } else { 0 },
            mount: has(StatxFlags::MNT_ID).then_some(data.stx_mnt_id),
            is_regular: mode & libc::S_IFMT == libc::S_IFREG,
            is_folder: mode & libc::S_IFMT == libc::S_IFDIR,
            uid: data.stx_uid,
            mode: mode & 0o7777,
        })
    }

    /// Opens it for reading, by way of `/proc`. Never waits for another process: `EAGAIN` where a lease is held.
    pub fn open(&self) -> io::Result<File> {
        let path = format!("/proc/self/fd/{}", self.0.as_raw_fd());
        OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::Unopened;

    #[test]
    fn a_file_is_known_before_it_is_opened() {
        let own = std::fs::metadata("/proc/self/exe").unwrap();
        let file = Unopened::at(Path::new("/proc/self/exe")).unwrap();
        let about = file.about().unwrap();
        assert_eq!((about.inode, about.uid, about.is_regular), (own.ino(), own.uid(), true));
        let mut head = [0; 4];
        file.open().unwrap().read_exact(&mut head).unwrap();
        assert_eq!(head, *b"\x7fELF");
        assert!(!Unopened::at(Path::new("/dev/null")).unwrap().about().unwrap().is_regular);
        assert!(Unopened::at(Path::new("/proc/self/nothing")).is_err());
    }

    #[test]
    fn what_is_below_a_folder_stays_below_it() {
        let root = Unopened::at(Path::new("/proc/self")).unwrap();
        let status = Unopened::below(&root, c"/../../status").unwrap();
        assert!(status.about().unwrap().is_regular);
        assert!(Unopened::below(&root, c"/etc/passwd").is_err());
        // A magic link would leave the root.
        assert!(Unopened::below(&root, c"/exe").is_err());
    }
}
