//! The table of limits, their use, and the owners who use most.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::kind::field::Needs;
use crate::kind::limit::{InUse, LimitDef, Used};
use crate::kind::model::{Kind, KindSet, Object};
use crate::object::inventory;
use crate::proc::sysctl::machine_memory;
use crate::sys::{self, Errno, Uid, memory};

/// The limit that prevents one more object of this size, in words: the first that is used up, or else the last.
pub(crate) fn reached(kind: Kind, size: u64) -> Option<String> {
    let in_use = InUse::default();
    let mut text = None;
    for limit in kind.class().limits {
        let (Some(used), value) = (limit.used(&in_use).ok()?, limit.value().ok()?) else { continue };
        let allows = format!("{} allows {value} {}", limit.setting(), limit.unit);
        text = Some(match limit.used {
            Used::Sum(_, share, verb) => format!("{allows}, {used} {verb} and this takes {}", share(size)),
            _ => format!("{allows} and {used} exist"),
        });
        if used >= value {
            break;
        }
    }
    text
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub kind: Kind,
    /// In the kernel.
    pub name: &'static str,
    /// In `unit`.
    pub value: u64,
    /// Whether the value is the largest of its type, and so no limit.
    pub unlimited: bool,
    pub unit: &'static str,
    /// In `unit`; None where use means nothing.
    pub used: Option<u64>,
    pub sysctl: Option<&'static str>,
    pub top: Option<Top>,
    pub meaning: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Top {
    pub uid: Uid,
    /// In the limit's unit.
    pub used: u64,
}

impl Limit {
    /// The share in use, in tenths of a percent, rounded down; None without a limit or a use.
    pub(crate) fn permille(&self) -> Option<u64> {
        let used = self.used?;
        if self.unlimited || self.value == 0 {
            return None;
        }
        u64::try_from(u128::from(used) * 1000 / u128::from(self.value)).ok()
    }
}

/// All limits, and notes on figures that are incomplete.
pub fn all() -> Result<(Vec<Limit>, Vec<String>)> {
    let inventory = inventory::collect(KindSet::ALL, Needs::MEMORY)?;
    let (objects, mut losses) = (&inventory.objects, inventory.losses);
    let (mut limits, in_use) = (Vec::new(), InUse::default());
    for kind in Kind::ALL {
        limits.extend(told(kind, objects, &in_use).map_err(|errno| unreadable(kind, errno))?);
        if kind == Kind::Shm {
            match machine_memory() {
                Some(memory) => limits.push(resident_memory(objects, memory, &in_use)?),
                None => losses.push("the memory of the machine is unknown: /proc/meminfo cannot be read".to_owned()),
            }
        }
    }
    Ok((limits, losses))
}

pub(crate) fn unreadable(kind: Kind, errno: Errno) -> Error {
    Error::call(&format!("read the limits of {}s", kind.noun()), errno)
}

/// In the order of the table.
fn told(kind: Kind, objects: &[Object], in_use: &InUse) -> sys::Result<Vec<Limit>> {
    let sizes = || {
        objects
            .iter()
            .filter(|object| object.kind() == kind)
            .map(|object| (object.perm.uid, (kind.class().size)(object)))
    };
    let largest = most(sizes());
    let tell = |def: &LimitDef| {
        let value = def.value()?;
        let (used, top) = match def.used {
            Used::Never => (None, None),
            Used::Largest => (Some(largest.map_or(0, |top| top.used)), largest),
            Used::Objects(_) | Used::Sum(..) => {
                (def.used(in_use)?, top(sizes().map(|(uid, size)| (uid, def.share(size)))))
            }
        };
        let LimitDef { name, sysctl, unit, meaning, .. } = *def;
        Ok(Limit { kind, name, value, unlimited: def.is_endless(value), unit, used, sysctl, top, meaning })
    };
    kind.class().limits.iter().map(tell).collect()
}

/// Not a limit of the kernel, but the one that counts where `shmall` is at its default.
fn resident_memory(objects: &[Object], (ram, swap): (u64, u64), in_use: &InUse) -> Result<Limit> {
    let resident = |object: &Object| {
        let segment = object.as_segment()?;
        Some(segment.rss()?.saturating_add(segment.memory?.swap))
    };
    // Huge pages must not be counted twice; without /proc/sysvipc the kernel's sum must do.
    let sum = objects
        .iter()
        .filter(|object| object.is_segment())
        .try_fold(0u64, |sum, object| Some(sum.saturating_add(resident(object)?)));
    let usage = in_use.shm().map_err(|errno| Error::call("read the use of memory", errno))?;
    let pages = usage.resident_pages.saturating_add(usage.swapped_pages);
    let told = pages.saturating_mul(memory::page_size() as u64);
    Ok(Limit {
        kind: Kind::Shm,
        name: "memory",
        value: ram.saturating_add(swap),
        unlimited: false,
        unit: "bytes",
        used: Some(sum.unwrap_or(told)),
        sysctl: None,
        top: top(objects.iter().filter_map(|object| Some((object.perm.uid, resident(object)?)))),
        meaning: "RAM and swap of the machine; in use: by the pages of segments",
    })
}

/// The largest amount above 0; the lowest uid among equals, for a stable answer.
fn most(amounts: impl Iterator<Item = (Uid, u64)>) -> Option<Top> {
    amounts
        .max_by_key(|&(uid, used)| (used, std::cmp::Reverse(uid)))
        .filter(|&(_, used)| used > 0)
        .map(|(uid, used)| Top { uid, used })
}

/// The owner with the largest sum.
fn top(amounts: impl Iterator<Item = (Uid, u64)>) -> Option<Top> {
    let mut sums: HashMap<Uid, u64> = HashMap::new();
    for (uid, amount) in amounts {
        let sum = sums.entry(uid).or_default();
        *sum = sum.saturating_add(amount);
    }
    most(sums.into_iter())
}

#[cfg(test)]
mod tests {
    use super::{Limit, top};
    use crate::kind::model::Kind;
    use crate::sys::Uid;

    fn limit(value: u64, used: Option<u64>, unlimited: bool) -> Limit {
        Limit {
            kind: Kind::Shm,
            name: "shmall",
            value,
            unlimited,
            unit: "pages",
            used,
            sysctl: None,
            top: None,
            meaning: "",
        }
    }

    #[test]
    fn shares_are_right_at_the_extremes() {
        assert_eq!(limit(u64::MAX - 1, Some(u64::MAX - 1), false).permille(), Some(1000));
        assert_eq!(limit(u64::MAX - 1, Some(u64::MAX / 2), false).permille(), Some(500));
        assert_eq!(limit(3, Some(1), false).permille(), Some(333));
        assert_eq!(limit(1, Some(u64::MAX), false).permille(), None);
        assert_eq!(limit(0, Some(0), false).permille(), None);
        assert_eq!(limit(u64::MAX, Some(1), true).permille(), None);
        assert_eq!(limit(10, None, false).permille(), None);
    }

    #[test]
    fn the_top_owner_is_the_same_every_time() {
        let amounts = [(3, 5), (1, 7), (2, 4), (2, 3), (9, 0)];
        let found = top(amounts.into_iter().map(|(uid, used)| (Uid::new(uid), used)));
        assert_eq!(found.map(|top| (top.uid.raw(), top.used)), Some((1, 7)));
        assert_eq!(top([(Uid::new(1), 0)].into_iter()), None);
    }
}
