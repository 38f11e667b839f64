//! Which processes can make the calls that use an object at all.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::code::abilities::{Abilities, Program};
use crate::code::calls::{Calls, How};
use crate::code::program_files::{CodeFile, ProgramFiles};
use crate::error::os_message;
use crate::kind::model::{Object, ObjectId};
use crate::kind::system_v::Part;
use crate::proc::census::Resident;
use crate::proc::probe::{self, What};
use crate::proc::reader::{Reader, is_gone};
use crate::proc::threaded::had_threads;
use crate::sys::process::kcmp::WithoutUndo;
use crate::usage::bystanders::Bystanders;
use crate::usage::held_sets;

/// No arguments and no environment are longer: the kernel takes no more than 6 MB from exec, unless a process says
/// itself where they stand.
const LONGEST: usize = 8 << 20;
/// The program that knows no object but those that its arguments name.
const OWN_NAME: &str = "ipcadm";

/// How a process can use an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Able {
    /// This file of it imports the call.
    Imports(String),
    /// Its statically linked code makes the call.
    Static,
    /// With this module it can make any call.
    ForeignFunctions(String),
    /// It has an undo list: it has taken from semaphores, or given, what is taken back when it ends.
    Undo,
    /// It is an `ipcadm` that was told of the object: `sem run`, `msg recv` or `msg send`.
    Arguments,
    /// `ipcadm sem run` has started it.
    Environment,
    /// What it can do cannot be seen, and why: a clause such as "what it calls cannot be seen: …".
    Unexaminable(String),
}

impl Able {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Imports(_) => "imports",
            Self::Static => "static",
            Self::ForeignFunctions(_) => "ffi",
            Self::Undo => "undo",
            Self::Arguments => "arguments",
            Self::Environment => "environment",
            Self::Unexaminable(_) => "unexaminable",
        }
    }
}

/// A process as far as it does not depend on the object.
#[derive(Debug)]
pub(super) struct Profile {
    /// The calls of its code; None when it has ended.
    code: Option<Abilities>,
    /// Where its program has the name of this one: its arguments; an error that they cannot be read.
    own: Option<Result<Vec<Vec<u8>>, String>>,
    /// Its program is this one, so that its arguments tell all.
    is_own: bool,
    /// The sets of `IPCADM_SEM_RUN`, looked up when a set asks.
    runs: Option<Result<Vec<ObjectId>, String>>,
    /// Whether it has an undo list, or an error that this cannot be known. Looked up when a set asks.
    undo: Option<Result<bool, String>>,
}

/// The calls that use objects of a kind.
const fn calls(object: &Object) -> Calls {
    match object.system_v() {
        Some(Part::Segment(_)) => Calls::SEGMENTS,
        Some(Part::Set(_)) => Calls::SETS,
        Some(Part::Queue(_)) => Calls::QUEUES,
        None => Calls::ALL,
    }
}

impl Profile {
    pub(super) fn read(resident: &Resident, files: &mut ProgramFiles, reader: &mut Reader) -> Self {
        let code = Abilities::of(resident.task, reader, files);
        let program = code.as_ref().and_then(|code| code.program.as_ref());
        let is_own = program.is_some_and(is_ipcadm);
        // Another copy makes its calls by number as well, so that its arguments alone show them.
        let is_copy = program.is_some_and(|program| program.name == OWN_NAME);
        let own = is_copy.then(|| whole(reader.beginning(resident.task, "cmdline", LONGEST)).map(words));
        let is_unread = own.as_ref().is_some_and(Result::is_err);
        let code = code.filter(|_| !(is_unread && reader.has_ended(resident.task)));
        Self { code, own, is_own, runs: None, undo: None }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.code.is_none()
    }

    /// Its program, if that belongs to root and can be changed by nobody else.
    pub(super) fn roots_program(&self) -> Option<&str> {
        let program = self.code.as_ref()?.program.as_ref().filter(|program| program.is_roots)?;
        Some(program.path.strip_suffix(" (deleted)").unwrap_or(&program.path))
    }

    /// Whether it may be able to use some objects of a kind for no other reason than that it was told of them.
    pub(super) fn has_orders(&mut self, object: &Object, resident: &Resident, reader: &mut Reader) -> bool {
        match object.system_v() {
            Some(Part::Segment(_)) => false,
            Some(Part::Queue(_)) => self.own.is_some(),
            Some(Part::Set(_)) | None => {
                self.own.is_some() || self.runs(resident, reader).as_ref().is_ok_and(|runs| !runs.is_empty())
            }
        }
    }

    fn runs(&mut self, resident: &Resident, reader: &mut Reader) -> &Result<Vec<ObjectId>, String> {
        let Self { is_own, code, .. } = self;
        self.runs.get_or_insert_with(|| {
            if *is_own {
                return Ok(Vec::new());
            }
            let read = reader.beginning(resident.task, "environ", LONGEST);
            let is_unread = read.is_err();
            let sets = whole(read).map(held_sets);
            if is_unread && reader.has_ended(resident.task) {
                *code = None;
            }
            sets
        })
    }

    /// Whether this is an `ipcadm` that works with the object, or `ipcadm sem run` has started it with the set.
    pub(super) fn by_order(&mut self, resident: &Resident, object: &Object, reader: &mut Reader) -> Option<Able> {
        match &self.own {
            Some(Err(why)) => return Some(Able::Unexaminable(format!("its arguments {why}"))),
            Some(Ok(words)) if was_told(words, object) => return Some(Able::Arguments),
            Some(Ok(_)) if self.is_own => return None,
            _ if !object.is_set() => return None,
            _ => {}
        }
        match self.runs(resident, reader) {
            Ok(runs) => runs.contains(&object.id).then_some(Able::Environment),
            Err(why) => Some(Able::Unexaminable(format!("its environment {why}"))),
        }
    }

    /// Whether its code makes the calls; notes the line by which a library was set aside.
    pub(super) fn by_code(
        &self,
        object: &Object,
        bystanders: &Bystanders,
        aside: &mut Option<Rc<str>>,
    ) -> Option<Able> {
        let code = self.code.as_ref().filter(|_| !self.is_own)?;
        let files = code.files.iter().filter(|file| file.calls.intersects(calls(object)));
        for file in files {
            match bystanders.library(&file.name, object) {
                Some(line) => *aside = Some(line.to_string().into()),
                None => return Some(able_by(file)),
            }
        }
        None
    }

    /// Whether what it can do cannot be seen.
    pub(super) fn unexaminable(&self) -> Option<Able> {
        let code = self.code.as_ref().filter(|_| !self.is_own)?;
        code.unexaminable.first().map(|why| Able::Unexaminable(format!("what it calls cannot be seen: {why}")))
    }

    /// Whether it has an undo list: it keeps one when it executes another program, and holds what it has taken.
    pub(super) fn by_undo(
        &mut self,
        resident: &Resident,
        without_undo: &mut Option<Option<WithoutUndo>>,
        reader: &mut Reader,
    ) -> Option<Able> {
        if self.is_own {
            return None;
        }
        let undo = self.undo.get_or_insert_with(|| {
            // Every process with threads has a list, be it empty, and keeps it when they have ended.
            if resident.stat.as_ref().is_some_and(|stat| stat.threads > 1) {
                return Ok(false);
            }
            if let Err(error) = probe::begin(resident.pid, What::Facts) {
                return Err(format!("whether it holds semaphores cannot be seen: {error}"));
            }
            let other = without_undo.get_or_insert_with(|| WithoutUndo::start().ok());
            match other.as_ref().and_then(|other| other.has_undo_list(resident.pid)) {
                Some(false) => Ok(false),
                _ if had_threads(resident.pid, reader) => Ok(false),
                Some(true) => Ok(true),
                None if reader.read(resident.task, "stat").is_err_and(|error| is_gone(&error)) => Ok(false),
                None => Err("whether it holds semaphores cannot be seen: kcmp(2) is refused".to_owned()),
            }
        });
        match undo {
            Ok(true) => Some(Able::Undo),
            Ok(false) => None,
            Err(why) => Some(Able::Unexaminable(why.clone())),
        }
    }
}

/// Whether a program is this one, as an administrator has installed it or as it runs now: any file can have its name.
fn is_ipcadm(program: &Program) -> bool {
    let is_this = || std::env::current_exe().is_ok_and(|own| own.as_os_str().as_bytes() == program.path.as_bytes());
    program.name == OWN_NAME && (program.is_roots || is_this())
}

fn able_by(file: &CodeFile) -> Able {
    match file.how {
        How::Imports => Able::Imports(file.name.clone()),
        How::Static => Able::Static,
        How::ForeignFunctions => Able::ForeignFunctions(file.name.clone()),
    }
}

/// The text, if it was read whole; nothing of a process that has ended.
///
/// # Errors
/// The reason, as a clause that follows what was read.
fn whole(read: io::Result<&[u8]>) -> Result<&[u8], String> {
    match read {
        Ok(text) if text.len() < LONGEST => Ok(text),
        Ok(_) => Err("is longer than can be".to_owned()),
        Err(error) if is_gone(&error) => Ok(&[]),
        Err(error) => Err(format!("may not be read: {}", os_message(&error))),
    }
}

/// The words of a list in which each is ended by a NUL.
fn words(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect()
}

/// The sets that the environment of a program of `sem run` names.
fn held_sets(environment: &[u8]) -> Vec<ObjectId> {
    let mut variables = environment.split(|&byte| byte == 0);
    let value =
        variables.find_map(|variable| variable.strip_prefix(held_sets::VARIABLE.as_bytes())?.strip_prefix(b"="));
    value.and_then(held_sets::parse).unwrap_or_default()
}

/// The commands of `ipcadm` that go on working with an object while they are in no call on it, which would show.
const fn lasting(object: &Object) -> &'static [&'static str] {
    match object.system_v() {
        // What has it attached is seen.
        Some(Part::Segment(_)) | None => &[],
        Some(Part::Set(_)) => &["run"],
        Some(Part::Queue(_)) => &["recv", "send"],
    }
}

/// Whether these are the arguments of such a command that may be for `object`. A path may name any object with a key.
fn was_told(words: &[Vec<u8>], object: &Object) -> bool {
    let before = words.iter().take_while(|word| *word != b"--").map(|word| String::from_utf8_lossy(word));
    let words: Vec<_> = before.skip(1).collect();
    let key = object.perm.key;
    words.iter().any(|word| lasting(object).contains(&word.as_ref()))
        && words.iter().any(|word| {
            let name = word.strip_prefix(object.kind().word()).and_then(|rest| rest.strip_prefix(':')).unwrap_or(word);
            name.parse() == Ok(object.id.sysv())
                || !key.is_private()
                    && (crate::object::key::parse_hex(name.as_bytes()) == Some(key) || name.contains('/'))
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{held_sets, was_told, words};
    use crate::kind::model::Object;
    use crate::sys::sem::SemStat;
    use crate::sys::{Gid, Key, Mode, Perm, SemId, Timestamp, Uid};

    fn set(id: i32, key: u32) -> Object {
        let (uid, gid) = (Uid::new(0), Gid::new(0));
        let perm = Perm { key: Key::from_bits(key), uid, gid, cuid: uid, cgid: gid, mode: Mode::new(0o600) };
        Object::set(SemId::new(id), &SemStat { perm, otime: Timestamp::NEVER, ctime: Timestamp::NEVER, nsems: 1 })
    }

    #[test]
    fn only_a_run_that_names_the_set_knows_it() {
        let runs = |line: &str, set: &Object| was_told(&words(line.replace(' ', "\0").as_bytes()), set);
        let private = set(13, 0);
        assert!(runs("ipcadm sem run sem:13 -- sleep 1", &private) && runs("ipcadm sem run -w 5 13 -c x", &private));
        assert!(!runs("ipcadm sem run sem:1 -- sleep 13", &private) && !runs("ipcadm show sem:13", &private));
        let keyed = set(13, 0x51);
        assert!(runs("ipcadm sem run sem:0x51 -- x", &keyed) && runs("ipcadm sem run sem:/srv/a:65 -- x", &keyed));
        assert!(!runs("ipcadm sem run sem:0x52 -- x", &keyed));
    }

    #[test]
    fn the_environment_names_all_sets_that_are_held() {
        let names = |text: &[u8]| held_sets(text).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(b"A=1\0IPCADM_SEM_RUN=sem:13,sem:5\0B=2\0"), ["sem:13", "sem:5"]);
        assert!(held_sets(b"XIPCADM_SEM_RUN=sem:13\0IPCADM_SEM_RUN=\0").is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (held_sets(&text), was_told(&words(&text), &set(1, 2)));
        }
    }
}
