//! `shm read`: what comes out is what is in the segment, and reading changes as little as it can.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, symlink};

use ipcadm_testbed::{Cmd, Folder, Kind, fresh, ipcadm, is_root, make, needs_root, tool};
use proptest::prelude::*;

use super::rss;

const NORESERVE: u32 = 0o10000;
const PAGE: u64 = 4096;

fn read(id: i32, args: &[&str]) -> Cmd {
    ipcadm(["shm", "read", &id.to_string()]).args(args.iter().copied())
}

/// Bytes that differ from page to page.
fn noise(len: usize) -> Vec<u8> {
    (0..len as u64).map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

fn filled(bytes: &[u8], mode: u32) -> i32 {
    let id = make::shm(0, bytes.len(), mode);
    make::attach(id).write(0, bytes);
    id
}

#[test]
fn all_bytes_come_out() {
    let _ns = fresh();
    let bytes = noise(3 << 20 | 777);
    let id = filled(&bytes, 0o644);
    assert!(read(id, &[]).run().ok().stderr_empty().stdout == bytes);
    assert!(read(id, &[]).unprivileged().run().ok().stderr_empty().stdout == bytes);
    assert!(
        read(id, &["--raw", "--offset", "1M", "--length", "0x1801"]).run().ok().stdout == bytes[1 << 20..][..0x1801]
    );
    assert!(read(id, &["--offset", "5000"]).unprivileged().run().ok().stdout == bytes[5000..]);
    assert_eq!(make::shm_stat(id).nattch, 0);
}

#[test]
fn a_part_must_be_there() {
    let _ns = fresh();
    let id = filled(b"0123456789", 0o600);
    read(id, &["--offset", "10"]).run().ok().stdout_empty();
    read(id, &["--offset", "3", "--length", "7"]).run().ok().stdout_is("3456789");
    read(id, &["--length", "0"]).run().ok().stdout_empty();
    read(id, &["--offset", "11"]).run().status(1).stderr_has("offset 11 is beyond its 10 bytes").stdout_empty();
    read(id, &["--offset", "3", "--length", "8"])
        .run()
        .status(1)
        .stderr_has(&format!("cannot read shm:{id}: 8 bytes from offset 3 is beyond its 10 bytes"));
    read(id, &["--offset", "18446744073709551615", "--length", "1"]).run().status(1).stdout_empty();
    for bad in ["", "-1", "1x", "+1"] {
        read(id, &[&format!("--offset={bad}")]).run().status(2).stdout_empty();
        read(id, &[&format!("--length={bad}")]).run().status(2).stdout_empty();
    }
}

#[test]
fn holes_stay_holes() {
    let ns = fresh();
    let id = make::shm(0, 64 << 30, 0o644 | NORESERVE);
    make::attach(id).write(5 << 20, b"data");
    assert_eq!(rss(&ns, id), PAGE);
    let shown = "\
        0000000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n\
        0000500000  64 61 74 61 00 00 00 00  00 00 00 00 00 00 00 00  |data............|\n\
        0000500010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n\
        1000000000\n";
    // With rights by /proc/self/map_files, without by mincore.
    read(id, &["--hex"]).run().ok().stderr_empty().stdout_is(shown);
    let way = if is_root() { "map_files" } else { "mincore" };
    read(id, &["--hex", "-v"]).run().ok().stderr_has(way);
    read(id, &["--hex", "-v"]).unprivileged().run().ok().stdout_is(shown).stderr_has("mincore");
    assert_eq!(rss(&ns, id), PAGE);

    // In a regular file they are holes too: given by name, or as standard output.
    let folder = Folder::new("holes");
    let named = folder.join("named");
    read(id, &["-O", named.to_str().expect("a name")]).run().ok().stderr_empty();
    let given = folder.join("given");
    fs::write(&given, "").expect("a file");
    read(id, &[]).stdout_to(&given).run().ok();
    for file in [&named, &given] {
        let data = fs::metadata(file).expect("the file");
        assert_eq!(data.len(), 64 << 30);
        assert!(data.blocks() <= 64, "{} blocks", data.blocks());
        let dump = tool("cmp", ["-n", "4", "-i"]).arg("5242880:0").arg(file).arg("-").stdin("data");
        dump.run().ok();
    }
    assert_eq!(rss(&ns, id), PAGE);

    // In a pipe they are zeros.
    let piped = read(id, &["--offset", "4M", "--length", "3M"]).unprivileged().run().ok().stdout;
    assert_eq!(piped.len(), 3 << 20);
    assert_eq!(piped.iter().filter(|&&byte| byte != 0).count(), 4);
    assert_eq!(piped[1 << 20..][..4], *b"data");
    assert_eq!(rss(&ns, id), PAGE);
}

#[test]
fn a_file_that_has_something_to_be_overwritten_gets_zeros() {
    let _ns = fresh();
    let id = make::shm(0, 20_000, 0o600);
    make::attach(id).write(8192, b"x");
    let mut expected = vec![0; 20_000];
    expected[8192] = b'x';
    let folder = Folder::new("overwrite");
    let file = folder.join("file");
    fs::write(&file, vec![b'o'; 30_000]).expect("a file");
    read(id, &[]).stdout_to(&file).run().ok();
    let mut rest = expected.clone();
    rest.resize(30_000, b'o');
    assert!(fs::read(&file).expect("the file") == rest);
    // And one that is appended to.
    fs::write(&file, "head").expect("a file");
    let script = format!("exec \"$0\" shm read {id} >> \"$1\"");
    tool("sh", ["-c", &script]).arg(ipcadm_testbed::ipcadm_path()).arg(&file).run().ok();
    assert!(fs::read(&file).expect("the file") == [b"head".as_slice(), &expected].concat());
    // Two segments, one behind the other.
    let script = format!("{{ \"$0\" shm read {id}; \"$0\" shm read {id}; }} > \"$1\"");
    tool("sh", ["-c", &script]).arg(ipcadm_testbed::ipcadm_path()).arg(&file).run().ok();
    assert!(fs::read(&file).expect("the file") == [expected.as_slice(), &expected].concat());
}

#[test]
fn a_new_file_is_whole_or_not_there() {
    let _ns = fresh();
    let id = filled(b"new", 0o600);
    let folder = Folder::new("new");
    let file = folder.join("file");
    let out = file.to_str().expect("a name");
    read(id, &["-O", out]).run().ok().stdout_empty().stderr_empty();
    assert_eq!(fs::read(&file).expect("the file"), b"new");
    assert_eq!(fs::metadata(&file).expect("the file").mode() & 0o7777, 0o600);
    fs::write(&file, "old").expect("a file");
    read(id, &["-O", out]).run().status(5).stderr_has("File exists").stderr_has("--overwrite");
    assert_eq!(fs::read(&file).expect("the file"), b"old");
    read(id, &["-O", out, "--overwrite"]).run().ok();
    assert_eq!(fs::read(&file).expect("the file"), b"new");
    // Nothing but a regular file is replaced.
    let link = folder.join("link");
    symlink("/dev/null", &link).expect("a link");
    for (options, status) in [(vec![], 5), (vec!["--overwrite"], 10)] {
        read(id, &["-O", link.to_str().expect("a name")]).args(options).run().status(status);
    }
    assert!(fs::metadata("/dev/null").expect("it").file_type().is_char_device());
    // What fails leaves nothing behind.
    read(id, &["-O", folder.join("no/file").to_str().expect("a name")]).run().status(1).stderr_has("No such file");
    read(id, &["-O", folder.to_str().expect("a name"), "--overwrite"]).run().status(10);
    read(id, &["-O", ""]).run().status(2);
    read(id, &["--overwrite"]).run().status(2);
    assert_eq!(folder.names(), ["file", "link"]);
    // A limit on files is an error like a full disk.
    let big = filled(&noise(1 << 20), 0o600);
    let script = format!("ulimit -f 8; exec \"$0\" shm read {big} -O \"$1\"");
    tool("bash", ["-c", &script])
        .arg(ipcadm_testbed::ipcadm_path())
        .arg(folder.join("big"))
        .run()
        .status(1)
        .stderr_has("File too large");
    assert_eq!(folder.names(), ["file", "link"]);
    // Where a file must have a name from the start, nothing else is different.
    let named = || read(id, &["--force", "-O", out]).without_proc().run();
    named().status(5);
    fs::remove_file(&file).expect("the file");
    named().ok();
    assert_eq!(fs::read(&file).expect("the file"), b"new");
    fs::write(&file, "old").expect("a file");
    read(id, &["--force", "-O", out, "--overwrite"]).without_proc().run().ok();
    assert_eq!(fs::read(&file).expect("the file"), b"new");
    assert_eq!(folder.names(), ["file", "link"]);
    // As hexadecimal, and by a name without a folder.
    read(id, &["-O", "-"]).dir(&folder).run().ok().stdout_is("new");
    read(id, &["--hex", "-O", "hex"]).dir(&folder).run().ok();
    assert!(fs::read_to_string(folder.join("hex")).expect("the file").ends_with("|new|\n00000003\n"));
}

#[test]
fn output_that_fails_is_told() {
    let _ns = fresh();
    let id = filled(&noise(1 << 20), 0o644);
    for args in [&[][..], &["--hex"]] {
        for plain in [true, false] {
            let cmd = || if plain { read(id, args) } else { read(id, args).unprivileged() };
            cmd().stdout_to("/dev/full").run().status(1).stderr_has("standard output: No space left");
            // Who has seen enough is served.
            cmd().stdout_closed_pipe().run().ok().stderr_empty();
        }
    }
    read(id, &[]).stdout_closed().run().status(1).stderr_has("Bad file descriptor");
    assert_eq!(make::shm_stat(id).nattch, 0);
}

#[test]
fn nothing_goes_to_a_terminal_unasked() {
    let _ns = fresh();
    let id = filled(b"\x1b[31mred", 0o600);
    let before = make::shm_stat(id);
    // script(1) gives its child a terminal.
    let on_terminal = |args: &str| {
        let command = format!("'{}' shm read {id} {args}", ipcadm_testbed::ipcadm_path().display());
        tool("script", ["-qec", &command, "/dev/null"]).run()
    };
    on_terminal("").status(10).stdout_has("--hex shows them").stdout_lacks("\x1b");
    assert_eq!(make::shm_stat(id).lpid, before.lpid, "it was not attached");
    on_terminal("--hex").ok().stdout_has("|.[31mred|").stdout_lacks("\x1b");
    on_terminal("--raw").ok().stdout_has("\x1b[31mred");
    read(id, &["--raw", "--hex"]).run().status(2);
}

#[test]
fn bad_references_and_lacking_rights_are_told() {
    let _ns = fresh();
    let id = filled(b"secret", 0o600);
    ipcadm(["shm", "read", "4711"]).run().status(3).stderr_has("no such shared memory segment");
    for bad in ["", "x", "sem:0", "shm:-1", "-"] {
        ipcadm(["shm", "read", "--", bad]).run().status(2).stdout_empty();
    }
    ipcadm(["shm", "read"]).run().status(2);
    if needs_root("other users") {
        read(id, &[]).unprivileged().run().status(4).stdout_empty().stderr_has("needs read permission");
        // Written to by others only: reading still needs read permission.
        make::chown(Kind::Shm, id, 0, 0, 0o622);
        read(id, &[]).unprivileged().run().status(4).stdout_empty();
        make::chown(Kind::Shm, id, 0, 0, 0o604);
        read(id, &[]).unprivileged().run().ok().stdout_is("secret");
    }
}

#[test]
fn a_segment_that_detaching_would_destroy_is_left_alone() {
    let ns = fresh();
    let id = filled(b"fragile", 0o600);
    ns.sysctl("shm_rmid_forced", 1);
    read(id, &[]).run().status(10).stdout_empty().stderr_has("shm_rmid_forced").stderr_has("--force");
    assert!(make::exists(Kind::Shm, id));
    {
        let _holder = make::attach(id);
        read(id, &[]).run().ok().stdout_is("fragile").stderr_empty();
        ns.sysctl("shm_rmid_forced", 0);
    }
    ns.sysctl("shm_rmid_forced", 1);
    read(id, &["--force"]).run().ok().stdout_is("fragile").stderr_has("is gone");
    assert!(!make::exists(Kind::Shm, id));
}

#[test]
fn untouched_leaves_no_trace() {
    let ns = fresh();
    let id = make::shm(0, 8 << 20, 0o666);
    make::attach(id).write(0, b"data");
    let untouched = || read(id, &["--untouched", "-v"]);
    untouched().run().status(10).stdout_empty().stderr_has("nobody has it attached");

    // Somebody has it in his page table, which tells data from holes without rights.
    let mut holder = read(id, &[]).unprivileged().spawn();
    holder.read_exact(1);
    let before = (make::shm_stat(id), rss(&ns, id));
    assert_eq!(before.0.nattch, 1);
    for cmd in [untouched(), untouched().unprivileged()] {
        let outcome = cmd.run();
        assert_eq!((make::shm_stat(id), rss(&ns, id)), before);
        if may_not_trace() && outcome.status == Some(4) {
            continue;
        }
        let bytes = outcome.ok().stdout;
        assert_eq!((bytes.len(), &bytes[..4]), (8 << 20, &b"data"[..]));
        assert_eq!(bytes.iter().filter(|&&byte| byte != 0).count(), 4);
    }
    if is_root() {
        untouched().run().ok().stderr_has("map_files");
    }
    if !may_not_trace() {
        let part = untouched().args(["--offset", "1", "--length", "4"]).unprivileged();
        part.run().ok().stdout_is("ata\0").stderr_has("/mem");
    }
    holder.signal(9);
    holder.wait();
    assert_eq!(make::shm_stat(id).nattch, 0);

    // Who has it has not looked at it: without rights, its holes cannot be told from its data.
    let mut holder = ipcadm(["shm", "attach", &id.to_string(), "--for", "1h"]).unprivileged().spawn();
    holder.line();
    let before = (make::shm_stat(id), rss(&ns, id));
    untouched().unprivileged().run().status(10).stdout_empty().stderr_has("page tables");
    assert_eq!((make::shm_stat(id), rss(&ns, id)), before);
    if is_root() {
        assert_eq!(untouched().run().ok().stdout[..5], *b"data\0");
        assert_eq!((make::shm_stat(id), rss(&ns, id)), before);
    }
    drop(holder);

    // Who has it is none of our business.
    if needs_root("a holder that may not be looked into") {
        let _holder = make::attach(id);
        untouched().unprivileged().run().status(4).stdout_empty().stderr_has("may be looked into");
    }
}

#[test]
fn pages_touched_meanwhile_do_not_stand_in_for_data() {
    let ns = fresh();
    let size = 256 << 20;
    let id = make::shm(0, size, 0o666 | NORESERVE);
    // In nobody's page table any more.
    let last = size - 4096;
    make::attach(id).write(last, b"data");
    let mut holder = ipcadm(["shm", "write", "-q", &id.to_string()]).unprivileged().stdin_open().spawn();
    holder.send([b'x'; 4096]);
    while rss(&ns, id) == PAGE {
        std::thread::yield_now();
    }
    let untouched = || read(id, &["--untouched", "--offset", &last.to_string(), "--length", "4"]);
    // It touches page after page while it is looked into.
    let toucher = std::thread::spawn(move || {
        for _ in 0..16_384 {
            holder.send([b'x'; 4096]);
        }
        holder
    });
    loop {
        let done = toucher.is_finished();
        let outcome = untouched().unprivileged().run();
        if !(may_not_trace() && outcome.status == Some(4)) {
            outcome.status(10).stdout_empty().stderr_has("page tables");
        }
        if done {
            break;
        }
    }
    if is_root() {
        untouched().run().ok().stdout_is("data");
    }
    toucher.join().expect("all was sent").wait().ok();
}

/// Whether a security module keeps processes of one user from looking into each other.
fn may_not_trace() -> bool {
    fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").is_ok_and(|scope| scope.trim() != "0")
}

#[test]
fn what_is_in_the_pipe_is_the_readers() {
    let _ns = fresh();
    // More than a pipe holds, so that some of it goes uncopied.
    let bytes = noise(3 << 20);
    let id = filled(&bytes, 0o644);
    for ordinary in [false, true] {
        make::attach(id).write(0, &bytes);
        let cmd = read(id, &[]);
        let mut reader = if ordinary { cmd.unprivileged() } else { cmd }.spawn();
        // It ends once the rest fits into the pipe, which nobody reads on meanwhile.
        let head = reader.read_exact(2 << 20);
        while reader.is_running() {
            std::thread::yield_now();
        }
        make::attach(id).write(0, &vec![b'!'; bytes.len()]);
        let tail = reader.wait().ok().stdout;
        assert!(head[..] == bytes[..2 << 20]);
        assert!(tail[2 << 20..] == bytes[2 << 20..], "the rest was copied before it ended");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is written somewhere is read from there, whatever is around it.
    #[test]
    fn what_is_written_is_read(
        size in 1usize..3_000_000,
        pieces in proptest::collection::vec((any::<prop::sample::Index>(), proptest::collection::vec(any::<u8>(), 0..9000)), 0..6),
        part in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let ns = fresh();
        let id = make::shm(0, size, 0o644);
        let mut model = vec![0; size];
        for (at, bytes) in &pieces {
            let at = at.index(size);
            let bytes = &bytes[..bytes.len().min(size - at)];
            model[at..at + bytes.len()].copy_from_slice(bytes);
            let outcome = ipcadm(["shm", "write", "-q", &id.to_string(), "--offset", &at.to_string()]).stdin(bytes).run();
            prop_assert_eq!(outcome.status, Some(0), "{}", outcome);
        }
        let grown = rss(&ns, id);
        prop_assert!(read(id, &[]).run().ok().stderr_empty().stdout == model);
        prop_assert!(read(id, &[]).unprivileged().run().ok().stderr_empty().stdout == model);
        let start = part.0.index(size);
        let len = part.1.index(size - start + 1);
        let args = ["--offset", &start.to_string(), "--length", &len.to_string()];
        prop_assert!(read(id, &args).run().ok().stdout == model[start..start + len]);
        prop_assert!(read(id, &args).unprivileged().run().ok().stdout == model[start..start + len]);
        prop_assert_eq!(rss(&ns, id), grown);
    }
}

#[test]
fn what_a_socket_holds_changes_no_more_after_the_end() {
    let _ns = fresh();
    let id = make::shm(0, 16 * 1024, 0o600);
    let mut attachment = make::attach(id);
    attachment.write(0, &[b'A'; 16 * 1024]);
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let status = std::process::Command::new(ipcadm_testbed::ipcadm_path())
        .args(["shm", "read", &id.to_string()])
        .stdout(std::os::fd::OwnedFd::from(theirs))
        .status()
        .unwrap();
    assert!(status.success());
    attachment.write(0, &[b'Z'; 16 * 1024]);
    let mut got = Vec::new();
    std::io::Read::read_to_end(&mut ours, &mut got).unwrap();
    assert!(got == [b'A'; 16 * 1024], "{} bytes, {:?} first", got.len(), got.first());
}
