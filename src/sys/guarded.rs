//! A buffer that ends at an inaccessible page.
//!
//! `GETALL` and `SETALL` take no length: the kernel copies as many values as the set has *now*. If the set
//! were replaced by a larger one between looking and calling, an ordinary buffer would be overrun. Here the
//! copy runs into the guard page and the kernel answers `EFAULT`.

use std::cell::RefCell;
use std::ptr;

use super::errno::{Errno, Result};
use super::memory::page_size;

/// Has `call` use `len` values in front of the guard page, which are zero.
///
/// # Errors
/// `ENOMEM`, and those of `call`.
pub(super) fn with_values<T>(len: usize, call: impl FnOnce(&mut [u16]) -> Result<T>) -> Result<T> {
    // Kept for the next call: to make it takes ten times as long as to read a small set.
    thread_local!(static BUFFER: RefCell<Option<GuardPageBuffer>> = const { RefCell::new(None) });
    BUFFER.with_borrow_mut(|kept| {
        let buffer = match kept.take() {
            Some(buffer) if buffer.room >= len => kept.insert(buffer),
            _ => kept.insert(GuardPageBuffer::new(len)?),
        };
        let values = buffer.last(len);
        values.fill(0);
        call(values)
    })
}

struct GuardPageBuffer {
    mapping: *mut libc::c_void,
    mapped: usize,
    guard: *mut libc::c_void,
    /// How many values fit in front of the guard page.
    room: usize,
}

impl GuardPageBuffer {
    /// A buffer with room for `len` values at least.
    fn new(len: usize) -> Result<Self> {
        let page = page_size();
        let bytes = len.max(1).checked_mul(2).and_then(|bytes| bytes.checked_next_multiple_of(page));
        let bytes = bytes.ok_or(Errno::ENOMEM)?;
        let mapped = bytes.checked_add(page).ok_or(Errno::ENOMEM)?;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice.
        let mapping = unsafe {
            libc::mmap(
                ptr::null_mut(),
                mapped,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if mapping == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        // SAFETY: `bytes` lie inside the mapping of `bytes + page`.
        let guard = unsafe { mapping.byte_add(bytes) };
        let buffer = Self { mapping, mapped, guard, room: bytes / 2 };
        // SAFETY: the last page of the mapping made above, which nothing refers to.
        if unsafe { libc::mprotect(guard, page, libc::PROT_NONE) } == -1 {
            return Err(Errno::last());
        }
        Ok(buffer)
    }

    /// The last `len` values in front of the guard page, of as many as there is room for.
    fn last(&mut self, len: usize) -> &mut [u16] {
        let len = len.min(self.room);
        // SAFETY: `room` values of two bytes lie in front of the guard page, at even addresses because pages begin at
        // such; zeroed by mmap or written since, alive as long as self, and `&mut self` makes this the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.guard.cast::<u16>().sub(len), len) }
    }
}

impl Drop for GuardPageBuffer {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `new`; no slice of it outlives self.
        unsafe { libc::munmap(self.mapping, self.mapped) };
    }
}
