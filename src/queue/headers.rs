//! The headers of a queue's first messages, which stay where they are.

use crate::kind::model::Object;
use crate::object::inventory;
use crate::sys::msg::{self, Message};
use crate::sys::{self, Errno, MsgId};

/// Buffers for looking at messages start here; the kernel's cost grows with them.
const FIRST_PEEK: usize = 4096;
/// And grow no further than this: the size of a larger message stays unknown.
const LARGEST_PEEK: usize = 64 << 20;

/// The header of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its position in the queue, from 0.
    pub index: u32,
    /// Its type; None when it cannot be looked at.
    pub mtype: Option<i64>,
    /// Bytes of text; None when it cannot be looked at.
    pub size: Option<u64>,
}

/// The first `most` messages of a queue, which stay where they are.
///
/// # Errors
/// `EACCES` without read permission, `ENOSYS` on kernels without `CONFIG_CHECKPOINT_RESTORE`, `EINVAL` or `EIDRM`
/// when the queue is gone.
pub fn headers(queue: &Object, most: u32) -> sys::Result<Vec<Header>> {
    let id = MsgId::new(queue.id.sysv());
    let cbytes = queue.as_queue().map_or(0, |queue| queue.cbytes);
    // No message is larger than all of them; a few more bytes for those that come meanwhile.
    let largest = usize::try_from(cbytes).unwrap_or(LARGEST_PEEK).clamp(FIRST_PEEK, LARGEST_PEEK);
    let mut message = Message::with_capacity(FIRST_PEEK);
    let mut headers = Vec::new();
    for index in 0..most {
        match peek(id, &mut message, index, largest) {
            Ok(()) => {
                headers.push(Header { index, mtype: Some(message.mtype()), size: Some(message.text().len() as u64) })
            }
            Err(Errno::ENOMSG) => break,
            // Larger than our buffer, or than the present msgmax: there, but not to be looked at.
            Err(Errno::E2BIG | Errno::ENOMEM) => headers.push(Header { index, mtype: None, size: None }),
            Err(Errno::EINVAL) if matches!(inventory::look(queue.id), Ok(Some(_))) => {
                headers.push(Header { index, mtype: None, size: None });
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(headers)
}

/// Looks at a message; the buffer grows as needed up to `largest`.
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
