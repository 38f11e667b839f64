//! Random bits, for keys and names.

use rustix::rand::{GetRandomFlags, getrandom};

use super::errno::Result;

/// From `getrandom`; `ENOSYS` before Linux 3.17.
pub fn bits32() -> Result<u32> {
    let mut bytes = [0u8; 4];
    // The kernel returns four bytes at once; only the wait for its first randomness can be interrupted.
    rustix::io::retry_on_intr(|| getrandom(&mut bytes, GetRandomFlags::empty()))?;
    Ok(u32::from_ne_bytes(bytes))
}
