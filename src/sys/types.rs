//! Kernel numbers that must not be mixed up, and the options of a wait.

use serde::{Deserialize, Serialize};

use std::fmt;
use std::time::{Duration, Instant};

/// How long a call may sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    Forever,
    AtMost(Duration),
    /// `IPC_NOWAIT`.
    Not,
}

impl Wait {
    /// None for no sleep and for no limit.
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::AtMost(limit) => Some(limit),
            Self::Forever | Self::Not => None,
        }
    }

    /// The end of a wait that begins now; None also for a time past the end of the clock.
    pub fn deadline(self) -> Option<Instant> {
        Instant::now().checked_add(self.limit()?)
    }
}

/// A creation key. Zero (`IPC_PRIVATE`) is not a name: any number of objects have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(u32);

impl Key {
    pub const PRIVATE: Self = Self(0);

    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    pub(crate) const fn from_raw(raw: i32) -> Self {
        Self(raw.cast_unsigned())
    }

    pub const fn bits(self) -> u32 {
        self.0
    }

    /// `key_t`.
    pub const fn raw(self) -> i32 {
        self.0.cast_signed()
    }

    pub const fn is_private(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}", self.0)
    }
}

macro_rules! number_type {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name($inner);

        impl $name {
            pub const fn new(raw: $inner) -> Self {
                Self(raw)
            }

            pub const fn raw(self) -> $inner {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number_type! {
    ShmId(i32)
}
number_type! {
    SemId(i32)
}
number_type! {
    MsgId(i32)
}
number_type! {
    /// A uid in the caller's user namespace.
    Uid(u32)
}
number_type! {
    /// A gid in the caller's user namespace.
    Gid(u32)
}
number_type! {
    /// A pid in the caller's pid namespace; 0 means none, or a process outside of the namespace.
    Pid(i32)
}

impl Pid {
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Seconds since 1970; 0 means "never".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    pub(crate) const NEVER: Self = Self(0);

    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    pub const fn seconds(self) -> i64 {
        self.0
    }

    pub const fn is_never(self) -> bool {
        self.0 == 0
    }
}

/// Permission bits, and the status bits of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mode(u32);

impl Mode {
    /// The bits `IPC_SET` keeps.
    pub(crate) const PERMISSIONS: u32 = 0o777;
    /// `SHM_DEST`: the segment is marked for removal at the last detach.
    const DEST: u32 = 0o1000;
    /// `SHM_LOCKED`: the segment is kept in RAM.
    const LOCKED: u32 = 0o2000;

    pub const fn new(bits: u32) -> Self {
        Self(bits)
    }

    pub const fn bits(self) -> u32 {
        self.0
    }

    pub const fn permissions(self) -> u32 {
        self.0 & Self::PERMISSIONS
    }

    pub(super) const fn as_flags(self) -> libc::c_int {
        self.permissions().cast_signed()
    }

    /// `SHM_DEST`.
    pub const fn is_doomed(self) -> bool {
        self.0 & Self::DEST != 0
    }

    /// `SHM_LOCKED`.
    pub const fn is_shm_locked(self) -> bool {
        self.0 & Self::LOCKED != 0
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.permissions())
    }
}

/// `struct ipc_perm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Perm {
    /// The creation key; private once a segment is marked for removal.
    pub key: Key,
    pub uid: Uid,
    pub gid: Gid,
    /// The creator, who keeps an owner's rights for ever.
    pub cuid: Uid,
    pub cgid: Gid,
    pub mode: Mode,
}

#[cfg(test)]
mod tests {
    use super::{Key, Mode};

    #[test]
    fn keys_keep_their_bits_whichever_way_they_come() {
        assert_eq!(Key::from_raw(-559_038_737), Key::from_bits(0xdead_beef));
        assert_eq!(Key::from_bits(0xdead_beef).raw(), -559_038_737);
        assert_eq!(Key::from_bits(0x41).to_string(), "0x00000041");
    }

    #[test]
    fn status_bits_are_no_permissions() {
        let mode = Mode::new(0o3640);
        assert!(mode.is_doomed() && mode.is_shm_locked());
        assert_eq!(mode.to_string(), "0640");
    }
}
