//! Why an archive is refused.

use std::io;

use crate::error::os_message;

/// Why an archive is not to be trusted, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Bad {
    /// It cannot be read, or there is no room to keep what came through a pipe.
    #[error("{}", os_message(.0))]
    Read(#[from] io::Error),
    /// It is no archive of this format, or not as it was written.
    #[error("{0}")]
    Damaged(String),
}

impl From<&'static str> for Bad {
    fn from(text: &'static str) -> Self {
        Self::Damaged(text.to_owned())
    }
}
