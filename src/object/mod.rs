//! What an object is, how it is named, found, chosen, described, created, changed and removed.

pub mod attaching;
pub mod change;
pub mod cleaning;
pub mod closing;
pub mod columns;
pub mod contents;
pub mod create;
pub mod fields;
pub mod fingerprint;
pub mod inside;
pub mod inventory;
pub mod key;
pub mod limits;
pub mod messages;
pub mod mode;
pub mod model;
pub mod names;
pub mod reference;
pub mod removal;
pub mod rights;
pub mod select;
pub mod semaphores;
pub mod state;
pub mod survey;
pub mod users;
pub mod uses;
