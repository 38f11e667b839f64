//! Options of the commands on messages: which messages, in what format, how long to wait.

use std::time::Duration;

use clap::Args;

use crate::error::{Error, Result};
use crate::option_values::duration;
use crate::queue::{Format, Queue};
use crate::sys::Wait;
use crate::sys::msg::Wanted;

/// Which messages are meant; without any of these, all, the first first.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct WantedArgs {
    /// Messages of type N
    #[arg(long = "type", value_name = "N", value_parser = mtype, allow_hyphen_values = true,
        conflicts_with_all = ["up_to", "except"])]
    mtype: Option<i64>,
    /// Messages of types up to N, the lowest type first
    #[arg(long, value_name = "N", value_parser = mtype, allow_hyphen_values = true, conflicts_with = "except")]
    up_to: Option<i64>,
    /// Messages of any type but N
    #[arg(long, value_name = "N", value_parser = mtype, allow_hyphen_values = true)]
    except: Option<i64>,
}

impl WantedArgs {
    pub(crate) fn wanted(self) -> Wanted {
        match self {
            Self { mtype: Some(mtype), .. } => Wanted::Type(mtype),
            Self { up_to: Some(mtype), .. } => Wanted::UpTo(mtype),
            Self { except: Some(mtype), .. } => Wanted::Except(mtype),
            _ => Wanted::First,
        }
    }
}

pub(crate) fn none(wanted: Wanted) -> &'static str {
    if wanted == Wanted::First { "no message is there" } else { "no such message is there" }
}

pub(crate) fn mtype(text: &str) -> std::result::Result<i64, String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits(text) && number > 0 => Ok(number),
        _ if text.strip_prefix('-').is_some_and(digits) => {
            Err(format!("a type is 1 or more; the lowest type up to {0} is --up-to {0}", &text[1..]))
        }
        _ => Err(format!("a type is a whole number from 1 to {}", i64::MAX)),
    }
}

/// How messages stand in a stream; without any of these, one message is the whole stream.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct RecordArgs {
    /// One message a line
    #[arg(long, conflicts_with_all = ["null", "jsonl"])]
    lines: bool,
    /// One message up to each NUL byte
    #[arg(short = '0', long, conflicts_with = "jsonl")]
    null: bool,
    /// One JSON object a line: {"type":3,"text":"…"}, or "base64"
    #[arg(long)]
    jsonl: bool,
}

impl RecordArgs {
    pub(crate) fn format(self) -> Format {
        match self {
            Self { lines: true, .. } => Format::Lines,
            Self { null: true, .. } => Format::Null,
            Self { jsonl: true, .. } => Format::Jsonl,
            _ => Format::Raw,
        }
    }

    /// Refuses raw output of several messages, because it does not separate them.
    pub(crate) fn format_for_several(self) -> Result<Format> {
        match self.format() {
            Format::Raw => {
                Err(Error::Usage("several messages need a format: --lines, -0 (--null) or --jsonl".to_owned()))
            }
            format => Ok(format),
        }
    }
}

/// How long to wait for each message.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct WaitArgs {
    /// Do not wait
    #[arg(long, conflicts_with = "timeout")]
    no_wait: bool,
    /// Wait so long for each message
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
}

impl WaitArgs {
    pub(crate) fn wait(self) -> Wait {
        match self {
            Self { no_wait: true, .. } => Wait::Not,
            Self { timeout: Some(timeout), .. } => Wait::AtMost(timeout),
            _ => Wait::Forever,
        }
    }
}

/// How many messages a queue held when it was looked up.
pub(crate) fn held(queue: &Queue) -> u64 {
    queue.object.as_queue().map_or(0, |queue| queue.qnum)
}

#[cfg(test)]
mod tests {
    use super::mtype;

    #[test]
    fn types_are_positive_numbers() {
        assert_eq!(mtype("1"), Ok(1));
        assert_eq!(mtype("9223372036854775807"), Ok(i64::MAX));
        for bad in ["", "0", "-1", "-", "+1", "1x", " 1", "1.0", "9223372036854775808"] {
            assert!(mtype(bad).is_err(), "{bad:?}");
        }
        assert!(mtype("-3").is_err_and(|error| error.contains("--up-to 3")));
    }
}
