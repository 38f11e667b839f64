//! The processes that may still use an object of which no recorded user lives.
//!
//! The kernel keeps the last user alone. A living process may know an object's identifier all the same: it was **there**
//! when the object was last used, its mode **lets it in**, it is **here** in the IPC namespace, and it is **able** to
//! make the calls that use the object at all. Nobody else can have come by an identifier but by being told of it later,
//! which nothing shows. Whoever cannot be examined counts.

mod ability_cache;
pub mod able;
pub mod answer;
pub(super) mod question;
pub mod there;
mod wording;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::proc::census::{Census, Resident};
use crate::proc::ipc_namespace::{InNamespace, in_ipc_namespace, may_be_hidden};
use crate::proc::permission::{Door, LetIn, door, let_in};
use crate::proc::reader::Reader;
use crate::proc::recorded::Processes;
use crate::sys::{Perm, Uid, namespace};
use crate::usage::bystanders::Bystanders;
use crate::usage::possible::ability_cache::{Ability, AbilityCache, Means};
use crate::usage::possible::able::Able;
use crate::usage::possible::answer::{Candidate, MayKnow};
use crate::usage::possible::question::Question;
use crate::usage::possible::there::{Presence, Span, There};
use crate::usage::process::{Process, ProcessCache};

/// The most processes that are described; the others are counted.
pub const MOST_DESCRIBED: usize = 8;

/// The most listings of new processes, made because one has ended that should have been looked into. Those that are
/// known are not looked into again, so that each attempt is short, and few have the time to end during it.
const ATTEMPTS: u32 = 32;

/// The processes that such a door lets in, by place in the census.
type Entrants = Rc<Vec<(usize, LetIn)>>;

const DOORS: usize = 256;

/// Looks for possible users. All processes are looked at when the first question comes, and none twice.
#[derive(Debug, Default)]
pub(super) struct PossibleUsers {
    bystanders: Rc<Bystanders>,
    reader: Reader,
    described: ProcessCache,
    /// The living processes, or why they cannot be seen.
    census: OnceCell<Result<Census, String>>,
    presence: Presence,
    abilities: AbilityCache,
    entrants: HashMap<Door, Entrants>,
    /// The number of this IPC namespace, as far as it shows.
    own: Option<Option<u64>>,
    /// Whether a process is in it, by its number in the census.
    here: Vec<Option<bool>>,
    /// The answer to the last question about objects of a sort, by its number.
    answers: Vec<Option<Answered>>,
    /// Processes that have ended since the census and had to be looked into. Each may have left a child that knows what
    /// it knew.
    missed: Vec<u32>,
    /// How often it was looked for new processes because of that: no more than [`ATTEMPTS`] times for all questions.
    attempts: u32,
}

/// A question that was answered.
#[derive(Clone, Debug)]
struct Answered {
    door: Door,
    span: Span,
    /// Whether the answer is the same for whatever object of the sort has this door and this span.
    holds_for_all: bool,
    sketch: Sketch,
    answer: Rc<MayKnow>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sketch {
    /// The first candidates, by place in the census.
    candidates: Vec<(usize, There, LetIn, Rc<Able>)>,
    number: u64,
    in_question: u64,
    set_aside: Vec<(Rc<str>, u64)>,
}

impl Sketch {
    fn set_aside(&mut self, line: Rc<str>) {
        match self.set_aside.iter_mut().find(|(other, _)| *other == line) {
            Some((_, number)) => *number += 1,
            None => self.set_aside.push((line, 1)),
        }
    }
}

impl PossibleUsers {
    /// Sets aside what `bystanders` say.
    pub(super) fn new(bystanders: Rc<Bystanders>) -> Self {
        Self { bystanders, ..Self::default() }
    }

    /// Forgets all processes; what was read of files stays.
    pub(super) fn forget(&mut self) {
        let Self {
            bystanders: _,
            reader: _,
            described,
            census,
            presence,
            abilities,
            entrants,
            own,
            here,
            answers,
            missed,
            attempts,
        } = self;
        (*described, *census, *presence) = (ProcessCache::default(), OnceCell::new(), Presence::default());
        abilities.forget_processes();
        entrants.clear();
        here.clear();
        answers.clear();
        missed.clear();
        (*own, *attempts) = (None, 0);
    }

    pub(super) fn find(&mut self, question: &Question<'_>, processes: &Processes) -> Rc<MayKnow> {
        loop {
            let answer = self.find_once(question, processes);
            if !answer.is_nobody() || self.missed.is_empty() {
                return answer;
            }
            if self.attempts == ATTEMPTS {
                break;
            }
            self.attempts += 1;
            self.look_for_new(processes);
        }
        let why = "processes that may have known it come and go too fast for all to be seen";
        Rc::new(MayKnow { unseen: Some(why.to_owned()), ..MayKnow::default() })
    }

    /// Looks for processes that have come since the census. What is known of others stays.
    fn look_for_new(&mut self, processes: &Processes) {
        self.entrants.clear();
        self.answers.clear();
        if let Some(Ok(mut census)) = self.census.take() {
            let missed = std::mem::take(&mut self.missed);
            let renewed = census.renew(&mut self.reader, &missed).map_err(unlisted);
            self.presence.meet(&census.residents, processes);
            let _ = self.census.set(renewed.map(|()| census));
        }
    }

    fn find_once(&mut self, question: &Question<'_>, processes: &Processes) -> Rc<MayKnow> {
        let census = self.census.take().unwrap_or_else(|| self.take_census(processes));
        let answer = match &census {
            Ok(census) => self.search(&census.residents, question, processes),
            Err(why) => Rc::new(MayKnow { unseen: Some(why.clone()), ..MayKnow::default() }),
        };
        let _ = self.census.set(census);
        answer
    }

    fn take_census(&mut self, processes: &Processes) -> Result<Census, String> {
        let census = take_census(&mut self.reader)?;
        self.presence.meet(&census.residents, processes);
        Ok(census)
    }

    fn search(&mut self, residents: &[Resident], question: &Question<'_>, processes: &Processes) -> Rc<MayKnow> {
        let sort = self.abilities.sort(question, &self.bystanders);
        let (span, door) = (self.presence.span(question, processes), door(&question.object.perm));
        if let Some(Some(last)) = self.answers.get(sort)
            && (last.door, &last.span) == (door, &span)
            && last.holds_for_all
            && question.except.is_empty()
        {
            return Rc::clone(&last.answer);
        }
        let mut sketch = Sketch::default();
        let mut by_order = false;
        for &(place, let_in) in self.entrants(residents, door, &question.object.perm).iter() {
            let resident = &residents[place];
            let Some(there) = self.presence.there(resident, &span, &mut self.reader) else { continue };
            if question.except.contains(&resident.pid) || !self.is_here(resident) {
                continue;
            }
            sketch.in_question += 1;
            let means = Means { reader: &mut self.reader, presence: &mut self.presence, bystanders: &self.bystanders };
            let (ability, depends) = self.abilities.of(resident, sort, question, means);
            by_order |= depends;
            match ability {
                Ability::Able(able) => {
                    sketch.number += 1;
                    if sketch.candidates.len() < MOST_DESCRIBED {
                        sketch.candidates.push((place, there, let_in, able));
                    }
                }
                Ability::SetAside(line) => sketch.set_aside(line),
                Ability::Unable => {}
                Ability::Ended => self.missed.push(resident.pid),
            }
        }
        let holds_for_all = !by_order && self.missed.is_empty() && question.except.is_empty();
        let answer = self.in_full(sort, &sketch, residents);
        if self.answers.len() <= sort {
            self.answers.resize(sort + 1, None);
        }
        self.answers[sort] = Some(Answered { door, span, holds_for_all, sketch, answer: Rc::clone(&answer) });
        answer
    }

    /// The answer in full: the last one, if that is the same, as it mostly is when many objects were left behind.
    fn in_full(&mut self, sort: usize, sketch: &Sketch, residents: &[Resident]) -> Rc<MayKnow> {
        if let Some(Some(last)) = self.answers.get(sort)
            && last.sketch == *sketch
        {
            return Rc::clone(&last.answer);
        }
        let candidates = sketch.candidates.iter().filter_map(|(place, there, let_in, able)| {
            let process = self.describe(residents.get(*place)?);
            Some(Candidate { process, there: there.clone(), let_in: *let_in, able: Able::clone(able) })
        });
        Rc::new(MayKnow {
            candidates: candidates.collect(),
            number: sketch.number,
            unseen: None,
            living: residents.len() as u64,
            in_question: sketch.in_question,
            set_aside: sketch.set_aside.iter().map(|(line, number)| (line.to_string(), *number)).collect(),
        })
    }

    /// The processes that an object's door lets in.
    fn entrants(&mut self, residents: &[Resident], door: Door, perm: &Perm) -> Entrants {
        if self.entrants.len() > DOORS {
            self.entrants.clear();
        }
        let entrants = self.entrants.entry(door).or_insert_with(|| {
            let let_in = |(place, resident): (usize, &Resident)| {
                let_in(resident.credentials.as_ref(), perm).map(|let_in| (place, let_in))
            };
            Rc::new(residents.iter().enumerate().filter_map(let_in).collect())
        });
        Rc::clone(entrants)
    }

    /// Whether a process, or one of its threads, is in this IPC namespace, or may be for all that can be seen.
    fn is_here(&mut self, resident: &Resident) -> bool {
        if let Some(known) = self.here.get(resident.number).copied().flatten() {
            return known;
        }
        let own = *self.own.get_or_insert_with(namespace::ipc);
        let several = resident.stat.as_ref().is_none_or(|stat| stat.threads > 1);
        let here = match in_ipc_namespace(resident.task, several, own, &mut self.reader) {
            InNamespace::Possible => true,
            InNamespace::No => false,
            InNamespace::Ended => {
                // It is missed for every question.
                self.missed.push(resident.pid);
                return false;
            }
        };
        if self.here.len() <= resident.number {
            self.here.resize(resident.number + 1, None);
        }
        self.here[resident.number] = Some(here);
        here
    }

    fn describe(&mut self, resident: &Resident) -> Process {
        let described = self.described.get(resident.pid, &mut self.reader).map(Rc::unwrap_or_clone);
        described.unwrap_or_else(|| {
            let command = resident.stat.as_ref().map(|stat| stat.command.clone()).unwrap_or_default();
            let uid = resident.credentials.as_ref().and_then(|users| users.uids.get(1).copied()).map(Uid::new);
            Process { pid: resident.pid, command, uid, ..Process::default() }
        })
    }
}

/// All living processes, where they can be trusted to be all.
fn take_census(reader: &mut Reader) -> Result<Census, String> {
    if may_be_hidden() {
        return Err("/proc may hide processes (hidepid)".to_owned());
    }
    if namespace::ipc().is_none() || !crate::proc::status::numbers_are_ours() {
        return Err("/proc does not show the processes of this pid namespace".to_owned());
    }
    if namespace::is_initial_ipc() && !namespace::is_initial_pid() {
        return Err(
            "processes of the host, which cannot be seen from this pid namespace, share the IPC namespace".to_owned()
        );
    }
    Census::take(reader).map_err(unlisted)
}

fn unlisted(error: std::io::Error) -> String {
    format!("/proc cannot be read: {}", crate::error::os_message(&error))
}
