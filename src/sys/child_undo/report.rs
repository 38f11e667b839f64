//! Reports of a child to its parent, through a pipe that exec closes.

use std::io::{self, PipeReader, PipeWriter, Read};

use serde::{Deserialize, Serialize};

use crate::sys::errno::Errno;
use crate::sys::sem::take::Attempt;

/// A report has at most 23 bytes, and a child sends two at most.
const MOST_BYTES: usize = 64;

/// The child's progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Report {
    NotTaken(Attempt),
    Taken,
    /// Exec failed, or a step before it.
    NotRun(Errno),
}

impl Report {
    /// Failures are ignored: they mean that nobody reads. Allocates nothing.
    pub(super) fn send(self, writer: &PipeWriter) {
        if let Ok(bytes) = postcard::to_slice(&self, &mut [0; MOST_BYTES]) {
            // The pipe has room for all reports.
            let _ = rustix::io::write(writer, bytes);
        }
    }

    /// The last report of a child that has ended or executed its program, which closed the pipe.
    pub(super) fn last(reader: PipeReader) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        reader.take(MOST_BYTES as u64).read_to_end(&mut bytes)?;
        Ok(Self::last_of(&bytes))
    }

    fn last_of(mut bytes: &[u8]) -> Option<Self> {
        let mut last = None;
        while let Ok((report, rest)) = postcard::take_from_bytes(bytes) {
            (last, bytes) = (Some(report), rest);
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{MOST_BYTES, Report};
    use crate::sys::errno::Errno;
    use crate::sys::sem::take::Attempt;

    proptest! {
        #[test]
        fn what_is_sent_arrives(errno: i32, waited: Duration, interrupted: bool) {
            let errno = Errno::from_raw(errno);
            let attempt = Attempt { done: Err(errno), waited, interrupted };
            for report in [Report::NotTaken(attempt), Report::Taken, Report::NotRun(errno)] {
                let bytes = postcard::to_allocvec(&report).unwrap();
                prop_assert!(2 * bytes.len() <= MOST_BYTES);
                prop_assert_eq!(Report::last_of(&bytes), Some(report));
                let after = [postcard::to_allocvec(&Report::Taken).unwrap(), bytes].concat();
                prop_assert_eq!(Report::last_of(&after), Some(report));
            }
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..MOST_BYTES)) {
            let _ = Report::last_of(&bytes);
        }
    }
}
