//! Removes what the command line names.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::TOOL;
use super::request::{Name, Order, Work};
use crate::compat::out::Out;
use crate::error::Status;
use crate::kind::field::Needs;
use crate::kind::model::{KindSet, Object, ObjectId};
use crate::kind::remove_id;
use crate::kind::system_v::SystemV;
use crate::object::fingerprint::Fingerprint;
use crate::object::inventory;
use crate::removal::Outcome;
use crate::removal::remove::remove_if_same;
use crate::sys::{Errno, startup};

/// The result of looking up an order.
enum Found {
    Named(ObjectId),
    /// A segment that is removed verbosely, which tells whether it is still attached.
    Seen(Fingerprint),
    Absent,
    /// It cannot be looked up, for this reason.
    Hidden(String),
}

struct Remover {
    out: Out,
    /// Removed by this run; their keys name nothing any more.
    gone: HashSet<ObjectId>,
}

pub(super) fn carry_out(work: &Work) -> u8 {
    let mut remover = Remover { out: Out::new(TOOL), gone: HashSet::new() };
    // All are looked up first, so that no removal changes what a later key names.
    let found: Vec<Found> = work.orders.iter().map(look_up).collect();
    for (order, found) in work.orders.iter().zip(found) {
        remover.remove(order, found);
    }
    if let Some(kinds) = work.all {
        remover.remove_all(kinds, work.verbose);
    }
    if work.confirm && !remover.out.failed {
        remover.out.text.push_str("resource(s) deleted\n");
    }
    if startup::stdout_was_closed() {
        // The caller closed standard output and expects no text; the removal itself succeeded.
        remover.out.text.clear();
    }
    remover.out.finish()
}

fn look_up(order: &Order) -> Found {
    let id = match &order.name {
        Name::Id(id) => ObjectId::system_v(order.kind.kind(), *id),
        Name::Key(key, text) => match inventory::find(order.kind.kind(), *key) {
            Ok(id) => id,
            Err(Errno::ENOENT) => return Found::Absent,
            Err(errno) => return Found::Hidden(format!("cannot look up key ({text}): {errno}")),
        },
    };
    if !(order.verbose && order.kind == SystemV::Segment) {
        return Found::Named(id);
    }
    match inventory::look(id) {
        Ok(Some(object)) => Found::Seen(Fingerprint::of(&object)),
        Ok(None) => Found::Absent,
        Err(errno) => Found::Hidden(inventory::unreadable(id, errno).to_string()),
    }
}

impl Remover {
    fn remove(&mut self, order: &Order, found: Found) {
        let id = match &found {
            Found::Named(id) => *id,
            Found::Seen(fingerprint) => fingerprint.id(),
            Found::Absent => {
                // util-linux announces an id before it looks for it.
                if let Name::Id(id) = order.name {
                    self.announce(order.kind, id, order.verbose);
                }
                return self.absent(order);
            }
            Found::Hidden(why) => return self.out.fail(why),
        };
        if matches!(order.name, Name::Key(..)) && self.gone.contains(&id) {
            return self.absent(order);
        }
        self.announce(order.kind, id.sysv(), order.verbose);
        match found {
            Found::Seen(fingerprint) => self.remove_seen(order, &fingerprint),
            _ => self.remove_named(order, id),
        }
    }

    /// Removes by id without a check: the kernel does not reuse an id that soon.
    fn remove_named(&mut self, order: &Order, id: ObjectId) {
        match remove_id(id) {
            Ok(()) => {
                self.gone.insert(id);
            }
            Err(Errno::EINVAL | Errno::EIDRM) => self.absent(order),
            Err(Errno::EPERM | Errno::EACCES) => self.denied(order, id),
            Err(errno) => self.out.fail(format!("cannot remove id ({}): {errno}", id.sysv())),
        }
    }

    fn remove_seen(&mut self, order: &Order, fingerprint: &Fingerprint) {
        let id = fingerprint.id();
        match remove_if_same(fingerprint, &id) {
            Outcome::Removed => {
                self.gone.insert(id);
            }
            Outcome::WillGo { nattch, already, .. } => {
                self.gone.insert(id);
                if order.verbose {
                    self.tell_attached(id, nattch, already);
                }
            }
            Outcome::Gone => self.absent(order),
            Outcome::Kept(why) => self.out.fail(format!("not removed: id ({}): {why}", id.sysv())),
            Outcome::Failed(error) if error.status() == Status::Denied => self.denied(order, id),
            Outcome::Failed(error) => self.out.fail(error.to_string()),
        }
    }

    /// Removes all objects of these kinds without checking each again: an object that got the id since the list was
    /// made is meant by "all" too, and the kernel reuses an id only after all other sequence numbers of its index.
    fn remove_all(&mut self, kinds: KindSet, verbose: bool) {
        let mut unseen = Vec::new();
        for kind in SystemV::ALL.into_iter().filter(|kind| kinds.has(kind.kind())) {
            // Each kind is listed just before its removal, so that no list is old.
            let inventory = match inventory::collect(KindSet::of(kind.kind()), Needs::NOTHING) {
                Ok(inventory) => inventory,
                Err(error) => {
                    self.out.fail(error.to_string());
                    continue;
                }
            };
            inventory.losses.iter().for_each(|loss| TOOL.say(loss));
            let left = inventory.objects.iter().filter(|object| !self.remove_listed(object, kind, verbose)).count();
            if left > 0 {
                unseen.push(kind.kind().count(left as u64));
            }
        }
        if !unseen.is_empty() {
            let list = unseen.join(", ");
            TOOL.say(format_args!("left alone, as others own them and you may not even read them: {list}"));
        }
    }

    /// Returns false for an object that the caller may neither remove nor read: util-linux does not list those, so they
    /// are no failure.
    fn remove_listed(&mut self, object: &Object, kind: SystemV, verbose: bool) -> bool {
        let id = object.id;
        let result = remove_id(id);
        if matches!(result, Err(Errno::EPERM | Errno::EACCES)) && !inventory::may_read(id) {
            return false;
        }
        self.announce(kind, id.sysv(), verbose);
        match result {
            Ok(()) if verbose && kind == SystemV::Segment => {
                let left = inventory::look(id).ok().flatten().filter(Object::is_doomed);
                if let Some(segment) = left.as_ref().and_then(Object::as_segment) {
                    self.tell_attached(id, segment.nattch, object.is_doomed());
                }
            }
            // Removed by somebody else meanwhile is as good.
            Ok(()) | Err(Errno::EINVAL | Errno::EIDRM) => {}
            Err(Errno::EPERM | Errno::EACCES) => self.out.fail(format!("permission denied for id ({})", id.sysv())),
            Err(errno) => self.out.fail(format!("cannot remove id ({}): {errno}", id.sysv())),
        }
        true
    }

    fn announce(&mut self, kind: SystemV, id: i32, verbose: bool) {
        if verbose {
            let _ = writeln!(self.out.text, "removing {} id `{id}'", noun(kind));
            self.out.row();
        }
    }

    /// Says that a removed segment lives on until its last detach.
    fn tell_attached(&mut self, id: ObjectId, nattch: u64, already: bool) {
        let when = if nattch == 1 {
            "its last attachment detaches".to_owned()
        } else {
            format!("its last {nattch} attachments detach")
        };
        let before = if already { "was removed before and " } else { "" };
        let _ = writeln!(self.out.text, "{} id `{}' {before}goes when {when}", noun(SystemV::Segment), id.sysv());
        self.out.row();
    }

    fn denied(&mut self, order: &Order, id: ObjectId) {
        // util-linux prints the id after "key" too.
        let what = if matches!(order.name, Name::Id(_)) { "id" } else { "key" };
        self.out.fail(format!("permission denied for {what} ({})", id.sysv()));
    }

    fn absent(&mut self, order: &Order) {
        self.out.fail(match &order.name {
            Name::Id(id) => format!("invalid id ({id})"),
            Name::Key(_, text) => format!("invalid key ({text})"),
        });
    }
}

/// util-linux's noun.
const fn noun(kind: SystemV) -> &'static str {
    match kind {
        SystemV::Segment => "shared memory segment",
        SystemV::Set => "semaphore",
        SystemV::Queue => "message queue",
    }
}
