//! Using a semaphore set: which semaphores, which operations, which values; and doing it.

pub mod assign;
pub mod operate;
pub mod operation;
pub mod range;

#[cfg(test)]
mod tests;

pub use assign::Assignment;
pub use operate::{Request, Wait};
pub use operation::Operation;
pub use range::Range;
