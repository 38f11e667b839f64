//! The tables against the manual pages, and the scripts in their shells.

use std::collections::BTreeSet;
use std::fs;

use ipcadm_testbed::{fresh, make, source};

use super::{COLUMNS, COMMON_COLUMNS, tools};
use crate::completions::in_zsh;
use crate::completions::shell::shell;

fn page(tool: &str) -> String {
    let path = source(format!("man/{tool}.1"));
    fs::read_to_string(path).expect("there is a page")
}

/// What the items of a page begin with: the words behind each `Fl` or `Cm`. Options for POSIX objects are refused, and
/// so they are not to be offered.
fn items(page: &str, makro: &str) -> BTreeSet<String> {
    let lines = page.lines().take_while(|line| *line != ".Sh POSIX OBJECTS");
    let lines = lines.filter_map(|line| line.strip_prefix(".It "));
    let words = lines.flat_map(|line| line.split(makro).skip(1).filter_map(|rest| rest.split_whitespace().next()));
    words.map(str::to_owned).collect()
}

#[test]
fn every_option_and_column_of_the_pages_is_offered_and_no_other() {
    for tool in tools() {
        let documented: BTreeSet<String> =
            items(&page(tool.name), "Fl ").into_iter().map(|name| format!("-{name}")).collect();
        let offered = tool.options.iter().flat_map(super::Flag::names).collect();
        assert_eq!(documented, offered, "{}.1 (left) against the table", tool.name);
    }
    let columns = COLUMNS.iter().map(|(_, columns)| *columns).chain([COMMON_COLUMNS]);
    let columns: BTreeSet<String> = columns.flat_map(str::split_whitespace).map(str::to_owned).collect();
    assert_eq!(items(&page("lsipc"), "Cm "), columns, "lsipc.1 (left) against the table");
}

/// Two segments, the second with a key, a set and a queue.
fn objects() -> [String; 4] {
    [make::shm(0, 4096, 0o600), make::shm(0x51, 8192, 0o600), make::sem(0x52, 3, 0o600), make::msg(0x53, 0o600)]
        .map(|id| id.to_string())
}

/// A command line, and what is offered at its end.
fn cases(objects: &[String; 4]) -> Vec<(&'static str, Vec<&str>)> {
    let [one, two, set, queue] = objects.each_ref().map(String::as_str);
    vec![
        ("ipcrm -m ", vec![one, two]),
        ("ipcrm --shmem-id ", vec![one, two]),
        ("ipcrm -q 7 -s ", vec![set]),
        ("ipcrm -vq ", vec![queue]),
        ("ipcrm -M ", vec!["0x00000051"]),
        ("ipcrm --semaphore-key ", vec!["0x00000052"]),
        ("ipcrm ", vec!["shm", "msg", "sem"]),
        ("ipcrm shm ", vec![one, two]),
        ("ipcrm msg 7 ", vec![queue]),
        // A kind there would be refused, and wipe everything in util-linux.
        ("ipcrm -a ", vec![]),
        ("ipcrm -v -m 7 ", vec![]),
        ("ipcs -s -i ", vec![set]),
        ("ipcs --queues --id ", vec![queue]),
        ("ipcs -bm -i ", vec![one, two]),
        ("ipcs -i ", vec![]),
        ("ipcs --sum", vec!["--summary"]),
        ("ipcmk --sh", vec!["--shmem"]),
        ("ipcmk -M ", vec![]),
        ("lsipc --time-format ", vec!["short", "full", "iso"]),
        ("lsipc -q -i ", vec![queue]),
        ("lsipc -s -o NS", vec!["NSEMS"]),
        ("lsipc -m -o NS", vec![]),
        ("lsipc -o RES", vec!["RESOURCE"]),
        ("lsipc --noh", vec!["--noheadings"]),
    ]
}

#[track_caller]
fn same(line: &str, mut found: Vec<String>, wanted: &[&str]) {
    let mut wanted = wanted.to_vec();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{line:?}");
}

fn tool_of(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// Prints the candidates for the words of the line, which are split at blanks and as `$BREAKS` says.
const BASH: &str = r#"
. "$SCRIPT"
COMP_WORDBREAKS=$BREAKS
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
"_ipcadm_$1"
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
"#;

#[track_caller]
fn in_bash(words: &[&str]) -> Vec<String> {
    let script = format!("{}.bash", words[0]);
    let bash = shell("bash", &["--noprofile", "--norc", "-c", BASH, "bash"], &script).args(words.iter().copied());
    let shown = bash.env("BREAKS", " \t\n\"'><=;|&(:").run().ok().stderr_empty().stdout_str();
    shown.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes() {
    let _ns = fresh();
    let objects = objects();
    for (line, wanted) in cases(&objects) {
        same(line, in_bash(&line.split(' ').collect::<Vec<_>>()), &wanted);
    }
    // readline replaces what follows a '=' that breaks words.
    same("--time-format = i", in_bash(&["lsipc", "--time-format", "=", "i"]), &["iso"]);
    same("--time-format=i", in_bash(&["lsipc", "--time-format=i"]), &["--time-format=iso"]);
    same("--all =", in_bash(&["ipcrm", "--all", "="]), &["shm", "msg", "sem"]);
    same("--all ", in_bash(&["ipcrm", "--all", ""]), &[]);
    same("-o ID,NA", in_bash(&["lsipc", "-m", "-o", "ID,NA"]), &["ID,NATTCH"]);
    same("-o +NA", in_bash(&["lsipc", "-m", "-o", "+NA"]), &["+NATTCH"]);
    same("--output = +NA", in_bash(&["lsipc", "-m", "--output", "=", "+NA"]), &["+NATTCH"]);
}

#[test]
fn bash_registers_each_for_its_name() {
    for tool in tools() {
        let print = ". \"$SCRIPT\" && complete -p";
        let bash = shell("bash", &["--noprofile", "--norc", "-c", print], &format!("{}.bash", tool.name));
        bash.run().ok().stderr_empty().stdout_is(format!("complete -F _ipcadm_{0} {0}\n", tool.name));
    }
}

#[test]
fn fish_completes() {
    if !ipcadm_testbed::installed("fish") {
        return;
    }
    let _ns = fresh();
    let objects = objects();
    let more = [
        ("ipcrm --all=", vec!["--all=shm", "--all=msg", "--all=sem"]),
        ("lsipc -m -o ID,NA", vec!["ID,NATTCH"]),
        ("lsipc -m -o +NA", vec!["+NATTCH"]),
    ];
    for (line, wanted) in cases(&objects).into_iter().chain(more) {
        let args = ["--no-config", "-c", "source $SCRIPT; complete -C $LINE"];
        let fish = shell("fish", &args, &format!("{}.fish", tool_of(line))).env("LINE", line);
        let shown = fish.run().ok().stderr_empty().stdout_str();
        let found = shown.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned());
        same(line, found.collect(), &wanted);
    }
}

#[test]
fn zsh_completes() {
    if !ipcadm_testbed::installed("zsh") {
        return;
    }
    let _ns = fresh();
    let objects = objects();
    let more = [("ipcrm --all=", vec!["shm", "msg", "sem"])];
    for (line, wanted) in cases(&objects).into_iter().chain(more) {
        let completed = in_zsh::complete(line, &format!("_{}", tool_of(line)));
        // What is the only one goes into the line at once, offered or not.
        match wanted.as_slice() {
            [only] => {
                let end = completed.line.rsplit([' ', ',']).find(|word| !word.is_empty()).unwrap_or_default();
                assert_eq!(end.trim_end_matches('='), *only, "{line:?}");
            }
            wanted => same(line, completed.offered, wanted),
        }
    }
    for (line, wanted) in [("lsipc -m -o ID,NA", "lsipc -m -o ID,NATTCH,"), ("lsipc -m -o +NA", "lsipc -m -o +NATTCH,")]
    {
        assert_eq!(in_zsh::complete(line, "_lsipc").line, wanted);
    }
}

#[test]
fn zsh_finds_each_by_its_name() {
    if !ipcadm_testbed::installed("zsh") {
        return;
    }
    for tool in tools() {
        let name = tool.name;
        let find = format!("fpath=($SCRIPT:h $fpath); autoload -Uz compinit; compinit -u -D; print $_comps[{name}]");
        let zsh = shell("zsh", &["-fc", &find], &format!("_{name}"));
        zsh.run().ok().stderr_empty().stdout_is(format!("_{name}\n"));
    }
}
