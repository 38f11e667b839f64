//! How the drop-ins write times, against date(1): of all years, for objects of other years cannot be made to order.

use ipcadm::compat::times::{push_ctime, push_ctime_without_year};
use ipcadm::sys::Timestamp;
use ipcadm_testbed::{Random, tool};

fn random_times() -> Vec<i64> {
    let mut random = Random::new();
    let mut times =
        vec![1, 59, 86_399, 86_400, 951_782_400, 1_795_238_030, i64::from(i32::MAX), i64::from(i32::MAX) + 1];
    // Up to the year 9999, and some far beyond.
    times.extend((0..500).map(|_| random.below(253_402_300_800) as i64));
    times.extend((0..50).map(|_| random.below(1 << 50) as i64));
    times
}

fn by_date(times: &[i64], format: &str) -> Vec<String> {
    let zone = std::env::var_os("TZ");
    let input: String = times.iter().map(|time| format!("@{time}\n")).collect();
    let date = tool("date", ["-f", "-", format]).stdin(input);
    // In the zone of this test, which has none of its own.
    let date = match zone {
        Some(zone) => date.env("TZ", zone),
        None => date.env_remove("TZ"),
    };
    date.run().ok().stdout_str().lines().map(str::to_owned).collect()
}

fn ours(times: &[i64], push: impl Fn(&mut String, Timestamp)) -> Vec<String> {
    let text = |&time: &i64| {
        let mut text = String::new();
        push(&mut text, Timestamp::new(time));
        text
    };
    times.iter().map(text).collect()
}

#[test]
fn times_with_their_year() {
    let times = random_times();
    assert_eq!(ours(&times, push_ctime), by_date(&times, "+%a %b %e %H:%M:%S %Y"));
}

#[test]
fn times_without_their_year() {
    let times = random_times();
    assert_eq!(ours(&times, push_ctime_without_year), by_date(&times, "+%b %e %H:%M:%S"));
}

#[test]
fn beyond_the_calendar_a_time_is_a_number() {
    assert_eq!(ours(&[i64::MAX], push_ctime), [i64::MAX.to_string()]);
    assert_eq!(ours(&[i64::MAX], push_ctime_without_year), [i64::MAX.to_string()]);
}
