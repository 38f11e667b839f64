//! Which processes can make the calls that use an object at all.

use std::collections::HashMap;
use std::io;
use std::os::unix::ffi::OsStrExt;

use super::{LetIn, Question};
use crate::error::bare;
use crate::object::model::{Kind, Object, ObjectId};
use crate::object::semaphores::held;
use crate::object::state::bystanders::{Bystanders, Suspect};
use crate::proc::abilities::{Abilities as Code, CodeFile, Program};
use crate::proc::calls::{Calls, How};
use crate::proc::census::Resident;
use crate::proc::cgroup::Membership;
use crate::proc::program_files::ProgramFiles;
use crate::proc::reader::{Reader, is_gone};
use crate::proc::threaded::had_threads;
use crate::sys::process::kcmp::WithoutUndo;

/// No arguments and no environment are longer: the kernel takes no more than 6 MB from exec, unless a process says
/// itself where they stand.
const LONGEST: usize = 8 << 20;
/// The program that knows no object but those that its arguments name.
const OWN_NAME: &str = "ipcadm";

/// How a process can use an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Able {
    /// This file of it imports the call.
    Imports(String),
    /// Its statically linked code makes the call.
    Static,
    /// With this module it can make any call.
    ForeignFunctions(String),
    /// It has an undo list: it has taken from semaphores, or given, what is taken back when it ends.
    Undo,
    /// `ipcadm sem run` was told of the set.
    Arguments,
    /// `ipcadm sem run` has started it.
    Environment,
    /// What it can do cannot be seen, and why: a clause such as "what it calls cannot be seen: …".
    Unexaminable(String),
}

impl Able {
    /// The word in JSON.
    #[must_use]
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

/// What was found out about a process and an object.
pub(super) enum Ability {
    Able(Able),
    /// A line of the bystanders takes it away.
    SetAside(String),
    Unable,
    /// It has ended meanwhile.
    Ended,
}

/// A process as far as it does not depend on the object.
#[derive(Debug)]
struct Profile {
    /// What its code can do; None when it has ended.
    code: Option<Code>,
    /// Where it is `ipcadm` itself: its arguments; an error that they cannot be read.
    own: Option<Result<Vec<Vec<u8>>, String>>,
    /// The sets of `IPCADM_SEM_RUN`, looked up when a set asks.
    runs: Option<Result<Vec<ObjectId>, String>>,
    service: Option<String>,
    /// Whether it has an undo list, or an error that this cannot be known. Looked up when a set asks.
    undo: Option<Result<bool, String>>,
}

/// Profiles of processes, each made once.
#[derive(Debug, Default)]
pub(super) struct Abilities {
    files: ProgramFiles,
    profiles: HashMap<u32, Profile>,
    without_undo: Option<Option<WithoutUndo>>,
}

/// The calls that use objects of a kind.
const fn calls(kind: Kind) -> Calls {
    match kind {
        Kind::Shm => Calls::SEGMENTS,
        Kind::Sem => Calls::SETS,
        Kind::Msg => Calls::QUEUES,
    }
}

impl Abilities {
    /// The same without what is known of processes.
    pub(super) fn of_nobody(self) -> Self {
        Self { files: self.files, ..Self::default() }
    }

    /// Forgets a process that has ended.
    pub(super) fn forget(&mut self, pid: u32) {
        self.profiles.remove(&pid);
    }

    /// Whether a process can use the object.
    pub(super) fn of(
        &mut self,
        resident: &Resident,
        let_in: LetIn,
        question: &Question<'_>,
        reader: &mut Reader,
        bystanders: &Bystanders,
    ) -> Ability {
        let object = question.object;
        let profile =
            self.profiles.entry(resident.pid).or_insert_with(|| Profile::read(resident, &mut self.files, reader));
        if profile.code.is_none() {
            return Ability::Ended;
        }
        let mut aside = None;
        let may_hold = object.kind() == Kind::Sem && let_in.is_master() && !question.undo_is_known;
        let mut able = profile.by_order(resident, object, reader);
        if able.is_none() {
            able = profile.by_code(object, bystanders, &mut aside);
        }
        if able.is_none() && may_hold {
            able = profile.by_undo(resident, &mut self.without_undo, reader);
        }
        if able.is_none() {
            able = profile.unexaminable();
        }
        let Some(able) = able else { return aside.map_or(Ability::Unable, Ability::SetAside) };
        let code = profile.code.as_ref();
        let program = code.and_then(|code| code.program.as_ref()).filter(|program| program.is_roots);
        let program = program.map(|program| program.path.strip_suffix(" (deleted)").unwrap_or(&program.path));
        let suspect = Suspect { pid: resident.pid, program, service: profile.service.as_deref() };
        match bystanders.process(suspect, object) {
            Some(line) => Ability::SetAside(line.to_string()),
            None => Ability::Able(able),
        }
    }
}

impl Profile {
    fn read(resident: &Resident, files: &mut ProgramFiles, reader: &mut Reader) -> Self {
        let task = resident.task;
        let code = Code::of(task, reader, files);
        let program = code.as_ref().and_then(|code| code.program.as_ref());
        let is_own = program.is_some_and(is_ipcadm);
        let own = is_own.then(|| whole(reader.beginning(task, "cmdline", LONGEST)).map(words));
        let service = reader.read(task, "cgroup").ok().and_then(|text| Membership::parse(text).service);
        Self { code, own, runs: None, service, undo: None }
    }

    /// Whether `ipcadm sem run` holds it, or has started this process with it.
    fn by_order(&mut self, resident: &Resident, object: &Object, reader: &mut Reader) -> Option<Able> {
        if object.kind() != Kind::Sem {
            return None;
        }
        match &self.own {
            Some(Err(why)) => return Some(Able::Unexaminable(format!("its arguments {why}"))),
            Some(Ok(words)) if runs_for(words, object) => return Some(Able::Arguments),
            _ => {}
        }
        let runs = self.runs.get_or_insert_with(|| {
            if self.own.is_some() {
                return Ok(Vec::new());
            }
            whole(reader.beginning(resident.task, "environ", LONGEST)).map(held_sets)
        });
        match runs {
            Ok(runs) => runs.contains(&object.id).then_some(Able::Environment),
            Err(why) => Some(Able::Unexaminable(format!("its environment {why}"))),
        }
    }

    /// Whether its code makes the calls; notes the library that was set aside.
    fn by_code(&self, object: &Object, bystanders: &Bystanders, aside: &mut Option<String>) -> Option<Able> {
        // Of an ipcadm its arguments tell all.
        let code = self.code.as_ref().filter(|_| self.own.is_none())?;
        let files = code.files.iter().filter(|file| file.calls.intersects(calls(object.kind())));
        for file in files {
            match bystanders.library(&file.name, object) {
                Some(line) => *aside = Some(line.to_string()),
                None => return Some(able_by(file)),
            }
        }
        None
    }

    fn unexaminable(&self) -> Option<Able> {
        let code = self.code.as_ref().filter(|_| self.own.is_none())?;
        code.unexaminable.first().map(|why| Able::Unexaminable(format!("what it calls cannot be seen: {why}")))
    }

    /// Whether it has an undo list: it keeps one when it executes another program, and holds what it has taken.
    fn by_undo(
        &mut self,
        resident: &Resident,
        without_undo: &mut Option<Option<WithoutUndo>>,
        reader: &mut Reader,
    ) -> Option<Able> {
        if self.own.is_some() {
            return None;
        }
        let undo = self.undo.get_or_insert_with(|| {
            // Every process with threads has a list, be it empty.
            let several = resident.stat.as_ref().is_some_and(|stat| stat.threads > 1);
            if several || had_threads(resident.pid, reader) {
                return Ok(false);
            }
            let unknown = || "whether it holds semaphores cannot be seen: kcmp(2) is refused".to_owned();
            let other = without_undo.get_or_insert_with(|| WithoutUndo::start().ok());
            match other.as_ref().and_then(|other| other.has_undo_list(resident.pid)) {
                Some(has) => Ok(has),
                None if reader.read(resident.task, "stat").is_err_and(|error| is_gone(&error)) => Ok(false),
                None => Err(unknown()),
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

/// What was read, if it is all there is. What has ended has nothing.
///
/// # Errors
/// That it is not, in words to follow on what it is.
fn whole(read: io::Result<&[u8]>) -> Result<&[u8], String> {
    match read {
        Ok(text) if text.len() < LONGEST => Ok(text),
        Ok(_) => Err("is longer than can be".to_owned()),
        Err(error) if is_gone(&error) => Ok(&[]),
        Err(error) => Err(format!("may not be read: {}", bare(&error))),
    }
}

/// The words of a list in which each is ended by a NUL.
fn words(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect()
}

/// The sets that the environment of a program of `sem run` names.
fn held_sets(environment: &[u8]) -> Vec<ObjectId> {
    let mut variables = environment.split(|&byte| byte == 0);
    let value = variables.find_map(|variable| variable.strip_prefix(held::VARIABLE.as_bytes())?.strip_prefix(b"="));
    value.and_then(held::parse).unwrap_or_default()
}

/// Whether these are the arguments of a `sem run` that may be for `object`. A path may name any set with a key.
fn runs_for(words: &[Vec<u8>], object: &Object) -> bool {
    let before = words.iter().take_while(|word| *word != b"--").map(|word| String::from_utf8_lossy(word));
    let words: Vec<_> = before.skip(1).collect();
    let key = object.perm.key;
    words.iter().any(|word| word == "run")
        && words.iter().any(|word| {
            let name = word.strip_prefix("sem:").unwrap_or(word);
            name.parse() == Ok(object.id.id)
                || !key.is_private()
                    && (crate::object::key::parse_hex(name.as_bytes()) == Some(key) || name.contains('/'))
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{held_sets, runs_for, words};
    use crate::object::model::Object;
    use crate::sys::sem::SemStat;
    use crate::sys::{Gid, Key, Mode, Perm, SemId, Timestamp, Uid};

    fn set(id: i32, key: u32) -> Object {
        let (uid, gid) = (Uid::new(0), Gid::new(0));
        let perm = Perm { key: Key::from_bits(key), uid, gid, cuid: uid, cgid: gid, mode: Mode::new(0o600) };
        Object::set(SemId::new(id), &SemStat { perm, otime: Timestamp::NEVER, ctime: Timestamp::NEVER, nsems: 1 })
    }

    #[test]
    fn only_a_run_that_names_the_set_knows_it() {
        let runs = |line: &str, set: &Object| runs_for(&words(line.replace(' ', "\0").as_bytes()), set);
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
            let _ = (held_sets(&text), runs_for(&words(&text), &set(1, 2)));
        }
    }
}
