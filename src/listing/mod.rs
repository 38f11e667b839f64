//! Which objects are listed, what is looked up about them, and what of that can be shown.

pub mod columns;
pub mod contents;
pub mod fields;
pub mod query;
pub mod select;
