//! `shm create`, `sem create`, `msg create` and `key`.

mod exist_ok;
mod key;
mod msg;
mod output;
mod sem;
mod shm;

use ipcadm_testbed::{Kind, Namespace, Outcome};

/// The id printed as the reference of a new object.
#[track_caller]
fn id(kind: Kind, outcome: Outcome) -> i32 {
    let outcome = outcome.ok().stderr_empty();
    let text = outcome.value();
    let id = text.strip_prefix(kind.word()).and_then(|rest| rest.strip_prefix(':')?.parse().ok());
    id.unwrap_or_else(|| panic!("no reference of a {}\n{outcome}", kind.word()))
}

#[track_caller]
fn nothing_made(ns: &Namespace, kind: Kind) {
    assert!(ns.ids(kind).is_empty(), "{}", ns.sysvipc(kind));
}
