//! A buffer that ends at an inaccessible page.
//!
//! `GETALL` and `SETALL` take no length: the kernel copies as many values as the set has *now*. If the set
//! were replaced by a larger one between looking and calling, an ordinary buffer would be overrun. Here the
//! copy runs into the guard page and the kernel answers `EFAULT`.

use std::ptr;

use super::errno::{Errno, Result};
use super::memory::page_size;

pub(super) struct GuardPageBuffer {
    mapping: *mut libc::c_void,
    mapped: usize,
    values: *mut u16,
    len: usize,
}

impl GuardPageBuffer {
    pub(super) fn new(len: usize) -> Result<Self> {
        let page = page_size();
        let bytes = len.checked_mul(2).ok_or(Errno::ENOMEM)?;
        let room = bytes.checked_next_multiple_of(page).ok_or(Errno::ENOMEM)?;
        let mapped = room.checked_add(page).ok_or(Errno::ENOMEM)?;
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
        // SAFETY: `room` and `room - bytes` lie inside the mapping of `room + page` bytes; the result is
        // even because pages are, so it is aligned for u16.
        let (guard, values) = unsafe { (mapping.byte_add(room), mapping.byte_add(room - bytes).cast::<u16>()) };
        let buffer = Self { mapping, mapped, values, len };
        // SAFETY: the last page of the mapping made above, which nothing refers to.
        if unsafe { libc::mprotect(guard, page, libc::PROT_NONE) } == -1 {
            return Err(Errno::last());
        }
        Ok(buffer)
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut u16 {
        self.values
    }

    pub(super) fn as_slice(&self) -> &[u16] {
        // SAFETY: `len` values in front of the guard page, zeroed by mmap, alive as long as self.
        unsafe { std::slice::from_raw_parts(self.values, self.len) }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u16] {
        // SAFETY: as in `as_slice`, and `&mut self` makes it the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.values, self.len) }
    }
}

impl Drop for GuardPageBuffer {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `new`; no slice of it outlives self.
        unsafe { libc::munmap(self.mapping, self.mapped) };
    }
}
