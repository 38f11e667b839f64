//! The plan of a restore, made before the first object is: keys, ids, owners, and conflicts.

mod accounts;
mod limits;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::read::{Body, Item};
use crate::error::{Error, Result, Status};
use crate::kind::field::Needs;
use crate::kind::model::{Kind, KindSet, Object, ObjectId};
use crate::kind::system_v::SystemV;
use crate::listing::query;
use crate::object::create::again::OriginalIdentity;
use crate::object::create::{self, KeyChoice, Specification};
use crate::object::names::user_text;
use crate::object::{inventory, permission};
use crate::proc::capabilities::may_act_as_others;
use crate::proc::sysctl;
use crate::removal::may_be_in_use;
use crate::render::escape::{escape, truncate};
use crate::sys::shm::{self, ShmFlags};
use crate::sys::{Gid, Key, Uid, msg, sem};
use crate::usage::criteria::Criteria;
use crate::usage::text;
use crate::usage::users::{self, Users};

pub use accounts::{Accounts, By};

/// How objects are to come back.
#[derive(Clone, Debug, Default)]
pub struct RestoreOptions {
    /// Objects that had a key get a random one that is free, instead of the same.
    pub new_key: bool,
    /// Each gets the id it had, or is not made.
    pub same_id: bool,
    /// Objects that have a key or id that is needed are removed first, if nobody uses them or may.
    pub replace: bool,
    /// The criteria by which possible use is judged.
    pub criteria: Criteria,
    /// Segments get no swap space reserved.
    pub no_reserve: bool,
    pub accounts: Accounts,
    /// These values instead of those saved, for the one set there is.
    pub values: Option<Vec<u16>>,
}

#[derive(Clone, Debug)]
pub struct Planned<'a> {
    pub item: &'a Item,
    /// As it is to be.
    pub specification: Specification,
    /// As it is to be, besides.
    pub origin: OriginalIdentity,
    /// What goes first.
    pub replaced: Vec<Object>,
    /// By what it is judged whether that is used.
    pub criteria: Criteria,
}

impl Planned<'_> {
    /// Bytes that are copied.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match &self.item.body {
            Body::Segment { size, .. } => *size,
            Body::Queue { place, .. } => place.stored,
            Body::Set { .. } => 0,
        }
    }
}

#[derive(Debug, Default)]
pub struct Plan<'a> {
    pub planned: Vec<Planned<'a>>,
    /// What stands in the way. If there is anything, nothing should be done.
    pub conflicts: Vec<(ObjectId, Error)>,
    /// What should be known before.
    pub notes: Vec<String>,
}

impl<'a> Plan<'a> {
    /// For `items` on this machine as it is now.
    ///
    /// # Errors
    /// When the kernel has no System V IPC; a usage error for values that fit no set.
    pub fn new(items: &[&'a Item], options: &RestoreOptions) -> Result<Self> {
        let mut plan = Self::default();
        let sets = items.iter().filter(|item| item.object.is_set()).count();
        if options.values.is_some() && sets != 1 {
            return Err(Error::Usage(format!("--values is for one set, and {sets} are to be restored")));
        }
        let machine = Machine {
            former: former_keys(items, &mut plan.notes)?,
            may_act: may_act_as_others(),
            destroys_segments: items.iter().any(|item| item.object.is_segment())
                && sysctl::shm_rmid_forced() == Some(true),
        };
        let mut taken = HashSet::new();
        let mut in_the_way = InTheWay::look_up(items, options);
        for &item in items {
            let id = item.object.id;
            match plan_one(item, options, &machine, &mut in_the_way, &mut plan.notes) {
                Ok(planned) => {
                    let key = match planned.specification.key {
                        KeyChoice::Key(key) => Some((id.kind, key)),
                        _ => None,
                    };
                    if key.is_some_and(|key| !taken.insert(key)) {
                        let reason = "another object of the archive has the same key";
                        let remedy = Some("name the one that is meant, or use --new-key");
                        plan.conflicts.push((id, Error::cannot(Status::Exists, &operation(id), reason, remedy)));
                    }
                    plan.planned.push(planned);
                }
                Err(error @ Error::Usage(_)) => return Err(error),
                Err(error) => plan.conflicts.push((id, error)),
            }
        }
        if plan.conflicts.is_empty() {
            plan.conflicts = limits::check(&plan.planned)?;
        }
        Ok(plan)
    }
}

fn operation(id: ObjectId) -> String {
    format!("restore {id}")
}

/// What does not depend on the single item.
struct Machine {
    /// The keys that removed segments had which are still attached, with who has them.
    former: HashMap<Key, String>,
    may_act: bool,
    /// Whether segments are destroyed when nobody has them attached.
    destroys_segments: bool,
}

fn plan_one<'a>(
    item: &'a Item,
    options: &RestoreOptions,
    machine: &Machine,
    in_the_way: &mut InTheWay,
    notes: &mut Vec<String>,
) -> Result<Planned<'a>> {
    let Object { id, perm, .. } = item.object;
    let may_act = machine.may_act;
    let refuse = |status, reason: &str, remedy| Err(Error::cannot(status, &operation(id), reason, Some(remedy)));
    let owners = options.accounts.resolve(item, may_act).map_err(|reason| {
        let remedy = "--numeric-owner takes the number, --by-name the name, --owner and --group another one";
        Error::cannot(Status::Refused, &operation(id), reason, Some(remedy))
    })?;
    if id.system_v_kind() == Some(SystemV::Segment) && machine.destroys_segments {
        let reason = "kernel.shm_rmid_forced is 1, so it would be destroyed as soon as ipcadm ends";
        return refuse(Status::Refused, reason, "set it to 0");
    }
    let key = match perm.key {
        key if key.is_private() => KeyChoice::Private,
        _ if options.new_key => KeyChoice::Random,
        key => KeyChoice::Key(key),
    };
    let mut replaced: Vec<Object> = Vec::new();
    if let KeyChoice::Key(key) = key {
        if id.system_v_kind() == Some(SystemV::Segment)
            && let Some(who) = machine.former.get(&key)
        {
            let reason =
                format!("{who} still uses a removed segment that had its key {key}, and would not see this one");
            return refuse(Status::Refused, &reason, "end it first, or use --new-key");
        }
        if let Some(there) = with_key(id.kind, key) {
            replaced.push(replaceable(id, &there, &format!("{key} is {}", there.id), options, in_the_way)?);
        }
    }
    if options.same_id
        && let Some(there) = at_index_of(id)
        && !replaced.iter().any(|object| object.id == there.id)
    {
        let what = if there.id == id {
            format!("{id} exists")
        } else {
            format!("{} is in the place where {id} would have to be", there.id)
        };
        replaced.push(replaceable(id, &there, &what, options, in_the_way)?);
    }
    let own = (crate::sys::accounts::effective_user(), crate::sys::accounts::effective_group());
    let creator = Some(owners.creator).filter(|creator| *creator != own);
    if creator.is_some() && !may_act {
        let text = item
            .creator
            .name
            .as_deref()
            .map_or_else(|| item.creator.number.to_string(), |name| truncate(&escape(name), 60).into_owned());
        notes.push(format!("the creator of {id} will be you, not {text}: that needs CAP_SETUID and CAP_SETGID"));
    }
    let (body, never_used, room) = match &item.body {
        Body::Segment { size, .. } => {
            let flags = ShmFlags { no_reserve: options.no_reserve, ..ShmFlags::default() };
            (create::Body::Segment { size: *size, flags, lock: perm.mode.is_shm_locked() }, false, 0)
        }
        Body::Set { values } => {
            let values = match &options.values {
                Some(given) if given.len() != values.len() => {
                    return Err(Error::Usage(format!("--values: {} for the {} of {id}", given.len(), values.len())));
                }
                Some(given) => given.as_slice().into(),
                None => {
                    notes.extend(zeros(id, values));
                    Rc::clone(values)
                }
            };
            let never_used = item.object.as_set().is_some_and(|set| set.otime.is_never());
            let nsems = u32::try_from(values.len()).unwrap_or(u32::MAX);
            (create::Body::Set { nsems, values }, never_used && options.values.is_none(), 0)
        }
        Body::Queue { qbytes, qnum, cbytes, .. } => {
            (create::Body::Queue { qbytes: Some(*qbytes) }, false, (*qnum).max(*cbytes))
        }
    };
    let (owner, group) = owners.owner;
    let specification = Specification {
        key,
        mode: crate::sys::Mode::new(perm.mode.permissions()),
        owner: Some(owner),
        group: Some(group),
        exist_ok: false,
        body,
    };
    let wanted = options.same_id.then_some(id.sysv());
    let origin = OriginalIdentity { creator: creator.filter(|_| may_act), id: wanted, never_used, room };
    Ok(Planned { item, specification, origin, replaced, criteria: options.criteria.clone() })
}

/// The object that stands in the place of another, if it may be removed.
fn replaceable(
    id: ObjectId,
    there: &Object,
    what: &str,
    options: &RestoreOptions,
    others: &mut InTheWay,
) -> Result<Object> {
    let owner = user_text(there.perm.uid);
    if !options.replace {
        let reason = format!("{what}, owned by {owner}");
        let remedy = if options.same_id {
            "--replace removes it first"
        } else {
            "--replace removes it first, --new-key leaves it alone"
        };
        return Err(Error::cannot(Status::Exists, &operation(id), reason, Some(remedy)));
    }
    if let Some(how) = text::in_use(there, others.users.of(there.id)) {
        let reason = format!("{what} and in use: {how}");
        return Err(Error::cannot(Status::Refused, &operation(id), reason, Some("nothing in use is replaced")));
    }
    permission::preview(there, &format!("replace {}", there.id))?;
    if let Some(why) = others.objections.get(&there.id) {
        let remedy = "what may be in use is not replaced; rm removes it by name";
        return Err(Error::cannot(Status::Refused, &operation(id), format!("{what}: {why}"), Some(remedy)));
    }
    Ok(*there)
}

fn with_key(kind: Kind, key: Key) -> Option<Object> {
    inventory::find(kind, key).ok().and_then(|id| inventory::look(id).ok().flatten())
}

/// The users, certain and possible, of objects that have a key or a place that is needed: found in one pass.
struct InTheWay {
    users: Users,
    /// Why they may be in use.
    objections: HashMap<ObjectId, String>,
}

impl InTheWay {
    fn look_up(items: &[&Item], options: &RestoreOptions) -> Self {
        let there = if options.replace { in_the_way(items, options) } else { Vec::new() };
        if there.is_empty() {
            return Self { users: Users::default(), objections: HashMap::new() };
        }
        let (users, objections) = query::ask(&there, &options.criteria, |judge, object, usage| {
            let objection = || judge.objection(object, usage).map(|evidence| may_be_in_use(&evidence));
            text::maybe_in_use(object, usage).or_else(objection)
        });
        let objections = there.iter().zip(objections).filter_map(|(object, why)| Some((object.id, why?)));
        Self { users, objections: objections.collect() }
    }
}

/// The objects that have a key or a place that is needed.
fn in_the_way(items: &[&Item], options: &RestoreOptions) -> Vec<Object> {
    let mut there = Vec::new();
    for Object { id, perm, .. } in items.iter().map(|item| item.object) {
        if !perm.key.is_private() && !options.new_key {
            there.extend(with_key(id.kind, perm.key));
        }
        if options.same_id {
            there.extend(at_index_of(id));
        }
    }
    there.sort_by_key(|object| object.id);
    there.dedup_by_key(|object| object.id);
    there
}

/// The object that lives where one with this id would have to be.
fn at_index_of(id: ObjectId) -> Option<Object> {
    match id.system_v_kind()? {
        SystemV::Segment => shm::stat_any(id.sysv()).ok().map(|(id, stat)| Object::segment(id, &stat, None)),
        SystemV::Set => sem::stat_any(id.sysv()).ok().map(|(id, stat)| Object::set(id, &stat)),
        SystemV::Queue => msg::stat_any(id.sysv()).ok().map(|(id, stat)| Object::queue(id, &stat, true)),
    }
}

/// A lock that somebody held when it was saved has nobody now to give it back.
fn zeros(id: ObjectId, values: &[u16]) -> Option<String> {
    let zeros = || (0..values.len()).filter(|&index| values[index] == 0);
    let (which, verb) = match zeros().count() {
        0 => return None,
        all if all == values.len() && all > 1 => ("all its semaphores".to_owned(), "are"),
        some if some > 8 => (format!("{some} semaphores"), "are"),
        some => {
            let indices: Vec<String> = zeros().map(|index| index.to_string()).collect();
            let noun = if some == 1 { "semaphore" } else { "semaphores" };
            (format!("{noun} {}", indices.join(", ")), if some == 1 { "is" } else { "are" })
        }
    };
    Some(format!(
        "{id}: {which} {verb} 0, as saved; if that is a lock somebody held then, it stays locked (--values gives others)"
    ))
}

/// The keys that removed segments had which are still attached, with who has them.
fn former_keys(items: &[&Item], notes: &mut Vec<String>) -> Result<HashMap<Key, String>> {
    let mut found = HashMap::new();
    if !items.iter().any(|item| item.object.is_segment() && !item.object.perm.key.is_private()) {
        return Ok(found);
    }
    let segments = inventory::collect(KindSet::of(SystemV::Segment.kind()), Needs::NOTHING)?.objects;
    let doomed: Vec<Object> = segments.into_iter().filter(Object::is_doomed).collect();
    if doomed.is_empty() {
        return Ok(found);
    }
    let users = Users::scan(&doomed, users::Wants::HOLDERS);
    for doomed in doomed {
        let usage = users.of(doomed.id);
        match usage.and_then(|usage| Some((usage.shown?, usage.holding().next()?))) {
            Some((shown, pid)) if shown.key != 0 => {
                found.entry(Key::from_bits(shown.key)).or_insert_with(|| format!("process {pid}"));
            }
            Some(_) => {}
            None => notes.push(format!("{} is removed and still attached; which key it had cannot be seen", doomed.id)),
        }
    }
    Ok(found)
}

/// Owner and creator, with their groups.
#[derive(Clone, Copy, Debug)]
struct Owners {
    owner: (Uid, Gid),
    creator: (Uid, Gid),
}
