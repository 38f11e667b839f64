//! Limits and what of them is in use.

use super::column::{Column, LimitFact, Shows};
use super::encode::{self, Encoding};
use crate::compat::text::push_human;
use crate::error::{Error, Result};
use crate::kind::model::Kind;
use crate::render::units::push_u64;
use crate::sys::{Errno, msg, sem, shm};

/// One limit.
pub(super) struct Row {
    resource: &'static str,
    description: &'static str,
    limit: Amount,
    used: Option<u64>,
}

/// A number, of bytes or of something else.
#[derive(Clone, Copy)]
enum Amount {
    Count(u64),
    Bytes(u64),
}

/// The limits of a kind, or of all.
pub(super) fn rows(kind: Option<Kind>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for each in [Kind::Msg, Kind::Shm, Kind::Sem] {
        if kind.is_none_or(|kind| kind == each) {
            let add = match each {
                Kind::Msg => queues,
                Kind::Shm => segments,
                Kind::Sem => sets,
            };
            add(&mut rows).map_err(|errno| Error::call(&format!("read the limits of {}s", each.noun()), errno))?;
        }
    }
    Ok(rows)
}

fn queues(rows: &mut Vec<Row>) -> std::result::Result<(), Errno> {
    let (limits, usage) = (msg::limits()?, msg::usage()?);
    rows.extend([
        row("MSGMNI", "Number of message queues", Amount::Count(limits.msgmni), Some(usage.used_ids.into())),
        row("MSGMAX", "Max size of message (bytes)", Amount::Bytes(limits.msgmax), None),
        row("MSGMNB", "Default max size of queue (bytes)", Amount::Bytes(limits.msgmnb), None),
    ]);
    Ok(())
}

fn segments(rows: &mut Vec<Row>) -> std::result::Result<(), Errno> {
    let (limits, usage) = (shm::limits()?, shm::usage()?);
    rows.extend([
        row("SHMMNI", "Shared memory segments", Amount::Count(limits.shmmni), Some(usage.used_ids.into())),
        // As the kernel counts them, each segment rounded up to pages.
        row("SHMALL", "Shared memory pages", Amount::Count(limits.shmall), Some(usage.total_pages)),
        row("SHMMAX", "Max size of shared memory segment (bytes)", Amount::Bytes(limits.shmmax), None),
        row("SHMMIN", "Min size of shared memory segment (bytes)", Amount::Bytes(limits.shmmin), None),
    ]);
    Ok(())
}

fn sets(rows: &mut Vec<Row>) -> std::result::Result<(), Errno> {
    let (limits, usage) = (sem::limits()?, sem::usage()?);
    rows.extend([
        row("SEMMNI", "Number of semaphore identifiers", Amount::Count(limits.semmni), Some(usage.used_ids.into())),
        row("SEMMNS", "Total number of semaphores", Amount::Count(limits.semmns), Some(usage.semaphores)),
        row("SEMMSL", "Max semaphores per semaphore set.", Amount::Count(limits.semmsl), None),
        row("SEMOPM", "Max number of operations per semop(2)", Amount::Count(limits.semopm), None),
        row("SEMVMX", "Semaphore max value", Amount::Count(limits.semvmx), None),
    ]);
    Ok(())
}

const fn row(resource: &'static str, description: &'static str, limit: Amount, used: Option<u64>) -> Row {
    Row { resource, description, limit, used }
}

impl Row {
    /// Appends the cell of a column; `bytes` shows sizes exactly.
    pub(super) fn push(&self, out: &mut String, column: &Column, encoding: Encoding, bytes: bool) {
        let Shows::Limit(fact) = column.shows else { return };
        match (fact, self.used, self.limit) {
            (LimitFact::Name, ..) => out.push_str(self.resource),
            (LimitFact::Description, ..) => encode::push(encoding, out, self.description.as_bytes()),
            (LimitFact::Value, _, Amount::Bytes(limit)) if !bytes => push_human(out, limit),
            (LimitFact::Value, _, Amount::Bytes(limit) | Amount::Count(limit)) => push_u64(out, limit),
            (LimitFact::Used | LimitFact::Share, None, _) => out.push('-'),
            (LimitFact::Used, Some(used), _) => push_u64(out, used),
            (LimitFact::Share, Some(used), Amount::Count(limit) | Amount::Bytes(limit)) => {
                push_share(out, used, limit);
            }
        }
    }
}

/// `0.17%`; of nothing at all `-`.
fn push_share(out: &mut String, used: u64, limit: u64) {
    if limit == 0 {
        out.push('-');
        return;
    }
    #[allow(clippy::cast_precision_loss)]
    let share = used as f64 / limit as f64 * 100.0;
    out.push_str(&format!("{share:.2}%"));
}
