//! Random bits for keys.

use super::errno::{Errno, Result};

/// 32 random bits from the kernel (`getrandom`).
///
/// # Errors
/// `ENOSYS` on kernels before 3.17.
pub fn bits32() -> Result<u32> {
    let mut bytes = [0u8; 4];
    loop {
        // SAFETY: the kernel writes at most four bytes into an array of four.
        let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
        match got {
            4 => return Ok(u32::from_ne_bytes(bytes)),
            -1 if Errno::last() != Errno::EINTR => return Err(Errno::last()),
            _ => {}
        }
    }
}
