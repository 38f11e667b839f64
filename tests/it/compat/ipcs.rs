//! `ipcs` against the installed one of util-linux, byte for byte, on random objects.
//!
//! Times of other years cannot be had in a namespace; `times.rs` compares how they are written. What differs on
//! purpose is in `ipcs_better.rs`.

use ipcadm_testbed::differential::{Comparison, is_from};
use ipcadm_testbed::population::Population;
use ipcadm_testbed::{Cmd, Kind, Random, drop_in, fresh, make, may_set_limits};

use super::plain;

/// The formats are the same since this release.
const OLDEST: (u32, u32) = (2, 37);

const OBJECTS: u32 = 40;

/// Every option without a value.
const OPTIONS: [&str; 12] = ["-m", "-q", "-s", "-a", "-t", "-p", "-c", "-l", "-u", "--human", "-b", "operand"];

const KINDS: [(Kind, &str); 3] = [(Kind::Shm, "-m"), (Kind::Sem, "-s"), (Kind::Msg, "-q")];

fn comparable() -> bool {
    is_from("ipcs", OLDEST..)
}

/// Each format of each choice of kinds, in each unit.
fn views(compared: &mut Comparison, set: impl Fn(Cmd) -> Cmd) {
    for kinds in ["", "-m", "-q", "-s", "-mq", "-ms", "-sq", "-sqm", "-a"] {
        for format in ["", "-t", "-p", "-c", "-l", "-u"] {
            for unit in ["", "--human", "-b"] {
                let args: Vec<&str> = [kinds, format, unit].into_iter().filter(|arg| !arg.is_empty()).collect();
                compared.case(&args, &set);
            }
        }
    }
}

/// A format of every sort, for settings that are not about options.
fn a_few_views(compared: &mut Comparison, set: impl Fn(Cmd) -> Cmd) {
    for format in ["-a", "-t", "-p", "-c", "-l", "-u", "--human"] {
        compared.case(&[format], &set);
    }
}

/// Each object in each unit, unless it is hidden from whoever asks.
fn details(compared: &mut Comparison, made: &Population, hidden: bool, set: impl Fn(Cmd) -> Cmd) {
    for (kind, option) in KINDS {
        for object in made.of(kind).filter(|object| !hidden || object.nobody_may_read()) {
            let id = object.id.to_string();
            compared.case(&[option, "-i", &id], &set);
            compared.case(&["--human", option, "--id", &id], &set);
            compared.case(&["-b", option, "-i", &id, "-t"], &set);
        }
    }
}

#[test]
fn every_option_and_pair_of_options() {
    if !comparable() {
        return;
    }
    let _ns = fresh();
    let _made = Population::new(&mut Random::new(), OBJECTS);
    let mut compared = Comparison::new("ipcs");
    views(&mut compared, plain);
    for one in OPTIONS {
        compared.case(&[one], plain);
        for other in OPTIONS {
            compared.case(&[one, other], plain);
        }
    }
    compared.all_alike(300);
}

#[test]
fn random_command_lines() {
    if !comparable() {
        return;
    }
    let _ns = fresh();
    let mut random = Random::new();
    let _made = Population::new(&mut random, OBJECTS);
    let more =
        ["--shmems", "--queues", "--semaphores", "--all", "--time", "--pid", "--creator", "--limits", "--summary"];
    let more: Vec<&str> =
        more.into_iter().chain(["--bytes", "--hum", "--cr", "--li", "--q", "-mqt", "-sc", "--"]).collect();
    let mut compared = Comparison::new("ipcs");
    for _ in 0..150 {
        let args: Vec<&str> = (0..1 + random.below(6))
            .map(|_| if random.one_in(2) { *random.of(&OPTIONS) } else { *random.of(&more) })
            .collect();
        compared.case(&args, plain);
    }
    compared.all_alike(150);
}

#[test]
fn every_object_in_detail() {
    if !comparable() {
        return;
    }
    let _ns = fresh();
    let made = Population::new(&mut Random::new(), OBJECTS);
    let mut compared = Comparison::new("ipcs");
    details(&mut compared, &made, false, plain);
    compared.all_alike(100);
}

#[test]
fn an_empty_namespace() {
    if !comparable() {
        return;
    }
    let _ns = fresh();
    let mut compared = Comparison::new("ipcs");
    views(&mut compared, plain);
    compared.all_alike(150);
}

#[test]
fn without_any_rights() {
    if !comparable() {
        return;
    }
    let _ns = fresh();
    let made = Population::new(&mut Random::new(), OBJECTS);
    let mut compared = Comparison::new("ipcs");
    views(&mut compared, Cmd::unprivileged);
    details(&mut compared, &made, true, Cmd::unprivileged);
    compared.all_alike(170);
}

#[test]
fn without_the_tables_in_proc() {
    if !comparable() {
        return;
    }
    let _ns = fresh();
    let made = Population::new(&mut Random::new(), OBJECTS);
    let mut compared = Comparison::new("ipcs");
    // util-linux takes creators' users for their groups there: see `creators_without_the_tables_in_proc`.
    for kinds in ["-m", "-q", "-s", "-a"] {
        for format in ["", "-t", "-p", "-l", "-u"] {
            for unit in ["--human", "-b"] {
                let args: Vec<&str> = [kinds, format, unit].into_iter().filter(|arg| !arg.is_empty()).collect();
                compared.case(&args, Cmd::without_sysvipc);
            }
        }
    }
    // Of an object it shows no creator's group either, unless it has that of its user.
    for (kind, option) in KINDS {
        for object in made.of(kind).filter(|object| {
            let perm = make::perm(object.kind, object.id);
            perm.cuid == perm.cgid
        }) {
            compared.case(&[option, "-i", &object.id.to_string()], Cmd::without_sysvipc);
        }
    }
    compared.all_alike(50);
}

#[test]
fn ours_needs_no_tables_in_proc() {
    let _ns = fresh();
    let made = Population::new(&mut Random::new(), OBJECTS);
    let mut lines: Vec<Vec<String>> = ["", "-t", "-p", "-c", "-l", "-u"]
        .map(|format| if format.is_empty() { vec![] } else { vec![format.to_owned()] })
        .to_vec();
    for (kind, option) in KINDS {
        lines.extend(made.of(kind).map(|object| vec![option.to_owned(), "-i".to_owned(), object.id.to_string()]));
    }
    for line in lines {
        let with = drop_in("ipcs", line.clone()).run().ok().stderr_empty().stdout_has("\n");
        drop_in("ipcs", line).without_sysvipc().run().ok().stderr_empty().stdout_is(with.stdout);
    }
}

#[test]
fn time_zones() {
    if !comparable() {
        return;
    }
    let _ns = fresh();
    let made = Population::new(&mut Random::new(), OBJECTS / 2);
    let mut compared = Comparison::new("ipcs");
    let id = made.objects[0].id.to_string();
    let option = KINDS.into_iter().find(|(kind, _)| *kind == made.objects[0].kind).map_or("-m", |(_, option)| option);
    let zones = [
        "",
        ":",
        "UTC",
        "Europe/Berlin",
        ":America/St_Johns",
        "Asia/Kathmandu",
        "<+14>-14",
        "<-12>12",
        "EST5EDT,M3.2.0,M11.1.0",
        "No/Such/Zone",
        "XYZ",
        "UTC+25",
        "X",
        "/etc/passwd",
        "../../../etc/localtime",
        "right/UTC",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
    ];
    for zone in zones {
        compared.case(&["-t"], |cmd| cmd.env("TZ", zone));
        compared.case(&[option, "-i", &id], |cmd| cmd.env("TZ", zone));
    }
    compared.case(&["-t"], |cmd| cmd.env_remove("TZ"));
    compared.case(&[option, "-i", &id], |cmd| cmd.env_remove("TZ"));
    compared.all_alike(2 * zones.len() + 2);
}

#[test]
fn locales_and_widths_of_the_terminal() {
    if !comparable() {
        return;
    }
    let _ns = fresh();
    let _made = Population::new(&mut Random::new(), OBJECTS / 2);
    let mut compared = Comparison::new("ipcs");
    for locale in ["C", "C.UTF-8", "POSIX", "no_SUCH", ""] {
        a_few_views(&mut compared, |cmd| cmd.env("LC_ALL", locale));
        compared.case(&["-i", "ä", "-m"], |cmd| cmd.env("LC_ALL", locale));
    }
    a_few_views(&mut compared, |cmd| cmd.env_remove("LC_ALL"));
    for columns in ["20", "0", "-1", "x"] {
        a_few_views(&mut compared, |cmd| cmd.env("COLUMNS", columns));
    }
    a_few_views(&mut compared, |cmd| cmd.env("TERM", "dumb").env("NO_COLOR", "1"));
    compared.case(&["operand", "-m"], |cmd| cmd.env("POSIXLY_CORRECT", "1"));
    compared.case(&["-m", "operand", "-z"], |cmd| cmd.env("POSIXLY_CORRECT", "1"));
    compared.all_alike(70);
}

#[test]
fn outputs_that_fail() {
    if !comparable() {
        return;
    }
    let _ns = fresh();
    let _made = Population::new(&mut Random::new(), OBJECTS);
    let mut compared = Comparison::new("ipcs");
    a_few_views(&mut compared, |cmd| cmd.stdout_to("/dev/full"));
    a_few_views(&mut compared, Cmd::stdout_closed_pipe);
    a_few_views(&mut compared, |cmd| cmd.stderr_to("/dev/full"));
    for args in [&["-h"][..], &["-V"]] {
        compared.case(args, |cmd| cmd.stdout_to("/dev/full"));
        compared.case(args, Cmd::stdout_closed_pipe);
    }
    // What went wrong is said although there is no place for it.
    compared.case(&["-i", "x"], |cmd| cmd.stdout_to("/dev/full"));
    compared.case(&["-z"], Cmd::stdout_closed_pipe);
    compared.all_alike(25);
}

#[test]
fn wrong_command_lines() {
    if !comparable() {
        return;
    }
    let _ns = fresh();
    make::shm(0, 1, 0o600);
    make::msg(0, 0o600);
    make::sem(0, 1, 0o600);
    let mut compared = Comparison::new("ipcs");
    let lines: &[&[&str]] = &[
        &["-i"],
        &["-i", "0"],
        &["-i", "0", "-m", "-q"],
        &["-i", "0", "-a"],
        &["-i0", "-mm"],
        &["--id=0", "-q"],
        &["--id", "-m"],
        &["--id"],
        &["--i", "0", "-s"],
        &["-mi"],
        &["-mi0"],
        &["-z"],
        &["-mzq"],
        &["-m", "-z", "-i", "x"],
        &["-i", "x", "-z"],
        &["--bogus"],
        &["--bogus=1"],
        &["--s"],
        &["--p=1"],
        &["--shmems=1"],
        &["--"],
        &["--", "-z"],
        &["-", "-m"],
        &["", "-m"],
        &["shm", "0"],
        &["-i", "0", "-m", "-i", "x"],
        &["-m", "-i", "0", "-l"],
        &["-u", "-i", "0", "-q"],
    ];
    for line in lines {
        compared.case(line, plain);
    }
    for id in [
        "x",
        "",
        " ",
        " 0",
        "\t0",
        "0 ",
        "+0",
        "-0",
        "00",
        "0x0",
        "0.0",
        "1e0",
        "٣",
        "2147483648",
        "4294967296",
        "4294967297",
        "-2147483649",
        "99999999999999999999999999",
        "%s",
        "'",
        "--",
        "-",
        "+",
    ] {
        for option in ["-m", "-q", "-s"] {
            compared.case(&[option, "-i", id], plain);
            compared.case(&[option, &format!("--id={id}")], plain);
        }
    }
    compared.all_alike(150);
}

#[test]
fn limits_of_all_sizes() {
    if !comparable() || !may_set_limits("limits of all sizes") {
        return;
    }
    let ns = fresh();
    let mut compared = Comparison::new("ipcs");
    let largest = u64::MAX.to_string();
    for pages in [
        "0",
        "1",
        "1048576",
        "4503599627370495",
        "4503599627370496",
        "9007199254740993",
        "4611686018427387904",
        &largest,
    ] {
        ns.sysctl("shmall", pages);
        for unit in ["--human", "-b", "-l"] {
            compared.case(&["-l", "-m", unit], plain);
        }
    }
    for bytes in ["0", "1", "1023", "1025", "1048575", &largest] {
        ns.sysctl("shmmax", bytes);
        for unit in ["--human", "-b", "-l"] {
            compared.case(&["-l", "-m", unit], plain);
        }
    }
    for number in ["0", "1", "1535", "65536", "2147483647"] {
        ns.sysctl("msgmax", number);
        ns.sysctl("msgmnb", number);
        for unit in ["--human", "-b", "-l"] {
            compared.case(&["-l", "-q", unit], plain);
        }
    }
    ns.sysctl("shmmni", 7);
    ns.sysctl("msgmni", 8);
    ns.sysctl("sem", "1 2 3 4");
    compared.case(&["-l"], plain);
    compared.all_alike(58);
}
