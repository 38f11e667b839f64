//! How values are shown to people.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::sys::clock::now;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeStyle {
    /// `3h`.
    #[default]
    Age,
    /// `2026-11-21T05:13:50+01:00`.
    Iso,
    /// `Sat 2026-11-21 05:13:50 CET`.
    Full,
}

#[derive(Clone, Debug)]
pub struct Style {
    /// Exact bytes instead of `4.0K`.
    pub bytes: bool,
    pub time: TimeStyle,
    /// Seconds since 1970; ages count from here.
    pub now: i64,
    /// The local time zone; read only if `time` needs it.
    pub zone: Option<TimeZone>,
    /// Emphasise with escape sequences.
    pub color: bool,
    /// Terminal width; None when the output is no terminal.
    pub width: Option<usize>,
    pub header: bool,
    /// Blanks before each line of a table.
    pub indent: usize,
}

impl Style {
    pub fn new(bytes: bool, time: TimeStyle) -> Self {
        let zone = (time != TimeStyle::Age).then(TimeZone::system);
        Self { bytes, time, now: now(), zone, color: false, width: None, header: true, indent: 0 }
    }

    /// Appends a time in seconds since 1970.
    pub(crate) fn push_time(&self, out: &mut String, seconds: i64) {
        use std::fmt::Write as _;
        let Some(zone) = &self.zone else {
            super::units::push_age(out, self.now.saturating_sub(seconds));
            return;
        };
        let Ok(time) = Timestamp::from_second(seconds) else {
            // Outside the years -9999 to 9999 only the number can be shown.
            super::units::push_i64(out, seconds);
            return;
        };
        let local = time.to_zoned(zone.clone());
        let format = if self.time == TimeStyle::Iso { "%Y-%m-%dT%H:%M:%S%:z" } else { "%a %Y-%m-%d %H:%M:%S %Z" };
        // Only a wrong format could make this fail, which a test rules out.
        let _ = write!(out, "{}", local.strftime(format));
    }
}

/// Appends a time for machines: UTC, `2026-11-21T05:13:50Z`.
pub(crate) fn push_utc(out: &mut String, seconds: i64) {
    use std::fmt::Write as _;
    match Timestamp::from_second(seconds) {
        Ok(time) => {
            let _ = write!(out, "{time}");
        }
        Err(_) => super::units::push_i64(out, seconds),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{Style, TimeStyle, push_utc};

    fn shown(time: TimeStyle, zone: Option<TimeZone>, seconds: i64) -> String {
        let style = Style { time, now: 1_795_238_000, zone, ..Style::new(false, TimeStyle::Age) };
        let mut out = String::new();
        style.push_time(&mut out, seconds);
        out
    }

    #[test]
    fn the_three_styles() {
        let berlin = || TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").ok();
        assert_eq!(shown(TimeStyle::Age, None, 1_795_238_000 - 3 * 3600), "3h");
        assert_eq!(shown(TimeStyle::Iso, berlin(), 1_795_238_000), "2026-11-21T06:13:20+01:00");
        assert_eq!(shown(TimeStyle::Full, berlin(), 1_795_238_000), "Sat 2026-11-21 06:13:20 CET");
        assert_eq!(shown(TimeStyle::Full, berlin(), i64::MAX), i64::MAX.to_string());
    }

    #[test]
    fn machines_get_utc() {
        let mut out = String::new();
        push_utc(&mut out, 1_795_238_000);
        assert_eq!(out, "2026-11-21T05:13:20Z");
    }
}
