//! The completion scripts in `completions/`: made from the command tree, and for the drop-ins from tables; compared
//! with what is committed, and used in their shells.
//!
//! After a change of the command line or of the generator:
//!
//! ```sh
//! UPDATE_COMPLETIONS=1 cargo test completions
//! ```
//!
//! They are not made with clap_complete: live references, columns, users and hidden aliases would mean rewriting most
//! of the lines it prints, in three layouts that are its own affair. Besides, its script for bash knows nothing of words
//! with `:` and is three times as long.

mod bash;
mod drop_ins;
mod fish;
mod in_bash;
mod in_fish;
mod in_zsh;
mod shell;
mod tree;
mod zsh;

use std::path::PathBuf;
use std::sync::LazyLock;
use std::{env, fs};

use ipcadm_testbed::{ipcadm, source};

/// A committed script, up to date if that was asked for.
fn committed(name: &str) -> PathBuf {
    static UPDATED: LazyLock<()> = LazyLock::new(|| {
        if env::var_os("UPDATE_COMPLETIONS").is_some() {
            for (name, script) in generated() {
                fs::write(in_folder(&name), script).expect("the folder is there");
            }
        }
    });
    *UPDATED;
    in_folder(name)
}

fn in_folder(name: &str) -> PathBuf {
    source("completions").join(name)
}

fn generated() -> Vec<(String, String)> {
    let tree = tree::tree();
    let own =
        [("ipcadm.bash", bash::script(&tree)), ("_ipcadm", zsh::script(&tree)), ("ipcadm.fish", fish::script(&tree))];
    own.into_iter().map(|(name, script)| (name.to_owned(), script)).chain(drop_ins::generated()).collect()
}

#[test]
fn the_committed_scripts_are_those_of_the_command_tree() {
    for (name, script) in generated() {
        let old = fs::read_to_string(committed(&name)).unwrap_or_default();
        let line = old.lines().zip(script.lines()).take_while(|(old, new)| old == new).count() + 1;
        assert!(
            old == script,
            "completions/{name} is out of date from line {line} on. \
             Run: UPDATE_COMPLETIONS=1 cargo test completions"
        );
    }
}

#[test]
fn the_program_prints_the_committed_scripts() {
    for (shell, script) in [
        ("bash", include_str!("../../../completions/ipcadm.bash")),
        ("zsh", include_str!("../../../completions/_ipcadm")),
        ("fish", include_str!("../../../completions/ipcadm.fish")),
    ] {
        ipcadm(["completions", shell]).run().ok().stdout_is(script).stderr_empty();
    }
}
