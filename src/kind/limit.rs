//! Limits as data: the name, the setting, and how the value and the use are read.

use std::cell::OnceCell;

use crate::sys;
use crate::sys::msg::{self, MsgUsage};
use crate::sys::sem::{self, SemUsage};
use crate::sys::shm::{self, ShmUsage};

/// A limit as the kernel documents it, with the ways to read it.
#[derive(Clone, Copy, Debug)]
pub struct LimitDef {
    /// Its name in the kernel.
    pub(crate) name: &'static str,
    /// The setting that changes it; None for what is fixed.
    pub(crate) sysctl: Option<&'static str>,
    /// What is counted.
    pub(crate) unit: &'static str,
    /// What it is.
    pub(crate) meaning: &'static str,
    /// From this value on it limits nothing.
    pub(super) endless: u64,
    pub(super) read: fn() -> sys::Result<u64>,
    pub(crate) used: Used,
}

/// How the use of a limit is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Used {
    /// Not at all: it limits calls, or what is inside an object.
    Never,
    /// By the number of objects.
    Objects(fn(&InUse) -> sys::Result<u64>),
    /// By the sum of what each takes, which follows from its size; the last is the verb for what is counted.
    Sum(fn(&InUse) -> sys::Result<u64>, fn(u64) -> u64, &'static str),
    /// By the size of the largest object.
    Largest,
}

impl LimitDef {
    /// Its value in the current IPC namespace.
    ///
    /// # Errors
    /// `ENOSYS` where the kernel has no System V IPC.
    pub(crate) fn value(&self) -> sys::Result<u64> {
        (self.read)()
    }

    /// Whether it limits nothing at this value.
    pub(crate) const fn is_endless(&self, value: u64) -> bool {
        value >= self.endless
    }

    /// How much all objects take of it; None where that is not what it limits.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub(crate) fn used(&self, in_use: &InUse) -> sys::Result<Option<u64>> {
        match self.used {
            Used::Objects(used) | Used::Sum(used, ..) => used(in_use).map(Some),
            Used::Never | Used::Largest => Ok(None),
        }
    }

    /// How much an object of this size takes of what all objects take; nothing where that is not what it limits.
    pub(crate) fn share(&self, size: u64) -> u64 {
        match self.used {
            Used::Objects(_) => 1,
            Used::Sum(_, share, _) => share(size),
            Used::Never | Used::Largest => 0,
        }
    }

    /// The setting, with the name of the limit where one setting holds several.
    pub(crate) fn setting(&self) -> String {
        match self.sysctl {
            Some(sysctl) if sysctl.ends_with(self.name) => sysctl.to_owned(),
            Some(sysctl) => format!("{sysctl} ({})", self.name.to_ascii_uppercase()),
            None => self.name.to_owned(),
        }
    }
}

/// What the kernel says is in use, read once a kind: `SHM_INFO` visits every segment.
#[derive(Debug, Default)]
pub(crate) struct InUse {
    shm: OnceCell<sys::Result<ShmUsage>>,
    sem: OnceCell<sys::Result<SemUsage>>,
    msg: OnceCell<sys::Result<MsgUsage>>,
}

impl InUse {
    pub(crate) fn shm(&self) -> sys::Result<ShmUsage> {
        *self.shm.get_or_init(shm::usage)
    }

    pub(super) fn sem(&self) -> sys::Result<SemUsage> {
        *self.sem.get_or_init(sem::usage)
    }

    pub(super) fn msg(&self) -> sys::Result<MsgUsage> {
        *self.msg.get_or_init(msg::usage)
    }
}

/// The kernel keeps `shmmax` and `shmall` as unsigned longs; its default leaves 2^24 of them, so that sums do not wrap.
pub(crate) const ENDLESS_LONG: u64 = u64::MAX - (1 << 24);
/// It keeps the limits on semaphores and messages as ints.
pub(super) const ENDLESS_INT: u64 = i32::MAX as u64;

pub(super) const fn limit(
    (name, sysctl): (&'static str, Option<&'static str>),
    unit: &'static str,
    meaning: &'static str,
    read: fn() -> sys::Result<u64>,
) -> LimitDef {
    LimitDef { name, sysctl, unit, meaning, endless: ENDLESS_INT, read, used: Used::Never }
}
