//! Looking through a long stretch of a file in pieces.

use std::ops::{ControlFlow, Range};

use crate::code::calls::{CUT, Source, Unexaminable, fill};

/// The size of a piece in bytes.
const PIECE: usize = 64 << 10;
/// How many bytes of a piece come again in the next one: nothing that is looked for is longer.
pub(super) const OVERLAP: usize = 64;

/// Shows `see` the bytes of `stretch`, until it has seen enough.
///
/// # Errors
/// When they are not all there.
pub(super) fn look_through(
    source: &mut dyn Source,
    stretch: Range<u64>,
    mut see: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Unexaminable> {
    let length = stretch.end.saturating_sub(stretch.start);
    let mut buffer = vec![0; usize::try_from(length).unwrap_or(PIECE).min(PIECE)];
    let (mut at, mut kept) = (stretch.start, 0);
    while at < stretch.end {
        let wanted = usize::try_from(stretch.end - at).unwrap_or(PIECE).min(buffer.len() - kept);
        let room = &mut buffer[kept..kept + wanted];
        if fill(source, room, at)? < wanted {
            return Err(Unexaminable::Strange(CUT));
        }
        let filled = kept + wanted;
        if see(&buffer[..filled]).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        at += wanted as u64;
        kept = filled.min(OVERLAP);
        buffer.copy_within(filled - kept..filled, 0);
    }
    Ok(ControlFlow::Continue(()))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::ops::ControlFlow;

    use memchr::memmem;

    use super::{PIECE, look_through};

    #[test]
    fn what_lies_across_two_pieces_is_found() {
        for at in [0, PIECE - 3, PIECE, 2 * PIECE - 60, 3 * PIECE - 5] {
            let mut bytes = vec![0; 3 * PIECE];
            bytes[at..at + 5].copy_from_slice(b"semop");
            let mut read = |buffer: &mut [u8], offset: u64| -> io::Result<usize> {
                let rest = &bytes[offset as usize..];
                let count = rest.len().min(buffer.len()).min(100_000);
                buffer[..count].copy_from_slice(&rest[..count]);
                Ok(count)
            };
            let mut found = 0;
            let end = bytes.len() as u64;
            let whole = look_through(&mut read, 0..end, |piece| {
                found += memmem::find_iter(piece, b"semop").count();
                ControlFlow::Continue(())
            });
            assert!(whole.is_ok() && found >= 1, "{at}");
            assert!(look_through(&mut read, 0..end + 1, |_| ControlFlow::Continue(())).is_err());
        }
    }
}
