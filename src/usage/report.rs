//! Who uses some objects, who is recorded with them, and who may know them: one report for `who`, `show` and JSON.

use std::collections::{HashMap, HashSet};

use crate::kind::field::Needs;
use crate::kind::model::{KindSet, Object, ObjectId};
use crate::kind::system_v::SystemV;
use crate::object::inventory;
use crate::proc::probe;
use crate::render::escape::escape;
use crate::usage::criteria::Criteria;
use crate::usage::judge::Judge;
use crate::usage::last_changed::LastChangers;
use crate::usage::possible::answer::MayKnow;
use crate::usage::recorded_uses::living;
use crate::usage::role::{Hidden, Use, of_object};
use crate::usage::users::{Usage, Users};

/// An object and who uses it.
#[derive(Debug)]
pub(crate) struct ObjectUsage<'a> {
    /// The object.
    pub(crate) object: Object,
    /// Its users.
    pub(crate) uses: Vec<Use>,
    /// As the scan found it.
    pub(crate) usage: &'a Usage,
    /// Who may know it besides; the first of them are among its users.
    pub(crate) may_know: MayKnow,
}

/// The objects whose users tell all about those of `objects`. Where one is a set, all sets: a process that changed one
/// last may wait for another.
pub(crate) fn with_other_sets(objects: &[Object]) -> Vec<Object> {
    let mut all = objects.to_vec();
    if objects.iter().any(|object| object.is_set()) {
        let named: HashSet<_> = objects.iter().map(|object| object.id).collect();
        let sets = inventory::collect(KindSet::of(SystemV::Set.kind()), Needs::NOTHING);
        let sets = sets.map(|found| found.objects).unwrap_or_default();
        all.extend(sets.into_iter().filter(|set| !named.contains(&set.id)));
    }
    all
}

/// Everything about who uses objects.
#[derive(Debug)]
pub(crate) struct UsageReport<'a> {
    users: &'a Users,
    last_changers: LastChangers,
    nobody: Usage,
    others: Option<Others>,
}

/// Those who are not seen to use an object.
#[derive(Debug)]
struct Others {
    /// Living processes that the kernel has recorded.
    recorded: HashMap<ObjectId, Vec<Use>>,
    /// Who may know it.
    may_know: HashMap<ObjectId, MayKnow>,
}

impl<'a> UsageReport<'a> {
    /// Adds to the users of `all` what they wait for.
    pub(crate) fn new(all: &[Object], users: &'a Users) -> Self {
        Self { users, last_changers: LastChangers::look_up(all, users), nobody: Usage::default(), others: None }
    }

    /// Adds to those who use `objects` the living processes that are recorded with them, and those that may know them.
    pub(crate) fn with_others(mut self, objects: &[Object], criteria: &Criteria) -> Self {
        if objects.is_empty() {
            return self;
        }
        let (recorded, may_know) = probe::run(|| {
            let mut recorded: HashMap<ObjectId, Vec<Use>> = HashMap::new();
            for used in living(objects).0 {
                recorded.entry(used.object).or_default().push(used);
            }
            let mut judge = Judge::new(criteria);
            let may_know = |object: &Object| {
                let usage = self.users.of(object.id).unwrap_or(&self.nobody);
                let seen: Vec<Use> = of_object(object, self.users, &self.last_changers).collect();
                let all = seen.iter().chain(recorded.get(&object.id).into_iter().flatten());
                let known: Vec<u32> = all.map(|used| used.process().pid).collect();
                (object.id, judge.may_know(object, usage, &known))
            };
            let may_know: HashMap<ObjectId, MayKnow> = objects.iter().map(may_know).collect();
            (recorded, may_know)
        });
        self.others = Some(Others { recorded, may_know });
        self
    }

    /// Who uses an object of those that were looked at.
    pub(crate) fn of(&self, object: &Object) -> ObjectUsage<'_> {
        let usage = self.users.of(object.id).unwrap_or(&self.nobody);
        let mut uses: Vec<Use> = of_object(object, self.users, &self.last_changers).collect();
        let mut may_know = MayKnow::default();
        if let Some(Others { recorded, may_know: all }) = &self.others {
            // Who is seen to use it needs no record to be named.
            let known: Vec<u32> = uses.iter().map(|used| used.process().pid).collect();
            let recorded = recorded.get(&object.id).into_iter().flatten();
            uses.extend(recorded.filter(|used| !known.contains(&used.process().pid)).cloned());
            may_know = all.get(&object.id).cloned().unwrap_or_default();
            let candidates = std::mem::take(&mut may_know.candidates);
            uses.extend(candidates.into_iter().map(|candidate| Use::possible(object.id, candidate)));
        }
        ObjectUsage { object: *object, uses, usage, may_know }
    }

    /// Hints at who may hold the semaphores of an object that threads wait for.
    pub(crate) fn hints(&self, object: &Object) -> Vec<String> {
        self.last_changers.lines(object.id, |name| escape(name).into_owned())
    }
}

impl ObjectUsage<'_> {
    /// Whether nobody is seen to use it or recorded with it, and no user is hidden.
    pub(crate) fn is_unused(&self) -> bool {
        let mut known = self.uses.iter().filter(|used| used.is_known() && !used.is_past());
        known.next().is_none() && Hidden::of([self.usage]).words().is_none()
    }

    /// That nobody is seen to use it, and who may know it; `all` where rows tell of those who have used it in the past.
    pub(crate) fn unused(&self, all: bool) -> String {
        let id = self.object.id;
        let past = if !all && self.uses.iter().any(Use::is_past) {
            ", but processes live that have used it with undo (-v shows them)"
        } else {
            ""
        };
        let who = match (&self.may_know.unseen, self.may_know.number) {
            (Some(why), _) => format!("; who may know it cannot be seen: {}", escape(why)),
            (None, 0) if past.is_empty() => ", and no living process may know it".to_owned(),
            (None, 0) => String::new(),
            (None, 1) => "; 1 process may know it".to_owned(),
            (None, many) => format!("; {many} processes may know it"),
        };
        format!("nobody is seen to use {id}{past}{who}")
    }

    /// The uses that are told, or with `all` even past ones.
    pub(crate) fn told(&self, all: bool) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(move |used| all || !used.is_past())
    }

    /// Who has a row in tables: of those who may know it for all that can be seen, there is no more to tell than their
    /// number.
    pub(crate) fn shown(&self, all: bool) -> impl Iterator<Item = &Use> {
        self.told(all).filter(|used| used.is_known() || used.is_examined())
    }

    /// How many may know it that have no row.
    pub(crate) fn more(&self) -> Option<String> {
        let told = self.shown(true).filter(|used| !used.is_known()).count() as u64;
        match self.may_know.number.saturating_sub(told) {
            0 => None,
            1 if told == 0 => Some("1 process may know it".to_owned()),
            many if told == 0 => Some(format!("{many} processes may know it")),
            1 => Some("1 more process may know it".to_owned()),
            many => Some(format!("{many} more processes may know it")),
        }
    }
}
