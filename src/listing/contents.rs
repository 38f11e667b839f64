//! What is inside an object: semaphore values, message headers, the kind of a segment's pages.

use crate::kind::model::Object;
use crate::kind::system_v::Part;
use crate::object::semaphores::{Budget, Semaphore, semaphores};
use crate::queue::headers::{Header, headers};
use crate::sys::{self, memory};
use crate::usage::users::Usage;

/// What is inside an object, as far as the caller may see it.
#[derive(Clone, Debug)]
pub enum ObjectContents {
    /// A segment: whether it is made of huge pages, if that shows.
    Segment(Option<bool>),
    /// A set's semaphores, or why not.
    Set(sys::Result<Vec<Semaphore>>),
    /// A queue's first messages, or why not.
    Queue(sys::Result<Vec<Header>>),
}

impl ObjectContents {
    /// Looks inside; of a queue at no more than its first `messages`, of a segment by those who are known to use it.
    #[must_use]
    pub fn of(object: &Object, messages: u32, usage: &Usage) -> Self {
        match object.system_v() {
            Some(Part::Segment(_)) | None => Self::Segment(huge_pages(object, usage)),
            Some(Part::Set(_)) => Self::Set(semaphores(object, &mut Budget::default())),
            Some(Part::Queue(_)) => Self::Queue(headers(object, messages)),
        }
    }
}

/// Whether a segment is made of huge pages. The kernel tells nobody; a mapping of it does, and so does an account
/// of more resident memory than the segment has. None when neither shows anything.
#[must_use]
pub fn huge_pages(segment: &Object, usage: &Usage) -> Option<bool> {
    let detail = segment.as_segment()?;
    if let Some(shown) = usage.shown {
        return Some(shown.huge);
    }
    let page = memory::page_size() as u64;
    let whole = detail.size.checked_next_multiple_of(page)?;
    (detail.memory?.rss > whole).then_some(true)
}
