//! `set`: changes owner, group, mode or the capacity of a queue.

use std::ffi::OsString;

use clap::Args;

use crate::commands::shared::targets;
use crate::error::{Error, Result, Status};
use crate::kind::class::Attributes;
use crate::kind::model::{Kind, Object};
use crate::kind::system_v::SystemV;
use crate::object::change::Change;
use crate::object::mode::{ModeChange, mode_change};
use crate::object::names::{group_text, user_text};
use crate::object::permission;
use crate::option_values::{capacity, group, non_empty, user};
use crate::output::format::FormatArgs;
use crate::output::list::Record;
use crate::output::report::{Outcome, Report, ReportOptions};
use crate::output::stdout::Out;
use crate::render::value::Value;

/// Change owner, group, mode or queue capacity
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["mode", "owner", "group", "qbytes"])))]
pub struct SetArgs {
    /// Objects to change; '-' reads them from standard input
    #[arg(value_name = "REF", required = true)]
    refs: Vec<OsString>,
    /// New mode, octal or symbolic: 0640, u+rw,g-w
    #[arg(long, value_name = "MODE", value_parser = mode_change, allow_hyphen_values = true)]
    mode: Option<ModeChange>,
    /// New owner, a name or number
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    owner: Option<String>,
    /// New group, a name or number
    #[arg(long, value_name = "GROUP", value_parser = non_empty)]
    group: Option<String>,
    /// New capacity of a queue in bytes, 1 to 2147483647
    #[arg(long, value_name = "SIZE", value_parser = capacity)]
    qbytes: Option<u64>,
    /// Shrink a queue below what it holds, or below what it can be given again
    #[arg(short, long)]
    force: bool,
    /// Say what would be changed, and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print no lines of success
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &SetArgs, implied: Option<Kind>) -> Result<Status> {
    let targets = targets::parse(&args.refs, implied)?;
    if args.qbytes.is_some()
        && let Some(other) = targets.iter().find(|target| target.kind().system_v() != Some(SystemV::Queue))
    {
        let noun = other.kind().noun();
        return Err(Error::Usage(format!("--qbytes: {} is a {noun}; only queues have a capacity", other.text())));
    }
    let change = Change {
        mode: args.mode.clone(),
        owner: args.owner.as_deref().map(|name| user("--owner", name)).transpose()?,
        group: args.group.as_deref().map(|name| group("--group", name)).transpose()?,
        qbytes: args.qbytes,
        force: args.force,
    };
    let (looked_up, objects) = targets::look_up(&targets);
    let options = ReportOptions { format: args.format.format(), quiet: args.quiet, dry_run: args.dry_run };
    // Its names must be those of the new owners too.
    let previews = objects.iter().map(|object| change.preview(object));
    let mut report = Report::new(options, &objects.iter().copied().chain(previews).collect::<Vec<_>>())?;
    for (target, found) in looked_up {
        match found {
            Ok(Some(found)) => {
                let text = found.to_string();
                let result = targets::unchanged(target, &found.object).and_then(|()| {
                    if args.dry_run {
                        change.check(&found.object, &text)?;
                        permission::preview(&found.object, &format!("change {text}"))?;
                        Ok(change.preview(&found.object))
                    } else {
                        change.apply(&found.object, &text)
                    }
                });
                match result {
                    Ok(after) => changed(&text, &found.object, &after, args.dry_run, &mut report),
                    Err(error) => {
                        let outcome = if error.status() == Status::Refused { Outcome::Kept } else { Outcome::Failed };
                        report.failed(&text, Some(&found.object), outcome, &error);
                    }
                }
            }
            Ok(None) => report.failed(&target.text(), None, Outcome::Failed, &target.absent()),
            Err(error) => report.failed(&target.text(), None, Outcome::Failed, &error),
        }
    }
    report.finish()
}

fn changed(text: &str, before: &Object, after: &Object, dry_run: bool, report: &mut Report) {
    let (old, new) = (Attributes::of(before), Attributes::of(after));
    let mut parts = Vec::new();
    if old.mode != new.mode {
        parts.push(format!("mode {} -> {}", old.mode, new.mode));
    }
    if old.uid != new.uid {
        parts.push(format!("owner {} -> {}", user_text(old.uid), user_text(new.uid)));
    }
    if old.gid != new.gid {
        parts.push(format!("group {} -> {}", group_text(old.gid), group_text(new.gid)));
    }
    if old.qbytes != new.qbytes {
        let shown = |qbytes: Option<u64>| qbytes.map_or_else(|| "?".to_owned(), |qbytes| qbytes.to_string());
        parts.push(format!("capacity {} -> {}", shown(old.qbytes), shown(new.qbytes)));
    }
    let was = |record: &mut Record<'_, Out>| write_was(record, old, new);
    if parts.is_empty() {
        report.done_with(after, Outcome::Kept, false, format!("{text}: unchanged"), was);
    } else {
        let would = if dry_run { "would change " } else { "" };
        report.done_with(after, Outcome::Changed, true, format_args!("{would}{text}: {}", parts.join(", ")), was);
    }
}

/// Writes the old values of what changed.
fn write_was(record: &mut Record<'_, Out>, old: Attributes, new: Attributes) {
    record.record("was", |record| {
        if old.mode != new.mode {
            record.value("mode", Value::Octal(old.mode.permissions()));
        }
        if old.uid != new.uid {
            record.value("uid", Value::Number(old.uid.raw().into()));
        }
        if old.gid != new.gid {
            record.value("gid", Value::Number(old.gid.raw().into()));
        }
        if old.qbytes != new.qbytes {
            record.value("qbytes", old.qbytes.map_or(Value::Null, Value::Number));
        }
    });
}
