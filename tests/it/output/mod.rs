//! What all commands print: harmless text, documents of JSON, errors of writing.

mod faults;
mod hostile;
mod json_schema;
