use crate::kind::model::Object;
use crate::object::inventory;
use crate::sys::msg::{self, Message};
use crate::sys::{self, Errno, MsgId};

/// The first buffer for peeking; the kernel's cost grows with its size.
const FIRST_PEEK: usize = 4096;
/// The largest buffer: the size of a larger message stays unknown.
const LARGEST_PEEK: usize = 64 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// From 0.
    pub index: u32,
    /// None when the kernel does not show the message.
    pub mtype: Option<i64>,
    /// Bytes of text; None likewise.
    pub size: Option<u64>,
}

/// The headers of the first `most` messages, which stay in the queue.
///
/// # Errors
/// `EACCES` without read permission, `ENOSYS` without `CONFIG_CHECKPOINT_RESTORE`, `EINVAL` or `EIDRM` when the queue
/// is gone.
pub fn headers(queue: &Object, most: u32) -> sys::Result<Vec<Header>> {
    let id = MsgId::new(queue.id.sysv());
    let cbytes = queue.as_queue().map_or(0, |queue| queue.cbytes);
    // No message exceeds the sum; the minimum allows for messages that arrive meanwhile.
    let largest = usize::try_from(cbytes).unwrap_or(LARGEST_PEEK).clamp(FIRST_PEEK, LARGEST_PEEK);
    let mut message = Message::with_capacity(FIRST_PEEK);
    let mut headers = Vec::new();
    for index in 0..most {
        match peek(id, &mut message, index, largest) {
            Ok(()) => {
                headers.push(Header { index, mtype: Some(message.mtype()), size: Some(message.text().len() as u64) })
            }
            Err(Errno::ENOMSG) => break,
            // Larger than the buffer, or than the present msgmax.
            Err(Errno::E2BIG | Errno::ENOMEM) => headers.push(Header { index, mtype: None, size: None }),
            Err(Errno::EINVAL) if matches!(inventory::look(queue.id), Ok(Some(_))) => {
                headers.push(Header { index, mtype: None, size: None });
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(headers)
}

/// Copies a message; the buffer grows up to `largest`.
pub(super) fn peek(id: MsgId, message: &mut Message, index: u32, largest: usize) -> sys::Result<()> {
    loop {
        match msg::peek(id, message, index) {
            Err(Errno::E2BIG) if message.capacity() < largest => {
                *message = Message::with_capacity((message.capacity() * 4).min(largest));
            }
            other => return other,
        }
    }
}
