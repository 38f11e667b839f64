//! `msg purge`: discards messages.

use std::ffi::OsString;

use clap::Args;

use crate::commands::shared::messages::{WantedArgs, held};
use crate::commands::shared::targets;
use crate::error::{Error, Result, Status};
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::inventory;
use crate::output::context::say;
use crate::output::format::{Format, FormatArgs};
use crate::output::prompt::confirm;
use crate::output::report::{Outcome, Report, ReportOptions};
use crate::queue::receive::discard;
use crate::queue::{Queue, counted};
use crate::render::value::Value;
use crate::sys::msg::Wanted;

/// Discard messages
///
/// Never more than were there at the start. Asks first on the terminal; without one --yes is needed.
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// Queue to discard from
    #[arg(value_name = "REF")]
    reference: OsString,
    #[command(flatten)]
    wanted: WantedArgs,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Print no line of success
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &PurgeArgs) -> Result<Status> {
    let reference = targets::queue(&args.reference)?;
    let queue = Queue::find(&reference)?;
    let number = held(&queue);
    let options = ReportOptions { format: args.format.format(), quiet: args.quiet, dry_run: false };
    // Nothing is lost where nothing is.
    if number > 0 && !args.yes && !args.confirmed(&queue, number) {
        return Ok(Status::Refused);
    }
    let mut report = Report::new(options, &[queue.object])?;
    // While the question stood, another queue may have got the id. One that is gone is told by the first call.
    if let Ok(Some(now)) = inventory::look(queue.object.id)
        && let Comparison::Changed(what) = Fingerprint::of(&queue.object).compare(&now)
    {
        let reason = format!("it has changed meanwhile: another {what}");
        let error =
            Error::cannot(Status::Refused, &format!("purge {}", queue.text), reason, Some("nothing was discarded"));
        report.failed(&queue.text, Some(&now), Outcome::Kept, &error);
        return report.finish();
    }
    let (discarded, failure) = match discard(&queue, args.wanted.wanted(), number) {
        Ok(discarded) => (discarded, None),
        Err((discarded, error)) => (discarded, Some(error)),
    };
    let after = inventory::look(queue.object.id).ok().flatten().unwrap_or(queue.object);
    let line = format!("discarded {} from {}", counted(discarded), queue.text);
    let outcome = if discarded > 0 { Outcome::Changed } else { Outcome::Kept };
    match failure {
        None => report.done_with(&after, outcome, discarded > 0, &line, |record| {
            record.value("discarded", Value::Number(discarded));
        }),
        Some(error) if discarded > 0 => {
            say(&line);
            report.half_done(&queue.text, &after, &error);
        }
        Some(error) => report.failed(&queue.text, Some(&after), Outcome::Failed, &error),
    }
    report.finish()
}

impl PurgeArgs {
    fn confirmed(&self, queue: &Queue, number: u64) -> bool {
        let what = match self.wanted.wanted() {
            Wanted::First => format!("all of its {}", counted(number)),
            Wanted::Type(mtype) => format!("those of type {mtype} among its {}", counted(number)),
            Wanted::UpTo(mtype) => format!("those of types up to {mtype} among its {}", counted(number)),
            Wanted::Except(mtype) => format!("those not of type {mtype} among its {}", counted(number)),
        };
        // JSON never prompts.
        let question = format!("{}: discard {what}?", queue.text);
        let answer = if self.format.format() == Format::Table { confirm(&question) } else { None };
        match answer {
            Some(true) => {}
            Some(false) => say("nothing was discarded"),
            None => say(&format!("nothing was discarded from {}: --yes discards {what}", queue.text)),
        }
        answer == Some(true)
    }
}
