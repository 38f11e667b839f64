//! The commands: a file for each, with its arguments and its work; `shared` holds what several need.

pub mod attach;
pub mod clean;
pub mod completions;
pub mod create;
pub mod key;
pub mod limits;
pub mod ls;
pub mod msg_peek;
pub mod msg_purge;
pub mod msg_recv;
pub mod msg_send;
pub mod ps;
pub mod restore;
pub mod rm;
pub mod save;
pub mod sem_get;
pub mod sem_op;
pub mod sem_run;
pub mod sem_setval;
pub mod set;
pub mod shared;
pub mod shm_lock;
pub mod shm_read;
pub mod shm_write;
pub mod show;
pub mod who;
