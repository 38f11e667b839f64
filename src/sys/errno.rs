use std::fmt;

use serde::{Deserialize, Serialize};

pub type Result<T> = std::result::Result<T, Errno>;

/// An error number of the kernel (`EPERM`, `ENOENT`, …).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Errno(i32);

impl Errno {
    pub const EPERM: Self = Self(libc::EPERM);
    pub(crate) const EOPNOTSUPP: Self = Self(libc::EOPNOTSUPP);
    /// For calls by key: no object has this key.
    pub const ENOENT: Self = Self(libc::ENOENT);
    pub const EINTR: Self = Self(libc::EINTR);
    /// Argument list too long: a message larger than the buffer, or more operations than `semopm`.
    pub const E2BIG: Self = Self(libc::E2BIG);
    pub const EAGAIN: Self = Self(libc::EAGAIN);
    pub(crate) const ENOMEM: Self = Self(libc::ENOMEM);
    pub const EACCES: Self = Self(libc::EACCES);
    pub const EFAULT: Self = Self(libc::EFAULT);
    pub const EEXIST: Self = Self(libc::EEXIST);
    /// Invalid argument; for calls by id also "no such object".
    pub const EINVAL: Self = Self(libc::EINVAL);
    pub const EFBIG: Self = Self(libc::EFBIG);
    /// A limit on objects is reached.
    pub const ENOSPC: Self = Self(libc::ENOSPC);
    pub const ERANGE: Self = Self(libc::ERANGE);
    pub const ENOSYS: Self = Self(libc::ENOSYS);
    pub const ENOMSG: Self = Self(libc::ENOMSG);
    pub const EIDRM: Self = Self(libc::EIDRM);

    pub fn last() -> Self {
        Self(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
    }

    pub(crate) const fn from_raw(number: i32) -> Self {
        Self(number)
    }

    pub const fn raw(self) -> i32 {
        self.0
    }

    /// Maps -1, by which a call signals failure, to the thread's last error.
    pub(super) fn check(value: libc::c_long) -> Result<libc::c_long> {
        if value == -1 { Err(Self::last()) } else { Ok(value) }
    }
}

impl fmt::Display for Errno {
    /// The C library's text, without the number that Rust's own error adds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::io::Error::from_raw_os_error(self.0).to_string();
        match text.rfind(" (os error") {
            Some(end) => f.write_str(&text[..end]),
            None => f.write_str(&text),
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errno({}, {self})", self.0)
    }
}

impl std::error::Error for Errno {}

impl From<rustix::io::Errno> for Errno {
    fn from(errno: rustix::io::Errno) -> Self {
        Self(errno.raw_os_error())
    }
}

impl From<Errno> for std::io::Error {
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(errno.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Errno;

    #[test]
    fn text_is_the_c_library_text_alone() {
        assert_eq!(Errno::EPERM.to_string(), "Operation not permitted");
        assert_eq!(Errno::EIDRM.to_string(), "Identifier removed");
    }
}
