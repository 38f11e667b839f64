//! Command lines of processes.

use std::fs::File;
use std::io::{self, Read};

use crate::sys::Pid;

/// The arguments of a process as `/proc` gives them, each ended by a NUL, no more than `most` bytes of them. Empty for
/// kernel threads and for what has ended but was not waited for.
///
/// # Errors
/// `ENOENT` when there is no such process or `/proc` does not show it.
pub fn command_line(pid: Pid, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(format!("/proc/{pid}/cmdline"))?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::command_line;
    use crate::sys::Pid;

    #[test]
    fn our_own() {
        let pid = Pid::new(std::process::id().cast_signed());
        let whole = command_line(pid, 1 << 20).unwrap();
        assert!(whole.ends_with(b"\0"));
        assert_eq!(command_line(pid, 3).unwrap(), &whole[..3]);
        assert!(command_line(Pid::new(i32::MAX), 1).is_err());
    }
}
