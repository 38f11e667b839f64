//! `msg send`, `msg recv` and `msg peek`.

mod many;
mod peek;
mod recv;
mod send;
mod signal;
