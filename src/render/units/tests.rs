//! Every reader and writer, against tables and independent models.

use proptest::prelude::*;

use std::time::Duration;

use super::*;

fn size(bytes: u64) -> String {
    let mut out = String::new();
    push_size(&mut out, bytes);
    out
}

fn age(seconds: i64) -> String {
    let mut out = String::new();
    push_age(&mut out, seconds);
    out
}

fn written(write: impl FnOnce(&mut String)) -> String {
    // Something is there already: the writers append.
    let mut out = String::from("|");
    write(&mut out);
    out.split_off(1)
}

#[test]
fn sizes_are_read() {
    for (text, bytes) in [
        ("0", 0),
        ("0K", 0),
        ("004096", 4096),
        ("64k", 65536),
        ("64KiB", 65536),
        ("64kb", 64000),
        ("7B", 7),
        ("2.0b", 2),
        ("1.5G", 1_610_612_736),
        ("1.5GB", 1_500_000_000),
        ("1.50000000000000000000000000000000000000000K", 1536),
        ("0.001KB", 1),
        ("0.0009765625K", 1),
        ("15E", 15 << 60),
        ("18EB", 18_000_000_000_000_000_000),
        ("0.000000000000000001EB", 1),
        ("0X1b", 27),
        ("0xffffffffffffffff", u64::MAX),
        ("0x0000000000000000000001", 1),
        ("18446744073709551615", u64::MAX),
        ("18.446744073709551615EB", u64::MAX),
    ] {
        assert_eq!(parse_size(text), Ok(bytes), "{text}");
    }
}

#[test]
fn bad_sizes_are_refused() {
    for (reason, texts) in [
        ("is empty", &[""][..]),
        ("has a blank", &[" ", " 1", "1 K", "1K\n"]),
        ("has a sign", &["+1", "-1"]),
        ("is not a size (write it like", &["K", ".5G", "5.G", ".", "1.5.5K", "1,5G", "1-", "\u{2212}1", "\u{661}"]),
        ("is not a hexadecimal number", &["0x", "0x10K", "0x+1", "0x1.8"]),
        ("has an unknown unit 'X' (use K, M, G, T, P, E, with iB or B)", &["1X"]),
        ("has an unknown unit", &["1Ki", "1KiBx", "1BB", "1iB", "1Z", "1K1", "1\u{e9}", "1BiB"]),
        ("has an unknown unit 'x\\x1b[0m'", &["1x\u{1b}[0m"]),
        ("has an unknown unit 'xxxxxxxxxxxxxxx…'", &["1xxxxxxxxxxxxxxxxxxxx"]),
        ("has a fraction but no unit", &["1.5", "1.0"]),
        ("is not a whole number of bytes", &["1.5B", "0.1K", "0.0001KB"]),
        ("has more than 18 decimals", &["0.0000000000000000001EB"]),
        (
            "is larger than 2^64-1",
            &["18446744073709551616", &"9".repeat(50), "16E", "18.446744073709551616EB", "0x10000000000000000"],
        ),
    ] {
        for text in texts {
            let error = parse_size(text).unwrap_err();
            assert!(error.starts_with(reason), "{text}: {error}");
        }
    }
}

#[test]
fn durations_are_read() {
    let nanos = Duration::from_nanos;
    let seconds = Duration::from_secs;
    for (text, duration) in [
        ("0", seconds(0)),
        ("90", seconds(90)),
        ("1.5", nanos(1_500_000_000)),
        ("0.25s", nanos(250_000_000)),
        ("0.000000001", nanos(1)),
        ("500ms", nanos(500_000_000)),
        ("0.000001ms", nanos(1)),
        ("1h30m", seconds(5400)),
        ("1h1.5m", seconds(3690)),
        ("2.5d", seconds(216_000)),
        ("1w2d3h4m5s6ms", Duration::new(788_645, 6_000_000)),
        ("0.000000001w", nanos(604_800)),
        ("1h90m", seconds(9000)),
        ("1.00000000000000000000", seconds(1)),
        ("18446744073709551615", seconds(u64::MAX)),
        ("18446744073709551615.999999999", Duration::MAX),
        ("18446744073709551615999ms", Duration::new(u64::MAX, 999_000_000)),
    ] {
        assert_eq!(parse_duration(text), Ok(duration), "{text}");
    }
}

#[test]
fn bad_durations_are_refused() {
    for (reason, texts) in [
        ("is empty", &[""][..]),
        ("has a blank", &[" 1s", "1h 30m"]),
        ("has a sign", &["+1s", "-1s"]),
        ("is not a duration (write it like", &["s", ".5s", "5.s", "1h-30m", "1h,30m", "1h!", "1.5h!", "1.5.5"]),
        ("has an unknown unit 'y' (use w, d, h, m, s or ms)", &["1y"]),
        ("has an unknown unit", &["0x10", "1M", "1min", "1\u{3bc}s"]),
        ("ends in a number without a unit", &["1h30"]),
        ("does not have its units in descending order", &["30m1h", "1h1h", "1ms1s"]),
        ("has a fraction before its last part", &["1.5h30m", "1.5h30"]),
        ("is not a whole number of nanoseconds", &["0.0000000001s", "0.0000001ms"]),
        ("has more than 18 decimals", &["0.0000000000000000001w"]),
        (
            "is longer than 2^64-1 seconds",
            &[
                "18446744073709551616",
                "18446744073709551615s1000ms",
                "18446744073709551616000ms",
                "18446744073709551615w",
                &"9".repeat(50),
            ],
        ),
    ] {
        for text in texts {
            let error = parse_duration(text).unwrap_err();
            assert!(error.starts_with(reason), "{text}: {error}");
        }
    }
}

#[test]
fn sizes_are_written() {
    for (bytes, text) in [
        (0, "0"),
        (1023, "1023"),
        (1024, "1.0K"),
        (1024 + 51, "1.0K"),
        (1024 + 52, "1.1K"),
        (10188, "9.9K"),
        (10189, "10K"),
        (16384 + 511, "16K"),
        (16384 + 512, "17K"),
        ((1023 << 10) + 511, "1023K"),
        ((1023 << 10) + 512, "1.0M"),
        (3 << 19, "1.5M"),
        ((1 << 60) - 1, "1.0E"),
        (u64::MAX, "16E"),
    ] {
        assert_eq!(size(bytes), text, "{bytes}");
    }
}

#[test]
fn ages_are_written() {
    const DAY: i64 = 86_400;
    for (seconds, text) in [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (DAY - 1, "23h"),
        (365 * DAY - 1, "364d"),
        (730 * DAY - 1, "1y"),
        (i64::MAX, "292471208677y"),
        (-239, "in 3m"),
        (i64::MIN, "in 292471208677y"),
    ] {
        assert_eq!(age(seconds), text, "{seconds}");
    }
}

/// The rule of `push_size` in plain divisions.
fn rounded_size(bytes: u64) -> String {
    let bytes = u128::from(bytes);
    let mut unit = 0;
    while bytes >= 1024u128.pow(unit + 1) {
        unit += 1;
    }
    let scale = 1024u128.pow(unit);
    let rounded = |parts: u128| (2 * bytes * parts + scale) / (2 * scale);
    let names = ["", "K", "M", "G", "T", "P", "E"];
    let name = names[unit as usize];
    if unit == 0 {
        bytes.to_string()
    } else if rounded(10) < 100 {
        format!("{}.{}{name}", rounded(10) / 10, rounded(10) % 10)
    } else if rounded(1) < 1024 {
        format!("{}{name}", rounded(1))
    } else {
        format!("1.0{}", names[unit as usize + 1])
    }
}

/// A byte count of any magnitude, and near the edges of units.
fn any_bytes() -> impl Strategy<Value = u64> {
    prop_oneof![
        (any::<u64>(), 0u32..64).prop_map(|(n, shift)| n >> shift),
        (0u32..7, 0u64..1100, -600i64..600)
            .prop_map(|(unit, n, off)| { n.saturating_mul(1 << (10 * unit)).saturating_add_signed(off) }),
    ]
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), near in "[0-9.xKkMEBibdhmsw+ -]{0,12}") {
        for text in [text, near] {
            for message in [parse_size(&text).err(), parse_duration(&text).err()].into_iter().flatten() {
                prop_assert!(!message.contains(char::is_control));
            }
        }
    }

    /// A number of bytes written out in a unit, with all the digits that takes, is that number.
    #[test]
    fn sizes_are_exact(bytes in any_bytes(), step in 0u32..7, decimal: bool, zeros in 0usize..3) {
        let (unit, suffix) = if decimal { (1000u128.pow(step), "B") } else { (1024u128.pow(step), "iB") };
        let name = ["", "K", "M", "G", "T", "P", "E"][step as usize];
        let (mut rest, mut text) = (u128::from(bytes) % unit, format!("{}.", u128::from(bytes) / unit));
        let mut decimals = 0;
        while rest > 0 || decimals == 0 {
            rest *= 10;
            text.push_str(&(rest / unit).to_string());
            rest %= unit;
            decimals += 1;
        }
        text.push_str(&"0".repeat(zeros));
        text.push_str(if name.is_empty() { "B".to_owned() } else { format!("{name}{suffix}") }.as_str());
        let read = parse_size(&text);
        if decimals <= 18 {
            prop_assert_eq!(read, Ok(bytes), "{}", text);
        } else {
            prop_assert!(read.is_err_and(|error| error.contains("18 decimals")));
        }
    }

    /// A fraction with fewer digits than the exact one is refused, and so is a larger number.
    #[test]
    fn sizes_are_never_rounded(whole in 0u64..20, digits in "[0-9]{1,18}", step in 1u32..7, decimal: bool) {
        let (base, suffix) = if decimal { (1000u128, "B") } else { (1024, "iB") };
        let name = ["", "K", "M", "G", "T", "P", "E"][step as usize];
        let ten = 10u128.pow(digits.len() as u32);
        // In bytes times `ten`; at most 20 times 2^60 times 10^18.
        let product = (u128::from(whole) * ten + digits.parse::<u128>().unwrap()) * base.pow(step);
        let expected = product.is_multiple_of(ten).then_some(product / ten).and_then(|bytes| u64::try_from(bytes).ok());
        prop_assert_eq!(parse_size(&format!("{whole}.{digits}{name}{suffix}")).ok(), expected);
    }

    #[test]
    fn numbers_read_back(
        n in prop_oneof![any_bytes(), (0u32..20, 0u64..3).prop_map(|(power, off)| 10u64.pow(power) - 1 + off)],
        key: u32,
        signed in prop_oneof![any::<i64>(), -20i64..20, Just(i64::MIN)],
    ) {
        prop_assert_eq!(parse_size(&written(|out| push_u64(out, n))), Ok(n));
        prop_assert_eq!(parse_size(&written(|out| push_hex32(out, key))), Ok(key.into()));
        prop_assert_eq!(written(|out| push_hex32(out, key)), format!("{key:#010x}"));
        prop_assert_eq!(written(|out| push_octal4(out, key)), format!("{key:04o}"));
        prop_assert_eq!(written(|out| push_i64(out, signed)), signed.to_string());
        prop_assert_eq!(digits(n), n.to_string().len());
    }

    #[test]
    fn whole_units_read_back(n in 1u64..1024, step in 0u32..7) {
        // There are only sixteen of the last unit.
        let n = if step == 6 { n % 15 + 1 } else { n };
        let bytes = n << (10 * step);
        prop_assert_eq!(parse_size(&size(bytes)), Ok(bytes));
    }

    #[test]
    fn sizes_are_rounded_half_up(bytes in any_bytes()) {
        let text = size(bytes);
        prop_assert_eq!(size_width(bytes), text.len());
        prop_assert!(text.len() <= 5);
        prop_assert_eq!(text, rounded_size(bytes));
    }

    #[test]
    fn ages_are_rounded_down(seconds in prop_oneof![any::<i64>(), -100_000_000i64..100_000_000]) {
        let text = age(seconds);
        prop_assert_eq!(age_width(seconds), text.len());
        prop_assert_eq!(text.starts_with("in "), seconds < 0);
        let text = text.trim_start_matches("in ");
        let (number, unit) = text.split_at(text.len() - 1);
        let (unit, most) = match unit {
            "s" => (1, 59),
            "m" => (60, 59),
            "h" => (3600, 23),
            "d" => (86_400, 364),
            "y" => (31_536_000, u64::MAX),
            _ => (0, 0),
        };
        let number: u64 = number.parse().unwrap_or(u64::MAX);
        prop_assert!(number <= most && (number > 0 || text == "0s"));
        prop_assert_eq!(number, seconds.unsigned_abs() / unit);
        if unit < 31_536_000 {
            let shown = parse_duration(text);
            prop_assert_eq!(shown, Ok(Duration::from_secs(number * unit)));
        }
    }

    #[test]
    fn durations_are_exact(parts in proptest::array::uniform6(proptest::option::of(0u64..100_000)), decimals in 0u32..1000) {
        let millis = [604_800_000u64, 86_400_000, 3_600_000, 60_000, 1000, 1];
        let mut text = String::new();
        let mut total = 0u128;
        for (place, part) in parts.iter().enumerate() {
            if let Some(n) = part {
                text.push_str(&format!("{n}{}", ["w", "d", "h", "m", "s", "ms"][place]));
                total += u128::from(n * millis[place]) * 1_000_000;
            }
        }
        if parts[5].is_none() {
            text.push_str(&format!("7.{decimals:03}ms"));
            total += u128::from(7_000_000 + decimals * 1000);
        }
        prop_assert_eq!(parse_duration(&text).map(|d| d.as_nanos()), Ok(total));
    }
}
