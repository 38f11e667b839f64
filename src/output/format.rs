//! The options that say in what format, and how sizes and times are shown.

use clap::{Args, ValueEnum};

use crate::output::context;
use crate::render::style::{Style, TimeStyle};

/// How objects are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values (RFC 4180)
    Csv,
}

/// `--format` and `--json`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FormatArgs {
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    format: Format,
    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl FormatArgs {
    /// The format chosen.
    pub(crate) fn format(self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// How sizes and times are shown in tables.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct StyleArgs {
    /// Show sizes in bytes
    #[arg(short, long)]
    bytes: bool,
    /// Show times as age, iso or full
    #[arg(long, value_enum, value_name = "STYLE", default_value = "age", hide_default_value = true)]
    time: TimeArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TimeArg {
    /// How long ago: 3h
    Age,
    /// 2026-11-21T05:13:50+01:00
    Iso,
    /// Sat 2026-11-21 05:13:50 CET
    Full,
}

impl StyleArgs {
    /// The style chosen, fitted to standard output.
    pub(crate) fn style(self) -> Style {
        let time = match self.time {
            TimeArg::Age => TimeStyle::Age,
            TimeArg::Iso => TimeStyle::Iso,
            TimeArg::Full => TimeStyle::Full,
        };
        context::style(self.bytes, time, true)
    }
}
