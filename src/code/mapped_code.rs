//! The mappings of a process from which code may be executed.
//!
//! The kernel is asked for them one by one, where it can be: the names of their files, which are most of the work, are
//! then made up only when somebody wants to know them. Where it cannot, `maps` is read.

use std::fs::File;
use std::io;
use std::ops::Range;

use crate::proc::maps::{self, Code};
use crate::proc::reader::{Reader, Task, is_gone};
use crate::sys::Errno;
use crate::sys::process::mapping::{self, Mapping, Sort};

/// The mappings of one process at a time.
#[derive(Debug, Default)]
pub struct MappedCode {
    all: Vec<Place>,
    /// The file that is asked for names that are not known yet.
    maps: Option<File>,
    names: Vec<u8>,
    name: Vec<u8>,
    /// Room for what `maps` says.
    text: Vec<u8>,
    /// Whether the kernel cannot be asked.
    is_mute: bool,
    /// Whether a name could not be had by asking, so that the next process is read.
    has_failed: bool,
}

/// A mapping, and where its name is, if that is known.
#[derive(Clone, Debug)]
struct Place {
    mapping: Mapping,
    name: Option<Range<usize>>,
}

impl MappedCode {
    /// Looks at a process. Whether it has memory: one that has ended has none, and threads of the kernel have none.
    pub fn look_at(&mut self, task: Task, reader: &mut Reader) -> io::Result<bool> {
        self.all.clear();
        self.names.clear();
        self.maps = None;
        if !self.is_mute && !std::mem::take(&mut self.has_failed) {
            let maps = reader.file(task, "maps")?;
            match self.ask(&maps) {
                Ok(()) => {
                    self.maps = Some(maps);
                    return Ok(true);
                }
                Err(errno) if errno.raw() == libc::ESRCH => return Ok(false),
                Err(errno) => self.is_mute |= errno.raw() == libc::ENOTTY,
            }
        }
        self.all.clear();
        let mut text = std::mem::take(&mut self.text);
        let length = reader.read_into(task, "maps", &mut text);
        self.take(&text[..*length.as_ref().unwrap_or(&0)]);
        self.text = text;
        length.map(|length| length > 0)
    }

    fn ask(&mut self, maps: &File) -> Result<(), Errno> {
        let mut address = 0;
        while let Some(mapping) = mapping::next(maps, address, Sort::Code)?.filter(|mapping| mapping.end > address) {
            address = mapping.end;
            self.all.push(Place { mapping, name: None });
        }
        Ok(())
    }

    fn take(&mut self, text: &[u8]) {
        for Code { mapping, name } in maps::code(text) {
            let at = self.names.len();
            self.names.extend_from_slice(name);
            self.all.push(Place { mapping, name: Some(at..self.names.len()) });
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Device and inode of the file of one of them.
    pub fn numbers(&self, index: usize) -> Option<(u64, u64)> {
        self.all.get(index).map(|place| (place.mapping.device, place.mapping.inode))
    }

    /// One of them with its name; None when it is not mapped any more.
    pub fn get(&mut self, index: usize) -> Option<Code<'_>> {
        let place = self.all.get_mut(index)?;
        if place.name.is_none() {
            match mapping::name(self.maps.as_ref()?, &place.mapping, &mut self.name) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(errno) => {
                    self.has_failed = !is_gone(&errno.into());
                    return None;
                }
            }
            let at = self.names.len();
            self.names.extend_from_slice(&self.name);
            place.name = Some(at..self.names.len());
        }
        let name = self.names.get(place.name.clone()?)?;
        Some(Code { mapping: place.mapping, name })
    }

    /// The first whose file has this name.
    pub fn find(&mut self, name: &[u8]) -> Option<Code<'_>> {
        let index = (0..self.len()).find(|&index| self.get(index).is_some_and(|code| code.name == name))?;
        self.get(index)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::MappedCode;
    use crate::proc::reader::{Reader, Task};
    use crate::sys::process::mapping::Mapping;

    fn all(code: &mut MappedCode) -> Vec<(Mapping, Vec<u8>)> {
        (0..code.len()).map_while(|index| code.get(index).map(|code| (code.mapping, code.name.to_vec()))).collect()
    }

    #[test]
    fn what_is_asked_for_is_what_maps_shows() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let (task, mut reader) = (Task::process(child.id()), Reader::default());
        let (mut asked, mut read) = (MappedCode::default(), MappedCode { is_mute: true, ..MappedCode::default() });
        let mut alike = || {
            let looked = [asked.look_at(task, &mut reader), read.look_at(task, &mut reader)];
            assert!(looked.into_iter().all(|look| look.is_ok()));
            let (asked, read) = (all(&mut asked), all(&mut read));
            asked.len() > 2 && asked == read
        };
        // It may still be about to execute its program, or loading.
        while !alike() {
            std::thread::yield_now();
        }
        let exe = std::fs::read_link(format!("/proc/{}/exe", child.id())).unwrap();
        let (asked, read) = (asked.find(exe.as_os_str().as_bytes()), read.find(exe.as_os_str().as_bytes()));
        assert!(asked.is_some() && asked == read);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn what_has_ended_has_no_memory() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let stat = format!("/proc/{}/stat", child.id());
        while !std::fs::read_to_string(&stat).unwrap().contains(") Z ") {
            std::thread::yield_now();
        }
        let (task, mut reader) = (Task::process(child.id()), Reader::default());
        for is_mute in [false, true] {
            let mut code = MappedCode { is_mute, ..MappedCode::default() };
            assert!(!code.look_at(task, &mut reader).unwrap() && code.all.is_empty());
        }
        child.wait().unwrap();
        assert!(MappedCode::default().look_at(task, &mut reader).is_err());
    }
}
