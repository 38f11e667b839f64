//! `msg recv`: receives messages without losing any.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::Command;

use clap::Args;

use crate::commands::shared::messages::{RecordArgs, WaitArgs, WantedArgs, held, none};
use crate::commands::shared::{child, targets};
use crate::error::{Error, OWN_FAILURE, Result, Status, os_message};
use crate::option_values::{count_from_1, exit_status, size};
use crate::output::context::{note, say, verbose};
use crate::output::stdout::stdout_file;
use crate::queue::encode::Encoder;
use crate::queue::receive::{Next, Receiver, take_none};
use crate::queue::requeue::{Pending, requeue};
use crate::queue::sink::{Sink, Unwritten};
use crate::queue::{Queue, counted};
use crate::render::escape::escape_bytes;
use crate::sys::signals::{self, wake};
use crate::sys::{Wait, memory, process};

/// The environment variable that tells CMD the type of its message.
const TYPE_VARIABLE: &str = "IPCADM_TYPE";

/// Receive messages
///
/// What cannot be written out goes back to the end of the queue. With CMD, each message is its standard input and its
/// type is in IPCADM_TYPE; if CMD fails, the message goes back and the exit status is CMD's. 125 is then a failure of
/// ipcadm's own, 126 and 127 are as for env(1).
#[derive(Debug, Args)]
pub struct RecvArgs {
    /// Queue to receive from
    #[arg(value_name = "REF")]
    reference: OsString,
    #[command(flatten)]
    wanted: WantedArgs,
    /// Receive N messages instead of one
    #[arg(long, value_name = "N", value_parser = count_from_1, conflicts_with_all = ["all", "follow"])]
    count: Option<u64>,
    /// Receive all that are there, and do not wait
    #[arg(long, conflicts_with_all = ["follow", "timeout"])]
    all: bool,
    /// Receive for ever
    #[arg(long, conflicts_with = "no_wait")]
    follow: bool,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    records: RecordArgs,
    /// Take no message larger than SIZE
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_size: Option<u64>,
    /// Take larger messages too, and cut them
    #[arg(long, requires = "max_size")]
    truncate: bool,
    /// With CMD, exit with STATUS instead of 125 when there is no message (in time)
    #[arg(short = 'E', long, value_name = "STATUS", value_parser = exit_status, requires = "command")]
    conflict_exit_code: Option<u8>,
    /// Program to run for each message
    #[arg(value_name = "CMD", last = true, conflicts_with_all = ["lines", "null", "jsonl"])]
    command: Vec<OsString>,
}

/// Receives.
///
/// # Errors
/// Status 6 or 7 when there is no message, 8 when the queue is removed meanwhile, 3, 4, 2, or 1; with a program every
/// failure of our own is 125.
pub fn run(args: &RecvArgs) -> Result<u8> {
    let runs = !args.command.is_empty();
    match args.receive() {
        Ok(code) => Ok(code),
        Err(error) if runs => {
            say(&error.to_string());
            let waited = matches!(error.status(), Status::WouldBlock | Status::TimedOut);
            Ok(args.conflict_exit_code.filter(|_| waited).unwrap_or(OWN_FAILURE))
        }
        Err(error) => Err(error.broken_pipe_is_error()),
    }
}

impl RecvArgs {
    fn receive(&self) -> Result<u8> {
        let reference = targets::queue(&self.reference)?;
        let several = self.all || self.follow || self.count.is_some_and(|count| count > 1);
        child::check(&self.command)?;
        let program = self.command.split_first();
        let format =
            if several && program.is_none() { self.records.format_for_several()? } else { self.records.format() };
        // Standard output is opened before any message is taken.
        let sink = match program {
            Some(_) => None,
            None => Some(Sink::new(stdout_file()?, Encoder::new(format, io::stdout().is_terminal()), self.cut())),
        };
        let queue = Queue::find(&reference)?;
        let wait = if self.all { Wait::Not } else { self.wait.wait() };
        let most = match self.cut() {
            // Messages are received whole, so that they can be given back whole.
            Some(_) => None,
            None => self.max_size.map(|size| usize::try_from(size).unwrap_or(usize::MAX)),
        };
        let mut receiver = Receiver::new(&queue, self.wanted.wanted(), wait, most)?;
        let number = match (self.all, self.follow) {
            // A number, because a busy sender may never let the queue become empty.
            (true, _) => held(&queue),
            (_, true) => u64::MAX,
            _ => self.count.unwrap_or(1),
        };
        if number == 0 {
            take_none(&queue, "receive from")?;
        }
        let code = match (program, sink) {
            (Some((program, arguments)), _) => self.run_each(&queue, &mut receiver, number, program, arguments)?,
            (None, Some(sink)) => self.write_out(&queue, &mut receiver, number, sink)?,
            (None, None) => OWN_FAILURE,
        };
        verbose(|| format!("received {} from {}", counted(receiver.received()), queue.text));
        Ok(code)
    }

    fn cut(&self) -> Option<usize> {
        self.max_size.filter(|_| self.truncate).map(|size| usize::try_from(size).unwrap_or(usize::MAX))
    }

    fn write_out(&self, queue: &Queue, receiver: &mut Receiver<'_>, number: u64, mut sink: Sink) -> Result<u8> {
        // If the reader is gone already, nothing needs to be taken and given back out of order.
        sink.settle().map_err(|why| undelivered(queue, &mut sink, why))?;
        let ended = loop {
            if receiver.received() >= number {
                break Ok(Next::Message);
            }
            match receiver.next(|| sink.settle().map_err(|why| undelivered(queue, &mut sink, why))) {
                Ok(Next::Message) => {
                    let message = receiver.message();
                    if let Err(why) = sink.add(message.mtype(), message.text()) {
                        break Err(undelivered(queue, &mut sink, why));
                    }
                }
                other => break other,
            }
        };
        // Messages that were taken are written even after an error.
        let flushed = sink.flush().map_err(|why| undelivered(queue, &mut sink, why));
        if sink.number_cut() > 0 {
            note(&format!("{} cut to --max-size", counted(sink.number_cut())));
        }
        match (ended, flushed) {
            (Ok(next), flushed) => flushed.and_then(|()| self.end(queue, receiver, next)),
            (Err(error), Ok(())) => Err(error),
            (Err(error), Err(unwritten)) => {
                say(&unwritten.to_string());
                Err(error)
            }
        }
    }

    fn run_each(
        &self,
        queue: &Queue,
        receiver: &mut Receiver<'_>,
        number: u64,
        program: &OsString,
        arguments: &[OsString],
    ) -> Result<u8> {
        while receiver.received() < number {
            match receiver.next(|| Ok(()))? {
                Next::Message => {}
                next => return self.end(queue, receiver, next),
            }
            let message = receiver.message();
            let (mtype, text) = (message.mtype(), message.text());
            let text_shown = self.cut().and_then(|cut| text.get(..cut)).unwrap_or(text);
            let mut command = Command::new(program);
            command.args(arguments).env(TYPE_VARIABLE, mtype.to_string());
            let (code, reason) = run_with(command, text_shown);
            if code == Status::Done.code() {
                continue;
            }
            let mut taken = Pending::default();
            taken.push(mtype, text);
            let back = requeue(queue.object.id, &taken);
            let name = escape_bytes(program.as_encoded_bytes());
            say(&format!("{name}: {reason}; {back}"));
            if let Some(signal) = wake::caught() {
                signals::die_by(signal);
            }
            return Ok(code);
        }
        Ok(Status::Done.code())
    }

    /// The status when no further message came.
    fn end(&self, queue: &Queue, receiver: &Receiver<'_>, next: Next) -> Result<u8> {
        let received = receiver.received();
        let (status, reason) = match next {
            Next::Message => return Ok(Status::Done.code()),
            Next::Nothing if self.all => return Ok(Status::Done.code()),
            Next::Stopped(signal) => signals::die_by(signal),
            Next::Nothing => (Status::WouldBlock, none(self.wanted.wanted())),
            Next::TimedOut => (Status::TimedOut, "timed out"),
        };
        let after = format!("{} received before", counted(received));
        let operation = format!("receive from {}", queue.text);
        Err(Error::cannot(status, &operation, reason, (received > 0).then_some(after.as_str())))
    }
}

/// Runs the program with `input` as standard input; returns its status as a shell gives it, and a description.
fn run_with(mut command: Command, input: &[u8]) -> (u8, String) {
    match memory::file_of(input) {
        Ok(file) => command.stdin(file),
        // The program is not to blame.
        Err(error) => return (OWN_FAILURE, format!("no file in memory for the message: {}", os_message(&error))),
    };
    match process::run(command).map(process::shell_status) {
        Ok(code) => (code, format!("ended with status {code}")),
        Err(error) => (child::not_run_status(&error), os_message(&error)),
    }
}

/// Gives back the messages that could not be written. Does not return if a signal asked to stop.
fn undelivered(queue: &Queue, sink: &mut Sink, why: Unwritten) -> Error {
    let taken = sink.take_unwritten();
    let back = (!taken.is_empty()).then(|| requeue(queue.object.id, &taken).to_string());
    let (operation, reason) = match why {
        Unwritten::Failed(error) => ("write to standard output".to_owned(), os_message(&error)),
        Unwritten::Ambiguous(reason) => (format!("write a message of {} as a record", queue.text), reason.to_string()),
        Unwritten::Stopped(signal) => {
            if let Some(back) = back {
                say(&format!("stopped before everything was written; {back}"));
            }
            signals::die_by(signal)
        }
    };
    Error::cannot(Status::Failed, &operation, reason, back.as_deref())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::RecvArgs;
    use crate::queue::Format;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: RecvArgs,
    }

    #[test]
    fn a_program_takes_raw_messages() {
        let line = Line::try_parse_from(["recv", "msg:0", "--all", "--", "cat", "--lines"]).unwrap();
        assert_eq!(line.args.command, ["cat", "--lines"]);
        assert_eq!(line.args.records.format(), Format::Raw);
        assert!(Line::try_parse_from(["recv", "msg:0", "--lines", "--", "cat"]).is_err());
        assert!(Line::try_parse_from(["recv", "msg:0", "-E", "3"]).is_err());
    }
}
