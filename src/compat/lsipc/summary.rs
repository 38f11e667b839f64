//! Limits and their use.

use super::column::{Column, LimitFact, Shows};
use super::encode::{self, Encoding};
use crate::compat::text::push_human;
use crate::error::Result;
use crate::kind::limit::{InUse, LimitDef};
use crate::kind::msg::{MSGMAX, MSGMNB, MSGMNI};
use crate::kind::sem::{SEMMNI, SEMMNS, SEMMSL, SEMOPM, SEMVMX};
use crate::kind::shm::{SHMALL, SHMMAX, SHMMIN, SHMMNI};
use crate::kind::system_v::SystemV;
use crate::object::limits;
use crate::render::units::push_u64;

pub(super) struct Row {
    limit: LimitDef,
    description: &'static str,
    value: u64,
    used: Option<u64>,
}

/// The limits in util-linux's order, with its descriptions.
const fn listed(kind: SystemV) -> &'static [(LimitDef, &'static str)] {
    match kind {
        SystemV::Queue => &[
            (MSGMNI, "Number of message queues"),
            (MSGMAX, "Max size of message (bytes)"),
            (MSGMNB, "Default max size of queue (bytes)"),
        ],
        SystemV::Segment => &[
            (SHMMNI, "Shared memory segments"),
            (SHMALL, "Shared memory pages"),
            (SHMMAX, "Max size of shared memory segment (bytes)"),
            (SHMMIN, "Min size of shared memory segment (bytes)"),
        ],
        SystemV::Set => &[
            (SEMMNI, "Number of semaphore identifiers"),
            (SEMMNS, "Total number of semaphores"),
            (SEMMSL, "Max semaphores per semaphore set."),
            (SEMOPM, "Max number of operations per semop(2)"),
            (SEMVMX, "Semaphore max value"),
        ],
    }
}

/// The limits of a kind, or of all.
pub(super) fn rows(kind: Option<SystemV>) -> Result<Vec<Row>> {
    let (mut rows, in_use) = (Vec::new(), InUse::default());
    for each in [SystemV::Queue, SystemV::Segment, SystemV::Set]
        .into_iter()
        .filter(|each| kind.is_none_or(|kind| kind == *each))
    {
        for &(limit, description) in listed(each) {
            let failed = |errno| limits::unreadable(each.kind(), errno);
            let (value, used) = (limit.value().map_err(failed)?, limit.used(&in_use).map_err(failed)?);
            rows.push(Row { limit, description, value, used });
        }
    }
    Ok(rows)
}

impl Row {
    /// Appends the cell of a column; `bytes` shows sizes in bytes.
    pub(super) fn push(&self, out: &mut String, column: &Column, encoding: Encoding, bytes: bool) {
        let Shows::Limit(fact) = column.shows else { return };
        match (fact, self.used) {
            (LimitFact::Name, _) => out.push_str(&self.limit.name.to_ascii_uppercase()),
            (LimitFact::Description, _) => encode::push(encoding, out, self.description.as_bytes()),
            (LimitFact::Value, _) if self.limit.unit == "bytes" && !bytes => push_human(out, self.value),
            (LimitFact::Value, _) => push_u64(out, self.value),
            (LimitFact::Used | LimitFact::Share, None) => out.push('-'),
            (LimitFact::Used, Some(used)) => push_u64(out, used),
            (LimitFact::Share, Some(used)) => push_share(out, used, self.value),
        }
    }
}

/// `0.17%`, or `-` of a limit of 0.
fn push_share(out: &mut String, used: u64, limit: u64) {
    if limit == 0 {
        out.push('-');
        return;
    }
    #[allow(clippy::cast_precision_loss)]
    let share = used as f64 / limit as f64 * 100.0;
    out.push_str(&format!("{share:.2}%"));
}
