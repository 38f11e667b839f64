//! Removing what was asked for.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::process::ExitCode;

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

/// What an order came to when it was looked up.
enum Found {
    /// What is to be removed.
    Named(ObjectId),
    /// The same as it is, where more is to be told of it than that it goes.
    Seen(Fingerprint),
    /// There is none.
    Absent,
    /// It cannot be looked at; why.
    Hidden(String),
}

struct Remover {
    out: Out,
    /// Removed by this run; keys that led to them lead nowhere now.
    gone: HashSet<ObjectId>,
}

/// Removes what was asked for. The status tells of all of it.
pub(super) fn carry_out(work: &Work) -> ExitCode {
    let mut remover = Remover { out: Out::new(TOOL), gone: HashSet::new() };
    // All are looked up first: what the removal of one brings about is not what another was meant to name.
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
        // Whoever closed it wants to hear nothing, and the work is done.
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
                // An id needs no look-up to be named.
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

    /// An id is never another object's within so short a time, so nothing needs to be looked at.
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

    /// Removes all of these kinds, as they are listed at that moment.
    ///
    /// Without the look that goes before a removal by name: nothing was meant but "all", so whatever has an id now is
    /// as much meant as what had it when it was listed, a moment ago. Besides, the kernel gives an id again only after
    /// going through all other sequence numbers of its index.
    fn remove_all(&mut self, kinds: KindSet, verbose: bool) {
        let mut unseen = Vec::new();
        for kind in SystemV::ALL.into_iter().filter(|kind| kinds.has(kind.kind())) {
            // Each kind just before it is removed, so that no list gets old.
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

    /// Removes one of a list. False for one that belongs to somebody else and may not be read: util-linux does not see
    /// those, so they are no failure.
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
            // Somebody else removed it in that moment, which is what was wanted.
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

    /// A removed segment that is attached lives on, which is told when much is told.
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
        // The number behind "key" is the id: so util-linux has it.
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

/// What util-linux calls one of a kind here.
const fn noun(kind: SystemV) -> &'static str {
    match kind {
        SystemV::Segment => "shared memory segment",
        SystemV::Set => "semaphore",
        SystemV::Queue => "message queue",
    }
}
