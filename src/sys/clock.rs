//! The wall clock, and local time by `TZ` or the system's time zone.

use std::mem::MaybeUninit;
use std::sync::Once;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::types::Timestamp;

/// Seconds since 1970; 0 before that.
pub fn now() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(0)
}

/// CPU time of the calling thread.
pub(crate) fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// CPU time in nanoseconds of all threads of a process, ended ones too. None when there is no such process.
pub(crate) fn cpu_time_of(pid: u32) -> Option<u64> {
    // MAKE_PROCESS_CPUCLOCK with CPUCLOCK_SCHED.
    let clock = !i32::try_from(pid).ok()? << 3 | 2;
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: room for one timespec, which the call fills in when it succeeds.
    let time = unsafe {
        if libc::clock_gettime(clock, time.as_mut_ptr()) != 0 {
            return None;
        }
        time.assume_init()
    };
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec).ok()?, u64::try_from(time.tv_nsec).ok()?);
    seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    pub year: i64,
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    /// The second, up to 60.
    pub second: u8,
    /// 0 for Sunday.
    pub weekday: u8,
    /// From 0.
    pub yearday: u16,
    /// Seconds east of UTC.
    pub offset: i64,
}

unsafe extern "C" {
    // The libc crate does not declare it for Linux.
    safe fn tzset();
}

/// The local time by the C library's `localtime_r`, as in other programs: jiff knows no `TZ` such as `CET-1CEST`
/// (without rules), `UTC+25` or `right/UTC`, and no year after 9999. None when the year exceeds an `int`.
pub(crate) fn local_time(time: Timestamp) -> Option<LocalTime> {
    static ZONE: Once = Once::new();
    // localtime_r need not read TZ itself.
    ZONE.call_once(|| tzset());
    let seconds: i64 = time.seconds();
    let mut tm = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: reads one time_t and fills in one tm. Nothing here changes the environment meanwhile.
    let tm = unsafe {
        if libc::localtime_r(&raw const seconds, tm.as_mut_ptr()).is_null() {
            return None;
        }
        tm.assume_init()
    };
    // The C library keeps these within their ranges.
    let small = |number: libc::c_int| u8::try_from(number).unwrap_or(0);
    Some(LocalTime {
        year: i64::from(tm.tm_year) + 1900,
        month: small(tm.tm_mon) + 1,
        day: small(tm.tm_mday),
        hour: small(tm.tm_hour),
        minute: small(tm.tm_min),
        second: small(tm.tm_sec),
        weekday: small(tm.tm_wday),
        yearday: u16::try_from(tm.tm_yday).unwrap_or(0),
        offset: tm.tm_gmtoff,
    })
}

#[cfg(test)]
mod tests {
    use super::{local_time, now};
    use crate::sys::Timestamp;

    #[test]
    fn every_part_is_where_it_belongs() {
        // Noon of 1 March 2024 in UTC: in every zone the day before, that day or the next.
        let time = Timestamp::new(1_709_294_400);
        let local = local_time(time).unwrap();
        let utc = local_time(Timestamp::new(time.seconds() - local.offset)).unwrap();
        // No zone changes its offset around that day.
        assert_eq!((utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second), (2024, 3, 1, 12, 0, 0));
        assert_eq!((utc.weekday, utc.yearday), (5, 60));
    }

    #[test]
    fn the_calendar_has_an_end() {
        assert_eq!(local_time(Timestamp::new(i64::MAX)), None);
        assert!(local_time(Timestamp::new(now())).is_some());
    }
}
