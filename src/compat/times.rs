//! Formats times as util-linux does in the C locale.

use crate::render::units::{push_i64, push_u64};
use crate::sys::Timestamp;
use crate::sys::clock::{LocalTime, local_time};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

fn month_name(month: u8) -> &'static str {
    MONTHS.get(usize::from(month).wrapping_sub(1)).unwrap_or(&"???")
}

fn push_two(out: &mut String, number: u8) {
    out.push(char::from(b'0' + number / 10 % 10));
    out.push(char::from(b'0' + number % 10));
}

/// `Nov  1 05:13:50`.
fn push_day_and_time(out: &mut String, time: &LocalTime) {
    out.push_str(month_name(time.month));
    out.push_str(if time.day < 10 { "  " } else { " " });
    push_u64(out, time.day.into());
    out.push(' ');
    push_clock(out, time);
}

/// `05:13:50`.
fn push_clock(out: &mut String, time: &LocalTime) {
    push_two(out, time.hour);
    out.push(':');
    push_two(out, time.minute);
    out.push(':');
    push_two(out, time.second);
}

/// Formats a time as ctime(3) does: `Sat Nov  1 05:13:50 2026`; beyond the calendar, as seconds since 1970.
pub fn push_ctime(out: &mut String, time: Timestamp) {
    let Some(local) = local_time(time) else { return push_i64(out, time.seconds()) };
    out.push_str(DAYS.get(usize::from(local.weekday)).unwrap_or(&"???"));
    out.push(' ');
    push_day_and_time(out, &local);
    out.push(' ');
    push_i64(out, local.year);
}

/// As [`push_ctime`], without weekday and year: `Nov  1 05:13:50`.
pub fn push_ctime_without_year(out: &mut String, time: Timestamp) {
    match local_time(time) {
        Some(local) => push_day_and_time(out, &local),
        None => push_i64(out, time.seconds()),
    }
}

/// `05:13` today, `Nov01` this year, else `2026-Nov01`.
pub fn push_short(out: &mut String, time: &LocalTime, today: Option<&LocalTime>) {
    let this_year = today.is_some_and(|today| today.year == time.year);
    if this_year && today.is_some_and(|today| today.yearday == time.yearday) {
        push_two(out, time.hour);
        out.push(':');
        push_two(out, time.minute);
        return;
    }
    if !this_year {
        push_i64(out, time.year);
        out.push('-');
    }
    out.push_str(month_name(time.month));
    push_two(out, time.day);
}

/// `2026-11-21T05:13:50+00:00`.
pub fn push_iso(out: &mut String, time: &LocalTime) {
    push_i64(out, time.year);
    for part in [time.month, time.day] {
        out.push('-');
        push_two(out, part);
    }
    out.push('T');
    push_clock(out, time);
    out.push(if time.offset < 0 { '-' } else { '+' });
    let minutes = time.offset.unsigned_abs() / 60;
    push_two(out, (minutes / 60) as u8);
    out.push(':');
    push_two(out, (minutes % 60) as u8);
}

/// A cache of formatted times, because many objects share theirs.
#[derive(Debug)]
pub struct Recent {
    /// Indexed by the seconds, modulo the size.
    texts: Vec<Option<(Timestamp, String)>>,
}

const RECENT: usize = 64;

impl Default for Recent {
    fn default() -> Self {
        Self { texts: vec![None; RECENT] }
    }
}

impl Recent {
    /// Appends the text of a time. `write` formats it on a miss, and must format equal times alike.
    pub fn push(&mut self, out: &mut String, time: Timestamp, write: impl FnOnce(&mut String)) {
        let place = &mut self.texts[(time.seconds().unsigned_abs() % RECENT as u64) as usize];
        if let Some((known, text)) = place
            && *known == time
        {
            return out.push_str(text);
        }
        let start = out.len();
        write(out);
        *place = Some((time, out[start..].to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::{Recent, push_iso, push_short};
    use crate::sys::Timestamp;
    use crate::sys::clock::LocalTime;

    fn text(push: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        push(&mut out);
        out
    }

    #[test]
    fn times() {
        let (year, month, day, weekday, yearday) = (2026, 11, 1, 0, 304);
        let (hour, minute, second, offset) = (5, 3, 9, -12_615);
        let then = LocalTime { year, month, day, hour, minute, second, weekday, yearday, offset };
        let short = |today: LocalTime| text(|out| push_short(out, &then, Some(&today)));
        assert_eq!(short(then), "05:03");
        assert_eq!(short(LocalTime { yearday: 305, ..then }), "Nov01");
        assert_eq!(short(LocalTime { year: 2027, ..then }), "2026-Nov01");
        assert_eq!(text(|out| push_iso(out, &then)), "2026-11-01T05:03:09-03:30");
    }

    #[test]
    fn what_is_remembered_is_of_that_time() {
        let mut recent = Recent::default();
        let mut out = String::new();
        // The second and the third share a place.
        for seconds in [0, 1, 65, 1, 0, -1] {
            recent.push(&mut out, Timestamp::new(seconds), |out| out.push_str(&format!("{seconds} ")));
        }
        assert_eq!(out, "0 1 65 1 0 -1 ");
    }
}
