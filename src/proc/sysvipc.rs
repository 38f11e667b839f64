//! The tables in `/proc/sysvipc`: readable by everybody, and the only place that tells a segment's resident and
//! swapped memory.
//!
//! Columns are split at blanks, never by position: numbers are as wide as they need to be. Keys are signed
//! decimals, permissions octal with the status bits.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use crate::sys::msg::MsgStat;
use crate::sys::sem::SemStat;
use crate::sys::shm::ShmStat;
use crate::sys::{Gid, Key, Mode, MsgId, Perm, Pid, SemId, ShmId, Timestamp, Uid};

/// The kernel gives at most one page a read; more room saves nothing.
const CHUNK: usize = 16 * 1024;

/// One line of `/proc/sysvipc/shm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    pub id: ShmId,
    /// What the stat calls tell as well.
    pub stat: ShmStat,
    /// Bytes in RAM.
    pub rss: u64,
    /// Bytes in swap.
    pub swap: u64,
}

/// Reads one of the tables and gives every line but the header to `row`.
///
/// # Errors
/// When it cannot be opened or read, or when `row` finds a line malformed (`InvalidData`).
pub fn read(name: &str, mut row: impl FnMut(&[u8]) -> Option<()>) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(CHUNK, File::open(format!("/proc/sysvipc/{name}"))?);
    let mut line = Vec::with_capacity(256);
    let mut header = true;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        // The kernel ends every line, and never shows half of one.
        let line = line.strip_suffix(b"\n").ok_or_else(|| malformed(name))?;
        if header {
            header = false;
        } else {
            row(line).ok_or_else(|| malformed(name))?;
        }
    }
}

fn malformed(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a line of /proc/sysvipc/{name} is not as expected"))
}

/// A segment from its line; None when the line is not one.
pub fn segment(line: &[u8]) -> Option<SegmentRow> {
    let mut words = Words(line);
    let key = words.key()?;
    let id = ShmId::new(words.number()?);
    let mode = words.mode()?;
    let size = words.unsigned()?;
    let cpid = Pid::new(words.number()?);
    let lpid = Pid::new(words.number()?);
    let nattch = words.unsigned()?;
    let perm = words.owners(key, mode)?;
    let atime = words.time()?;
    let dtime = words.time()?;
    let ctime = words.time()?;
    let rss = words.unsigned()?;
    let swap = words.unsigned()?;
    Some(SegmentRow { id, stat: ShmStat { perm, size, atime, dtime, ctime, cpid, lpid, nattch }, rss, swap })
}

/// A semaphore set from its line; None when the line is not one.
pub fn set(line: &[u8]) -> Option<(SemId, SemStat)> {
    let mut words = Words(line);
    let key = words.key()?;
    let id = SemId::new(words.number()?);
    let mode = words.mode()?;
    let nsems = words.unsigned()?;
    let perm = words.owners(key, mode)?;
    let otime = words.time()?;
    let ctime = words.time()?;
    Some((id, SemStat { perm, otime, ctime, nsems }))
}

/// A queue from its line, with `qbytes` 0 because the table has no such column; None when the line is not one.
pub fn queue(line: &[u8]) -> Option<(MsgId, MsgStat)> {
    let mut words = Words(line);
    let key = words.key()?;
    let id = MsgId::new(words.number()?);
    let mode = words.mode()?;
    let cbytes = words.unsigned()?;
    let qnum = words.unsigned()?;
    let lspid = Pid::new(words.number()?);
    let lrpid = Pid::new(words.number()?);
    let perm = words.owners(key, mode)?;
    let stime = words.time()?;
    let rtime = words.time()?;
    let ctime = words.time()?;
    Some((id, MsgStat { perm, stime, rtime, ctime, cbytes, qnum, qbytes: 0, lspid, lrpid }))
}

/// The words of a line still to be read.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    /// The next word as digits of `radix`, read in one pass: a listing has half a million of them.
    fn digits(&mut self, radix: u8) -> Option<u64> {
        let mut at = self.0.iter().take_while(|&&byte| byte == b' ').count();
        let first = at;
        let mut value: u64 = 0;
        while let Some(byte) = self.0.get(at) {
            let digit = byte.wrapping_sub(b'0');
            if digit >= radix {
                break;
            }
            value = value.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))?;
            at += 1;
        }
        let ends = self.0.get(at).is_none_or(|&byte| byte == b' ');
        self.0 = self.0.get(at..)?;
        (at > first && ends).then_some(value)
    }

    fn unsigned(&mut self) -> Option<u64> {
        self.digits(10)
    }

    /// A 32-bit number that may be negative.
    fn number(&mut self) -> Option<i32> {
        let blanks = self.0.iter().take_while(|&&byte| byte == b' ').count();
        if self.0.get(blanks) != Some(&b'-') {
            return i32::try_from(self.digits(10)?).ok();
        }
        self.0 = &self.0[blanks + 1..];
        // No blank between the sign and its digits.
        if self.0.first() == Some(&b' ') {
            return None;
        }
        i32::try_from(-i64::try_from(self.digits(10)?).ok()?).ok()
    }

    fn key(&mut self) -> Option<Key> {
        self.number().map(Key::from_raw)
    }

    fn mode(&mut self) -> Option<Mode> {
        u32::try_from(self.digits(8)?).ok().map(Mode::new)
    }

    fn id(&mut self) -> Option<u32> {
        self.unsigned().and_then(|number| u32::try_from(number).ok())
    }

    fn owners(&mut self, key: Key, mode: Mode) -> Option<Perm> {
        let uid = Uid::new(self.id()?);
        let gid = Gid::new(self.id()?);
        let cuid = Uid::new(self.id()?);
        let cgid = Gid::new(self.id()?);
        Some(Perm { key, uid, gid, cuid, cgid, mode })
    }

    fn time(&mut self) -> Option<Timestamp> {
        let seconds = self.unsigned()?;
        i64::try_from(seconds).ok().map(Timestamp::new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{queue, segment, set};
    use crate::sys::{Key, Mode, Pid, Uid};

    #[test]
    fn a_segment_line_with_wide_numbers() {
        let line = b"-559038737      32770  3640                 8192  4194304      0 18446744073709551615 4294967294   100  1000   100          0          0 1795238000                 4096                    0";
        let row = segment(line).unwrap();
        assert_eq!(row.id.raw(), 32770);
        assert_eq!(row.stat.perm.key, Key::from_bits(0xdead_beef));
        assert_eq!(row.stat.perm.mode, Mode::new(0o3640));
        assert_eq!(row.stat.perm.uid, Uid::new(4_294_967_294));
        assert_eq!(row.stat.cpid, Pid::new(4_194_304));
        assert_eq!(row.stat.nattch, u64::MAX);
        assert_eq!((row.rss, row.swap), (4096, 0));
    }

    #[test]
    fn a_set_and_a_queue_line() {
        let (id, stat) =
            set(b"         0          3   600          5     0     0     0     0          0 1795238000").unwrap();
        assert_eq!((id.raw(), stat.nsems, stat.ctime.seconds()), (3, 5, 1_795_238_000));
        let (id, stat) =
            queue(b"         1          0   644          3          1   77     0     0     0     0     0 1795238001          0 1795238000")
                .unwrap();
        assert_eq!((id.raw(), stat.cbytes, stat.qnum, stat.lspid.raw()), (0, 3, 1, 77));
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (segment(&line), set(&line), queue(&line));
        }

        #[test]
        fn every_set_line_the_kernel_could_print_comes_back(
            key: i32, id in 0..i32::MAX, mode in 0u32..0o10000, nsems in 0u64..1 << 40,
            owners: [u32; 4], otime in 0i64..1 << 40, ctime in 0i64..1 << 40,
        ) {
            let [uid, gid, cuid, cgid] = owners;
            let line = format!("{key:10} {id:10}  {mode:4o} {nsems:10} {uid:5} {gid:5} {cuid:5} {cgid:5} {otime:10} {ctime:10}");
            let (got, stat) = set(line.as_bytes()).unwrap();
            prop_assert_eq!(got.raw(), id);
            prop_assert_eq!(stat.perm.key.raw(), key);
            prop_assert_eq!(stat.perm.mode.bits(), mode);
            prop_assert_eq!([stat.perm.uid.raw(), stat.perm.gid.raw(), stat.perm.cuid.raw(), stat.perm.cgid.raw()], owners);
            prop_assert_eq!((stat.nsems, stat.otime.seconds(), stat.ctime.seconds()), (nsems, otime, ctime));
        }
    }
}
