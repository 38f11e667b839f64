//! Semaphore sets: ranges of semaphores, operations, values.

pub mod assign;
pub mod operate;
pub mod operation;
pub mod range;

#[cfg(test)]
mod tests;

pub use assign::Assignment;
pub use operate::Request;
pub use operation::Operation;
pub use range::Range;
