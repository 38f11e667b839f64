//! Bystanders: programs, libraries and services that can make System V calls and are known never to use an object that
//! they were not told of by its key. Each is a line that can be reviewed.

use std::fmt;

use crate::kind::model::{Kind, KindSet, Object};
use crate::object::key;
use crate::proc::{identity, probe};
use crate::sys::{Key, Pid};

/// The lines that come with this program.
const COMPILED_IN: &str = include_str!("bystanders.txt");

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    /// A library by its SONAME, or its file's name where it has none.
    Library(Pattern),
    /// A program by the name of its file, or by the whole path.
    Program(Pattern),
    /// A service of the system manager.
    Unit(Pattern),
    /// A process, by its number and when it started, in ticks since the boot.
    Process(Pid, u64),
}

/// A name, whose end may be open (`libcrypto.so.*`).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    name: String,
    open: bool,
}

impl Pattern {
    fn new(text: &str) -> Self {
        let open = text.strip_suffix('*');
        Self { name: open.unwrap_or(text).to_owned(), open: open.is_some() }
    }

    fn matches(&self, name: &str) -> bool {
        name.strip_prefix(self.name.as_str()).is_some_and(|rest| self.open || rest.is_empty())
    }
}

/// Objects that a line says nothing of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Except {
    Semaphores(u64),
    Key(Key),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bystander {
    who: Who,
    kinds: KindSet,
    /// It says something of private objects alone.
    private: bool,
    except: Option<Except>,
}

/// A process as lines may name it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Suspect<'a> {
    pub pid: u32,
    /// When it started, in ticks since the boot.
    pub started: Option<u64>,
    /// The path of its program, if that belongs to root and can be changed by nobody else: of another one the name says
    /// nothing.
    pub program: Option<&'a str>,
    /// The service of the system manager that it belongs to.
    pub service: Option<&'a str>,
}

impl Bystander {
    /// Reads `library NAME CALLS…`, `program NAME CALLS…` or `unit NAME CALLS…`; None of a line without words.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn parse(line: &str) -> Result<Option<Self>, String> {
        let mut words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
        let Some(kind) = words.next() else { return Ok(None) };
        let name = words.next().ok_or("it names nothing: give library, program or unit and a name")?;
        let who = match kind {
            "library" => Who::Library(Pattern::new(name)),
            "program" => Who::Program(Pattern::new(name)),
            "unit" => Who::Unit(Pattern::new(name)),
            _ => return Err("it begins with none of library, program and unit".to_owned()),
        };
        if name.starts_with('*') {
            return Err("a name begins with letters; '*' may end it".to_owned());
        }
        let mut words = words.peekable();
        let kinds = match words.peek() {
            Some(&("private" | "except")) | None => KindSet::ALL,
            Some(text) => {
                let kinds = parse_kinds(text)?;
                words.next();
                kinds
            }
        };
        let private = words.next_if_eq(&"private").is_some();
        let except = match words.next() {
            None => None,
            Some("except") => Some(parse_except(words.next().unwrap_or_default())?),
            Some(_) => return Err("after the name stand calls (sem,shm,msg), 'private' and 'except FACT'".to_owned()),
        };
        match words.next() {
            Some(_) => Err("it goes on after its end".to_owned()),
            None => Ok(Some(Self { who, kinds, private, except })),
        }
    }

    /// Reads what an option names: a process by its number, a unit by its ending, or a program. A plan has the number of a
    /// process with its start (`812@4711`), for numbers are used again.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn parse_word(word: &str) -> Result<Self, String> {
        let (number, start) = word.split_once('@').map_or((word, None), |(number, start)| (number, Some(start)));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let who = if is_number(number) && start.is_none_or(is_number) {
            let start_of = |pid| probe::run(|| identity::read(pid).ok().map(|task| task.started));
            let process = number.parse().ok().and_then(|pid| Some((pid, start_of(pid)?)));
            match process.filter(|(_, started)| start.is_none_or(|start| start.parse() == Ok(*started))) {
                Some((pid, started)) => Who::Process(Pid::new(pid), started),
                None => return Err("there is no such process".to_owned()),
            }
        } else if word.is_empty() || word.starts_with('*') || word.contains(char::is_whitespace) {
            return Err("is no process, program or unit".to_owned());
        } else if word.ends_with(".service") && !word.contains('/') {
            Who::Unit(Pattern::new(word))
        } else {
            Who::Program(Pattern::new(word))
        };
        Ok(Self { who, kinds: KindSet::ALL, private: false, except: None })
    }

    fn speaks_of(&self, object: &Object) -> bool {
        let excepted = match self.except {
            None => false,
            Some(Except::Semaphores(number)) => object.as_set().is_some_and(|set| set.nsems == number),
            Some(Except::Key(key)) => object.perm.key == key,
        };
        self.kinds.has(object.kind()) && (object.perm.key.is_private() || !self.private) && !excepted
    }
}

impl fmt::Display for Bystander {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = |pattern: &Pattern| format!("{}{}", pattern.name, if pattern.open { "*" } else { "" });
        match &self.who {
            Who::Library(name) | Who::Program(name) | Who::Unit(name) => f.write_str(&pattern(name)),
            Who::Process(pid, started) => write!(f, "{pid}@{started}"),
        }
    }
}

fn parse_kinds(text: &str) -> Result<KindSet, String> {
    if text == "all" {
        return Ok(KindSet::ALL);
    }
    let kinds = text.split(',').map(|word| Kind::from_word(word.as_bytes()));
    kinds.collect::<Option<KindSet>>().ok_or_else(|| "its calls are none of shm, sem, msg and all".to_owned())
}

fn parse_except(text: &str) -> Result<Except, String> {
    let fact = text.split_once('=').and_then(|(name, value)| match name {
        "nsems" => value.parse().ok().map(Except::Semaphores),
        "key" => key::parse_hex(value.as_bytes()).map(Except::Key),
        _ => None,
    });
    fact.ok_or_else(|| "after 'except' stands nsems=NUMBER or key=0xKEY".to_owned())
}

/// What lines look at in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    kind: Kind,
    is_private: bool,
    /// The key, and the number of semaphores, if a line excepts such objects.
    key: Option<Key>,
    nsems: Option<u64>,
}

/// All lines that hold for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bystanders(Vec<Bystander>);

impl Default for Bystanders {
    fn default() -> Self {
        Self::compiled_in()
    }
}

impl Bystanders {
    /// Those that come with this program.
    pub fn compiled_in() -> Self {
        Self(COMPILED_IN.lines().filter_map(|line| Bystander::parse(line).ok().flatten()).collect())
    }

    pub fn extend(&mut self, more: impl IntoIterator<Item = Bystander>) {
        self.0.extend(more);
    }

    /// The traits of an object: the same lines say something of all that have the same.
    pub fn traits(&self, object: &Object) -> Traits {
        let is_excepted = |what: Except| self.0.iter().any(|line| line.except == Some(what));
        let nsems = object.as_set().map(|set| set.nsems);
        Traits {
            kind: object.kind(),
            is_private: object.perm.key.is_private(),
            key: Some(object.perm.key).filter(|key| is_excepted(Except::Key(*key))),
            nsems: nsems.filter(|nsems| is_excepted(Except::Semaphores(*nsems))),
        }
    }

    /// The line that takes away what a library gives to a process: calls of the object's kind.
    pub fn library(&self, name: &str, object: &Object) -> Option<&Bystander> {
        self.find(object, |who| matches!(who, Who::Library(pattern) if pattern.matches(name)))
    }

    /// The line that takes away all that a process can do to an object.
    pub fn process(&self, suspect: Suspect<'_>, object: &Object) -> Option<&Bystander> {
        self.find(object, |who| match who {
            Who::Library(_) => false,
            Who::Program(pattern) => suspect.program.is_some_and(|path| {
                let name = if pattern.name.contains('/') { path } else { path.rsplit('/').next().unwrap_or(path) };
                pattern.matches(name)
            }),
            Who::Unit(pattern) => suspect.service.is_some_and(|service| pattern.matches(service)),
            Who::Process(pid, started) => {
                u32::try_from(pid.raw()) == Ok(suspect.pid) && suspect.started == Some(*started)
            }
        })
    }

    fn find(&self, object: &Object, is_meant: impl Fn(&Who) -> bool) -> Option<&Bystander> {
        self.0.iter().find(|line| is_meant(&line.who) && line.speaks_of(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bystander, Bystanders, COMPILED_IN, Suspect, identity};
    use crate::kind::model::Object;
    use crate::sys::sem::SemStat;
    use crate::sys::{Gid, Key, Mode, Perm, SemId, Timestamp, Uid};

    fn set(key: u32, nsems: u64) -> Object {
        let (uid, gid) = (Uid::new(0), Gid::new(0));
        let perm = Perm { key: Key::from_bits(key), uid, gid, cuid: uid, cgid: gid, mode: Mode::new(0o600) };
        Object::set(SemId::new(0), &SemStat { perm, otime: Timestamp::NEVER, ctime: Timestamp::NEVER, nsems })
    }

    #[test]
    fn every_line_that_comes_along_is_understood() {
        for line in COMPILED_IN.lines() {
            Bystander::parse(line).unwrap_or_else(|why| panic!("{line}: {why}"));
        }
        assert!(Bystanders::compiled_in().0.len() > 10);
    }

    #[test]
    fn a_line_says_nothing_of_what_it_excepts() {
        let lines = Bystanders::compiled_in();
        let library = |name: &str, object: &Object| lines.library(name, object).is_some();
        assert!(!library("libapr-1.so.0", &set(0, 1)) && library("libapr-1.so.0", &set(0, 2)));
        assert!(!library("sysvsem.so", &set(0, 3)) && library("sysvsem.so", &set(0, 1)));
        assert!(
            library("libdevmapper.so.1.02.1", &set(0, 1)) && !library("libdevmapper.so.1.02.1", &set(0x0d4d_0001, 1))
        );
        assert!(!library("libcrypto.so.3", &set(0, 1)) && !library("libperl.so.5.36", &set(0, 1)));
    }

    #[test]
    fn programs_and_units_are_taken_by_name() {
        let mut lines = Bystanders::compiled_in();
        let more = ["unit fail2ban.service", "program /opt/a/agent sem", "unit spamd@*"];
        lines.extend(more.iter().map(|line| Bystander::parse(line).unwrap().unwrap()));
        let found = |suspect: Suspect<'_>| lines.process(suspect, &set(0, 1)).is_some();
        let program = |path| found(Suspect { program: Some(path), ..Suspect::default() });
        assert!(program("/usr/sbin/snmpd") && program("/usr/bin/busybox") && !program("/usr/sbin/snmpd2"));
        assert!(program("/opt/a/agent") && !program("/home/x/agent"));
        let service = |name| found(Suspect { service: Some(name), ..Suspect::default() });
        assert!(service("fail2ban.service") && service("spamd@1.service") && !service("apache2.service"));
        let own = std::process::id();
        lines.extend([Bystander::parse_word(&own.to_string()).unwrap()]);
        let started = identity::read(own.cast_signed()).unwrap().started;
        let process = |pid, started| {
            lines.process(Suspect { pid, started: Some(started), ..Suspect::default() }, &set(0, 1)).is_some()
        };
        assert!(process(own, started) && !process(own + 1, started) && !process(own, started + 1));
        assert!(Bystander::parse_word(&format!("{own}@{started}")).is_ok());
        assert!(Bystander::parse_word(&format!("{own}@{}", started + 1)).is_err());
    }

    #[test]
    fn what_is_no_line_is_told() {
        for bad in [
            "library",
            "file x",
            "program x y",
            "program x sem except",
            "program x except nsems=x",
            "unit * all",
            "program x sem private more",
            "program x private sem",
            "program x except key=1",
        ] {
            assert!(Bystander::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "0", "99999999999", "a b", "*"] {
            assert!(Bystander::parse_word(bad).is_err(), "{bad}");
        }
        assert_eq!(Bystander::parse("  # nothing"), Ok(None));
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in ".{0,60}", words in "(library|program|unit|sem|all|private|except|nsems=1|x|,| ){0,8}") {
            let _ = (Bystander::parse(&line), Bystander::parse(&words), Bystander::parse_word(&line));
        }
    }
}
