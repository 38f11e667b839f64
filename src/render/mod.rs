//! How values become text. This floor knows no object and writes to any `impl Write`.
pub mod escape;
pub mod units;
