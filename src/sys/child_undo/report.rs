//! Reports of a child to its parent, through a pipe that exec closes.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::time::Duration;

use crate::sys::errno::Errno;
use crate::sys::sem::take::Attempt;

/// Bytes of a report: variant, interrupted, errno, seconds and nanoseconds.
const LENGTH: usize = 18;
/// The most reports that a child sends.
const MOST: usize = 2;

/// The child's progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    NotTaken(Attempt),
    Taken,
    /// Exec failed, or a step before it.
    NotRun(Errno),
}

impl Report {
    /// Failures are ignored: they mean that nobody reads. Allocates nothing.
    pub(super) fn send(self, writer: &PipeWriter) {
        let bytes = self.to_bytes();
        // The pipe has room for all reports.
        let _ = rustix::io::write(writer, &bytes);
    }

    /// The last report of a child that has ended or executed its program, which closed the pipe.
    pub(super) fn last(reader: PipeReader) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        reader.take((LENGTH * MOST) as u64).read_to_end(&mut bytes)?;
        Ok(Self::last_of(&bytes))
    }

    fn last_of(bytes: &[u8]) -> Option<Self> {
        bytes.chunks_exact(LENGTH).last().and_then(Self::from_bytes)
    }

    fn to_bytes(self) -> [u8; LENGTH] {
        let (tag, interrupted, errno, waited) = match self {
            Self::NotTaken(Attempt { done, waited, interrupted }) => {
                (b'n', interrupted, done.err().map_or(0, Errno::raw), waited)
            }
            Self::Taken => (b't', false, 0, Duration::ZERO),
            Self::NotRun(errno) => (b'x', false, errno.raw(), Duration::ZERO),
        };
        let mut bytes = [0; LENGTH];
        bytes[0] = tag;
        bytes[1] = interrupted.into();
        bytes[2..6].copy_from_slice(&errno.to_ne_bytes());
        bytes[6..14].copy_from_slice(&waited.as_secs().to_ne_bytes());
        bytes[14..].copy_from_slice(&waited.subsec_nanos().to_ne_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let &[tag, interrupted, ..] = bytes else { return None };
        let errno = Errno::from_raw(i32::from_ne_bytes(bytes.get(2..6)?.try_into().ok()?));
        let seconds = u64::from_ne_bytes(bytes.get(6..14)?.try_into().ok()?);
        let nanoseconds = u32::from_ne_bytes(bytes.get(14..18)?.try_into().ok()?);
        match tag {
            b'n' => {
                let waited = Duration::from_secs(seconds).checked_add(Duration::from_nanos(nanoseconds.into()))?;
                Some(Self::NotTaken(Attempt { done: Err(errno), waited, interrupted: interrupted != 0 }))
            }
            b't' => Some(Self::Taken),
            b'x' => Some(Self::NotRun(errno)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{LENGTH, Report};
    use crate::sys::errno::Errno;
    use crate::sys::sem::take::Attempt;

    proptest! {
        #[test]
        fn what_is_sent_arrives(errno: i32, waited: Duration, interrupted: bool) {
            let errno = Errno::from_raw(errno);
            let attempt = Attempt { done: Err(errno), waited, interrupted };
            for report in [Report::NotTaken(attempt), Report::Taken, Report::NotRun(errno)] {
                prop_assert_eq!(Report::last_of(&report.to_bytes()), Some(report));
                let after = [Report::Taken.to_bytes(), report.to_bytes()].concat();
                prop_assert_eq!(Report::last_of(&after), Some(report));
            }
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..3 * LENGTH)) {
            let _ = Report::last_of(&bytes);
        }
    }
}
