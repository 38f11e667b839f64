//! `shm write`: what goes in is in the segment, and nothing else is changed.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use ipcadm_testbed::{Cmd, Folder, Kind, fresh, ipcadm, make, needs_root, tool};

use super::rss;

const NORESERVE: u32 = 0o10000;
const PAGE: u64 = 4096;

fn write(id: i32, args: &[&str]) -> Cmd {
    ipcadm(["shm", "write", &id.to_string()]).args(args.iter().copied())
}

fn contents(id: i32) -> Vec<u8> {
    let size = usize::try_from(make::shm_stat(id).size).expect("a size");
    make::attach_readonly(id).read(0, size)
}

#[test]
fn input_goes_where_it_should() {
    let _ns = fresh();
    let id = make::shm(0, 20, 0o600);
    make::attach(id).write(0, b"....................");
    write(id, &[]).stdin("one").run().ok().stdout_is(format!("wrote 3 bytes to shm:{id} at offset 0\n")).stderr_empty();
    let folder = Folder::new("write");
    let file = folder.path("two");
    fs::write(&file, b"two\0\n").expect("a file");
    write(id, &["--offset", "0x8", &file]).run().ok().stdout_has("wrote 5 bytes");
    write(id, &["-q", "--offset", "17", "-"]).stdin("end").run().ok().stdout_empty();
    assert_eq!(contents(id), b"one.....two\0\n....end");
    // No input is no change.
    write(id, &["--json"]).run().ok().stdout_has("\"written\":0").stdout_has("\"changed\":false");
    write(id, &["--offset", "20"]).run().ok();
    write(id, &["--json", "--offset", "4"])
        .stdin("JSON")
        .run()
        .ok()
        .stdout_has("\"offset\":4,\"written\":4")
        .stdout_has("\"outcome\":\"changed\",\"changed\":true");
    assert_eq!(contents(id), b"one.JSONtwo\0\n....end");
    assert_eq!(make::shm_stat(id).nattch, 0);
}

#[test]
fn input_that_does_not_fit_is_refused() {
    let _ns = fresh();
    let id = make::shm(0, 10, 0o600);
    let before = make::shm_stat(id);
    let folder = Folder::new("write");
    let file = folder.path("long");
    fs::write(&file, b"eleven char").expect("a file");
    let refused = write(id, &[&file]).run().status(10).stdout_empty();
    refused.stderr_has("the input has 11 bytes").stderr_has("nothing was written");
    write(id, &["--offset", "5", &file]).run().status(10).stderr_has("from offset 5 on it has 5");
    assert_eq!(contents(id), [0; 10]);
    assert_eq!(make::shm_stat(id).ctime, before.ctime);
    // A pipe does not tell how much there is.
    write(id, &["--offset", "5"])
        .stdin("eleven char")
        .run()
        .status(1)
        .stdout_empty()
        .stderr_has("standard input goes on where the segment ends; 5 bytes were written");
    assert_eq!(contents(id), b"\0\0\0\0\0eleve");
    write(id, &["--offset", "9", "--json"])
        .stdin("xy")
        .run()
        .status(1)
        .stdout_has("\"outcome\":\"failed\",\"changed\":true")
        .stdout_has("1 bytes were written");
    write(id, &[]).stdin("just right").run().ok();
    assert_eq!(contents(id), b"just right");
    write(id, &["--offset", "11"]).stdin("").run().status(1).stderr_has("offset 11 is beyond its 10 bytes");
}

#[test]
fn input_that_is_cut_short_meanwhile_is_told() {
    let _ns = fresh();
    for (left, changed) in [(8192, true), (0, false)] {
        let id = make::shm(0, 2 << 20, 0o600);
        let folder = Folder::new("write");
        let (file, errors) = (folder.path("cut"), folder.path("errors"));
        fs::write(&file, vec![b'x'; 1 << 20]).expect("a file");
        tool("mkfifo", [&errors]).run().ok();
        // It says something once it has looked at the input and attached the segment, and waits for room for that.
        let mut pipe = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(&errors).unwrap();
        let mut held = 0;
        while let Ok(taken) = pipe.write(&[b'.'; 4096]) {
            held += taken;
        }
        let writer = write(id, &["-v", "--json", &file]).stderr_to(&errors).spawn();
        while make::shm_stat(id).nattch == 0 {
            std::thread::yield_now();
        }
        OpenOptions::new().write(true).open(&file).unwrap().set_len(left).unwrap();
        pipe.read_exact(&mut vec![0; held]).unwrap();
        let outcome = writer.wait().status(1).stdout_has(&format!("\"outcome\":\"failed\",\"changed\":{changed}"));
        outcome.stdout_has(&format!("ended early: it had 1048576 bytes ({left} bytes were written)"));
        let mut expected = vec![0; 2 << 20];
        expected[..usize::try_from(left).unwrap()].fill(b'x');
        assert!(contents(id) == expected);
    }
}

#[test]
fn bytes_are_filled_in() {
    let ns = fresh();
    let id = make::shm(0, 3 << 20, 0o600);
    write(id, &["--fill", "0x41", "--offset", "1", "--length", "2M"])
        .run()
        .ok()
        .stdout_is(format!("filled 2097152 bytes of shm:{id} with 0x41 from offset 1\n"));
    let mut expected = vec![0; 3 << 20];
    expected[1..][..2 << 20].fill(0x41);
    assert!(contents(id) == expected);
    write(id, &["--fill", "-", "--offset", "2097153"]).run().ok();
    expected[2_097_153..].fill(b'-');
    assert!(contents(id) == expected);
    write(id, &["--zero", "--offset", "4095", "--length", "4098"]).run().ok();
    expected[4095..][..4098].fill(0);
    assert!(contents(id) == expected);
    write(id, &["--zero"]).run().ok().stdout_has("with 0x00");
    assert!(contents(id) == vec![0; 3 << 20]);
    // What nobody has written to holds zeros as it is.
    let sparse = make::shm(0, 64 << 30, 0o666 | NORESERVE);
    make::attach(sparse).write(1 << 30, b"data");
    write(sparse, &["--zero"]).run().ok();
    assert_eq!(make::attach_readonly(sparse).read(1 << 30, 4), [0; 4]);
    make::attach(sparse).write(1 << 30, b"data");
    write(sparse, &["--zero"]).unprivileged().run().ok();
    assert_eq!(make::attach_readonly(sparse).read(1 << 30, 4), [0; 4]);
    assert_eq!(rss(&ns, sparse), PAGE);
}

#[test]
fn holes_of_a_file_stay_holes() {
    let ns = fresh();
    let from = make::shm(0, 64 << 30, 0o600 | NORESERVE);
    make::attach(from).write((3 << 30) + 5, b"data");
    let folder = Folder::new("write");
    let file = folder.path("sparse");
    ipcadm(["shm", "read", &from.to_string(), "--overwrite", "-O", &file]).run().ok();
    let to = make::shm(0, 64 << 30, 0o666 | NORESERVE);
    let mut memory = make::attach(to);
    memory.write((3 << 30) + PAGE as usize, b"old");
    memory.write(1 << 30, b"old");
    drop(memory);
    // Standard input, so that an ordinary user need not reach the file.
    for ordinary in [false, true] {
        let cmd = write(to, &[]).stdin_from(&file);
        let cmd = if ordinary { cmd.unprivileged() } else { cmd };
        cmd.run().ok().stdout_has("wrote 68719476736 bytes");
        let memory = make::attach_readonly(to);
        assert_eq!(memory.read((3 << 30) + 5, 4), b"data");
        assert_eq!((memory.read((3 << 30) + PAGE as usize, 3), memory.read(1 << 30, 3)), (vec![0; 3], vec![0; 3]));
        drop(memory);
        assert_eq!(rss(&ns, to), 3 * PAGE);
    }
}

#[test]
fn bad_words_change_nothing() {
    let _ns = fresh();
    let id = make::shm(0, 10, 0o600);
    make::attach(id).write(0, b"unchanged!");
    let before = make::shm_stat(id);
    for args in [
        &["--fill", "256"][..],
        &["--fill", ""],
        &["--fill", "AB"],
        &["--fill", "0", "--zero"],
        &["--zero", "file"],
        &["--length", "3"],
        &["--zero", "--length", "x"],
        &["--offset", ""],
        &["--offset", "-1"],
        &[""],
        &["a", "b"],
    ] {
        write(id, args).run().status(2).stdout_empty();
    }
    write(id, &["--zero", "--offset", "5", "--length", "6"]).run().status(1).stderr_has("is beyond its 10 bytes");
    write(id, &["/no/such/file"]).run().status(1).stderr_has("cannot read /no/such/file: No such file");
    write(id, &["/"]).run().status(1).stderr_has("Is a directory");
    ipcadm(["shm", "write", "4711", "--zero"]).run().status(3);
    ipcadm(["shm", "write", "sem:1", "--zero"]).run().status(2);
    ipcadm(["shm", "write"]).run().status(2);
    assert_eq!(make::shm_stat(id), before);
    assert_eq!(contents(id), b"unchanged!");
}

#[test]
fn reading_rights_do_not_do() {
    let _ns = fresh();
    if !needs_root("other users") {
        return;
    }
    let id = make::shm(0, 10, 0o604);
    write(id, &["--zero"]).unprivileged().run().status(4).stderr_has("needs read and write permission");
    make::chown(Kind::Shm, id, 0, 0, 0o606);
    write(id, &["--fill", "x"]).unprivileged().run().ok();
    assert_eq!(contents(id), b"xxxxxxxxxx");
}

#[test]
fn a_segment_that_detaching_would_destroy_is_left_alone() {
    let ns = fresh();
    let id = make::shm(0, 10, 0o600);
    ns.sysctl("shm_rmid_forced", 1);
    write(id, &["--zero"]).run().status(10).stderr_has("shm_rmid_forced");
    assert!(make::exists(Kind::Shm, id));
    write(id, &["--zero", "--force"]).run().ok();
    assert!(!make::exists(Kind::Shm, id));
}

#[test]
fn work_is_done_whatever_happens_to_output() {
    let _ns = fresh();
    let id = make::shm(0, 4, 0o600);
    write(id, &["--fill", "a"]).stdout_to("/dev/full").run().status(1).stderr_has("standard output");
    assert_eq!(contents(id), b"aaaa");
    write(id, &["--fill", "b"]).stdout_closed_pipe().run().ok();
    assert_eq!(contents(id), b"bbbb");
}
