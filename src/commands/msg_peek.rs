//! `msg peek`: looks at messages and leaves them where they are.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use clap::Args;

use crate::commands::shared::messages::{RecordArgs, WantedArgs, none};
use crate::commands::shared::targets;
use crate::error::{Error, Result, Status};
use crate::option_values::{count, count_from_1};
use crate::output::context::note;
use crate::output::stdout::Out;
use crate::queue::encode::Encoder;
use crate::queue::peek::{QueuePeeker, Seen};
use crate::queue::{Queue, counted};
use crate::sys::msg::Wanted;

/// Messages that --all shows by default; looking at them takes about 0.25 s.
const LIMIT: u64 = 10_000;

/// Look at messages without taking them
///
/// The cost grows with the square of the number: the kernel walks to each message from the first.
#[derive(Debug, Args)]
pub struct PeekArgs {
    /// Queue to look into
    #[arg(value_name = "REF")]
    reference: OsString,
    #[command(flatten)]
    wanted: WantedArgs,
    /// The message at this position, from 0
    #[arg(long, value_name = "N", value_parser = count::<u32>, conflicts_with_all = ["mtype", "up_to", "except", "all", "limit"])]
    index: Option<u32>,
    /// All messages, up to 10000 unless --limit says otherwise
    #[arg(long)]
    all: bool,
    /// The first N messages
    #[arg(long, value_name = "N", value_parser = count_from_1)]
    limit: Option<u64>,
    #[command(flatten)]
    records: RecordArgs,
}

pub fn run(args: &PeekArgs) -> Result<Status> {
    let reference = targets::queue(&args.reference)?;
    let most = args.limit.unwrap_or(if args.all { LIMIT } else { 1 });
    let format = if args.all || most > 1 { args.records.format_for_several()? } else { args.records.format() };
    let mut shown = Shown { out: Out::stdout()?, encoder: Encoder::new(format, io::stdout().is_terminal()), number: 0 };
    let queue = Queue::find(&reference)?;
    let mut peeker = QueuePeeker::new(&queue)?;
    let one = !args.all && args.limit.is_none();
    // By index, so that a later message does not replace a first one that cannot be looked at.
    let first = (one && args.wanted.wanted() == Wanted::First).then_some(0);
    if let Some(index) = args.index.or(first) {
        if let Some(seen) = peeker.at(index)? {
            shown.show(&seen)?;
        }
    } else {
        if most.min(peeker.number()) > LIMIT {
            note(&format!("looking at {} takes long and slows down their users", counted(peeker.number())));
        }
        let more = peeker.each(args.wanted.wanted(), most, |seen| shown.show(seen))?;
        if more && args.all {
            note(&format!("these are the first {most} of {}; --limit shows more", counted(peeker.number())));
        }
    }
    let Shown { out, number, .. } = shown;
    out.finish()?;
    for index in peeker.unseen() {
        note(&format!("message {index} is larger than kernel.msgmax now allows and cannot be looked at"));
    }
    if peeker.has_changed() {
        note(&format!("{} was used meanwhile: messages may be missing", queue.text));
    }
    if number > 0 || args.all || args.limit.is_some() {
        return Ok(Status::Done);
    }
    if !peeker.unseen().is_empty() {
        // Any of those may be the one.
        return Ok(Status::Failed);
    }
    let (what, reason) = match args.index {
        Some(index) => (format!("look at message {index} of {}", queue.text), none(Wanted::Type(1))),
        None => (format!("look into {}", queue.text), none(args.wanted.wanted())),
    };
    let remedy = format!("the queue holds {}", counted(peeker.number()));
    Err(Error::cannot(Status::WouldBlock, &what, reason, Some(&remedy)))
}

struct Shown {
    out: Out,
    encoder: Encoder,
    number: u64,
}

impl Shown {
    fn show(&mut self, seen: &Seen) -> Result<()> {
        self.number += 1;
        let mut record = Vec::with_capacity(seen.text.len() + 1);
        self.encoder.push(&mut record, Some(seen.index), seen.mtype, &seen.text).map_err(|ambiguous| {
            let operation = format!("write message {} as a record", seen.index);
            Error::cannot(Status::Failed, &operation, ambiguous, None)
        })?;
        self.out.write_all(&record).map_err(Error::Output)
    }
}
