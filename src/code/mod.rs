//! Which System V calls a process can make, as far as the code of its programs tells.

pub mod abilities;
pub mod calls;
pub mod mapped_code;
pub mod program_files;
