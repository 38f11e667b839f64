//! The files whose code processes have mapped: finding, opening and examining each of them once.
//!
//! They are whatever anybody could map. So a file is first found without being opened, then known to be the one that
//! is mapped and to be on a file system that answers, and only then read.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use super::abilities::{CodeFile, base_name};
use super::calls::{self, Calls, Examined, How, Role};
use super::maps::Code;
use super::mounts::{self, FileSystems, Mount, Nature};
use super::reader::{Reader, Task};
use crate::error::bare;
use crate::sys::unopened::{About, Unopened};

/// Programs that run those of other machines, whose calls are not theirs by name.
const EMULATORS: [&[u8]; 6] = [b"box64", b"box86", b"FEX", b"FEXInterpreter", b"FEXLoader", b"rosetta"];
/// Programs of QEMU that do not.
const QEMU: [&[u8]; 11] = [
    b"qemu-system-",
    b"qemu-img",
    b"qemu-io",
    b"qemu-nbd",
    b"qemu-ga",
    b"qemu-storage-daemon",
    b"qemu-pr-helper",
    b"qemu-bridge-helper",
    b"qemu-vmsr-helper",
    b"qemu-edid",
    b"qemu-keymap",
];

/// A file and what it is to its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) subvolume: u64,
    pub(super) role: Role,
}

/// The file that is meant.
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    /// Device, as maps shows it, where it does.
    device: Option<u64>,
    inode: u64,
    /// Its base name.
    name: &'a [u8],
    role: Role,
}

/// What a file turned out to be.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// It can make calls.
    Able(Rc<CodeFile>),
    /// It can make none.
    Unable,
    /// It cannot be told; why, to follow on its name.
    Unexaminable(String),
}

/// The files that have been examined. One run's, for nothing here notices when a file is written to.
#[derive(Debug, Default)]
pub struct ProgramFiles {
    known: HashMap<Key, Found>,
    systems: FileSystems,
    /// Room for the text of a process's mappings.
    pub(super) maps: Vec<u8>,
    /// How much may still be read for the process that is looked at.
    left: u64,
    /// How many files were opened and read.
    pub opened: u64,
}

impl ProgramFiles {
    /// Begins with another process, whose files may take so many bytes to be read.
    pub(super) fn begin(&mut self, bytes: u64) {
        self.left = bytes;
    }

    /// Whether a mapping is of memory that only looks like a file: what a program makes as it runs is not examined.
    pub(super) fn is_anonymous(&self, code: &Code) -> bool {
        let is_kernels = || {
            let name = code.name.strip_suffix(b" (deleted)").unwrap_or_default();
            name.starts_with(b"/SYSV") || name == b"/dev/zero" || name == b"/anon_hugepage"
        };
        !code.name.starts_with(b"/") || self.systems.is_memory(code.device) && is_kernels()
    }

    /// What a mapped file is; None when it is not mapped any more.
    pub(super) fn mapped(&mut self, task: Task, reader: &mut Reader, code: &Code) -> Option<Found> {
        let key = Key { device: code.device, inode: code.inode, subvolume: 0, role: Role::Mapped };
        let is_plain = self.systems.is_plain(code.device);
        if is_plain && let Some(found) = self.known.get(&key) {
            return Some(found.clone());
        }
        if let Some(Nature::Slow(why)) = self.systems.known(code.device) {
            return Some(Found::Unexaminable(why));
        }
        let file = match self.find(task, reader, code) {
            Ok(file) => file?,
            Err(why) => return Some(Found::Unexaminable(why)),
        };
        let wanted =
            Wanted { device: Some(code.device), inode: code.inode, name: base_name(code.name), role: Role::Mapped };
        self.found(task, reader, &file, &wanted).map(|(found, _)| found)
    }

    /// What a program is, and who may write to it, where that can be told.
    pub(super) fn program(
        &mut self,
        task: Task,
        reader: &mut Reader,
        mapping: Option<&Code>,
        name: &[u8],
    ) -> (Found, Option<About>) {
        if let Some(Nature::Slow(why)) = mapping.and_then(|code| self.systems.known(code.device)) {
            return (Found::Unexaminable(why), None);
        }
        let about = |file: &Unopened| file.about().map_err(io::Error::from);
        let found = reader.find(task, "exe").and_then(|file| Ok((about(&file)?, file)));
        let (about, file) = match found {
            Ok(found) => found,
            Err(error) => return (refused(&error), None),
        };
        if runs_others(name) {
            return (Found::Unexaminable("runs programs of other machines".to_owned()), None);
        }
        let device = mapping.filter(|code| code.inode == about.inode).map(|code| code.device);
        let wanted = Wanted { device, inode: about.inode, name, role: Role::Program };
        match self.found(task, reader, &file, &wanted) {
            Some(found) => found,
            None => (Found::Unexaminable("has changed meanwhile".to_owned()), None),
        }
    }

    /// Finds a mapped file without opening it; None when it is not mapped any more.
    fn find(&self, task: Task, reader: &mut Reader, code: &Code) -> Result<Option<Unopened>, String> {
        match reader.find_mapped(task, code.start, code.end) {
            Ok(file) => return Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(format!("cannot be found: {}", bare(&error))),
        }
        match reader.find_below_root(task, code.name) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && code.name.ends_with(b" (deleted)") => {
                Err("may not be opened".to_owned())
            }
            Err(error) => Err(format!("may not be opened: {}", bare(&error))),
        }
    }

    /// What a file is that was found; None when it is another than that which is mapped.
    fn found(
        &mut self,
        task: Task,
        reader: &mut Reader,
        file: &Unopened,
        wanted: &Wanted,
    ) -> Option<(Found, Option<About>)> {
        let Wanted { device, inode, name, role } = *wanted;
        let about = match file.about().map_err(io::Error::from) {
            Ok(about) => about,
            Err(error) => return Some((refused(&error), None)),
        };
        if !about.is_regular {
            return Some((Found::Unable, None));
        }
        if about.inode != inode {
            return None;
        }
        let key = Key { device: about.device, inode, subvolume: about.subvolume, role };
        if let Some(found) = self.known.get(&key) {
            return Some((found.clone(), Some(about)));
        }
        match self.nature(task, reader, &about, device)? {
            Nature::Local => {}
            Nature::Slow(why) => return Some((Found::Unexaminable(why), None)),
        }
        let found = if role == Role::Mapped && is_foreign_function_module(name) {
            Ok(Examined { soname: None, calls: Calls::ALL, how: How::ForeignFunctions })
        } else {
            self.examine(reader, file, role, name)
        };
        let found = match found {
            Ok(examined) => of_examined(examined, name),
            Err(calls::Unexaminable::Strange(what)) => Found::Unexaminable(what.to_owned()),
            // Another process's right to it may be another.
            Err(calls::Unexaminable::Unreadable(error)) => return Some((refused(&error), Some(about))),
        };
        self.known.insert(key, found.clone());
        Some((found, Some(about)))
    }

    /// What the file system of a file is; None when the file is not of the device that is mapped.
    fn nature(&mut self, task: Task, reader: &mut Reader, about: &About, device: Option<u64>) -> Option<Nature> {
        let is_same = device.is_none_or(|device| device == about.device);
        if is_same && let Some(nature) = self.systems.known(about.device) {
            return Some(nature);
        }
        // The file that was found keeps its file system, so that its numbers cannot come to mean another now.
        let others: Vec<Mount> =
            reader.read(task, "mountinfo").map(|text| mounts::parse(text).collect()).unwrap_or_default();
        if device == Some(about.device) {
            return Some(self.systems.nature(about.device, &others));
        }
        let Some(mount) = about.mount.and_then(|id| self.systems.mount(id, &others)).cloned() else {
            return Some(Nature::Slow("is on a mount that is not to be seen, which could hang its reader".to_owned()));
        };
        // Before Linux 6.8 maps shows the file below an overlay.
        let fits = device.is_none_or(|device| device == mount.device || mount.kind == b"overlay");
        fits.then(|| self.systems.nature(mount.device, &others))
    }

    fn examine(
        &mut self,
        reader: &mut Reader,
        file: &Unopened,
        role: Role,
        name: &[u8],
    ) -> Result<Examined, calls::Unexaminable> {
        let file = reader.open(file).map_err(calls::Unexaminable::Unreadable)?;
        self.opened += 1;
        let left = &mut self.left;
        let mut read = |buffer: &mut [u8], offset: u64| {
            let count = reader.read_at(&file, buffer, offset)?;
            *left = left.checked_sub(count as u64).ok_or_else(|| io::Error::from_raw_os_error(libc::EFBIG))?;
            Ok(count)
        };
        calls::examine(&mut read, role, name)
    }
}

fn refused(error: &io::Error) -> Found {
    Found::Unexaminable(format!("may not be opened: {}", bare(error)))
}

fn of_examined(examined: Examined, name: &[u8]) -> Found {
    if examined.calls.is_empty() {
        return Found::Unable;
    }
    let name = String::from_utf8_lossy(examined.soname.as_deref().unwrap_or(name)).into_owned();
    Found::Able(Rc::new(CodeFile { name, calls: examined.calls, how: examined.how }))
}

/// Whether a module calls functions by names that only its data tells, by its file's name.
fn is_foreign_function_module(name: &[u8]) -> bool {
    let is = |start: &[u8]| name.starts_with(start) && name.ends_with(b".so");
    is(b"_ctypes.")
        || is(b"_cffi_backend.")
        || name == b"fiddle.so"
        || name == b"ffi_c.so"
        || name.starts_with(b"libjnidispatch")
}

/// Whether a program runs those of other machines.
fn runs_others(name: &[u8]) -> bool {
    let is_qemu = name.starts_with(b"qemu-") && !QEMU.iter().any(|other| name.starts_with(other));
    is_qemu || EMULATORS.contains(&name)
}
