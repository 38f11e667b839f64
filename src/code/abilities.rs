//! Which System V calls a process can make, by the files whose code it has mapped.

use std::collections::HashSet;
use std::rc::Rc;

use crate::code::calls::Calls;
use crate::code::mapped_code::MappedCode;
use crate::code::program_files::{CodeFile, Examination, ProgramFiles, base_name};
use crate::error::os_message;
use crate::proc::maps::Code;
use crate::proc::reader::{Reader, Task, is_gone};
use crate::sys::unopened::About;

/// More files with code than any process maps.
const FILES: usize = 16_384;
/// How many bytes are read of the files of one process: thousands of ordinary ones are together no larger.
const BYTES: u64 = 512 << 20;
/// How many reasons are given why a process cannot be examined.
const REASONS: usize = 8;
/// How often a process is looked at that changes meanwhile what it has mapped.
const LOOKS: u32 = 10;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its path, as the kernel shows it. Not yet escaped.
    pub path: String,
    /// The last part of the path, without what the kernel adds when the name is gone.
    pub name: String,
    /// Whether it is owned by root and nobody else may write to it.
    pub is_roots: bool,
}

/// The System V calls that a process can make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Its program, where that may be seen.
    pub program: Option<Program>,
    /// The files that can make any of the calls.
    pub files: Vec<Rc<CodeFile>>,
    /// Why it cannot be told what else it can do: clauses such as "/opt/agent/lib.so may not be opened". Not yet escaped.
    pub unexaminable: Vec<String>,
}

impl Abilities {
    /// Looks at a process, or at one of its threads; None when it has ended, and for threads of the kernel, which run
    /// no program.
    pub fn of(task: Task, reader: &mut Reader, files: &mut ProgramFiles) -> Option<Self> {
        let mut code = std::mem::take(&mut files.code);
        let found = Look { task, reader, files, code: &mut code, found: Self::default() }.run();
        files.code = code;
        found
    }

    /// All calls that its files can make.
    pub fn calls(&self) -> Calls {
        self.files.iter().fold(Calls::NONE, |calls, file| calls.union(file.calls))
    }

    fn cannot(&mut self, reason: String) {
        if self.unexaminable.len() < REASONS && !self.unexaminable.contains(&reason) {
            self.unexaminable.push(reason);
        }
    }

    fn add(&mut self, found: &Examination, name: &[u8]) {
        match found {
            Examination::Able(file) if !self.files.contains(file) => self.files.push(Rc::clone(file)),
            Examination::Able(_) | Examination::Unable => {}
            Examination::Unexaminable(why) => self.cannot(format!("{} {why}", String::from_utf8_lossy(name))),
        }
    }
}

struct Look<'a> {
    task: Task,
    reader: &'a mut Reader,
    files: &'a mut ProgramFiles,
    code: &'a mut MappedCode,
    found: Abilities,
}

impl Look<'_> {
    fn run(mut self) -> Option<Abilities> {
        self.files.begin(BYTES);
        for look in 1..=LOOKS {
            match self.look_at_mappings() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) if is_gone(&error) || self.reader.has_ended(self.task) => return None,
                Err(error) => {
                    self.found.cannot(format!("its mappings may not be read: {}", os_message(&error)));
                    return Some(self.found);
                }
            }
            self.found = Abilities::default();
            if self.examine(look == LOOKS) {
                break;
            }
        }
        Some(self.found)
    }

    /// Looks at the mappings, by another thread where the first has ended. False where there are none: the process has
    /// ended, or is on its way.
    fn look_at_mappings(&mut self) -> std::io::Result<bool> {
        let first = self.code.look_at(self.task, self.reader);
        let has_ended = match &first {
            Ok(has_memory) => !has_memory,
            Err(error) => is_gone(error),
        };
        if !has_ended || self.task.tid.is_some() {
            return first;
        }
        for tid in self.reader.thread_ids(self.task.pid)? {
            let task = Task::thread(self.task.pid, tid);
            if self.code.look_at(task, self.reader).is_ok_and(|has_memory| has_memory) {
                self.task = task;
                return Ok(true);
            }
        }
        first
    }

    /// Whether all that is mapped could be looked at; with `last` what is gone meanwhile counts as unexaminable.
    fn examine(&mut self, last: bool) -> bool {
        let program = self.program();
        if program.is_none() && !last {
            // It may have executed another program since its mappings were read.
            return false;
        }
        let mut seen: HashSet<(u64, u64, Vec<u8>)> = HashSet::from_iter(program.flatten());
        let program: Vec<(u64, u64)> = seen.iter().map(|(device, inode, _)| (*device, *inode)).collect();
        for index in 0..self.code.len() {
            // Most files have been seen in other processes: their names are not asked for.
            let numbers = self.code.numbers(index);
            if let Some((numbers, found)) = numbers.and_then(|numbers| Some((numbers, self.files.known(numbers)?))) {
                if !program.contains(&numbers) {
                    self.found.add(found, b"");
                }
                continue;
            }
            let Some(code) = self.code.get(index) else {
                if last {
                    self.found.cannot("a file was mapped and is not any more".to_owned());
                    continue;
                }
                return false;
            };
            // Where one number can be that of several files, their names differ.
            if self.files.is_anonymous(&code)
                || !seen.insert((code.mapping.device, code.mapping.inode, code.name.to_vec()))
            {
                continue;
            }
            if seen.len() > FILES {
                self.found.cannot("it has too many files mapped".to_owned());
                break;
            }
            match self.files.mapped(self.task, self.reader, &code) {
                Some(found) => self.found.add(&found, code.name),
                None if !last => return false,
                None => {
                    self.found.cannot(format!("{} was mapped and is not any more", String::from_utf8_lossy(code.name)));
                }
            }
        }
        true
    }

    /// Looks at the program. None when it is not among what is mapped; then what maps shows of it, if that is known.
    fn program(&mut self) -> Option<Option<(u64, u64, Vec<u8>)>> {
        let path = match self.reader.link(self.task, "exe") {
            Ok(path) => path,
            Err(error) => {
                self.found.cannot(format!("its program may not be seen: {}", os_message(&error)));
                return if is_gone(&error) { None } else { Some(None) };
            }
        };
        let mapping = self.code.find(&path);
        let name = base_name(&path);
        let (found, about) = self.files.program(self.task, self.reader, mapping.as_ref(), name);
        self.found.program = Some(Program {
            path: String::from_utf8_lossy(&path).into_owned(),
            name: String::from_utf8_lossy(name).into_owned(),
            is_roots: about.is_some_and(|about: About| about.uid == 0 && about.mode & 0o022 == 0),
        });
        self.found.add(&found, &path);
        // Another file can have the same path in another mount namespace.
        let is_it = |code: &Code| about.is_none_or(|about| about.inode == code.mapping.inode);
        mapping.map(|code| Some((code.mapping.device, code.mapping.inode, code.name.to_vec())).filter(|_| is_it(&code)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Abilities, ProgramFiles, base_name};
    use crate::proc::reader::{Reader, Task};

    #[test]
    fn this_process_is_looked_into() {
        let (mut reader, mut files) = (Reader::default(), ProgramFiles::default());
        let task = Task::process(std::process::id());
        let found = Abilities::of(task, &mut reader, &mut files).unwrap();
        let program = found.program.as_ref().unwrap();
        let own = std::env::current_exe().unwrap();
        assert_eq!((program.path.as_str(), found.unexaminable.len()), (own.to_str().unwrap(), 0));
        assert_eq!(program.name.as_bytes(), base_name(program.path.as_bytes()));
        // Each file is read once.
        let opened = files.opened;
        assert_eq!(Abilities::of(task, &mut reader, &mut files), Some(found));
        assert!(opened > 1 && files.opened == opened, "{opened} {}", files.opened);
    }

    #[test]
    fn what_has_ended_has_no_abilities() {
        let mut files = ProgramFiles::default();
        assert_eq!(Abilities::of(Task::process(u32::MAX), &mut Reader::default(), &mut files), None);
    }
}
