//! The script in zsh. It completes on a terminal only, which script(1) of util-linux makes.

use ipcadm_testbed::fresh;

use crate::completions::shell::{objects, shell};

/// Completes `$LINE` as soon as the shell would read a line, and shows all candidates that match, one a line.
const DRIVER: &str = r#"
autoload -Uz compinit
compinit -u -D
source $SCRIPT
compadd() {
    # With these the candidates are only filtered, not offered.
    if (( ! ${@[1,(i)(-|--)][(I)-[OAD]]} )); then
        local -a matching
        builtin compadd -O matching "$@"
        (( $#matching )) && print -rl -- '' offered:$^matching >$TTY
    fi
    builtin compadd "$@"
}
zle-line-init() {
    BUFFER=$LINE CURSOR=$#LINE
    zle complete-word
    print -rl -- '' "buffer:$BUFFER" >$TTY
    exit
}
zle -N zle-line-init
"#;

pub(crate) struct Completed {
    pub offered: Vec<String>,
    /// The line afterwards.
    pub line: String,
}

#[track_caller]
pub(crate) fn complete(line: &str, script: &str) -> Completed {
    let script = shell("script", &["-qec", "exec zsh -f -i", "/dev/null"], script);
    let mut terminal = script.env("LINE", line).env("DRIVER", DRIVER).stdin_open().spawn();
    terminal.send("eval $DRIVER\n");
    let mut offered = Vec::new();
    loop {
        let shown = terminal.line();
        let shown = shown.trim_end_matches(['\r', '\n']);
        if let Some(word) = shown.strip_prefix("offered:") {
            offered.push(word.to_owned());
        } else if let Some(line) = shown.strip_prefix("buffer:") {
            terminal.close_stdin();
            terminal.wait();
            return Completed { offered, line: line.to_owned() };
        }
    }
}

#[track_caller]
fn offers(line: &str, wanted: &[&str]) {
    let mut offered = complete(line, "_ipcadm").offered;
    let mut wanted = wanted.to_vec();
    offered.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(offered, wanted, "{line:?}");
}

#[track_caller]
fn becomes(line: &str, wanted: &str) {
    assert_eq!(complete(line, "_ipcadm").line, wanted, "{line:?}");
}

#[test]
fn it_loads_quietly_sourced_or_found() {
    if !ipcadm_testbed::installed("zsh") {
        return;
    }
    let load = "autoload -Uz compinit; compinit -u -D; source $SCRIPT; print $_comps[ipcadm] $+functions[_ipcadm]";
    shell("zsh", &["-fc", load], "_ipcadm").run().ok().stdout_is("_ipcadm 1\n").stderr_empty();
    let find = "fpath=($SCRIPT:h $fpath); autoload -Uz compinit; compinit -u -D; print $_comps[ipcadm]";
    shell("zsh", &["-fc", find], "_ipcadm").run().ok().stdout_is("_ipcadm\n").stderr_empty();
}

#[test]
fn references_are_offered_where_objects_are_named() {
    if !ipcadm_testbed::installed("zsh") {
        return;
    }
    let _ns = fresh();
    let objects = objects();
    let all = objects.all();
    for line in [
        "ipcadm rm ",
        "ipcadm remove ",
        "ipcadm show ",
        "ipcadm inspect sem:9 ",
        "ipcadm set --mode 0600 ",
        "ipcadm --color always rm ",
        "ipcadm -v rm --format json ",
    ] {
        offers(line, &all);
    }
    offers("ipcadm ls ", &[&["shm", "sem", "msg"], all.as_slice()].concat());
    offers("ipcadm rm shm:", &[&objects.shm[0], &objects.shm[1]]);
    for line in ["ipcadm shm rm ", "ipcadm shm delete ", "ipcadm shm ls ", "ipcadm shm attach "] {
        offers(line, &[&objects.shm[0], &objects.shm[1]]);
    }
    becomes("ipcadm rm msg:", &format!("ipcadm rm {} ", objects.msg));
    becomes("ipcadm sem show ", &format!("ipcadm sem show {} ", objects.sem));
    becomes("ipcadm limits s", "ipcadm limits s");
}

#[test]
fn commands_options_and_their_values_are_offered() {
    if !ipcadm_testbed::installed("zsh") {
        return;
    }
    let _ns = fresh();
    offers("ipcadm rm ", &[]);
    offers("ipcadm sh", &["show", "shm"]);
    offers("ipcadm de", &[]);
    offers("ipcadm completions ", &["bash", "zsh", "fish"]);
    offers("ipcadm ls --format j", &["json", "jsonl"]);
    offers("ipcadm ls --format=j", &["json", "jsonl"]);
    offers("ipcadm ls --older-than ", &[]);
    offers("ipcadm shm create ", &[]);
    becomes("ipcadm shm cr", "ipcadm shm create ");
    becomes("ipcadm help li", "ipcadm help limits ");
    becomes("ipcadm ls --so", "ipcadm ls --sort=");
    becomes("ipcadm shm list --so", "ipcadm shm list --sort=");
    becomes("ipcadm set shm:0 --own", "ipcadm set shm:0 --owner=");
    becomes("ipcadm set shm:0 --owner roo", "ipcadm set shm:0 --owner root ");
    becomes("ipcadm --color alw", "ipcadm --color always ");
    becomes("ipcadm ls --sort nse", "ipcadm ls --sort nsems,");
    becomes("ipcadm ls -o ref,nse", "ipcadm ls -o ref,nsems,");
    becomes("ipcadm ls -o +nse", "ipcadm ls -o +nsems,");
    becomes("ipcadm ls -o ref,-mod", "ipcadm ls -o ref,-mode,");
    becomes("ipcadm shm attach shm:0 -- unshar", "ipcadm shm attach shm:0 -- unshare ");
}
