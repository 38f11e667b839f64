//! Arguments in, exit status out.

pub mod command_path;
pub mod run;
pub mod suggestions;
pub mod tree;
