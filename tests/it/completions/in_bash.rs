//! The script in bash, with and without bash-completion.

use std::fs;

use ipcadm_testbed::fresh;

use crate::completions::shell::{objects, shell};

const BASH_COMPLETION: &str = "/usr/share/bash-completion/bash_completion";

/// Reads the words as readline splits them, calls what completes them, and prints the candidates one a line.
const DRIVER: &str = r#"
[[ -z $WITH ]] || . "$WITH"
. "$SCRIPT"
COMP_WORDBREAKS=$BREAKS
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_POINT=${#COMP_LINE}
spec=$(complete -p ipcadm)
[[ $spec == 'complete -F _ipcadm ipcadm' ]] || echo "registered as: $spec" >&2
_ipcadm ipcadm '' ''
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
"#;

const BREAKS: &str = " \t\n\"'><=;|&(:";
const WITHOUT_COLON: &str = " \t\n\"'><;|&(";

/// The candidates at the end of the line, which must be the same with bash-completion.
#[track_caller]
fn candidates(line: &str, breaks: &str) -> Vec<String> {
    let with: &[&str] = if fs::exists(BASH_COMPLETION).unwrap_or(false) { &["", BASH_COMPLETION] } else { &[""] };
    let mut all = with.iter().map(|with| {
        let bash = shell("bash", &["--noprofile", "--norc", "-c", DRIVER, "bash"], "ipcadm.bash")
            .args(split(line, breaks))
            .env("COMP_LINE", line)
            .env("BREAKS", breaks)
            .env("WITH", *with);
        let shown = bash.run().ok().stderr_empty().stdout_str();
        shown.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    let first = all.next().expect("one");
    all.for_each(|other| assert_eq!(first, other, "{line:?} with bash-completion"));
    first
}

/// As readline does: a run of `:` and `=` is a word where they break words, and a word starts after a blank.
fn split(line: &str, breaks: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for part in line.split(' ') {
        let mut last = None;
        words.push(String::new());
        for c in part.chars() {
            let sign = ":=".contains(c) && breaks.contains(c);
            match words.last_mut() {
                Some(word) if last.is_none_or(|last| last == sign) => word.push(c),
                _ => words.push(c.to_string()),
            }
            last = Some(sign);
        }
    }
    words
}

#[test]
fn lines_are_split_as_readline_does() {
    assert_eq!(split("ipcadm rm shm:4", BREAKS), ["ipcadm", "rm", "shm", ":", "4"]);
    assert_eq!(split("ipcadm rm shm:", BREAKS), ["ipcadm", "rm", "shm", ":"]);
    assert_eq!(split("ipcadm rm shm: ", BREAKS), ["ipcadm", "rm", "shm", ":", ""]);
    assert_eq!(split("ipcadm rm shm:4", WITHOUT_COLON), ["ipcadm", "rm", "shm:4"]);
}

#[track_caller]
fn offers(line: &str, wanted: &[&str]) {
    assert_eq!(candidates(line, BREAKS), wanted, "{line:?}");
}

#[test]
fn references_are_offered_where_objects_are_named() {
    let _ns = fresh();
    let objects = objects();
    let all = objects.all();
    for line in [
        "ipcadm rm ",
        "ipcadm delete ",
        "ipcadm show ",
        "ipcadm stat ",
        "ipcadm set ",
        "ipcadm rm -y ",
        "ipcadm rm sem:9 ",
        "ipcadm rm --format json ",
        "ipcadm --color always rm ",
        "ipcadm set --mode 0600 ",
        "ipcadm rm -- ",
    ] {
        offers(line, &all);
    }
    offers("ipcadm ls ", &[&["shm", "sem", "msg"], all.as_slice()].concat());
    for line in ["ipcadm shm rm ", "ipcadm shm ls ", "ipcadm shm delete ", "ipcadm shm attach "] {
        offers(line, &[&objects.shm[0], &objects.shm[1]]);
    }
    offers("ipcadm sem show ", &[&objects.sem]);
    offers("ipcadm msg set ", &[&objects.msg]);
    offers("ipcadm msg set s", &[]);
    // It takes one.
    offers("ipcadm shm attach shm:0 ", &[]);
    offers("ipcadm limits ", &[]);
}

#[test]
fn nothing_is_offered_where_there_is_nothing() {
    let _ns = fresh();
    offers("ipcadm rm ", &[]);
    offers("ipcadm rm shm:", &[]);
}

#[test]
fn a_reference_is_completed_on_both_sides_of_its_colon() {
    let _ns = fresh();
    let objects = objects();
    let ids: Vec<&str> = objects.shm.iter().map(|text| &text["shm:".len()..]).collect();
    for command in ["rm", "shm rm", "shm attach"] {
        let line = |typed: &str| format!("ipcadm {command} {typed}");
        // readline replaces what follows the colon.
        assert_eq!(candidates(&line("shm:"), BREAKS), ids);
        assert_eq!(candidates(&line(&objects.shm[1]), BREAKS), [ids[1]]);
        assert_eq!(candidates(&line("shm:"), WITHOUT_COLON), objects.shm);
        assert_eq!(candidates(&line(&objects.shm[1]), WITHOUT_COLON), objects.shm[1..]);
        assert_eq!(candidates(&line("\"shm:"), WITHOUT_COLON), objects.shm);
        assert_eq!(candidates(&line("sh"), BREAKS), objects.shm);
        assert!(candidates(&line("shm:x"), BREAKS).is_empty());
    }
    assert_eq!(candidates("ipcadm rm shm:7 msg:", BREAKS), [&objects.msg["msg:".len()..]]);
}

#[test]
fn commands_and_options_are_offered() {
    let _ns = fresh();
    offers("ipcadm sh", &["show", "shm"]);
    offers("ipcadm shm cr", &["create"]);
    // Aliases work, but there is one name to be learnt.
    offers("ipcadm de", &[]);
    offers("ipcadm ls --so", &["--sort"]);
    offers("ipcadm list --so", &["--sort"]);
    offers("ipcadm set shm:0 --own", &["--owner"]);
    offers("ipcadm rm shm:0 --if-e", &["--if-exists"]);
    offers("ipcadm shm rm shm:0 --dry", &["--dry-run"]);
    offers("ipcadm help li", &["limits"]);
    offers("ipcadm completions ", &["bash", "zsh", "fish"]);
    offers("ipcadm nonsense --x", &[]);
}

#[test]
fn values_of_options_are_offered() {
    let _ns = fresh();
    offers("ipcadm ls --format j", &["json", "jsonl"]);
    offers("ipcadm ls --format=j", &["json", "jsonl"]);
    offers("ipcadm ls --format=", &["table", "json", "jsonl", "csv"]);
    assert_eq!(candidates("ipcadm ls --format=c", WITHOUT_COLON), ["--format=csv"]);
    offers("ipcadm --color al", &["always"]);
    offers("ipcadm set shm:0 --owner roo", &["root"]);
    offers("ipcadm ls --not-owner=roo", &["root"]);
    offers("ipcadm create --group roo", &[]);
    offers("ipcadm shm create --group roo", &["root"]);
    offers("ipcadm ls --older-than ", &[]);
    offers("ipcadm shm create ", &[]);
    offers("ipcadm limits --sort ", &[]);
}

#[test]
fn columns_are_offered_in_lists() {
    let _ns = fresh();
    offers("ipcadm ls --sort nse", &["nsems"]);
    offers("ipcadm ls -o ref,nse", &["ref,nsems"]);
    offers("ipcadm ls -o +nse", &["+nsems"]);
    offers("ipcadm ls -o -mod", &["-mode"]);
    offers("ipcadm ls -ro +rss,-mod", &["+rss,-mode"]);
    offers("ipcadm ls --output=ref,nse", &["ref,nsems"]);
}

#[test]
fn a_program_is_offered_after_dashes() {
    let _ns = fresh();
    let found = candidates("ipcadm shm attach shm:0 -- unsha", BREAKS);
    assert!(found.iter().any(|word| word == "unshare"), "{found:?}");
    offers("ipcadm shm attach shm:0 -- unshare ", &[]);
}

/// With keys pressed on a terminal, which script(1) of util-linux makes.
#[test]
fn tab_completes_on_a_terminal() {
    let _ns = fresh();
    let queue = objects().msg;
    let id = &queue["msg:".len()..];
    for breaks in [":", "COMP_WORDBREAKS=${COMP_WORDBREAKS//:}"] {
        let bash = "exec bash --noprofile --norc -i";
        let mut terminal = shell("script", &["-qec", bash, "/dev/null"], "ipcadm.bash").stdin_open().spawn();
        // The words typed show up as well; this one only when the shell has read it all.
        terminal.send(format!(". \"$SCRIPT\"; {breaks}; PS1=; echo rea''dy\n"));
        while !terminal.line().starts_with("ready") {}
        terminal.send("ipcadm ms\tls --no-h\tms\t\n");
        let listed = loop {
            let line = terminal.line();
            if line.starts_with(&queue) {
                break line;
            }
        };
        assert!(listed.contains("0x00000052"), "{listed}");
        terminal.send("ipcadm ls -q msg:\t; echo \"got $?\"\n");
        let mut seen = Vec::new();
        while !seen.last().is_some_and(|line: &String| line.starts_with("got ")) {
            seen.push(terminal.line().trim_end().to_owned());
        }
        assert!(seen.contains(&format!("msg:{id}")), "{seen:?}");
        assert_eq!(seen.last().map(String::as_str), Some("got 0"), "{seen:?}");
        terminal.send("exit\n");
        terminal.close_stdin();
        terminal.wait().ok();
    }
}
