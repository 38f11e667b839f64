//! The checksums of a member, made beside reading and writing it.
//!
//! A checksum takes longer than reading and writing do. So a second thread makes those of large members, a few chunks
//! behind the first, which alone reads, writes and fails. Where no thread can be started, the first makes them itself.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use super::sums::{Digest, Hasher};
use crate::sys::helper;

/// Bytes read, written and added at a time.
pub const CHUNK: usize = 256 << 10;
/// Chunks in memory at a time.
const CHUNKS: usize = 4;
/// Fewer bytes are not worth a thread.
const LARGE: u64 = 2 << 20;

/// The checksums of a member as its bytes come: of what is stored and, where that is asked for, of the file that comes
/// out, with its holes.
#[derive(Clone, Debug, Default)]
struct Hashers {
    stored: Hasher,
    real: Option<Hasher>,
}

impl Hashers {
    fn data(&mut self, bytes: &[u8]) {
        self.stored.update(bytes);
        if let Some(real) = &mut self.real {
            real.update(bytes);
        }
    }

    fn hole(&mut self, len: u64) {
        if let Some(real) = &mut self.real {
            real.zeros(len);
        }
    }
}

/// What the second thread is given.
enum Piece {
    /// So many bytes of a chunk, which comes back.
    Data(Vec<u8>, usize),
    Hole(u64),
}

/// The second thread. Dropping it ends it.
#[derive(Debug)]
struct Second {
    pieces: Option<SyncSender<Piece>>,
    back: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<Hashers>>,
}

impl Second {
    /// Goes on from these; None where no thread can be started.
    fn start(hashers: &Hashers) -> Option<Self> {
        let mut hashers = hashers.clone();
        let (pieces, given) = sync_channel(CHUNKS);
        let (done, back) = channel();
        let work = move || {
            for piece in given {
                match piece {
                    Piece::Data(chunk, len) => {
                        hashers.data(&chunk[..len]);
                        // The first thread may want no more.
                        let _ = done.send(chunk);
                    }
                    Piece::Hole(len) => hashers.hole(len),
                }
            }
            hashers
        };
        let thread = helper::start(work).ok()?;
        Some(Self { pieces: Some(pieces), back, thread: Some(thread) })
    }

    fn give(&self, piece: Piece) {
        // It takes all until it is told that there are no more.
        let _ = self.pieces.as_ref().map(|pieces| pieces.send(piece));
    }

    fn end(&mut self) -> Option<Hashers> {
        self.pieces = None;
        self.thread.take().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        self.end();
    }
}

/// The checksums of a member while they are made.
#[derive(Debug)]
pub struct Summing {
    hashers: Hashers,
    second: Option<Second>,
    /// Whether a second thread is to be started.
    is_large: bool,
    /// Chunks that there are.
    chunks: usize,
    free: Vec<Vec<u8>>,
}

/// The checksums of a member.
#[derive(Clone, Copy, Debug)]
pub struct Sums {
    /// Of what is stored.
    pub stored: Digest,
    /// Of the file that comes out, with its holes.
    pub real: Option<Digest>,
}

impl Summing {
    /// Begins those of a member of which `stored` bytes are stored.
    #[must_use]
    pub fn of_stored(stored: u64) -> Self {
        Self { hashers: Hashers::default(), second: None, is_large: stored >= LARGE, chunks: 0, free: Vec::new() }
    }

    /// As [`Summing::of_stored`], and with its `holes`, which are so many bytes, that of the file that comes out.
    #[must_use]
    pub fn with_holes(stored: u64, holes: u64) -> Self {
        let mut both = Self::of_stored(stored);
        both.hashers.real = Some(Hasher::default());
        both.is_large |= holes >= LARGE;
        both
    }

    /// Adds the map in front of the data, which is not in the file that comes out.
    pub fn map(&mut self, bytes: &[u8]) {
        self.hashers.stored.update(bytes);
    }

    /// Has `copy` put the next bytes into memory and do whatever else is to be done with them, and adds them. No more than
    /// [`CHUNK`] at a time.
    ///
    /// # Errors
    /// Those of `copy`. There are no checksums then.
    pub fn data<E>(&mut self, len: usize, copy: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<(), E> {
        self.begin();
        let mut chunk = self.free_chunk();
        if chunk.len() < len {
            chunk.resize(len, 0);
        }
        let copied = copy(&mut chunk[..len]);
        match &self.second {
            Some(second) if copied.is_ok() => {
                second.give(Piece::Data(chunk, len));
                return copied;
            }
            None if copied.is_ok() => self.hashers.data(&chunk[..len]),
            _ => {}
        }
        self.free.push(chunk);
        copied
    }

    /// Adds zeros of the file that comes out, which are not stored.
    pub fn hole(&mut self, len: u64) {
        self.begin();
        match &self.second {
            Some(second) => second.give(Piece::Hole(len)),
            None => self.hashers.hole(len),
        }
    }

    /// The checksums of all that came.
    #[must_use]
    pub fn finish(mut self) -> Sums {
        let hashers = self.second.as_mut().and_then(Second::end).unwrap_or(self.hashers);
        Sums { stored: hashers.stored.finish(), real: hashers.real.map(Hasher::finish) }
    }

    fn begin(&mut self) {
        if std::mem::take(&mut self.is_large) {
            self.second = Second::start(&self.hashers);
        }
    }

    /// One that nobody uses. If all are with the second thread, it is waited for.
    fn free_chunk(&mut self) -> Vec<u8> {
        if let Some(chunk) = self.free.pop() {
            return chunk;
        }
        if self.chunks == CHUNKS
            && let Some(Ok(chunk)) = self.second.as_ref().map(|second| second.back.recv())
        {
            return chunk;
        }
        self.chunks += 1;
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::{CHUNK, LARGE, Summing, Sums};
    use crate::archive::sums::{Digest, Hasher};

    /// Of a map of 512 bytes, then data and holes of these lengths in turn.
    fn sums(mut summing: Summing, lengths: &[usize]) -> (Sums, [Digest; 2]) {
        let (mut stored, mut real) = (Hasher::default(), Hasher::default());
        summing.map(&[1; 512]);
        stored.update(&[1; 512]);
        for (number, pair) in lengths.chunks(2).enumerate() {
            let byte = u8::try_from(number % 256).unwrap();
            let fill = |bytes: &mut [u8]| -> Result<(), Infallible> {
                bytes.fill(byte);
                Ok(())
            };
            let Ok(()) = summing.data(pair[0], fill);
            summing.hole(pair[1] as u64);
            for hasher in [&mut stored, &mut real] {
                hasher.update(&vec![byte; pair[0]]);
            }
            real.zeros(pair[1] as u64);
        }
        (summing.finish(), [stored.finish(), real.finish()])
    }

    #[test]
    fn a_second_thread_makes_the_same_checksums() {
        let lengths: Vec<usize> =
            (0..200).map(|number| if number % 2 == 0 { CHUNK - number } else { number }).collect();
        for stored in [0, LARGE] {
            let (sums, [of_stored, of_real]) = sums(Summing::with_holes(stored, 0), &lengths);
            assert_eq!((sums.stored, sums.real), (of_stored, Some(of_real)));
        }
        let (sums, [of_stored, _]) = sums(Summing::of_stored(LARGE), &lengths);
        assert_eq!((sums.stored, sums.real), (of_stored, None));
    }

    #[test]
    fn only_what_is_large_takes_a_second_thread() {
        for (stored, holes, is_large) in [(LARGE - 1, 0, false), (LARGE, 0, true), (0, LARGE, true)] {
            let mut summing = Summing::with_holes(stored, holes);
            summing.map(&[0; 512]);
            assert!(summing.second.is_none());
            summing.hole(1);
            assert_eq!(summing.second.is_some(), is_large);
        }
    }

    #[test]
    fn what_fails_leaves_nothing_behind() {
        let mut summing = Summing::of_stored(LARGE);
        for number in 0..20 {
            assert_eq!(
                summing.data(CHUNK, |_| if number % 2 == 0 { Err(number) } else { Ok(()) }).is_err(),
                number % 2 == 0
            );
        }
        drop(summing);
    }
}
