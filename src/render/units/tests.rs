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
        ("4096", 4096),
        ("004096", 4096),
        ("64K", 65536),
        ("64k", 65536),
        ("64KiB", 65536),
        ("64kib", 65536),
        ("64KB", 64000),
        ("64kb", 64000),
        ("7B", 7),
        ("7b", 7),
        ("2.0B", 2),
        ("1.5G", 1_610_612_736),
        ("1.5GB", 1_500_000_000),
        ("1.50000000000000000000000000000000000000000000000000000000000000000000K", 1536),
        ("0.001KB", 1),
        ("2M", 2 << 20),
        ("2T", 2 << 40),
        ("2P", 2 << 50),
        ("15E", 15 << 60),
        ("18EB", 18_000_000_000_000_000_000),
        // The finest fraction of the largest unit: one byte.
        ("0.000000000000000000867361737988403547205962240695953369140625E", 1),
        ("0.000000000000000001EB", 1),
        ("0x1000", 4096),
        ("0X1b", 27),
        ("0xffffffffffffffff", u64::MAX),
        ("0x0000000000000000000001", 1),
        ("18446744073709551615", u64::MAX),
        ("15.99999999999999999913263826201159645279403775930404663085937500E", u64::MAX),
    ] {
        assert_eq!(parse_size(text), Ok(bytes), "{text}");
    }
}

#[test]
fn bad_sizes_are_refused() {
    use SizeError::*;
    let unknown = |unit: &str| UnknownUnit(unit.to_owned());
    for (text, error) in [
        ("", Empty),
        (" ", Blank),
        (" 1", Blank),
        ("1 ", Blank),
        ("1 K", Blank),
        ("1K\n", Blank),
        ("+1", Signed),
        ("-1", Signed),
        ("K", Malformed),
        (".5G", Malformed),
        ("5.G", Malformed),
        (".", Malformed),
        ("1.5.5K", Malformed),
        ("1,5G", Malformed),
        ("1-", Malformed),
        ("\u{2212}1", Malformed),
        ("\u{661}", Malformed),
        ("0x", NotHexadecimal),
        ("0x10K", NotHexadecimal),
        ("0x+1", NotHexadecimal),
        ("0x1.8", NotHexadecimal),
        ("1X", unknown("X")),
        ("1Ki", unknown("Ki")),
        ("1KiBx", unknown("KiBx")),
        ("1BB", unknown("BB")),
        ("1iB", unknown("iB")),
        ("1Z", unknown("Z")),
        ("1K1", unknown("K1")),
        ("1\u{e9}", unknown("\u{e9}")),
        ("1x\u{1b}[0m", unknown("x\\x1b[0m")),
        ("1xxxxxxxxxxxxxxxxxxxx", unknown("xxxxxxxxxxxxxxx…")),
        ("1.5", FractionWithoutUnit),
        ("1.0", FractionWithoutUnit),
        ("1.5B", NotWhole),
        ("0.1K", NotWhole),
        ("0.0001KB", NotWhole),
        ("0.0000000000000000000000000000000000000000000000000000000000001E", NotWhole),
        ("18446744073709551616", TooLarge),
        ("99999999999999999999999999999999999999999999999", TooLarge),
        ("16E", TooLarge),
        ("18.446744073709551616EB", TooLarge),
        ("0x10000000000000000", TooLarge),
    ] {
        assert_eq!(parse_size(text), Err(error), "{text}");
    }
}

#[test]
fn size_errors_say_why() {
    let message = |text: &str| parse_size(text).map_err(|error| error.to_string());
    assert_eq!(message(""), Err("is empty".to_owned()));
    assert_eq!(message("1X"), Err("has an unknown unit 'X' (use K, M, G, T, P, E, with iB or B)".to_owned()));
    assert_eq!(message("16E"), Err("is larger than 2^64-1".to_owned()));
    assert_eq!(message("0.1K"), Err("is not a whole number of bytes".to_owned()));
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
        ("0.5ms", nanos(500_000)),
        ("0.000001ms", nanos(1)),
        ("10m", seconds(600)),
        ("2d", seconds(172_800)),
        ("1h30m", seconds(5400)),
        ("1h1.5m", seconds(3690)),
        ("1.5h", seconds(5400)),
        ("1w", seconds(604_800)),
        ("1w2d3h4m5s6ms", Duration::new(788_645, 6_000_000)),
        ("0.000000001w", nanos(604_800)),
        ("100m", seconds(6000)),
        ("1h90m", seconds(9000)),
        ("18446744073709551615", seconds(u64::MAX)),
        ("18446744073709551615.999999999", Duration::MAX),
        ("18446744073709551615999ms", Duration::new(u64::MAX, 999_000_000)),
    ] {
        assert_eq!(parse_duration(text), Ok(duration), "{text}");
    }
}

#[test]
fn bad_durations_are_refused() {
    use DurationError::*;
    let unknown = |unit: &str| UnknownUnit(unit.to_owned());
    for (text, error) in [
        ("", Empty),
        (" 1s", Blank),
        ("1h 30m", Blank),
        ("+1s", Signed),
        ("-1s", Signed),
        ("s", Malformed),
        (".5s", Malformed),
        ("5.s", Malformed),
        ("1h-30m", Malformed),
        ("1h,30m", Malformed),
        ("1h!", Malformed),
        ("1.5h!", Malformed),
        ("1.5.5", Malformed),
        ("0x10", unknown("x")),
        ("1M", unknown("M")),
        ("1y", unknown("y")),
        ("1min", unknown("min")),
        ("1\u{3bc}s", unknown("\u{3bc}s")),
        ("1h30", MissingUnit),
        ("30m1h", Order),
        ("1h1h", Order),
        ("1ms1s", Order),
        ("1.5h30m", FractionNotLast),
        ("1.5h30", FractionNotLast),
        ("0.0000000001s", TooManyDecimals),
        ("1.0000000000", TooManyDecimals),
        ("0.0000001ms", NotWhole),
        ("18446744073709551616", TooLong),
        ("18446744073709551615s1000ms", TooLong),
        ("18446744073709551616000ms", TooLong),
        ("18446744073709551615w", TooLong),
        ("99999999999999999999999999999999999999999999999", TooLong),
    ] {
        assert_eq!(parse_duration(text), Err(error), "{text}");
    }
}

#[test]
fn duration_errors_say_why() {
    let message = |text: &str| parse_duration(text).map_err(|error| error.to_string());
    assert_eq!(message("1y"), Err("has an unknown unit 'y' (use w, d, h, m, s or ms)".to_owned()));
    assert_eq!(message("1h30"), Err("ends in a number without a unit".to_owned()));
}

#[test]
fn sizes_are_written() {
    for (bytes, text) in [
        (0, "0"),
        (100, "100"),
        (1023, "1023"),
        (1024, "1.0K"),
        (1024 + 51, "1.0K"),
        (1024 + 52, "1.1K"),
        (1280, "1.3K"),
        (4096, "4.0K"),
        (10137, "9.9K"),
        (10188, "9.9K"),
        (10189, "10K"),
        (10240, "10K"),
        (16384, "16K"),
        (16384 + 511, "16K"),
        (16384 + 512, "17K"),
        (1023 << 10, "1023K"),
        ((1023 << 10) + 511, "1023K"),
        ((1023 << 10) + 512, "1.0M"),
        (1 << 20, "1.0M"),
        (3 << 19, "1.5M"),
        (128 << 20, "128M"),
        (1023 << 20, "1023M"),
        (1 << 30, "1.0G"),
        (1 << 40, "1.0T"),
        (1 << 50, "1.0P"),
        ((1 << 60) - 1, "1.0E"),
        (1 << 60, "1.0E"),
        (u64::MAX, "16E"),
    ] {
        assert_eq!(size(bytes), text, "{bytes}");
        assert_eq!(size_width(bytes), text.len(), "{bytes}");
    }
}

#[test]
fn ages_are_written() {
    const DAY: i64 = 86_400;
    for (seconds, text) in [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (DAY - 1, "23h"),
        (DAY, "1d"),
        (365 * DAY - 1, "364d"),
        (365 * DAY, "1y"),
        (730 * DAY - 1, "1y"),
        (730 * DAY, "2y"),
        (i64::MAX, "292471208677y"),
        (-1, "in 1s"),
        (-180, "in 3m"),
        (-239, "in 3m"),
        (i64::MIN, "in 292471208677y"),
    ] {
        assert_eq!(age(seconds), text, "{seconds}");
        assert_eq!(age_width(seconds), text.len(), "{seconds}");
    }
}

#[test]
fn numbers_are_written() {
    let mut n = 1u64;
    let mut edges = vec![0, u64::MAX];
    while let Some(next) = n.checked_mul(10) {
        edges.extend([n - 1, n, n + 1, next - 1]);
        n = next;
    }
    edges.extend([n - 1, n, n + 1]);
    for n in edges {
        assert_eq!(written(|out| push_u64(out, n)), n.to_string());
        assert_eq!(digits(n), n.to_string().len());
    }
    for n in [0, 9, -1, -10, i64::MIN, i64::MAX] {
        assert_eq!(written(|out| push_i64(out, n)), n.to_string());
    }
    for (n, text) in [(0, "0000"), (0o600, "0600"), (0o1600, "1600"), (0o12345, "12345"), (u32::MAX, "37777777777")] {
        assert_eq!(written(|out| push_octal4(out, n)), text);
    }
    for (n, text) in [(0, "0x00000000"), (0x1b, "0x0000001b"), (u32::MAX, "0xffffffff")] {
        assert_eq!(written(|out| push_hex32(out, n)), text);
    }
}

/// Multiplies decimal digits (most significant first) by a small number.
fn multiply(digits: &mut Vec<u32>, by: u32) {
    let mut carry = 0;
    for digit in digits.iter_mut().rev() {
        let product = *digit * by + carry;
        *digit = product % 10;
        carry = product / 10;
    }
    while carry > 0 {
        digits.insert(0, carry % 10);
        carry /= 10;
    }
}

/// `whole.fraction` times `base` to the power of `steps`, the long way: all digits as one
/// integer, multiplied, and the point put back. `None` if a digit after the point is left.
fn long_product(whole: &str, fraction: &str, base: u32, steps: u32) -> Option<String> {
    let mut digits: Vec<u32> = whole.chars().chain(fraction.chars()).filter_map(|digit| digit.to_digit(10)).collect();
    for _ in 0..steps {
        multiply(&mut digits, base);
    }
    let after = digits.split_off(digits.len() - fraction.len());
    if after.iter().any(|&digit| digit != 0) {
        return None;
    }
    let text: String = digits.iter().filter_map(|&digit| char::from_digit(digit, 10)).collect();
    let text = text.trim_start_matches('0');
    Some(if text.is_empty() { "0" } else { text }.to_owned())
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
            for message in [
                parse_size(&text).err().map(|error| error.to_string()),
                parse_duration(&text).err().map(|error| error.to_string()),
            ].into_iter().flatten() {
                prop_assert!(!message.contains(char::is_control));
            }
        }
    }

    #[test]
    fn sizes_are_exact(
        whole in "0{0,3}[0-9]{1,20}",
        fraction in prop_oneof![
            Just(String::new()),
            "[0-9]{1,4}0{0,70}",
            "(5|25|75|125|375|0625)",
            "[0-9]{1,70}",
        ],
        step in 0usize..6,
        decimal: bool,
    ) {
        let unit = ["K", "M", "G", "T", "P", "E"][step];
        let (base, suffix) = if decimal { (1000, "B") } else { (1024, "iB") };
        let point = if fraction.is_empty() { "" } else { "." };
        let text = format!("{whole}{point}{fraction}{unit}{suffix}");
        let expected = long_product(&whole, &fraction, base, step as u32 + 1);
        match parse_size(&text) {
            Ok(bytes) => prop_assert_eq!(Some(bytes.to_string()), expected),
            Err(SizeError::NotWhole) => prop_assert_eq!(None, expected),
            Err(SizeError::TooLarge) => {
                // Of a number that is not whole, what is before the point is too large.
                let bytes = long_product(&whole, "", base, step as u32 + 1).unwrap_or_default();
                let bytes = expected.unwrap_or(bytes);
                let limit = u64::MAX.to_string();
                prop_assert!((bytes.len(), bytes) > (limit.len(), limit));
            }
            Err(error) => prop_assert!(false, "{} {}", text, error),
        }
    }

    #[test]
    fn dyadic_fractions_are_exact(bytes in any_bytes(), step in 1u32..7) {
        // Every number of bytes has a finite decimal expansion in every unit.
        let unit = 1u128 << (10 * step);
        let whole = u128::from(bytes) / unit;
        let mut rest = u128::from(bytes) % unit;
        let mut text = format!("{whole}.");
        for _ in 0..10 * step {
            rest *= 10;
            text.push_str(&(rest / unit).to_string());
            rest %= unit;
        }
        prop_assert_eq!(rest, 0);
        text.push_str(["", "K", "M", "G", "T", "P", "E"][step as usize]);
        prop_assert_eq!(parse_size(&text), Ok(bytes));
    }

    #[test]
    fn numbers_read_back(n in any_bytes(), key: u32, signed: i64) {
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
