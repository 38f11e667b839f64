//! Writing bytes of a segment to a descriptor.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt, FileTypeExt};

use crate::segment::{CopyError, Sink};
use crate::sys::mapping::{Advice, Mapped};
use crate::sys::{self, Errno, fd, memory};

/// The requested size of a pipe, and bytes put into it at a time.
const PIPE: u32 = 1 << 20;
/// Bytes for one sendfile call.
const CHUNK: usize = 64 << 20;
/// Bytes copied at a time: few enough for the processor's cache.
const BUFFER: usize = 256 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A pipe of this size.
    Pipe(usize),
    /// A file written at its end: holes can be left out.
    Sparse,
    /// A socket would send pages zero-copy long after the end of this process, so it gets copies.
    Socket,
    /// Anything else: a file being overwritten, a device.
    Other,
}

#[derive(Debug)]
pub struct Stream {
    out: File,
    kind: Kind,
    remaining: u64,
    /// A file of zeros, for pipes.
    zeros: Option<File>,
    buffer: Vec<u8>,
    /// The file ends in a hole that its length lacks yet.
    open_end: bool,
}

impl Stream {
    /// Writes `total` bytes to `out` from its present position on.
    pub fn new(out: File, total: u64) -> Self {
        let kind = kind(&out);
        Self { out, kind, remaining: total, zeros: None, buffer: Vec::new(), open_end: false }
    }

    /// Extends the file over a final hole.
    pub fn finish(mut self) -> Result<(), CopyError> {
        if self.open_end {
            let end = self.out.stream_position().map_err(|error| write_error(&error))?;
            self.out.set_len(end).map_err(|error| write_error(&error))?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CopyError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.out.write(rest) {
                Ok(0) => return Err(CopyError::Write(Errno::ENOSPC)),
                Ok(taken) => rest = &rest[taken..],
                Err(error) => retry(self.out.as_fd(), Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?,
            }
        }
        self.moved(bytes.len() as u64);
        Ok(())
    }

    fn moved(&mut self, len: u64) {
        self.remaining = self.remaining.saturating_sub(len);
        self.open_end = false;
    }

    /// Sends bytes without copying where possible; returns the position reached.
    fn send(&mut self, file: &File, range: Range<u64>) -> Result<u64, CopyError> {
        let mut at = range.start;
        while at < range.end {
            let len = usize::try_from(range.end - at).unwrap_or(CHUNK).min(CHUNK);
            match fd::send(self.out.as_fd(), file, at, len) {
                // End of file, impossible for a segment; the copy below reports the error.
                Ok(0) => break,
                Ok(sent) => {
                    at += sent as u64;
                    self.moved(sent as u64);
                }
                Err(errno) if matches!(errno.raw(), libc::EINVAL | libc::ENOSYS) => break,
                Err(errno @ (Errno::EFAULT | Errno::ENOMEM)) => return Err(CopyError::Read(errno)),
                Err(errno) => retry(self.out.as_fd(), errno)?,
            }
        }
        Ok(at)
    }

    fn copy(&mut self, file: &File, range: Range<u64>) -> Result<(), CopyError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(BUFFER, 0);
        let mut at = range.start;
        let mut result = Ok(());
        while at < range.end && result.is_ok() {
            let len = usize::try_from(range.end - at).unwrap_or(BUFFER).min(BUFFER);
            result = file
                .read_exact_at(&mut buffer[..len], at)
                .map_err(|error| CopyError::Read(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))))
                .and_then(|()| self.write(&buffer[..len]));
            at += len as u64;
        }
        self.buffer = buffer;
        result
    }

    /// A file of zeros that takes no memory.
    fn zeros(&mut self) -> sys::Result<File> {
        let file = match self.zeros.take() {
            Some(file) => file,
            None => {
                let file = memory::empty_file()?;
                file.set_len(PIPE.into()).map_err(|_| Errno::ENOMEM)?;
                file
            }
        };
        let again = file.try_clone().map_err(|_| Errno::ENOMEM)?;
        self.zeros = Some(file);
        Ok(again)
    }
}

impl Sink for Stream {
    fn file(&mut self, file: &File, range: Range<u64>) -> Result<(), CopyError> {
        if self.kind == Kind::Socket {
            return self.copy(file, range);
        }
        let mut end = range.end;
        if let Kind::Pipe(held) = self.kind {
            // The pipe refers to the segment's own pages, which may change before they are read. The last pipeful is
            // copied, so that for a reader who copies (read) nothing changes after our end. A reader who passes the
            // pages on (splice, tee) or enlarges the pipe still has the segment's memory; only copying everything would
            // help.
            let sent = (range.end - range.start).min(self.remaining.saturating_sub(held as u64));
            end = range.start + sent;
        }
        let at = self.send(file, range.start..end)?;
        self.copy(file, at..range.end)
    }

    fn mapped(&mut self, mapped: &Mapped, range: Range<usize>) -> Result<(), CopyError> {
        let mut at = range.start;
        // As in `file`: bytes that must have been read before our end go without copying.
        let uncopied = match self.kind {
            Kind::Pipe(held) => usize::try_from(self.remaining.saturating_sub(held as u64)).unwrap_or(usize::MAX),
            _ => 0,
        };
        let uncopied = range.end.min(at.saturating_add(uncopied));
        while at < range.end {
            let written = if at < uncopied {
                mapped.splice_to(self.out.as_fd(), at, (uncopied - at).min(PIPE as usize))
            } else {
                let len = (range.end - at).min(BUFFER);
                // One call instead of a fault for every few pages. Older kernels fail, and then pages fault.
                let _ = mapped.advise(at, len, Advice::PopulateRead);
                mapped.write_to(self.out.as_fd(), at, len)
            };
            match written {
                Ok(0) => return Err(CopyError::Write(Errno::ENOSPC)),
                Ok(taken) => {
                    at += taken;
                    self.moved(taken as u64);
                }
                Err(errno @ (Errno::EFAULT | Errno::ENOMEM)) => return Err(CopyError::Read(errno)),
                Err(errno) => retry(self.out.as_fd(), errno)?,
            }
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), CopyError> {
        self.write(bytes)
    }

    fn hole(&mut self, len: u64) -> Result<(), CopyError> {
        let mut left = len;
        match self.kind {
            Kind::Sparse => {
                let step = i64::try_from(len).map_err(|_| CopyError::Write(Errno::from_raw(libc::EFBIG)))?;
                self.out.seek(SeekFrom::Current(step)).map_err(|error| write_error(&error))?;
                self.moved(len);
                self.open_end = true;
                return Ok(());
            }
            Kind::Pipe(_) => {
                if let Ok(zeros) = self.zeros() {
                    while left > 0 {
                        let step = left.min(PIPE.into());
                        let sent = self.send(&zeros, 0..step)?;
                        left -= sent;
                        if sent < step {
                            break;
                        }
                    }
                }
            }
            Kind::Socket | Kind::Other => {}
        }
        let zeros = vec![0u8; BUFFER];
        while left > 0 {
            let step = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            self.write(&zeros[..step])?;
            left -= step as u64;
        }
        Ok(())
    }
}

fn kind(out: &File) -> Kind {
    let Ok(data) = out.metadata() else { return Kind::Other };
    if data.file_type().is_fifo() {
        return Kind::Pipe(fd::raise_pipe(out.as_fd(), PIPE as usize).unwrap_or(0));
    }
    if data.file_type().is_socket() {
        return Kind::Socket;
    }
    let mut file = out;
    let at_end = data.is_file() && file.stream_position().is_ok_and(|at| at >= data.len());
    if at_end && !fd::appends(out.as_fd()) { Kind::Sparse } else { Kind::Other }
}

/// Whether a failed write may be retried: after a signal, or when a non-blocking descriptor is full.
fn retry(out: BorrowedFd<'_>, errno: Errno) -> Result<(), CopyError> {
    match errno {
        Errno::EINTR => Ok(()),
        Errno::EAGAIN => fd::wait_writable(out).map_err(CopyError::Write),
        errno => Err(CopyError::Write(errno)),
    }
}

fn write_error(error: &std::io::Error) -> CopyError {
    CopyError::Write(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}
