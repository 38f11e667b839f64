//! How results are written: documents, reports, details, prompts, progress.

pub mod contents;
pub mod context;
pub mod details;
pub mod document;
pub mod format;
pub mod list;
pub mod progress;
pub mod prompt;
pub mod report;
pub mod stdout;
pub mod usage_list;
