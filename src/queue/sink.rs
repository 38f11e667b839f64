//! Writing received messages, keeping track of those that are written.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use crate::queue::encode::{Ambiguous, Encoder};
use crate::queue::requeue::Pending;
use crate::sys::signals::{Signal, wake};
use crate::sys::{Errno, fd};

/// A pipe takes this much all or nothing (`PIPE_BUF`).
const CHUNK: usize = 4096;

#[derive(Debug)]
pub enum Unwritten {
    Failed(io::Error),
    /// The output blocked, and a signal asked to stop.
    Stopped(Signal),
    /// The last message cannot be told from several in this format.
    Ambiguous(Ambiguous),
}

/// Gathers records and writes whole records, in pieces that a pipe takes atomically.
#[derive(Debug)]
pub struct Sink {
    file: File,
    encoder: Encoder,
    /// Longer messages are cut to this.
    cut: Option<usize>,
    records: Vec<u8>,
    /// The end of each record.
    ends: Vec<usize>,
    taken: Pending,
    number_cut: u64,
}

impl Sink {
    pub fn new(file: File, encoder: Encoder, cut: Option<usize>) -> Self {
        let records = Vec::with_capacity(2 * CHUNK);
        Self { file, encoder, cut, records, ends: Vec::new(), taken: Pending::default(), number_cut: 0 }
    }

    /// Takes the messages that were added and not written, in full.
    pub fn take_unwritten(&mut self) -> Pending {
        self.records.clear();
        self.ends.clear();
        std::mem::take(&mut self.taken)
    }

    pub(crate) fn number_cut(&self) -> u64 {
        self.number_cut
    }

    /// Adds a message, and writes the buffer if it is full. On failure see [`Sink::take_unwritten`].
    pub fn add(&mut self, mtype: i64, text: &[u8]) -> Result<(), Unwritten> {
        let start = self.records.len();
        let shown = self.cut.and_then(|cut| text.get(..cut)).unwrap_or(text);
        self.number_cut += u64::from(shown.len() < text.len());
        if let Err(ambiguous) = self.encoder.push(&mut self.records, None, mtype, shown) {
            let flushed = self.flush();
            self.taken.push(mtype, text);
            return flushed.and(Err(Unwritten::Ambiguous(ambiguous)));
        }
        self.taken.push(mtype, text);
        self.ends.push(self.records.len());
        if self.records.len() > CHUNK {
            self.write(start)?;
            if self.records.len() > CHUNK {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes everything. On failure see [`Sink::take_unwritten`].
    pub fn flush(&mut self) -> Result<(), Unwritten> {
        self.write(self.records.len())
    }

    /// Flushes and checks that somebody still reads: before a long wait.
    pub(crate) fn settle(&mut self) -> Result<(), Unwritten> {
        self.flush()?;
        if fd::is_broken(&self.file) {
            return Err(Unwritten::Failed(Errno::from_raw(libc::EPIPE).into()));
        }
        Ok(())
    }

    /// Truncates a partly written record of a file, to which the next append would be joined. In a pipe the reader sees
    /// it.
    fn cut_off(&mut self, part: usize) {
        if part == 0 || !self.file.metadata().is_ok_and(|data| data.is_file()) {
            return;
        }
        let Ok(end) = self.file.stream_position() else { return };
        // Not if somebody else has appended meanwhile.
        if self.file.metadata().is_ok_and(|data| data.len() == end)
            && let Some(whole) = end.checked_sub(part as u64)
            && self.file.set_len(whole).is_ok()
        {
            let _ = self.file.seek(SeekFrom::Start(whole));
        }
    }

    /// Writes the first `bytes`, which end with a record.
    fn write(&mut self, bytes: usize) -> Result<(), Unwritten> {
        let mut written = 0;
        let result = loop {
            let rest = self.records.get(written..bytes).unwrap_or_default();
            if rest.is_empty() {
                break Ok(());
            }
            match self.file.write(rest) {
                Ok(0) => break Err(Unwritten::Failed(io::ErrorKind::WriteZero.into())),
                Ok(some) => written += some,
                Err(error) => match (error.kind(), wake::caught()) {
                    (io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock, Some(signal)) => {
                        break Err(Unwritten::Stopped(signal));
                    }
                    (io::ErrorKind::Interrupted, None) => {}
                    (io::ErrorKind::WouldBlock, None) => {
                        if let Err(errno) = fd::wait_writable(&self.file) {
                            break Err(Unwritten::Failed(errno.into()));
                        }
                    }
                    _ => break Err(Unwritten::Failed(error)),
                },
            }
        };
        let complete = self.ends.iter().take_while(|&&end| end <= written).count();
        if result.is_err() {
            let whole = complete.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
            self.cut_off(written - whole);
        }
        self.taken.delivered(complete);
        self.ends.drain(..complete);
        self.records.drain(..written);
        for end in &mut self.ends {
            *end -= written;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Read;

    use proptest::prelude::*;

    use super::{Encoder, Sink, Unwritten};
    use crate::queue::Format;

    #[test]
    fn what_a_full_disk_refuses_is_kept() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut sink = Sink::new(full, Encoder::new(Format::Lines, false), None);
        assert!(sink.add(1, b"one").is_ok());
        assert!(sink.add(2, b"two").is_ok());
        assert!(matches!(sink.flush(), Err(Unwritten::Failed(_))));
        assert_eq!(sink.take_unwritten().len(), 2);
    }

    #[test]
    fn an_ambiguous_message_comes_after_what_was_before_it() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let file = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
        let mut sink = Sink::new(file, Encoder::new(Format::Lines, false), None);
        assert!(sink.add(1, b"one").is_ok());
        assert!(matches!(sink.add(2, b"t\nwo"), Err(Unwritten::Ambiguous(_))));
        assert_eq!(sink.take_unwritten().len(), 1);
        drop(sink);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "one\n");
    }

    proptest! {
        #[test]
        fn every_record_is_written_once(texts in prop::collection::vec(prop::collection::vec(1u8.., 0..3000), 0..12)) {
            let (mut reader, writer) = std::io::pipe().unwrap();
            let file = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
            let mut sink = Sink::new(file, Encoder::new(Format::Null, false), None);
            for text in &texts {
                prop_assert!(sink.add(1, text).is_ok());
            }
            prop_assert!(sink.settle().is_ok());
            prop_assert!(sink.take_unwritten().is_empty());
            drop(sink);
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            let expected: Vec<u8> = texts.iter().flat_map(|text| text.iter().copied().chain([0])).collect();
            prop_assert_eq!(all, expected);
        }
    }
}
