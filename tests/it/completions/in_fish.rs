//! The script in fish, which can be asked what it would offer.

use ipcadm_testbed::fresh;

use crate::completions::shell::{objects, shell};

/// The candidates at the end of the line, each with its description after a tab.
#[track_caller]
fn described(line: &str) -> Vec<String> {
    let fish = shell("fish", &["--no-config", "-c", "source $SCRIPT; complete -C $LINE"], "ipcadm.fish");
    let shown = fish.env("LINE", line).run().ok().stderr_empty().stdout_str();
    shown.lines().map(str::to_owned).collect()
}

/// The candidates in the order of their names.
#[track_caller]
fn offers(line: &str, wanted: &[&str]) {
    let found = described(line);
    let mut found: Vec<&str> = found.iter().map(|line| line.split('\t').next().unwrap_or_default()).collect();
    let mut wanted = wanted.to_vec();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{line:?}");
}

#[test]
fn references_are_offered_where_objects_are_named() {
    if !ipcadm_testbed::installed("fish") {
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
    offers("ipcadm rm shm:", &[&objects.shm[0], &objects.shm[1]]);
    offers(&format!("ipcadm rm {}", objects.shm[1]), &[&objects.shm[1]]);
    offers("ipcadm ls ", &[&["shm", "sem", "msg"], all.as_slice()].concat());
    for line in ["ipcadm shm rm ", "ipcadm shm --color never delete ", "ipcadm shm ls ", "ipcadm shm attach "] {
        offers(line, &[&objects.shm[0], &objects.shm[1]]);
    }
    offers("ipcadm sem show ", &[&objects.sem]);
    offers("ipcadm msg set ", &[&objects.msg]);
    offers("ipcadm limits ", &[]);
    let shown = described("ipcadm sem rm ").concat();
    assert!(shown.starts_with(&format!("{}\t", objects.sem)) && shown.ends_with("  3 semaphores"), "{shown:?}");
}

#[test]
fn commands_options_and_their_values_are_offered() {
    if !ipcadm_testbed::installed("fish") {
        return;
    }
    let _ns = fresh();
    offers("ipcadm rm ", &[]);
    offers("ipcadm sh", &["show", "shm"]);
    offers("ipcadm de", &[]);
    offers("ipcadm shm cr", &["create"]);
    offers("ipcadm help li", &["limits"]);
    offers("ipcadm completions ", &["bash", "zsh", "fish"]);
    offers("ipcadm ls --so", &["--sort"]);
    offers("ipcadm shm list --so", &["--sort"]);
    offers("ipcadm set shm:0 --own", &["--owner"]);
    offers("ipcadm set shm:0 --owner roo", &["root"]);
    offers("ipcadm ls --format j", &["json", "jsonl"]);
    offers("ipcadm ls --format=j", &["--format=json", "--format=jsonl"]);
    offers("ipcadm ls --older-than ", &[]);
    offers("ipcadm shm create ", &[]);
    offers("ipcadm ls --sort nse", &["nsems"]);
    offers("ipcadm ls -o ref,nse", &["ref,nsems"]);
    offers("ipcadm ls -o +nse", &["+nsems"]);
    offers("ipcadm ls -o ref,+nse", &["ref,+nsems"]);
    assert_eq!(described("ipcadm lim"), ["limits\tShow limits, what of them is in use, and who uses most"]);
    assert_eq!(described("ipcadm --color alw"), ["always\tAlways"]);
}

#[test]
fn a_program_is_offered_after_dashes() {
    if !ipcadm_testbed::installed("fish") {
        return;
    }
    let _ns = fresh();
    let found = described("ipcadm shm attach shm:0 -- unsha");
    assert!(found.iter().any(|line| line.starts_with("unshare")), "{found:?}");
}
