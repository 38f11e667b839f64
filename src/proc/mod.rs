//! Reading `/proc`. Parsers take bytes, not paths, so that they can be tested on captured text.

pub mod attached;
pub mod blocked;
pub mod boot;
pub mod btf;
pub mod census;
pub mod cgroup;
pub mod freezer;
pub mod identity;
pub mod logind;
pub mod maps;
pub mod mounts;
pub mod permission;
pub mod probe;
pub mod process;
pub mod reader;
pub mod recorded;
pub mod sysctl;
pub mod sysvipc;
pub mod task;
pub mod tasks;
pub mod threaded;
