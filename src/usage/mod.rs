//! Who uses an object, who may, and what state that leaves it in.

pub mod asleep;
pub mod bystanders;
pub mod changed_by;
pub mod criteria;
pub mod evidence;
pub mod fields;
pub mod held_sets;
pub mod holders;
pub mod judge;
pub mod last_changed;
pub mod logout;
pub mod packed;
pub mod possible;
pub mod process;
pub mod recorded;
pub mod recorded_uses;
pub mod report;
pub mod role;
pub mod scan;
pub mod state;
pub mod text;
pub mod undo;
pub mod users;
pub mod waiters;
