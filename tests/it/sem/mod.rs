//! `sem op`, `sem get`, `sem set` and `sem run`.

mod op;
mod run;
mod values;
