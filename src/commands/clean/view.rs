//! The plan as people read it.

use std::io::{self, Write};

use crate::commands::envelope;
use crate::commands::keep::KeepList;
use crate::object::cleaning::LeftOut;
use crate::object::cleaning::relief::Totals;
use crate::object::closing::Candidate;
use crate::object::fields::{self, Field};
use crate::object::model::{Kind, Object, ObjectId};
use crate::object::state::State;
use crate::object::survey::Insights;
use crate::render::style::Style;
use crate::render::table::{self, Column};
use crate::render::units::push_size;
use crate::render::value::Value;

/// Columns of the table; behind them stands the decisive fact.
const COLUMNS: [&str; 6] = ["ref", "key", "owner", "state", "contents", "activity"];
/// Objects that a line names; of the others the number.
const NAMED: usize = 8;

/// What is shown.
pub(super) struct View<'a> {
    pub(super) candidates: &'a [Candidate],
    /// Lines about what stays.
    pub(super) left_out: Vec<String>,
}

impl View<'_> {
    /// Prints it.
    pub(super) fn write(&self, out: &mut impl Write, insights: Insights, style: &Style) -> io::Result<()> {
        let objects: Vec<Object> = self.candidates.iter().map(|candidate| candidate.object).collect();
        if !objects.is_empty() {
            let shown: Vec<&'static Field> = COLUMNS.into_iter().filter_map(fields::find).collect();
            let names = envelope::names(&objects, &shown).with(insights);
            let evidence = Column { header: "EVIDENCE", right: false, flexible: true, wraps: true };
            let columns: Vec<Column> = shown.iter().map(|field| field.column()).chain([evidence]).collect();
            table::write(out, &columns, objects.len(), style, |row, column| match shown.get(column) {
                Some(field) => field.value(&objects[row], &names),
                None => names
                    .insights()
                    .judgement(objects[row].id)
                    .and_then(|judgement| judgement.evidence.first())
                    .map_or(Value::Null, |evidence| Value::Text(evidence.fact.as_str().into())),
            })?;
            let totals = Totals::of(&objects);
            writeln!(out, "{}", sum(&totals))?;
            for relief in totals.relief() {
                let limit = relief.limit.map_or(String::new(), |limit| format!(" {limit}"));
                writeln!(out, "{}{limit}: {} -> {} in use", relief.name, relief.before, relief.after)?;
            }
        }
        self.left_out.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

/// `3 objects: 1 message queue, 2 shared memory segments; 4.0K, 2 messages`
fn sum(totals: &Totals) -> String {
    let kinds = [Kind::Msg, Kind::Sem, Kind::Shm];
    let all: u64 = kinds.iter().map(|kind| totals.count(*kind)).sum();
    let counts: Vec<String> =
        kinds.iter().filter(|kind| totals.count(**kind) > 0).map(|kind| kind.count(totals.count(*kind))).collect();
    let mut inside = Vec::new();
    if totals.messages > 0 {
        inside.push(counted(totals.messages, "unread message"));
    }
    if totals.semaphores > 0 {
        inside.push(counted(totals.semaphores, "semaphore"));
    }
    if totals.segments > 0 {
        let mut size = String::new();
        push_size(&mut size, totals.bytes);
        inside.push(format!("{size} in segments"));
    }
    let mut text = format!("{}: {}", counted(all, "object"), counts.join(", "));
    if !inside.is_empty() {
        text.push_str("; ");
        text.push_str(&inside.join(", "));
    }
    text
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Lines about what stays, and why.
pub(super) fn left_out(left: &LeftOut, keep: &KeepList) -> Vec<String> {
    let mut parts: Vec<String> = left
        .by_state
        .iter()
        .map(|(state, number)| match state {
            State::Active => format!("{number} in use"),
            state => format!("{number} {}", state.word()),
        })
        .collect();
    if left.not_yours > 0 {
        parts.push(format!("{} not yours", left.not_yours));
    }
    if left.unread > 0 {
        let queues = if left.unread == 1 { "queue" } else { "queues" };
        parts.push(format!(
            "{} {queues} with unread messages (--save or --discard-messages takes them too)",
            left.unread
        ));
    }
    let mut lines = Vec::new();
    if !parts.is_empty() {
        lines.push(format!("left out: {}", parts.join(", ")));
    }
    for (line, ids) in &left.kept {
        let place = keep.lines.get(*line).map_or("", |line| line.place.as_str());
        lines.push(format!("kept by {place}: {}", named(ids)));
    }
    lines.extend(left.unclosable.iter().map(|(id, why)| format!("left out: {id}: {why}")));
    lines
}

fn named(ids: &[ObjectId]) -> String {
    let mut text = ids.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if ids.len() > NAMED {
        text.push_str(&format!(" and {} more", ids.len() - NAMED));
    }
    text
}
