//! Values as text: tables, lists of keys and values, JSON, CSV. This floor knows no object and writes to any
//! `impl Write`.

pub mod csv;
pub mod escape;
pub mod hexdump;
pub mod json;
pub mod key_values;
pub mod slot;
pub mod style;
pub mod table;
pub(crate) mod text;
pub mod units;
pub mod value;
