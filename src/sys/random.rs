//! Random bits, for keys and names.

use rustix::rand::{GetRandomFlags, getrandom};

use super::errno::Result;

/// 32 random bits from the kernel (`getrandom`).
///
/// # Errors
/// `ENOSYS` on kernels before 3.17.
pub fn bits32() -> Result<u32> {
    let mut bytes = [0u8; 4];
    // The kernel gives so few in one piece; it may be interrupted only while it waits for its first randomness.
    rustix::io::retry_on_intr(|| getrandom(&mut bytes, GetRandomFlags::empty()))?;
    Ok(u32::from_ne_bytes(bytes))
}
