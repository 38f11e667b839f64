//! `msg send`: sends messages to a queue.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use clap::Args;

use crate::commands::shared::messages::{RecordArgs, WaitArgs, mtype};
use crate::commands::shared::targets;
use crate::error::{Error, Result, Status, os_message};
use crate::output::context::{note, verbose};
use crate::queue::input::{BadInput, Records};
use crate::queue::send::Sender;
use crate::queue::size_limits::SizeLimits;
use crate::queue::{Format, Queue, counted};
use crate::render::escape::escape_bytes;
use crate::sys::startup;

/// Size of the read buffer in bytes.
const AHEAD: usize = 64 * 1024;

/// Send messages
///
/// Without TEXT, standard input is one message, whatever bytes it holds. What can never fit is refused, before
/// anything is sent where that can be known.
#[derive(Debug, Args)]
pub struct SendArgs {
    /// Queue to send to
    #[arg(value_name = "REF")]
    reference: OsString,
    /// Text of the message; nothing is added to it
    #[arg(value_name = "TEXT", conflicts_with_all = ["file", "lines", "null", "jsonl"])]
    text: Option<OsString>,
    /// Type of the messages, or of those whose JSON tells none
    #[arg(long = "type", value_name = "N", value_parser = mtype, default_value = "1", allow_hyphen_values = true)]
    mtype: i64,
    /// Read FILE instead of standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    records: RecordArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub fn run(args: &SendArgs) -> Result<Status> {
    let reference = targets::queue(&args.reference)?;
    if args.text.as_ref().is_some_and(|text| text.is_empty()) {
        let message = "an empty TEXT (an unset variable?); to send an empty message: ipcadm msg send REF < /dev/null";
        return Err(Error::Usage(message.to_owned()));
    }
    let input = match &args.text {
        Some(_) => None,
        None => Some(args.input()?),
    };
    let queue = Queue::find(&reference)?;
    let limits = SizeLimits::of(&queue.object);
    let mut sender = Sender::new(&queue, args.wait.wait())?;
    match (&args.text, input) {
        (Some(text), _) => {
            let text = text.as_bytes();
            limits.check("the message", &queue.text, Some(text.len()))?;
            sender.send(args.mtype, text)?;
        }
        (None, Some(input)) => args.send_all(input, &queue, limits, &mut sender)?,
        (None, None) => {}
    }
    verbose(|| format!("sent {} to {}", counted(sender.sent()), queue.text));
    Ok(Status::Done)
}

struct Input {
    file: File,
    name: String,
    /// The offset of the first message in a regular file, which can be read twice.
    start: Option<u64>,
}

impl SendArgs {
    fn input(&self) -> Result<Input> {
        let path = self.file.as_deref().filter(|path| path.as_os_str() != "-");
        let (name, opened) = match path {
            Some(path) if path.as_os_str().is_empty() => {
                return Err(Error::Usage("--file is empty (an unset variable?)".to_owned()));
            }
            Some(path) => (escape_bytes(path.as_os_str().as_bytes()).into_owned(), File::open(path)),
            None => {
                let stdin = io::stdin();
                if stdin.is_terminal() {
                    note("reading from the terminal; Ctrl-D ends it");
                }
                ("standard input".to_owned(), startup::stdin())
            }
        };
        let opened = opened.and_then(|mut file| {
            let regular = file.metadata()?.is_file();
            let start = if regular { Some(file.stream_position()?) } else { None };
            Ok(Input { file, name: name.clone(), start })
        });
        opened.map_err(|error| unreadable(&name, &error))
    }

    fn send_all(&self, input: Input, queue: &Queue, limits: SizeLimits, sender: &mut Sender<'_>) -> Result<()> {
        let Input { mut file, name, start } = input;
        let format = self.records.format();
        let place = Place { name: &name, queue, limits, lines: format == Format::Jsonl, one: format == Format::Raw };
        // A file is read to its end before anything is sent, a pipe cannot be: somebody may be writing it for hours.
        if let Some(start) = start.filter(|_| format != Format::Raw) {
            let mut records = Records::new(BufReader::with_capacity(AHEAD, &file), format, limits.largest());
            loop {
                match records.read_next() {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(bad) => return Err(place.refuse(bad, records.number(), 0)),
                }
            }
            file.seek(SeekFrom::Start(start)).map_err(|error| unreadable(&name, &error))?;
        }
        let mut records = Records::new(BufReader::with_capacity(AHEAD, file), format, limits.largest());
        loop {
            match records.read_next() {
                Ok(Some(record)) => {
                    limits.check("the message", &queue.text, Some(record.text.len()))?;
                    sender.send(record.mtype.unwrap_or(self.mtype), record.text)?;
                }
                Ok(None) => return Ok(()),
                Err(bad) => return Err(place.refuse(bad, records.number(), sender.sent())),
            }
        }
    }
}

/// What messages about malformed input need.
struct Place<'a> {
    name: &'a str,
    queue: &'a Queue,
    limits: SizeLimits,
    lines: bool,
    one: bool,
}

impl Place<'_> {
    /// The error for a malformed record. It is a usage error as long as nothing was sent.
    fn refuse(&self, bad: BadInput, number: u64, sent: u64) -> Error {
        let place = match self {
            Self { one: true, name, .. } => (*name).to_owned(),
            Self { lines: true, name, .. } => format!("line {number} of {name}"),
            Self { name, .. } => format!("message {number} of {name}"),
        };
        let error = match bad {
            BadInput::Read(error) => unreadable(self.name, &error),
            BadInput::Malformed(reason) => Error::Usage(format!("{place}: {reason}")),
            BadInput::TooLarge => match self.limits.check(&place, &self.queue.text, None) {
                Err(error) => error,
                Ok(()) => Error::cannot(Status::Failed, &format!("send {place}"), "it is larger than 2 GiB", None),
            },
        };
        if sent == 0 {
            return error;
        }
        Error::Failed { status: Status::Failed, message: format!("{error}; {} sent before", counted(sent)) }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    let status = if denied { Status::Denied } else { Status::Failed };
    Error::cannot(status, &format!("read {name}"), os_message(error), None)
}
