//! Settings of the IPC namespace that no `*ctl` call reports, and facts of the machine.

use std::fs::File;
use std::os::unix::fs::FileExt;

use procfs::{Current, Meminfo};

/// Whether a segment is destroyed when its last process detaches (`kernel.shm_rmid_forced`).
/// None where `/proc/sys` does not tell.
pub fn shm_rmid_forced() -> Option<bool> {
    ShmRmidForced::open()?.is_set()
}

/// `kernel.shm_rmid_forced` of this IPC namespace, kept open to be asked again and again.
#[derive(Debug)]
pub struct ShmRmidForced(File);

impl ShmRmidForced {
    /// None where `/proc/sys` does not tell.
    pub fn open() -> Option<Self> {
        File::open("/proc/sys/kernel/shm_rmid_forced").ok().map(Self)
    }

    /// What it is now.
    pub fn is_set(&self) -> Option<bool> {
        let mut text = [0; 8];
        let len = self.0.read_at(&mut text, 0).ok()?;
        Some(text[..len].trim_ascii() != b"0")
    }
}

/// The name of this machine (`kernel.hostname`). None where `/proc/sys` does not tell.
pub fn host_name() -> Option<String> {
    word("/proc/sys/kernel/hostname")
}

/// The kernel's random name for the time since this machine was started (`kernel.random.boot_id`). None where `/proc/sys`
/// does not tell, or something that is none.
pub fn boot_id() -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    word("/proc/sys/kernel/random/boot_id").filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(fits))
}

/// RAM and swap of this machine in bytes; None where `/proc` does not tell.
pub fn machine_memory() -> Option<(u64, u64)> {
    Meminfo::current().ok().map(|info| (info.mem_total, info.swap_total))
}

fn word(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim_end().to_owned())
}

/// Asks for `id` for the next object of `kind` that anybody in the namespace makes (`kernel.KIND_next_id`).
///
/// # Errors
/// `PermissionDenied` without `CAP_CHECKPOINT_RESTORE` or `CAP_SYS_ADMIN`; `NotFound` on a kernel that cannot.
pub fn ask_for_id(kind: &str, id: i32) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().write(true).open(format!("/proc/sys/kernel/{kind}_next_id"))?;
    file.write_all(id.to_string().as_bytes())
}
