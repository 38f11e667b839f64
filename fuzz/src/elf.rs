//! Programs and libraries of other users, in which `clean` looks for calls.
//!
//! - Whatever a file says of itself, no more than so much of it is read, and never at an offset that wraps around.
//! - What cannot be told is an error that a terminal does not obey.
//! - A mapped file that is not of the format has no calls; such a program cannot be told.

use crate::support::assert_harmless;
use ipcadm::code::calls::{Role, examine};

/// Bytes that may be read of a file: more than a file of this size gives reason to.
const MOST: usize = 64 << 20;

/// See above.
pub fn check(data: &[u8]) {
    for role in [Role::Program, Role::Mapped] {
        let mut left = MOST;
        let mut source = |buffer: &mut [u8], at: u64| {
            let from = usize::try_from(at).unwrap_or(usize::MAX).min(data.len());
            let count = buffer.len().min(data.len() - from);
            buffer[..count].copy_from_slice(&data[from..from + count]);
            left = left.checked_sub(count.max(1)).expect("it reads without end");
            Ok(count)
        };
        let found = examine(&mut source, role, b"libsome.so.1");
        let is_elf = data.starts_with(b"\x7fELF");
        match found {
            Ok(found) => assert!(is_elf || matches!(role, Role::Mapped) && found.calls.is_empty()),
            Err(reason) => {
                assert!(is_elf || matches!(role, Role::Program));
                assert_harmless(&reason.to_string(), &[]);
            }
        }
    }
}
