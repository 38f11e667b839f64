//! Kernel numbers that must not be confused with one another.

use serde::{Deserialize, Serialize};

use std::fmt;

/// A creation key. Zero (`IPC_PRIVATE`) is not a name: any number of objects have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(u32);

impl Key {
    /// The key of objects that have none.
    pub const PRIVATE: Self = Self(0);

    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// A key from the kernel's signed number.
    #[must_use]
    pub const fn from_raw(raw: i32) -> Self {
        Self(raw.cast_unsigned())
    }

    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The signed number the system calls take (`key_t`).
    #[must_use]
    pub const fn raw(self) -> i32 {
        self.0.cast_signed()
    }

    /// Whether this is `IPC_PRIVATE`.
    #[must_use]
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
            #[must_use]
            pub const fn new(raw: $inner) -> Self {
                Self(raw)
            }

            #[must_use]
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
    /// The identifier of a shared memory segment.
    ShmId(i32)
}
number_type! {
    /// The identifier of a semaphore set.
    SemId(i32)
}
number_type! {
    /// The identifier of a message queue.
    MsgId(i32)
}
number_type! {
    /// A user, as the caller's user namespace numbers it.
    Uid(u32)
}
number_type! {
    /// A group, as the caller's user namespace numbers it.
    Gid(u32)
}
number_type! {
    /// A process as the caller's pid namespace numbers it; 0 means none, or one that cannot be seen from here.
    Pid(i32)
}

impl Pid {
    /// Whether the kernel names no process (none yet, or not visible in this pid namespace).
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Seconds since 1970 as the kernel keeps them for an object; 0 means "never".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time of something that has not happened.
    pub const NEVER: Self = Self(0);

    #[must_use]
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970, 0 for never.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Whether it has not happened.
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.0 == 0
    }
}

/// Permission bits, with the status bits the kernel shows beside them for segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mode(u32);

impl Mode {
    /// The bits `IPC_SET` keeps.
    pub const PERMISSIONS: u32 = 0o777;
    /// `SHM_DEST`: the segment is marked for removal at the last detach.
    const DEST: u32 = 0o1000;
    /// `SHM_LOCKED`: the segment is kept in RAM.
    const LOCKED: u32 = 0o2000;

    #[must_use]
    pub const fn new(bits: u32) -> Self {
        Self(bits)
    }

    /// All bits as the kernel gave them.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The nine permission bits alone.
    #[must_use]
    pub const fn permissions(self) -> u32 {
        self.0 & Self::PERMISSIONS
    }

    /// The permission bits as the `*get` calls take them.
    pub(super) const fn as_flags(self) -> libc::c_int {
        self.permissions().cast_signed()
    }

    /// Whether a segment goes at the last detach (`SHM_DEST`).
    #[must_use]
    pub const fn is_doomed(self) -> bool {
        self.0 & Self::DEST != 0
    }

    /// Whether a segment is locked into RAM (`SHM_LOCKED`).
    #[must_use]
    pub const fn is_locked(self) -> bool {
        self.0 & Self::LOCKED != 0
    }
}

impl fmt::Display for Mode {
    /// The permission bits as four octal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.permissions())
    }
}

/// Who owns an object and who may use it (`struct ipc_perm`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Perm {
    /// The creation key; private once a segment is marked for removal.
    pub key: Key,
    pub uid: Uid,
    pub gid: Gid,
    /// The creator, who keeps an owner's rights for ever.
    pub cuid: Uid,
    pub cgid: Gid,
    /// Permission and status bits.
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
        assert!(mode.is_doomed() && mode.is_locked());
        assert_eq!(mode.to_string(), "0640");
    }
}
