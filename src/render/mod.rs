//! How values become text: tables, sheets, JSON, CSV. This floor knows no object and writes to any `impl Write`.

pub mod csv;
pub mod escape;
pub mod hexdump;
pub mod json;
pub mod sheet;
pub mod style;
pub mod table;
pub mod units;
pub mod value;
