//! Sizes, durations, ages and numbers: read from the command line and written into tables.
//!
//! Readers compute in integers and never round. Writers append to the caller's `String`, so a row costs no allocation
//! once that string has grown; each has a function for its width.

mod age;
mod decimal;
mod duration;
mod number;
mod size;

#[cfg(test)]
mod tests;

pub(crate) use age::shown_age;
pub use age::{age_width, push_age};
pub use duration::parse_duration;
pub use number::{digits, push_hex32, push_i64, push_octal4, push_u64};
pub(crate) use number::{hex32, octal4};
pub(crate) use size::ShownSize;
pub use size::{parse_size, push_size, size_width};
