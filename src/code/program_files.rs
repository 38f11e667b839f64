//! The files whose code processes have mapped: finding, opening and examining each of them once.
//!
//! They are whatever anybody could map. So a file is first found without being opened, then known to be the one that
//! is mapped and to be on a file system that answers, and only then read.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use crate::code::calls::known::{is_foreign_function_module, runs_others};
use crate::code::calls::{self, Calls, Examined, How, Role};
use crate::code::mapped_code::MappedCode;
use crate::error::os_message;
use crate::proc::maps::Code;
use crate::proc::mounts::{self, FileSystems, Mount, Nature};
use crate::proc::reader::{Reader, Task};
use crate::sys::unopened::{About, Unopened};

/// A file whose code can make calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFile {
    /// What it calls itself (SONAME), else its base name. Not yet escaped.
    pub name: String,
    pub calls: Calls,
    /// How it is known.
    pub how: How,
}

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
    /// What maps shows of it; None for a program, which is found by a link of its own.
    mapped: Option<Mapped>,
    name: &'a [u8],
    role: Role,
}

/// What maps shows of a file.
#[derive(Clone, Copy, Debug)]
struct Mapped {
    device: u64,
    inode: u64,
    /// Whether it was looked up by its path, which can lead to any other file.
    by_path: bool,
}

/// The result of examining a file.
#[derive(Clone, Debug)]
pub(super) enum Examination {
    Able(Rc<CodeFile>),
    Unable,
    /// It cannot be examined; why, as a clause that follows its name.
    Unexaminable(String),
}

/// How many bytes are read in a run: some seconds' worth, and more than all files that programs of an ordinary machine
/// have mapped. What is above cannot be examined.
const MOST_READ: u64 = 8 << 30;

/// The files that have been examined. One run's, for nothing here notices when a file is written to.
#[derive(Debug, Default)]
pub struct ProgramFiles {
    known: HashMap<Key, Examination>,
    systems: FileSystems,
    /// Room for the mappings of a process.
    pub(super) code: MappedCode,
    /// How much may still be read for the process that is looked at.
    left: u64,
    /// How much was read for all.
    read: u64,
    /// How many files were opened and read.
    pub opened: u64,
}

impl ProgramFiles {
    /// Begins with another process, whose files may take so many bytes to be read.
    pub(super) fn begin(&mut self, bytes: u64) {
        self.left = bytes.min(MOST_READ.saturating_sub(self.read));
    }

    /// Whether a mapping is of memory that only looks like a file: what a program makes as it runs is not examined.
    pub(super) fn is_anonymous(&self, code: &Code) -> bool {
        let is_kernels = || {
            let name = code.name.strip_suffix(b" (deleted)").unwrap_or_default();
            name.starts_with(b"/SYSV") || name == b"/dev/zero" || name == b"/anon_hugepage"
        };
        !code.name.starts_with(b"/") || self.systems.is_memory(code.mapping.device) && is_kernels()
    }

    /// What a mapped file is, if that is known and follows from its numbers alone: it may have any name then.
    pub(super) fn known(&self, (device, inode): (u64, u64)) -> Option<&Examination> {
        let key = Key { device, inode, subvolume: 0, role: Role::Mapped };
        let found = self.known.get(&key).filter(|found| !matches!(found, Examination::Unexaminable(_)))?;
        (self.systems.is_plain(device) && !self.systems.is_memory(device)).then_some(found)
    }

    /// What a mapped file is; None when it is not mapped any more.
    pub(super) fn mapped(&mut self, task: Task, reader: &mut Reader, code: &Code) -> Option<Examination> {
        let key = Key { device: code.mapping.device, inode: code.mapping.inode, subvolume: 0, role: Role::Mapped };
        let is_plain = self.systems.is_plain(code.mapping.device);
        if is_plain && let Some(found) = self.known.get(&key) {
            return Some(found.clone());
        }
        if let Some(Nature::Slow(why)) = self.systems.known(code.mapping.device) {
            return Some(Examination::Unexaminable(why));
        }
        match self.find(task, reader, code) {
            Ok(Some((file, wanted))) => self.found(task, reader, &file, &wanted).map(|(found, _)| found),
            Ok(None) => None,
            Err(why) => Some(Examination::Unexaminable(why)),
        }
    }

    /// What a program is, and who may write to it, where that can be told.
    pub(super) fn program(
        &mut self,
        task: Task,
        reader: &mut Reader,
        mapping: Option<&Code>,
        name: &[u8],
    ) -> (Examination, Option<About>) {
        if let Some(Nature::Slow(why)) = mapping.and_then(|code| self.systems.known(code.mapping.device)) {
            return (Examination::Unexaminable(why), None);
        }
        let file = match reader.find(task, "exe") {
            Ok(file) => file,
            Err(error) => return (refused(&error), None),
        };
        if runs_others(name) {
            return (Examination::Unexaminable("runs programs of other machines".to_owned()), None);
        }
        let wanted = Wanted { mapped: None, name, role: Role::Program };
        let changed = || (Examination::Unexaminable("has changed meanwhile".to_owned()), None);
        self.found(task, reader, &file, &wanted).unwrap_or_else(changed)
    }

    /// Finds a mapped file without opening it; None when it is not mapped any more.
    fn find<'a>(
        &self,
        task: Task,
        reader: &mut Reader,
        code: &Code<'a>,
    ) -> Result<Option<(Unopened, Wanted<'a>)>, String> {
        let wanted = |by_path| Wanted {
            mapped: Some(Mapped { device: code.mapping.device, inode: code.mapping.inode, by_path }),
            name: base_name(code.name),
            role: Role::Mapped,
        };
        match reader.find_mapped(task, code.mapping.start, code.mapping.end) {
            Ok(file) => return Ok(Some((file, wanted(false)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(format!("may not be opened: {}", os_message(&error))),
        }
        match reader.find_below_root(task, code.name) {
            Ok(file) => Ok(Some((file, wanted(true)))),
            Err(error) => Err(format!("may not be opened: {}", os_message(&error))),
        }
    }

    /// What a file is that was found; None when it is another than that which is mapped.
    fn found(
        &mut self,
        task: Task,
        reader: &mut Reader,
        file: &Unopened,
        wanted: &Wanted,
    ) -> Option<(Examination, Option<About>)> {
        let Wanted { mapped, name, role } = *wanted;
        let about = match file.about().map_err(io::Error::from) {
            Ok(about) => about,
            Err(error) => return Some((refused(&error), None)),
        };
        if !about.is_regular {
            // Mapped for good, it is a device, and holds no code to call. By its path it may be something in its place.
            let is_mapped = mapped.is_some_and(|mapped| !mapped.by_path);
            return is_mapped.then_some((Examination::Unable, None));
        }
        let is_strange = mapped.is_some_and(|mapped| mapped.inode != about.inode);
        let key = Key { device: about.device, inode: about.inode, subvolume: about.subvolume, role };
        if !is_strange && let Some(found) = self.known.get(&key) {
            return Some((found.clone(), Some(about)));
        }
        match self.nature(task, reader, &about, mapped)? {
            Nature::Local => {}
            Nature::Slow(why) => return Some((Examination::Unexaminable(why), None)),
        }
        let found = if role == Role::Mapped && is_foreign_function_module(name) {
            Ok(Examined { soname: None, calls: Calls::ALL, how: How::ForeignFunctions })
        } else {
            self.examine(reader, file, role, name)
        };
        let found = match found {
            Ok(examined) => of_examined(examined, name),
            Err(calls::Unexaminable::Strange(what)) => Examination::Unexaminable(what.to_owned()),
            // Another process's right to it may be another.
            Err(calls::Unexaminable::Unreadable(error)) => return Some((refused(&error), Some(about))),
        };
        self.known.insert(key, found.clone());
        Some((found, Some(about)))
    }

    /// What the file system of a file is that was found; None when the file is not the one that is mapped.
    fn nature(&mut self, task: Task, reader: &mut Reader, about: &About, mapped: Option<Mapped>) -> Option<Nature> {
        let is_device = mapped.is_none_or(|mapped| mapped.device == about.device);
        let is_inode = mapped.is_none_or(|mapped| mapped.inode == about.inode);
        if is_device
            && is_inode
            && let Some(nature) = self.systems.known(about.device)
        {
            return Some(nature);
        }
        // The file that was found keeps its file system, so that its numbers cannot come to mean another now.
        let others: Vec<Mount> =
            reader.read(task, "mountinfo").map(|text| mounts::parse(text).collect()).unwrap_or_default();
        let Some(mount) = about.mount.and_then(|id| self.systems.mount(id, &others)).cloned() else {
            return match (is_device, is_inode) {
                (true, true) => Some(self.systems.nature(about.device, &others)),
                (false, true) => Some(mounts::slow(b"a mount that is not to be seen")),
                (_, false) => None,
            };
        };
        // Of an overlay maps may show the device and the inode below it.
        let is_overlay = mount.kind == b"overlay";
        let is_device = is_device || is_overlay || mapped.is_none_or(|mapped| mapped.device == mount.device);
        let is_inode = is_inode || is_overlay && mapped.is_none_or(|mapped| !mapped.by_path);
        (is_device && is_inode).then(|| self.systems.nature(mount.device, &others))
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
        let (left, all) = (&mut self.left, &mut self.read);
        let mut read = |buffer: &mut [u8], offset: u64| {
            let count = reader.read_at(&file, buffer, offset)?;
            *all = all.saturating_add(count as u64);
            *left = left.checked_sub(count as u64).ok_or_else(|| io::Error::from_raw_os_error(libc::EFBIG))?;
            Ok(count)
        };
        calls::examine(&mut read, role, name)
    }
}

/// The last part of a path, without what the kernel adds when the name is gone.
pub(super) fn base_name(path: &[u8]) -> &[u8] {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    name.strip_suffix(b" (deleted)").unwrap_or(name)
}

fn refused(error: &io::Error) -> Examination {
    Examination::Unexaminable(format!("may not be opened: {}", os_message(error)))
}

fn of_examined(examined: Examined, name: &[u8]) -> Examination {
    if examined.calls.is_empty() {
        return Examination::Unable;
    }
    let name = String::from_utf8_lossy(examined.soname.as_deref().unwrap_or(name)).into_owned();
    Examination::Able(Rc::new(CodeFile { name, calls: examined.calls, how: examined.how }))
}

#[cfg(test)]
mod tests {
    use super::ProgramFiles;
    use crate::proc::maps::Code;
    use crate::sys::memory;
    use crate::sys::process::mapping::Mapping;

    #[test]
    fn what_a_program_made_as_it_ran_is_left_out() {
        let files = ProgramFiles::default();
        let kernels = memory::segment_device().unwrap();
        let is = |name: &'static str, device| {
            let mapping = Mapping { start: 0, end: 4096, writable: false, offset: 0, device, inode: 5 };
            files.is_anonymous(&Code { mapping, name: name.as_bytes() })
        };
        for name in
            ["/SYSV00000000 (deleted)", "/dev/zero (deleted)", "/anon_hugepage (deleted)", "anon_inode:i915.gem"]
        {
            assert!(is(name, kernels), "{name}");
        }
        // Anybody can give a file any name.
        assert!(!is("/SYSV00000000 (deleted)", 0xfe00) && !is("/dev/zero (deleted)", 0xfe00));
        assert!(!is("/memfd:x (deleted)", kernels) && !is("/SYSV00000000", kernels));
    }
}
