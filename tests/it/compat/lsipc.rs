//! `lsipc` against the installed one of util-linux, byte for byte, on random objects. What differs on purpose is in
//! `lsipc_better.rs`; command lines and terminals are in `lsipc_terminal.rs`.

use std::ops::Range;

use ipcadm_testbed::differential::{Comparison, is_from};
use ipcadm_testbed::population::Population;
use ipcadm_testbed::{Cmd, Kind, Random, fresh, make, may_set_limits, needs_root};

use super::plain;

const OBJECTS: u32 = 40;

const CLASSIC: Range<(u32, u32)> = (2, 38)..(2, 41);

const KINDS: [(Kind, &str); 3] = [(Kind::Shm, "-m"), (Kind::Sem, "-s"), (Kind::Msg, "-q")];

const MODES: [&str; 6] = ["", "-J", "-r", "-e", "-n", "-l"];

/// Everything but kinds, modes and `-g`.
const OPTIONS: [&[&str]; 18] = [
    &[],
    &["-t"],
    &["-c"],
    &["-b"],
    &["-y"],
    &["--noheadings"],
    &["--notruncate"],
    &["--time-format=full"],
    &["--time-format", "iso"],
    &["--time-format=short"],
    &["-o", "ID,KEY"],
    &["-o", "+USER,group,CUSER,cgroup,uid,gid,cuid"],
    &["-o", "command,Size,status,attach,detach"],
    &["-o", "nsems,OTIME,ctime,id"],
    &["-o", "msgs,lspid,lrpid,send,RECV"],
    &["-o", "USED,USE%"],
    &["-o", "perms,owner,nope,id"],
    &["operand"],
];

/// The releases that lists of objects are compared with.
fn is_known() -> bool {
    is_from("lsipc", (2, 38)..=(2, 43))
}

/// The releases that all else is compared with too. Since 2.41 there are limits of POSIX objects, with other
/// descriptions, and other words for options that exclude each other, of which there are more.
fn is_classic() -> bool {
    is_from("lsipc", CLASSIC)
}

/// Since 2.41 a column is no wider than its cells where there are no headings.
fn has_wide_columns(args: &[&str]) -> bool {
    let is_table = !args.iter().any(|arg| ["-J", "-r", "-e", "-n"].contains(arg));
    !(is_table && args.contains(&"--noheadings"))
}

/// Creators have the number of their user for their group too, for releases before 2.42 show that for the other.
fn populate(random: &mut Random, number: u32) -> Population {
    Population::with_even_creators(random, number)
}

/// Without empty words.
fn line<'a>(words: &[&'a str]) -> Vec<&'a str> {
    words.iter().copied().filter(|word| !word.is_empty()).collect()
}

/// Each kind in each mode.
fn a_few_views(compared: &mut Comparison, set: impl Fn(Cmd) -> Cmd) {
    for (_, kind) in KINDS {
        for mode in MODES {
            compared.case(&line(&[kind, mode]), &set);
        }
        compared.case(&[kind, "-t", "--time-format=iso"], &set);
    }
}

/// Objects whose use all releases count alike: whole pages, and sets all of one size.
fn even_objects(random: &mut Random) {
    for _ in 0..1 + random.below(20) {
        make::shm(0, 4096 << random.below(10), 0o600);
        make::sem(0, 3, 0o600);
        make::msg(0, 0o600);
    }
}

#[test]
fn every_kind_mode_and_option() {
    if !is_known() {
        return;
    }
    let _ns = fresh();
    let _made = populate(&mut Random::new(), OBJECTS);
    let mut compared = Comparison::new("lsipc");
    let classic = is_classic();
    for (_, kind) in KINDS {
        for mode in MODES {
            for options in OPTIONS {
                let args = line(&[&[kind, mode], options].concat());
                if classic || has_wide_columns(&args) {
                    compared.case(&args, plain);
                }
            }
        }
    }
    compared.all_alike(3 * (6 * 18 - 2));
}

#[test]
fn pairs_of_options() {
    if !is_classic() {
        return;
    }
    let _ns = fresh();
    let mut random = Random::new();
    let made = populate(&mut random, OBJECTS);
    let mut compared = Comparison::new("lsipc");
    for one in OPTIONS {
        for other in OPTIONS {
            let kind = random.of(&KINDS).1;
            compared.case(&line(&[&[kind], one, other].concat()), plain);
        }
    }
    for one in MODES {
        for other in MODES {
            compared.case(&line(&[one, "-q", other]), plain);
        }
    }
    let id = made.of(Kind::Shm).next().map_or_else(|| "0".to_owned(), |made| made.id.to_string());
    for one in OPTIONS {
        compared.case(&[&["-P"], one, &["-m"]].concat(), plain);
        compared.case(&[&["-P"], one, &["-s"]].concat(), plain);
        compared.case(&[&["-m", "-i", &id], one].concat(), plain);
        compared.case(&[one, &["-i", &id, "-Pbm"]].concat(), plain);
    }
    compared.all_alike(400);
}

#[test]
fn every_object_in_detail() {
    if !is_known() {
        return;
    }
    let _ns = fresh();
    let mut random = Random::new();
    let made = populate(&mut random, OBJECTS);
    let mut compared = Comparison::new("lsipc");
    for (kind, option) in KINDS {
        for object in made.of(kind) {
            let id = object.id.to_string();
            compared.case(&[option, "-i", &id], plain);
            compared.case(&line(&[option, "--id", &id, *random.of::<&str>(&MODES)]), plain);
            compared.case(&[&[option, "-i", &id], *random.of(&OPTIONS)].concat(), plain);
        }
    }
    compared.all_alike(3 * OBJECTS as usize);
}

#[test]
fn limits_and_what_is_in_use() {
    if !is_classic() {
        return;
    }
    let _ns = fresh();
    even_objects(&mut Random::new());
    let mut compared = Comparison::new("lsipc");
    for kind in ["", "-m", "-q", "-s"] {
        for mode in MODES {
            for options in OPTIONS {
                compared.case(&line(&[&["-g", kind, mode], options].concat()), plain);
            }
        }
    }
    for mode in MODES {
        compared.case(&line(&[mode]), plain);
        compared.case(&line(&[mode, "-yb"]), plain);
    }
    compared.all_alike(4 * 6 * 18);
}

#[test]
fn limits_of_all_sizes() {
    if !is_classic() || !may_set_limits("limits of all sizes") {
        return;
    }
    let ns = fresh();
    even_objects(&mut Random::new());
    let mut compared = Comparison::new("lsipc");
    for number in ["1", "1023", "1535", "65536", "1048575", "2147483647"] {
        for limit in ["shmmax", "shmall", "msgmax", "msgmnb"] {
            ns.sysctl(limit, number);
        }
        compared.case(&["-g"], plain);
        compared.case(&["-g", "-b", "-J"], plain);
    }
    for number in ["4503599627370497", "9007199254740993", "18446744073709551615"] {
        ns.sysctl("shmmax", number);
        ns.sysctl("shmall", number);
        compared.case(&["-g", "-m"], plain);
    }
    ns.sysctl("sem", "1 2 3 4");
    ns.sysctl("shmmni", 3);
    ns.sysctl("msgmni", 1);
    compared.case(&["-g"], plain);
    compared.all_alike(16);
}

#[test]
fn without_any_rights() {
    if !is_known() {
        return;
    }
    let _ns = fresh();
    let made = populate(&mut Random::new(), OBJECTS);
    let mut compared = Comparison::new("lsipc");
    a_few_views(&mut compared, Cmd::unprivileged);
    for (kind, option) in KINDS {
        for object in made.of(kind).filter(|object| object.nobody_may_read()) {
            compared.case(&[option, "-i", &object.id.to_string()], Cmd::unprivileged);
        }
    }
    compared.all_alike(25);
}

#[test]
fn without_the_tables_in_proc() {
    if !is_known() {
        return;
    }
    let _ns = fresh();
    let made = populate(&mut Random::new(), OBJECTS);
    let mut compared = Comparison::new("lsipc");
    a_few_views(&mut compared, Cmd::without_sysvipc);
    for (kind, option) in KINDS {
        for object in made.of(kind) {
            let id = object.id.to_string();
            // util-linux takes creators' users for their groups there.
            compared.case(&[option, "-i", &id, "-o", "id,key,cuid,uid,gid,ctime"], Cmd::without_sysvipc);
        }
    }
    compared.all_alike(21 + OBJECTS as usize);
}

#[test]
fn without_proc() {
    if !is_classic() {
        return;
    }
    let _ns = fresh();
    // Nothing tells of processes there, and so nothing must be to tell.
    for number in 0..6 {
        make::by_dead_process(|| make::shm(0, 1 + number * 5000, 0o600));
        make::sem(0, 3, 0o640);
        make::send(make::msg(0, 0o644), 1, b"text");
    }
    let mut compared = Comparison::new("lsipc");
    a_few_views(&mut compared, Cmd::without_proc);
    compared.case(&["-g", "-q"], Cmd::without_proc);
    compared.case(&["-g", "-s", "-J"], Cmd::without_proc);
    compared.case(&["-q", "-i", "1", "-o", "id,msgs,usedbytes,lspid"], Cmd::without_proc);
    compared.all_alike(24);
}

#[test]
fn random_command_lines() {
    if !is_classic() {
        return;
    }
    let _ns = fresh();
    let mut random = Random::new();
    even_objects(&mut random);
    let short = ["-m", "-q", "-s", "-g", "-t", "-c", "-b", "-y", "-J", "-r", "-e", "-n", "-l", "-i0", "-oid", "-o+uid"];
    let long =
        ["--shmems", "--que", "--sema", "--glob", "--id=0", "--id", "--out", "--json", "--raw", "--noh", "--not"];
    let other = ["0", "x", "--", "-mJ", "-qtb", "-sel", "-gy", "--time-f=iso", "--shell", "--list", "--new", "--by"];
    let mut compared = Comparison::new("lsipc");
    for _ in 0..250 {
        let mut words: Vec<&str> = Vec::new();
        for _ in 0..1 + random.below(5) {
            let word: &str = match random.below(4) {
                0 | 1 => random.of::<&str>(&short),
                2 => random.of::<&str>(&long),
                _ => random.of::<&str>(&other),
            };
            // A kind given twice has its columns twice in util-linux.
            let kinds = words.iter().filter(|word| is_kind(word)).count();
            if !is_kind(word) || kinds == 0 {
                words.push(word);
            }
        }
        compared.case(&words, plain);
    }
    compared.all_alike(250);
}

fn is_kind(word: &str) -> bool {
    matches!(word, "-m" | "-q" | "-s" | "--shmems" | "--que" | "--sema" | "-mJ" | "-qtb" | "-sel")
}

#[test]
fn time_zones() {
    if !is_known() {
        return;
    }
    let _ns = fresh();
    let _made = populate(&mut Random::new(), OBJECTS / 2);
    let mut compared = Comparison::new("lsipc");
    let zones = [
        "",
        ":",
        "UTC",
        "Europe/Berlin",
        ":America/St_Johns",
        "Asia/Kathmandu",
        "<+14>-14",
        "<-12>12",
        "AAA-24:59:30",
        "AAA3:30:15",
        "EST5EDT,M3.2.0,M11.1.0",
        "No/Such/Zone",
        "X",
        "/etc/passwd",
        "right/UTC",
    ];
    for zone in zones {
        for format in ["short", "full", "iso"] {
            compared.case(&["-m", "-t", "--time-format", format], |cmd| cmd.env("TZ", zone));
            compared.case(&["-sJ", "-t", "--time-format", format], |cmd| cmd.env("TZ", zone));
        }
    }
    compared.case(&["-m", "-t"], |cmd| cmd.env_remove("TZ"));
    compared.all_alike(6 * zones.len() + 1);
}

#[test]
fn locales_and_environment() {
    if !is_known() {
        return;
    }
    let _ns = fresh();
    let _made = populate(&mut Random::new(), OBJECTS / 2);
    let mut compared = Comparison::new("lsipc");
    for locale in ["C", "C.UTF-8", "POSIX", "no_SUCH", ""] {
        a_few_views(&mut compared, |cmd| cmd.env("LC_ALL", locale));
    }
    a_few_views(&mut compared, |cmd| cmd.env_remove("LC_ALL").env("LANG", "C.UTF-8"));
    // Only a terminal has a width.
    for columns in ["20", "0", "-1", "x"] {
        a_few_views(&mut compared, |cmd| cmd.env("COLUMNS", columns));
    }
    compared.case(&["-m", "operand", "-J"], |cmd| cmd.env("POSIXLY_CORRECT", "1"));
    compared.case(&["-m", "operand", "-z"], |cmd| cmd.env("POSIXLY_CORRECT", "1"));
    compared.all_alike(10 * 21);
}

#[test]
fn outputs_that_fail() {
    if !is_known() {
        return;
    }
    let _ns = fresh();
    // More than the C library's buffer holds makes util-linux forget why it could not be written.
    let _made = populate(&mut Random::new(), 6);
    let mut compared = Comparison::new("lsipc");
    a_few_views(&mut compared, |cmd| cmd.stdout_to("/dev/full"));
    a_few_views(&mut compared, Cmd::stdout_closed_pipe);
    for args in [&["-h"][..], &["-V"], &["-z"], &["-m", "-i", "x"]] {
        compared.case(args, |cmd| cmd.stdout_to("/dev/full").stderr_to("/dev/null"));
        compared.case(args, Cmd::stdout_closed_pipe);
    }
    compared.all_alike(50);
}

#[test]
fn an_empty_namespace() {
    if !is_classic() {
        return;
    }
    let _ns = fresh();
    let mut compared = Comparison::new("lsipc");
    // The lists that JSON gives no name to are in `lsipc_better.rs`.
    for (_, kind) in KINDS {
        for mode in ["", "-r", "-e", "-n", "-l"] {
            compared.case(&line(&[kind, mode]), plain);
            compared.case(&line(&["-g", kind, mode]), plain);
        }
    }
    compared.case(&["-sJ"], plain);
    compared.case(&["-g"], plain);
    compared.all_alike(32);
}

#[test]
fn wrong_command_lines() {
    if !is_classic() {
        return;
    }
    let _ns = fresh();
    for _ in 0..2 {
        make::shm(0, 4096, 0o600);
        make::msg(0, 0o600);
        make::sem(0, 3, 0o600);
    }
    let mut compared = Comparison::new("lsipc");
    let lines: &[&[&str]] = &[
        &["-i"],
        &["-i", "0"],
        &["-i", "0", "-t"],
        &["-t"],
        &["-c"],
        &["-gt"],
        &["-gi0"],
        &["-i0", "-g", "-m"],
        &["-mi0", "-g"],
        &["-mq"],
        &["-qsm"],
        &["-m", "-J", "-r"],
        &["-Je"],
        &["-ln"],
        &["-JJ", "-m"],
        &["-m", "-t", "-o", "ID"],
        &["-m", "-o", "ID", "-t"],
        &["-m", "-o", "ID", "-o", "KEY"],
        &["-m", "-o", "=ID"],
        &["-m", "-o", "ID,"],
        &["-m", "-o", "+x"],
        &["-m", "-o", "NSEMS,x"],
        &["-m", "-o", "x,NSEMS"],
        &["-o", "KEY"],
        &["-o", "SIZE"],
        &["-g", "-o", "+owner"],
        &["-sg", "-o", "nsems"],
        &["-o"],
        &["--output"],
        &["--output=id", "-s"],
        &["--time-format"],
        &["--time-format="],
        &["--time-format=x", "-z"],
        &["-z"],
        &["-z", "-V"],
        &["-mzq"],
        &["--bogus"],
        &["--bogus=1"],
        &["--no", "-m"],
        &["--n", "-m"],
        &["--s", "-m"],
        &["--cre", "-m"],
        &["--json=1"],
        &["--", "-z"],
        &["-m", "--", "-q"],
        &["-", "-m"],
        &["", "-m"],
        &["-m", "-i", "0", "-i", "1"],
        &["-m", "-i", "x", "-z"],
        &["-m", "-z", "-i", "x"],
        &["-m", "-i", "0", "-l", "-o", "x"],
    ];
    for line in lines {
        compared.case(line, plain);
    }
    let ids = [
        "x",
        "",
        " ",
        "0x0",
        "0.0",
        "1e0",
        "٣",
        "2147483648",
        "4294967296",
        "-2147483649",
        "%s",
        "'",
        "-",
        "00",
        "01",
        " 0",
        "\t1",
        "+0",
        "-0",
        "0 ",
    ];
    for id in ids {
        compared.case(&["-m", "-i", id], plain);
        compared.case(&["-s", &format!("--id={id}")], plain);
    }
    compared.all_alike(lines.len() + 2 * ids.len());
}

#[test]
fn names_of_users_and_groups() {
    if !is_known() || !needs_root("objects of several users") {
        return;
    }
    let _ns = fresh();
    for (number, account) in [0, 1, 997, 4242, 65534, 4_294_967_294].into_iter().enumerate() {
        let id = make::shm(0, 1 + number, 0o600);
        make::chown(Kind::Shm, id, account, account, 0o640);
        make::as_user(account, account, || make::msg(0, 0o600));
    }
    let mut compared = Comparison::new("lsipc");
    for mode in MODES {
        for kind in ["-m", "-q"] {
            compared.case(&line(&[kind, mode, "-o", "+user,group,cuser,cgroup,uid,gid,cuid"]), plain);
        }
        for id in ["0", "3"] {
            compared.case(&line(&["-q", "-i", id, mode]), plain);
        }
    }
    compared.all_alike(24);
}
