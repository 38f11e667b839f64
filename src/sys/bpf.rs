//! Running a program in the kernel, once for each task (`bpf(2)`, an iterator of tasks; since Linux 5.8).
//!
//! The program only reads; its input and results are in maps, which go when their descriptors are closed.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::{self, NonNull};

use super::errno::{Errno, Result};

/// `enum bpf_cmd` of linux/bpf.h.
mod command {
    pub(super) const MAP_CREATE: libc::c_long = 0;
    pub(super) const MAP_LOOKUP_ELEM: libc::c_long = 1;
    pub(super) const MAP_UPDATE_ELEM: libc::c_long = 2;
    pub(super) const PROG_LOAD: libc::c_long = 5;
    pub(super) const LINK_CREATE: libc::c_long = 28;
    pub(super) const ITER_CREATE: libc::c_long = 33;
}

const BPF_MAP_TYPE_ARRAY: u32 = 2;
const BPF_PROG_TYPE_TRACING: u32 = 26;
const BPF_TRACE_ITER: u32 = 28;
/// The helpers that read kernel memory are for programs under the GPL only.
const LICENSE: &std::ffi::CStr = c"Dual MIT/GPL";

/// `struct bpf_insn`.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction(pub [u8; 8]);

/// The kernel's type information (BTF).
#[derive(Debug)]
pub struct KernelTypes(Bytes);

#[derive(Debug)]
enum Bytes {
    /// `mmap` of the file takes Linux 6.16.
    Mapped(NonNull<u8>, usize),
    /// Reading it takes a system call for every page.
    Read(Vec<u8>),
}

impl KernelTypes {
    /// `NotFound` where the kernel was built without `CONFIG_DEBUG_INFO_BTF`.
    pub fn open() -> io::Result<Self> {
        let file = File::open("/sys/kernel/btf/vmlinux")?;
        let len = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        let (read, private) = (libc::PROT_READ, libc::MAP_PRIVATE);
        // SAFETY: maps a file at a place that the kernel chooses; nothing of ours lies there.
        let address = unsafe { libc::mmap(ptr::null_mut(), len, read, private, file.as_raw_fd(), 0) };
        match NonNull::new(address.cast::<u8>()).filter(|_| address != libc::MAP_FAILED) {
            Some(address) => Ok(Self(Bytes::Mapped(address, len))),
            None => std::fs::read("/sys/kernel/btf/vmlinux").map(|bytes| Self(Bytes::Read(bytes))),
        }
    }
}

impl Deref for KernelTypes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            // SAFETY: the mapping has these bytes, all of them readable, for as long as self lives. The kernel's type
            // information never changes, and the file cannot become shorter.
            Bytes::Mapped(address, len) => unsafe { std::slice::from_raw_parts(address.as_ptr(), *len) },
            Bytes::Read(bytes) => bytes,
        }
    }
}

impl Drop for KernelTypes {
    fn drop(&mut self) {
        if let Bytes::Mapped(address, len) = &self.0 {
            // SAFETY: the mapping is self's own, and no reference into it outlives self.
            unsafe { libc::munmap(address.as_ptr().cast(), *len) };
        }
    }
}

/// Memory shared by a program and its user: a value under the only key, which is four bytes of zero.
#[derive(Debug)]
pub struct Map {
    file: OwnedFd,
    size: usize,
}

impl Map {
    /// A value of so many bytes, all of them zero.
    ///
    /// # Errors
    /// `EPERM` without `CAP_BPF`; also above `RLIMIT_MEMLOCK` before Linux 5.11.
    pub fn new(size: u32) -> Result<Self> {
        let (key, entries) = (4, 1);
        let attributes = [BPF_MAP_TYPE_ARRAY, key, size, entries];
        // SAFETY: `union bpf_attr` begins with these four numbers for this command, which takes no addresses.
        let file = descriptor(unsafe { call(command::MAP_CREATE, &attributes) })?;
        Ok(Self { file, size: size as usize })
    }

    /// # Errors
    /// `EINVAL` for a value of another size.
    pub fn set(&self, value: &[u8]) -> Result<()> {
        if value.len() != self.size {
            return Err(Errno::EINVAL);
        }
        let attributes = Element::new(self, value.as_ptr());
        // SAFETY: `union bpf_attr` for this command; the kernel reads four bytes at one address and as many as the value
        // has at the other, which are there.
        Errno::check(unsafe { call(command::MAP_UPDATE_ELEM, &attributes) }).map(drop)
    }

    /// # Errors
    /// `EINVAL` for a value of another size.
    pub fn get(&self, value: &mut [u8]) -> Result<()> {
        if value.len() != self.size {
            return Err(Errno::EINVAL);
        }
        let attributes = Element::new(self, value.as_mut_ptr());
        // SAFETY: as in `set`, but that the kernel writes the value, which is borrowed for that.
        Errno::check(unsafe { call(command::MAP_LOOKUP_ELEM, &attributes) }).map(drop)
    }
}

impl AsRawFd for Map {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

#[repr(C)]
struct Element {
    map: u32,
    _unused: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// The only key.
static KEY: [u8; 4] = [0; 4];

impl Element {
    fn new(map: &Map, value: *const u8) -> Self {
        let (key, value) = (KEY.as_ptr().expose_provenance() as u64, value.expose_provenance() as u64);
        Self { map: map.as_raw_fd().unsigned_abs(), _unused: 0, key, value, flags: 0 }
    }
}

#[repr(C)]
#[derive(Default)]
struct Load {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel: u32,
    flags: u32,
    name: [u8; 16],
    device: u32,
    attach_kind: u32,
    types: u32,
    function_size: u32,
    functions: u64,
    function_count: u32,
    line_size: u32,
    lines: u64,
    line_count: u32,
    function: u32,
}

/// A verified program, run once for each task.
#[derive(Debug)]
pub struct TaskProgram {
    link: OwnedFd,
    _program: OwnedFd,
}

impl TaskProgram {
    /// Has the kernel verify a program; `function` is the BTF number of `bpf_iter_task`. Complaints of the verifier go
    /// to `log`.
    ///
    /// # Errors
    /// `EPERM` without `CAP_BPF` and `CAP_PERFMON` in the initial user namespace; `EACCES` or `EINVAL` when the program
    /// is refused; `EINVAL` before Linux 5.8.
    pub fn load(program: &[Instruction], function: u32, log: &mut [u8]) -> Result<Self> {
        let load = Load {
            kind: BPF_PROG_TYPE_TRACING,
            count: u32::try_from(program.len()).map_err(|_| Errno::E2BIG)?,
            instructions: program.as_ptr().expose_provenance() as u64,
            license: LICENSE.as_ptr().expose_provenance() as u64,
            log_level: u32::from(!log.is_empty()),
            log_size: u32::try_from(log.len()).map_err(|_| Errno::E2BIG)?,
            log: if log.is_empty() { 0 } else { log.as_mut_ptr().expose_provenance() as u64 },
            attach_kind: BPF_TRACE_ITER,
            function,
            ..Load::default()
        };
        // SAFETY: `union bpf_attr` for this command. The kernel reads `count` instructions and a C string, and writes
        // no more than `log_size` bytes of the log, which is borrowed for that.
        let program = descriptor(unsafe { call(command::PROG_LOAD, &load) })?;
        let attributes = [program.as_raw_fd().unsigned_abs(), 0, BPF_TRACE_ITER, 0];
        // SAFETY: `union bpf_attr` begins with these four numbers for this command, which takes no addresses.
        let link = descriptor(unsafe { call(command::LINK_CREATE, &attributes) })?;
        Ok(Self { link, _program: program })
    }

    /// Starts a pass over all threads of the caller's pid namespace. Reading the file runs the program and returns its
    /// output; `EAGAIN` when the program asks to be run for the same task again.
    pub fn pass(&self) -> Result<File> {
        let attributes = [self.link.as_raw_fd().unsigned_abs(), 0];
        // SAFETY: `union bpf_attr` begins with these two numbers for this command, which takes no addresses.
        descriptor(unsafe { call(command::ITER_CREATE, &attributes) }).map(File::from)
    }
}

/// Whether a process survives bpf(2): a seccomp filter may kill the caller. A child tries it.
pub(crate) fn is_survivable() -> bool {
    // SAFETY: without CLONE_VM and with no stack given this is a fork; the child makes two system calls, which touch no
    // memory. The end of the child sends no signal, and nothing else reaps it.
    let pid = unsafe { libc::syscall(libc::SYS_clone, 0usize, 0usize, 0usize, 0usize, 0usize) };
    if pid == 0 {
        // SAFETY: no such command, and no attributes.
        unsafe {
            libc::syscall(libc::SYS_bpf, -1_isize, 0usize, 0usize);
            libc::_exit(0);
        }
    }
    let Ok(pid) = libc::pid_t::try_from(pid) else { return false };
    let mut status = -1;
    // SAFETY: writes one int; the child is our own.
    while unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) } == -1 {
        if Errno::last() != Errno::EINTR {
            return false;
        }
    }
    status == 0
}

/// `bpf(2)`.
///
/// # Safety
/// `attributes` must be what `union bpf_attr` is for this command, and all addresses in it good for what the kernel
/// does with them.
unsafe fn call<T>(command: libc::c_long, attributes: &T) -> libc::c_long {
    // SAFETY: the kernel reads as many bytes as are there; the rest is the caller's promise.
    unsafe { libc::syscall(libc::SYS_bpf, command, ptr::from_ref(attributes), size_of::<T>()) }
}

fn descriptor(result: libc::c_long) -> Result<OwnedFd> {
    let number = RawFd::try_from(Errno::check(result)?).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the call that made it succeeded, and nothing else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
