//! The kernel floor: every System V call, and the few other calls the program needs, as safe functions whose types
//! cannot be confused. This is the only floor with `unsafe`; nothing here prints or knows a command. Functions return
//! the kernel's own [`Errno`]; floors above say what it means to an administrator.

pub mod accounts;
pub mod barrier;
pub mod bpf;
pub mod child_undo;
pub mod clock;
pub mod credentials;
pub mod errno;
pub mod fd;
pub mod guarded;
pub mod helper;
pub mod layout;
pub mod locale;
pub mod mapping;
pub mod memory;
pub mod msg;
pub mod namespace;
pub mod new_file;
pub mod process;
pub mod random;
pub mod sem;
pub mod sem_wait;
pub mod shm;
pub mod signals;
pub mod startup;
pub mod types;
pub mod unopened;

pub use errno::{Errno, Result};
pub use types::{Gid, Key, Mode, MsgId, Perm, Pid, SemId, ShmId, Timestamp, Uid, Wait};
