//! Reading `/proc`. Parsers take bytes, not paths, so that they can be tested on captured text.

pub mod attached;
pub mod blocked;
pub mod btf;
pub mod capabilities;
pub mod census;
pub mod cgroup;
pub mod freezer;
pub mod identity;
pub mod ipc_namespace;
pub mod logind;
pub mod maps;
pub mod mounts;
pub mod permission;
pub mod probe;
pub mod reader;
pub mod recorded;
pub mod status;
pub mod sysctl;
pub mod sysvipc;
pub mod task;
pub mod tasks;
pub mod threaded;
