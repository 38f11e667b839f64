//! `lsipc` against the installed one of util-linux: strange command lines, and terminals of many widths.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use ipcadm_testbed::differential::{Comparison, is_from};
use ipcadm_testbed::population::Population;
use ipcadm_testbed::{Folder, Random, Running, fresh, ipcadm_path, tool};

/// As in `lsipc.rs`.
fn is_classic() -> bool {
    is_from("lsipc", (2, 38)..(2, 41))
}

/// A process by this name, with these arguments, that has made a segment, and made it before it was called so.
fn named(name: &[u8], args: &[&[u8]]) -> Option<Running> {
    let script = "shmget(0, 4096, 0600 | 512) // die; exec { '/bin/cat' } @ARGV";
    let words = [&[name][..], &[b"-"], args].concat();
    let words = words.into_iter().map(|word| OsStr::from_bytes(word).to_owned());
    let process = tool("perl", ["-e", script]).args(words).stdin_open().spawn();
    let begin = [name, b"\0-\0"].concat();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !fs::read(format!("/proc/{}/cmdline", process.pid())).is_ok_and(|line| line.starts_with(&begin)) {
        if Instant::now() > deadline {
            return None;
        }
        std::thread::yield_now();
    }
    Some(process)
}

/// In the order of the segments they made.
fn strange_processes() -> Vec<Running> {
    let long = "long ".repeat(3000);
    let names: [(&[u8], &[&[u8]]); 8] = [
        (b"plain", &[]),
        (b"\x01\x1b[2J\t\n\r\x7f\x08", &[]),
        ("é中".as_bytes(), &[]),
        (b"\xff\xc3", &[]),
        (b"q\"$`\\'\\x41\\", &[b"\\x"]),
        (b"blanks  ", &[b"a  b", b"", b""]),
        (b"much", &[long.as_bytes()]),
        (b"", &[]),
    ];
    let processes = names.iter().map(|(name, args)| named(name, args).expect("a process by that name"));
    processes.collect()
}

#[test]
fn strange_command_lines() {
    if !is_classic() {
        return;
    }
    let _ns = fresh();
    let _processes = strange_processes();
    let mut compared = Comparison::new("lsipc");
    for locale in ["C", "C.UTF-8"] {
        // What JSON may not hold, and what a terminal would obey in a sheet, is in `lsipc_better.rs`.
        for mode in ["-l", "-r", "-e", "-n"] {
            for columns in ["command", "id,command", "command,id,command", "+id"] {
                compared.case(&["-m", mode, "-o", columns], |cmd| cmd.env("LC_ALL", locale));
            }
        }
        for id in ["0", "2", "4", "5", "6"] {
            compared.case(&["-mJ", "-i", id], |cmd| cmd.env("LC_ALL", locale));
            compared.case(&["-m", "-i", id], |cmd| cmd.env("LC_ALL", locale));
        }
    }
    compared.all_alike(50);
}

/// What is on a terminal of this width after `program` was run.
fn on_terminal(program: &str, args: &[&str], width: usize, locale: &str) -> String {
    let quoted: String = args.iter().map(|arg| format!(" '{arg}'")).collect();
    let script = format!("stty cols {width} rows 50; {program}{quoted}");
    let terminal = tool("script", ["-qec", &script, "/dev/null"]).env("SHELL", "/bin/sh").env("LC_ALL", locale);
    terminal.stdin_open().run().ok().stdout_str()
}

#[test]
fn terminals_of_many_widths() {
    if !is_classic() {
        return;
    }
    let _ns = fresh();
    let _processes = strange_processes();
    let _made = Population::with_even_creators(&mut Random::new(), 20);
    let folder = Folder::new("lsipc");
    let ours = folder.join("lsipc");
    symlink(ipcadm_path(), &ours).expect("a link");
    let ours_path = ours.to_str().expect("a plain path");
    let mut differing = Vec::new();
    for width in (40..=200).step_by(20).chain([79, 81, 132]) {
        let lines: [&[&str]; 9] = [
            &["-m"],
            &["-m", "-c"],
            &["-mt", "--notruncate"],
            &["-m", "--noheadings"],
            &["-m", "-o", "command,id,command,status,key"],
            &["-q"],
            &["-s", "-t"],
            &["-m", "-e", "-o", "command"],
            &["-m", "-i", "0"],
        ];
        for args in lines {
            let locale = if width % 2 == 0 { "C" } else { "C.UTF-8" };
            let show = |program| on_terminal(program, args, width, locale);
            let (theirs, ours) = (show("lsipc"), show(ours_path));
            if theirs != ours {
                differing.push(format!("{args:?} in {width} columns, {locale}:\n{theirs}\n{ours}"));
            }
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing[0]);
}
