//! A cache of which processes are able to use which objects, for all objects that do not differ in what decides it.

use std::rc::Rc;

use crate::code::program_files::ProgramFiles;
use crate::proc::census::Resident;
use crate::proc::reader::Reader;
use crate::sys::process::kcmp::WithoutUndo;
use crate::usage::bystanders::{Bystanders, Suspect, Traits};
use crate::usage::possible::able::{Able, Profile};
use crate::usage::possible::question::Question;
use crate::usage::possible::there::Presence;

/// Whether a process is able to use an object.
#[derive(Clone, Debug)]
pub(super) enum Ability {
    Able(Rc<Able>),
    /// A line of the bystanders takes it away.
    SetAside(Rc<str>),
    Unable,
    Ended,
}

/// What decides of an object which processes are able to use it, but for its identifier and its key: those matter to
/// programs that were told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sort {
    undo_is_known: bool,
    traits: Traits,
}

/// Whether a process is able to use objects of one sort.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// It is not able to use them.
    Unable,
    Found(u32),
    ByOrder,
}

/// The abilities of processes, each looked at once.
#[derive(Debug, Default)]
pub(super) struct AbilityCache {
    files: ProgramFiles,
    /// By number in the census.
    profiles: Vec<Option<Profile>>,
    without_undo: Option<Option<WithoutUndo>>,
    /// By number. There are few.
    sorts: Vec<Sort>,
    /// By sort, then by number in the census.
    known: Vec<Vec<Option<Known>>>,
    found: Vec<Ability>,
}

/// What it takes to look at a process.
pub(super) struct Means<'a> {
    pub reader: &'a mut Reader,
    pub presence: &'a mut Presence,
    pub bystanders: &'a Bystanders,
}

impl AbilityCache {
    /// Forgets what is known of processes.
    pub(super) fn forget_processes(&mut self) {
        let Self { files: _, profiles, without_undo, sorts, known, found } = self;
        *without_undo = None;
        profiles.clear();
        sorts.clear();
        known.clear();
        found.clear();
    }

    /// The number of the sort that an object is of.
    pub(super) fn sort(&mut self, question: &Question<'_>, bystanders: &Bystanders) -> usize {
        let sort = Sort { undo_is_known: question.undo_is_known, traits: bystanders.traits(question.object) };
        self.sorts.iter().position(|known| *known == sort).unwrap_or_else(|| {
            self.sorts.push(sort);
            self.known.push(Vec::new());
            self.sorts.len() - 1
        })
    }

    /// Whether a process can use an object of this sort; says besides whether it depends on which.
    pub(super) fn of(
        &mut self,
        resident: &Resident,
        sort: usize,
        question: &Question<'_>,
        means: Means<'_>,
    ) -> (Ability, bool) {
        let known = self.known.get(sort).and_then(|known| known.get(resident.number));
        match known.copied().flatten() {
            Some(Known::Unable) => return (Ability::Unable, false),
            Some(Known::Found(place)) => return (self.found[place as usize].clone(), false),
            Some(Known::ByOrder) | None => {}
        }
        let (ability, has_orders) = self.look_at(resident, question, means);
        let known = match &ability {
            _ if has_orders => Known::ByOrder,
            Ability::Unable => Known::Unable,
            found => {
                self.found.push(found.clone());
                Known::Found(u32::try_from(self.found.len() - 1).unwrap_or(u32::MAX))
            }
        };
        if let Some(all) = self.known.get_mut(sort) {
            if all.len() <= resident.number {
                all.resize(resident.number + 1, None);
            }
            all[resident.number] = Some(known);
        }
        (ability, has_orders)
    }

    /// Looks at a process; says besides whether what is found depends on the object.
    fn look_at(&mut self, resident: &Resident, question: &Question<'_>, means: Means<'_>) -> (Ability, bool) {
        let Means { reader, presence, bystanders } = means;
        let object = question.object;
        if self.profiles.len() <= resident.number {
            self.profiles.resize_with(resident.number + 1, || None);
        }
        let profile =
            self.profiles[resident.number].get_or_insert_with(|| Profile::read(resident, &mut self.files, reader));
        if profile.has_ended() {
            return (Ability::Ended, false);
        }
        let has_orders = profile.has_orders(object, resident, reader);
        if profile.has_ended() {
            return (Ability::Ended, false);
        }
        let may_hold = object.is_set() && !question.undo_is_known;
        let mut aside = None;
        let able = profile
            .by_order(resident, object, reader)
            .or_else(|| profile.by_code(object, bystanders, &mut aside))
            .or_else(|| may_hold.then(|| profile.by_undo(resident, &mut self.without_undo, reader)).flatten())
            .or_else(|| profile.unexaminable());
        let ability = match able {
            None => aside.map_or(Ability::Unable, Ability::SetAside),
            Some(able) => {
                let service = presence.service(resident, reader);
                let suspect = Suspect {
                    pid: resident.pid,
                    started: resident.stat.as_ref().map(|stat| stat.started),
                    program: profile.roots_program(),
                    service: service.name(),
                };
                match bystanders.process(suspect, object) {
                    Some(line) => Ability::SetAside(line.to_string().into()),
                    None => Ability::Able(Rc::new(able)),
                }
            }
        };
        (ability, has_orders)
    }
}
