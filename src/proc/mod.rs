//! Reading `/proc`. Parsers take bytes, not paths, so that they can be tested on captured text.

pub mod attached;
pub mod boot;
pub mod maps;
pub mod process;
pub mod sysctl;
pub mod sysvipc;
