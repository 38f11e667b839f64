//! Limits, what of them is in use, and who uses most.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::kind::field::Needs;
use crate::kind::model::{Kind, KindSet, Object};
use crate::object::inventory;
use crate::proc::process::machine_memory;
use crate::sys::{Uid, memory, msg, sem, shm};

/// A limit of the current IPC namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Which kind it limits.
    pub kind: Kind,
    /// Its name in the kernel.
    pub name: &'static str,
    /// Its value, in `unit`.
    pub value: u64,
    /// Whether the value is as large as its type, and so no limit.
    pub unlimited: bool,
    /// What is counted.
    pub unit: &'static str,
    /// How much is in use, in `unit`; None where that means nothing.
    pub used: Option<u64>,
    /// The setting that changes it; None for what is fixed.
    pub sysctl: Option<&'static str>,
    /// Who uses most.
    pub top: Option<Top>,
    /// What it is.
    pub meaning: &'static str,
}

/// The owner with the largest share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Top {
    /// Who.
    pub uid: Uid,
    /// How much, in the limit's unit.
    pub used: u64,
}

impl Limit {
    /// The share in use, in tenths of a percent, rounded down; None without a limit or a use.
    #[must_use]
    pub fn permille(&self) -> Option<u64> {
        let used = self.used?;
        if self.unlimited || self.value == 0 {
            return None;
        }
        u64::try_from(u128::from(used) * 1000 / u128::from(self.value)).ok()
    }
}

/// All limits, and what the figures lack.
///
/// # Errors
/// When the kernel has no System V IPC.
pub fn all() -> Result<(Vec<Limit>, Vec<String>)> {
    let inventory = inventory::collect(KindSet::ALL, Needs::MEMORY)?;
    let objects = &inventory.objects;
    let mut losses = inventory.losses;
    let mut limits = segments(objects)?;
    match machine_memory() {
        Some(memory) => limits.push(resident_memory(objects, memory)?),
        None => losses.push("the memory of the machine is unknown: /proc/meminfo cannot be read".to_owned()),
    }
    limits.extend(sets(objects)?);
    limits.extend(queues(objects)?);
    Ok((limits, losses))
}

/// The kernel keeps these two as unsigned longs; its default leaves 2^24 of them, so that sums do not wrap.
fn is_unlimited(value: u64) -> bool {
    value >= u64::MAX - (1 << 24)
}

/// The others are ints.
fn is_int_max(value: u64) -> bool {
    value >= i32::MAX as u64
}

/// Pages a segment counts for: the kernel rounds each one up.
fn pages(size: u64) -> u64 {
    size.div_ceil(memory::page_size() as u64)
}

fn segments(objects: &[Object]) -> Result<Vec<Limit>> {
    let failed = |errno| Error::call("read the limits of segments", errno);
    let limits = shm::limits().map_err(failed)?;
    let usage = shm::usage().map_err(failed)?;
    let sizes = || of(objects, |object| object.as_segment().map(|segment| segment.size));
    let largest = most(sizes());
    Ok(vec![
        Limit {
            kind: Kind::Shm,
            name: "shmmni",
            value: limits.shmmni,
            unlimited: false,
            unit: "segments",
            used: Some(u64::from(usage.used_ids)),
            sysctl: Some("kernel.shmmni"),
            top: top(sizes().map(|(uid, _)| (uid, 1))),
            meaning: "number of segments",
        },
        Limit {
            kind: Kind::Shm,
            name: "shmmax",
            value: limits.shmmax,
            unlimited: is_unlimited(limits.shmmax),
            unit: "bytes",
            used: Some(largest.map_or(0, |top| top.used)),
            sysctl: Some("kernel.shmmax"),
            top: largest,
            meaning: "size of one segment; in use: the largest",
        },
        Limit {
            kind: Kind::Shm,
            name: "shmmin",
            value: limits.shmmin,
            unlimited: false,
            unit: "bytes",
            used: None,
            sysctl: None,
            top: None,
            meaning: "smallest size of one segment",
        },
        Limit {
            kind: Kind::Shm,
            name: "shmall",
            value: limits.shmall,
            unlimited: is_unlimited(limits.shmall),
            unit: "pages",
            used: Some(usage.total_pages),
            sysctl: Some("kernel.shmall"),
            top: top(sizes().map(|(uid, size)| (uid, pages(size)))),
            meaning: "all segments together, each rounded up to pages",
        },
    ])
}

/// No limit of the kernel's, but the one that counts where `shmall` is at its default.
fn resident_memory(objects: &[Object], (ram, swap): (u64, u64)) -> Result<Limit> {
    let resident = |object: &Object| {
        let segment = object.as_segment()?;
        Some(segment.rss()?.saturating_add(segment.memory?.swap))
    };
    // Summed up here, where huge pages are not counted over; without /proc/sysvipc the kernel's sum must do.
    let sum = objects
        .iter()
        .filter(|object| object.kind() == Kind::Shm)
        .try_fold(0u64, |sum, object| Some(sum.saturating_add(resident(object)?)));
    let usage = shm::usage().map_err(|errno| Error::call("read the use of memory", errno))?;
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
        top: top(of(objects, resident)),
        meaning: "RAM and swap of the machine; in use: by the pages of segments",
    })
}

fn sets(objects: &[Object]) -> Result<Vec<Limit>> {
    let failed = |errno| Error::call("read the limits of semaphore sets", errno);
    let limits = sem::limits().map_err(failed)?;
    let usage = sem::usage().map_err(failed)?;
    let sizes = || of(objects, |object| object.as_set().map(|set| set.nsems));
    let largest = most(sizes());
    let limit = |name, value, unit, used, sysctl, top, meaning| Limit {
        kind: Kind::Sem,
        name,
        value,
        unlimited: is_int_max(value),
        unit,
        used,
        sysctl,
        top,
        meaning,
    };
    let sysctl = Some("kernel.sem");
    Ok(vec![
        limit(
            "semmni",
            limits.semmni,
            "sets",
            Some(u64::from(usage.used_ids)),
            sysctl,
            top(sizes().map(|(uid, _)| (uid, 1))),
            "number of sets; the fourth number of kernel.sem",
        ),
        limit(
            "semmns",
            limits.semmns,
            "semaphores",
            Some(usage.semaphores),
            sysctl,
            top(sizes()),
            "semaphores in all sets; the second number of kernel.sem",
        ),
        limit(
            "semmsl",
            limits.semmsl,
            "semaphores",
            Some(largest.map_or(0, |top| top.used)),
            sysctl,
            largest,
            "semaphores in one set; in use: the largest; the first number of kernel.sem",
        ),
        limit(
            "semopm",
            limits.semopm,
            "operations",
            None,
            sysctl,
            None,
            "operations in one semop; the third number of kernel.sem",
        ),
        limit("semvmx", limits.semvmx, "value", None, None, None, "largest value of a semaphore"),
    ])
}

fn queues(objects: &[Object]) -> Result<Vec<Limit>> {
    let failed = |errno| Error::call("read the limits of message queues", errno);
    let limits = msg::limits().map_err(failed)?;
    let usage = msg::usage().map_err(failed)?;
    let bytes = || of(objects, |object| object.as_queue().map(|queue| queue.cbytes));
    let fullest = most(bytes());
    let limit = |name, value, unit, used, sysctl, top, meaning| Limit {
        kind: Kind::Msg,
        name,
        value,
        unlimited: is_int_max(value),
        unit,
        used,
        sysctl: Some(sysctl),
        top,
        meaning,
    };
    Ok(vec![
        limit(
            "msgmni",
            limits.msgmni,
            "queues",
            Some(u64::from(usage.used_ids)),
            "kernel.msgmni",
            top(bytes().map(|(uid, _)| (uid, 1))),
            "number of queues",
        ),
        limit(
            "msgmnb",
            limits.msgmnb,
            "bytes",
            Some(fullest.map_or(0, |top| top.used)),
            "kernel.msgmnb",
            fullest,
            "capacity of a new queue; in use: the one holding most",
        ),
        limit("msgmax", limits.msgmax, "bytes", None, "kernel.msgmax", None, "size of one message"),
    ])
}

/// The owner of each object that `amount` applies to, with that amount.
fn of<'a>(
    objects: &'a [Object],
    amount: impl Fn(&Object) -> Option<u64> + 'a,
) -> impl Iterator<Item = (Uid, u64)> + 'a {
    objects.iter().filter_map(move |object| Some((object.perm.uid, amount(object)?)))
}

/// The largest single amount, if any is above 0, and of equal ones that of the lowest uid.
fn most(amounts: impl Iterator<Item = (Uid, u64)>) -> Option<Top> {
    amounts
        .max_by_key(|&(uid, used)| (used, std::cmp::Reverse(uid)))
        .filter(|&(_, used)| used > 0)
        .map(|(uid, used)| Top { uid, used })
}

/// Adds up by owner; the largest sum, and of equal ones the lowest uid, so that the answer is always the same.
fn top(amounts: impl Iterator<Item = (Uid, u64)>) -> Option<Top> {
    let mut sums: HashMap<Uid, u64> = HashMap::new();
    for (uid, amount) in amounts {
        let sum = sums.entry(uid).or_default();
        *sum = sum.saturating_add(amount);
    }
    sums.into_iter()
        .filter(|&(_, used)| used > 0)
        .max_by_key(|&(uid, used)| (used, std::cmp::Reverse(uid)))
        .map(|(uid, used)| Top { uid, used })
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
