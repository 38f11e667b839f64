//! `shm read`, `shm write`, `shm attach`, `shm lock`.

mod attach;
mod attach_run;
mod lock;
mod read;
mod write;
