//! The plan as people read it.

use std::io::{self, Write};

use crate::commands::shared::keep::KeepList;
use crate::kind::model::{Object, ObjectId};
use crate::kind::system_v::SystemV;
use crate::listing::fields::{self, Field, Lookups};
use crate::listing::query::Analysis;
use crate::removal::Candidate;
use crate::removal::choose::Skipped;
use crate::removal::freed::Totals;
use crate::render::escape::escape;
use crate::render::style::Style;
use crate::render::table::{self, Column};
use crate::render::units::push_size;
use crate::render::value::Value;
use crate::usage::bystanders::Bystander;
use crate::usage::role::undo_hidden;
use crate::usage::state::State;

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
    pub(super) fn write(&self, out: &mut impl Write, analysis: Analysis, style: &Style) -> io::Result<()> {
        let objects: Vec<Object> = self.candidates.iter().map(|candidate| candidate.object).collect();
        if !objects.is_empty() {
            let shown: Vec<&'static Field> = COLUMNS.into_iter().filter_map(fields::find).collect();
            let names = Lookups::of(&objects, &shown, analysis);
            let evidence = Column { header: "EVIDENCE", right: false, flexible: true, wraps: true };
            let columns: Vec<Column> = shown.iter().map(|field| field.column()).chain([evidence]).collect();
            let cells = |row: usize, column: usize| match shown.get(column) {
                Some(field) => field.value(&objects[row], &names),
                None => names
                    .analysis
                    .judgement(objects[row].id)
                    .and_then(|judgement| judgement.evidence.first())
                    .map_or(Value::Null, |evidence| Value::Text(evidence.fact())),
            };
            table::write(out, &columns, objects.len(), style, &cells)?;
            let totals = Totals::of(&objects);
            writeln!(out, "{}", sum(&totals))?;
            for freed in totals.freed() {
                let limit = freed.limit.map_or(String::new(), |limit| format!(" {limit}"));
                let after = freed.after.map_or_else(|| "?".to_owned(), |after| after.to_string());
                writeln!(out, "{}{limit}: {} -> {after} in use", freed.name, freed.before)?;
            }
        }
        self.left_out.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

/// `3 objects: 1 message queue, 2 shared memory segments; 4.0K, 2 messages`
fn sum(totals: &Totals) -> String {
    let kinds = [SystemV::Queue, SystemV::Set, SystemV::Segment];
    let all: u64 = kinds.iter().map(|kind| totals.count(*kind)).sum();
    let counts: Vec<String> = kinds
        .iter()
        .filter(|kind| totals.count(**kind) > 0)
        .map(|kind| kind.kind().count(totals.count(*kind)))
        .collect();
    let mut inside = Vec::new();
    if totals.messages > 0 {
        inside.push(counted(totals.messages, "unread message"));
    }
    if totals.semaphores > 0 {
        inside.push(counted(totals.semaphores, "semaphore"));
    }
    if totals.segments > 0 {
        inside.push(format!("{} in segments", size(totals.bytes)));
    }
    let mut text = format!("{}: {}", counted(all.into(), "object"), counts.join(", "));
    if !inside.is_empty() {
        text.push_str("; ");
        text.push_str(&inside.join(", "));
    }
    text
}

fn size(bytes: u128) -> String {
    // There are no larger units, nor memories.
    let (mut text, bytes) = match u64::try_from(bytes) {
        Ok(bytes) => (String::new(), bytes),
        Err(_) => ("at least ".to_owned(), u64::MAX),
    };
    push_size(&mut text, bytes);
    text
}

fn counted(number: u128, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// That a living process may hold one of the sets that would go, and cannot be seen to; None where that can be seen.
pub(super) fn unseen(candidates: &[Candidate]) -> Option<String> {
    let hidden = candidates.iter().find_map(|candidate| undo_hidden(&candidate.usage))?;
    Some(format!("{hidden}: who holds a semaphore there without being its last user is not seen"))
}

/// Lines about what stays, and why.
pub(super) fn left_out(left: &Skipped, keep: &KeepList) -> Vec<String> {
    let parts: Vec<String> = counts(left).into_iter().map(|(count, _)| count).collect();
    let mut lines = Vec::new();
    if !parts.is_empty() {
        lines.push(format!("left out: {}", parts.join(", ")));
    }
    lines.extend(by_name(left, keep));
    lines
}

/// The same where nothing goes: what it means, and what would take it too. None where nothing stays either.
pub(super) fn nothing(left: &Skipped, keep: &KeepList) -> Vec<String> {
    let counts = counts(left).into_iter().map(|(count, meaning)| format!("  {count}{meaning}"));
    let mut lines: Vec<String> = counts.collect();
    if !lines.is_empty() {
        lines.insert(0, "nothing to remove; left out are".to_owned());
    }
    lines.extend(by_name(left, keep));
    lines
}

/// How many stay for each reason, and what there is to say about it.
fn counts(left: &Skipped) -> Vec<(String, &'static str)> {
    let mut parts: Vec<(String, &'static str)> = left
        .by_state
        .iter()
        .map(|(state, number)| match state {
            State::Active => (format!("{number} in use"), ""),
            state => (format!("{number} {}", state.word()), meaning(*state)),
        })
        .collect();
    if left.not_yours > 0 {
        parts.push((format!("{} not yours", left.not_yours), ""));
    }
    if left.unread > 0 {
        let queues = if left.unread == 1 { "queue" } else { "queues" };
        let remedy = "(--save or --discard-messages takes them too)";
        parts.push((format!("{} {queues} with unread messages {remedy}", left.unread), ""));
    }
    parts
}

/// What it means that an object in this state stays.
const fn meaning(state: State) -> &'static str {
    match state {
        State::Doomed => ": removed already, and gone at the last detach",
        State::Unknown => {
            ": a living process may use them, or that cannot be known (ipcadm ls --state unknown -o +evidence)"
        }
        State::Idle => ": a living process has used them, or somebody within the grace age (--grace)",
        State::Dormant => ": their keys are a way to them (--state dormant takes them too)",
        State::Active | State::Orphan => "",
    }
}

/// The line about those that this run takes for bystanders.
pub(super) fn set_aside(bystanders: &[Bystander]) -> Option<String> {
    let names: Vec<String> = bystanders.iter().map(|one| escape(&one.to_string()).into_owned()).collect();
    (!names.is_empty()).then(|| format!("taken for bystanders: {}", names.join(", ")))
}

/// Lines about what stays and is named.
fn by_name(left: &Skipped, keep: &KeepList) -> Vec<String> {
    let mut lines = Vec::new();
    if !left.may_know.is_empty() {
        let mut programs: Vec<(&String, &u64)> = left.may_know.iter().collect();
        programs.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
        let told = programs.iter().take(NAMED).map(|(program, number)| format!("{number} by {}", escape(program)));
        let more = if programs.len() > NAMED { ", and others" } else { "" };
        let told = told.collect::<Vec<_>>().join(", ");
        lines.push(format!("unknown because they may be used: {told}{more} (--bystander sets one aside that does not: a process's number, or a program's file)"));
    }
    for (line, ids) in &left.kept {
        let place = keep.lines.get(*line).map_or("", |line| line.place.as_str());
        lines.push(format!("kept by {place}: {}", named(ids)));
    }
    lines.extend(left.cannot_lock.iter().map(|(id, why)| format!("left out: {id}: {why}")));
    lines
}

fn named(ids: &[ObjectId]) -> String {
    let mut text = ids.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if ids.len() > NAMED {
        text.push_str(&format!(" and {} more", ids.len() - NAMED));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_size_beyond_all_units_is_said_to_be() {
        assert_eq!([size(0), size(4096), size(u64::MAX.into())], ["0", "4.0K", "16E"]);
        assert_eq!([size(1 << 64), size(u128::MAX)], ["at least 16E"; 2]);
    }
}
