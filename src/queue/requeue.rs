//! Requeueing messages that were taken and could not be delivered.

use std::env;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::os_message;
use crate::kind::model::ObjectId;
use crate::object::inventory;
use crate::queue::encode::Encoder;
use crate::queue::{Format, counted};
use crate::render::escape::escape_bytes;
use crate::sys::msg::{self, Message};
use crate::sys::{Errno, MsgId};

/// Taken messages in order. The buffers are kept from batch to batch.
#[derive(Debug, Default)]
pub struct Pending {
    texts: Vec<u8>,
    /// Type and end of text of each.
    list: Vec<(i64, usize)>,
}

impl Pending {
    pub fn push(&mut self, mtype: i64, text: &[u8]) {
        self.texts.extend_from_slice(text);
        self.list.push((mtype, self.texts.len()));
    }

    /// Forgets the first `number`, which were delivered.
    pub fn delivered(&mut self, number: usize) {
        if number >= self.list.len() {
            self.list.clear();
            self.texts.clear();
            return;
        }
        let Some(&(_, end)) = number.checked_sub(1).and_then(|last| self.list.get(last)) else { return };
        self.list.drain(..number);
        self.texts.drain(..end);
        for (_, text_end) in &mut self.list {
            *text_end -= end;
        }
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn iter(&self) -> impl Iterator<Item = (i64, &[u8])> {
        let mut start = 0;
        self.list.iter().map(move |&(mtype, end)| {
            let text = self.texts.get(start..end).unwrap_or_default();
            start = end;
            (mtype, text)
        })
    }
}

/// The outcome of `requeue`.
#[derive(Debug)]
pub struct Requeue {
    /// Messages at the end of the queue again.
    back: u64,
    /// Messages that are not, and the reason.
    rest: Option<(u64, Errno)>,
    /// The file with the rest; if none could be made, the reason and the rest itself.
    saved: std::result::Result<PathBuf, (io::Error, Vec<u8>)>,
}

/// Sends the messages to the end of their queue, in order and without waiting. The first that does not fit and all
/// after it are saved in a new file that only the user can read.
#[must_use]
pub(crate) fn requeue(queue: ObjectId, taken: &Pending) -> Requeue {
    let id = MsgId::new(queue.sysv());
    let mut message = Message::with_capacity(0);
    let mut back = 0;
    let mut refused = None;
    let mut rest = Vec::new();
    let mut encoder = Encoder::new(Format::Jsonl, false);
    for (mtype, text) in taken.iter() {
        if refused.is_none() {
            message.fill(mtype, text);
            match msg::send(id, &message, true) {
                Ok(()) => {
                    back += 1;
                    continue;
                }
                // A removed queue gives EINVAL too.
                Err(Errno::EINVAL) if matches!(inventory::look(queue), Ok(None)) => refused = Some(Errno::EIDRM),
                Err(errno) => refused = Some(errno),
            }
        }
        // JSON can represent every message.
        let _ = encoder.push(&mut rest, None, mtype, text);
    }
    match refused {
        None => Requeue { back, rest: None, saved: Ok(PathBuf::new()) },
        Some(errno) => {
            let left = taken.len() as u64 - back;
            Requeue { back, rest: Some((left, errno)), saved: save(queue, &rest).map_err(|error| (error, rest)) }
        }
    }
}

/// Tries several folders: the disk of the working directory may be full.
fn save(queue: ObjectId, records: &[u8]) -> io::Result<PathBuf> {
    let here = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let folders = [here, env::temp_dir(), "/var/tmp".into(), "/dev/shm".into()];
    let mut first_error = None;
    for folder in folders {
        match save_in(&folder, queue, records) {
            Ok(path) => return Ok(path),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

fn save_in(folder: &Path, queue: ObjectId, records: &[u8]) -> io::Result<PathBuf> {
    let pid = std::process::id();
    for number in 0..1000 {
        let path = folder.join(format!("ipcadm-{}-{}-{pid}-{number}.jsonl", queue.kind.word(), queue.number));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                return fill(&mut file, records).map(|()| path.clone()).inspect_err(|_| {
                    // Half a file would be worse than none.
                    let _ = std::fs::remove_file(&path);
                });
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn fill(file: &mut File, records: &[u8]) -> io::Result<()> {
    file.write_all(records)?;
    file.sync_all()
}

impl fmt::Display for Requeue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.back > 0 || self.rest.is_none() {
            write!(f, "{} went back to the end of the queue", counted(self.back))?;
        }
        let Some((left, errno)) = &self.rest else { return Ok(()) };
        if self.back > 0 {
            f.write_str("; ")?;
        }
        let why: &dyn fmt::Display = match *errno {
            Errno::EAGAIN => &"no room",
            // EINVAL has two meanings, told apart when it came.
            Errno::EINVAL => &"larger than kernel.msgmax now allows; raise it before sending it again",
            Errno::EIDRM => &"the queue is gone",
            _ => errno,
        };
        write!(f, "{} could not go back ({why})", counted(*left))?;
        match &self.saved {
            Ok(path) => {
                let path = escape_bytes(path.as_os_str().as_encoded_bytes());
                write!(
                    f,
                    " and {} saved in {path}, for 'msg send --jsonl --file'",
                    if *left == 1 { "is" } else { "are" }
                )
            }
            // Standard error is the last resort.
            Err((error, records)) => {
                write!(f, " nor be saved ({}):\n{}", os_message(error), String::from_utf8_lossy(records).trim_end())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pending;

    #[test]
    fn what_is_delivered_is_forgotten() {
        let mut taken = Pending::default();
        for (mtype, text) in [(1, "one"), (2, ""), (3, "three"), (4, "four")] {
            taken.push(mtype, text.as_bytes());
        }
        taken.delivered(0);
        assert_eq!(taken.len(), 4);
        taken.delivered(2);
        let left: Vec<(i64, &[u8])> = taken.iter().collect();
        assert_eq!(left, [(3, &b"three"[..]), (4, b"four")]);
        taken.delivered(2);
        assert!(taken.is_empty());
    }
}
