//! `shm read`, `shm write`, `shm attach`, `shm lock`.

mod attach;
mod attach_run;
mod lock;
mod read;
mod write;

use ipcadm_testbed::{Kind, Namespace};

/// Resident bytes of a segment.
fn rss(ns: &Namespace, id: i32) -> u64 {
    let rows = ns.rows(Kind::Shm);
    let row = rows.iter().find(|row| row["shmid"] == id.to_string()).expect("the segment");
    row["rss"].parse().expect("a number")
}
