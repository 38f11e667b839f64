//! `msg send` against the real kernel.

use ipcadm_testbed::{Folder, Kind, fresh, ipcadm, make, needs_root};

/// The types and texts in a queue, which is empty afterwards.
fn drained(id: i32) -> Vec<(i64, Vec<u8>)> {
    (0..make::msg_stat(id).qnum).map(|_| make::recv(id, 0)).collect()
}

fn texts(texts: &[&str]) -> Vec<(i64, Vec<u8>)> {
    texts.iter().map(|text| (1, text.as_bytes().to_vec())).collect()
}

#[test]
fn a_text_is_sent_as_it_is() {
    let _ns = fresh();
    let id = make::msg(0x51, 0o600);
    ipcadm(["msg", "send", "0x51", "two words"]).run().ok().stdout_empty().stderr_empty();
    ipcadm(["msg", "send", &format!("msg:{id}"), "--type", "9223372036854775807", "--", "-x"]).run().ok();
    ipcadm(["-v", "msg", "send", &id.to_string(), "-"]).run().ok().stderr_has("sent 1 message to");
    let sent = drained(id);
    assert_eq!(sent, [(1, b"two words".to_vec()), (i64::MAX, b"-x".to_vec()), (1, b"-".to_vec())]);
}

#[test]
fn standard_input_is_one_message_of_any_bytes() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [&all[..], b"", b"\n", b"\0"] {
        ipcadm(["msg", "send", &id.to_string()]).stdin(bytes).run().ok();
        assert_eq!(drained(id), [(1, bytes.to_vec())]);
    }
}

#[test]
fn records_are_messages() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let queue = id.to_string();
    ipcadm(["msg", "send", &queue, "--lines"]).stdin("a\n\nb c\r\nlast").run().ok();
    assert_eq!(drained(id), texts(&["a", "", "b c\r", "last"]));
    ipcadm(["msg", "send", &queue, "-0"]).stdin("a\nb\0\0").run().ok();
    assert_eq!(drained(id), texts(&["a\nb", ""]));
    ipcadm(["msg", "send", &queue, "--lines"]).stdin("").run().ok();
    assert_eq!(drained(id), []);
    let json = "{\"type\":3,\"text\":\"\\u0000é\"}\n\n{\"base64\":\"/w==\"}\n";
    ipcadm(["msg", "send", &queue, "--jsonl", "--type", "5"]).stdin(json).run().ok();
    assert_eq!(drained(id), [(3, "\0é".as_bytes().to_vec()), (5, vec![255])]);
}

#[test]
fn a_file_with_one_bad_record_sends_nothing() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let queue = id.to_string();
    let folder = Folder::new("send");
    let file = folder.write("records", "{\"text\":\"fine\"}\n{\"text\":3}\n");
    let path = file.to_string_lossy();
    ipcadm(["msg", "send", &queue, "--jsonl", "--file", &path]).run().status(2).stderr_has("line 2 of");
    let large = format!("one\ntwo\n{}\nfour\n", "x".repeat(8193));
    std::fs::write(&file, &large).unwrap();
    ipcadm(["msg", "send", &queue, "--lines", "--file", &path])
        .run()
        .status(1)
        .stderr_has("message 3 of")
        .stderr_has("a message may have 8192 bytes, and it has more (kernel.msgmax");
    assert_eq!(drained(id), []);
    // A pipe is not read to its end first, and how far it got is said.
    ipcadm(["msg", "send", &queue, "--lines"]).stdin(large).run().status(1).stderr_has("2 messages sent before");
    assert_eq!(drained(id), texts(&["one", "two"]));
    ipcadm(["msg", "send", &queue, "--jsonl"]).stdin("nonsense").run().status(2).stderr_has("line 1 of standard input");
}

#[test]
fn what_can_never_fit_is_refused() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let queue = id.to_string();
    ipcadm(["msg", "send", &queue]).stdin(vec![0; 8192]).run().ok();
    ipcadm(["msg", "send", &queue]).stdin(vec![0; 8193]).run().status(1).stderr_has("kernel.msgmax");
    // Endless input is not read to its end.
    ipcadm(["msg", "send", &queue, "--file", "/dev/zero"]).run().status(1).stderr_has("kernel.msgmax");
    assert_eq!(drained(id).len(), 1);
    make::qbytes(id, 10);
    ipcadm(["msg", "send", &queue, "0123456789a"]).run().status(1).stderr_has("holds 10 bytes at most, and it has 11");
    ipcadm(["msg", "send", &queue, "0123456789"]).run().ok();
}

#[test]
fn a_full_queue_is_waited_for_as_long_as_told() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let queue = id.to_string();
    make::qbytes(id, 4);
    make::send(id, 1, b"full");
    ipcadm(["msg", "send", &queue, "more", "--no-wait"])
        .run()
        .status(6)
        .stderr_has("holds 1 message with 4 of 4 bytes");
    ipcadm(["msg", "send", &queue, "more", "--timeout", "20ms"]).run().status(7).stderr_has("timed out");
    ipcadm(["msg", "send", &queue, "more", "--timeout", "0"]).run().status(7);
    for patience in [&["--timeout", "1h"][..], &[]] {
        let mut sender = ipcadm(["msg", "send", &queue, "more"]).args(patience.iter().copied()).spawn();
        sender.until_asleep();
        assert_eq!(drained(id).len(), 1);
        sender.wait().ok();
    }
    // Some of a batch are sent, and how many is said.
    drained(id);
    ipcadm(["msg", "send", &queue, "--no-wait", "--lines"])
        .stdin("ab\ncd\nef\n")
        .run()
        .status(6)
        .stderr_has("more than 2 messages");
    let mut sender = ipcadm(["msg", "send", &queue, "more"]).spawn();
    sender.until_asleep();
    make::remove(Kind::Msg, id);
    sender.wait().status(8).stderr_has("removed meanwhile");
}

#[test]
fn a_signal_ends_a_waiting_sender() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    make::qbytes(id, 1);
    make::send(id, 1, b"x");
    let mut sender = ipcadm(["msg", "send", &id.to_string(), "y"]).spawn();
    sender.until_asleep();
    sender.signal(15);
    sender.wait().signal(15);
}

#[test]
fn bad_command_lines_send_nothing() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let queue = id.to_string();
    for bad in [
        &["", "x"][..],
        &["shm:0", "x"],
        &["1x", "x"],
        &[&queue, ""],
        &[&queue, "a", "b"],
        &[&queue, "a", "--lines"],
        &[&queue, "a", "--file", "/dev/null"],
        &[&queue, "--lines", "--jsonl"],
        &[&queue, "--file", ""],
        &[&queue, "a", "--type", "0"],
        &[&queue, "a", "--type", "-3"],
        &[&queue, "a", "--type", ""],
        &[&queue, "a", "--type", "9223372036854775808"],
        &[&queue, "a", "--timeout", ""],
        &[&queue, "a", "--timeout", "-1"],
        &[&queue, "a", "--timeout", "1", "--no-wait"],
        &[],
    ] {
        ipcadm(["msg", "send"]).args(bad.iter().copied()).run().status(2).stdout_empty();
    }
    ipcadm(["msg", "send", &queue, "--lines", "--", "recv"]).run().status(2);
    ipcadm(["msg", "send", "99", "x"]).run().status(3);
    ipcadm(["msg", "send", &queue, "--file", "no/such/file"]).run().status(1).stderr_has("cannot read no/such/file");
    ipcadm(["msg", "send", &queue, "--file", "/"]).run().status(1).stderr_has("cannot read /: Is a directory");
    assert_eq!(drained(id), []);
}

#[test]
fn sending_needs_write_permission() {
    let _ns = fresh();
    let id = make::msg(0, 0o444);
    ipcadm(["msg", "send", &id.to_string(), "x"]).unprivileged().run().status(4).stderr_has("needs write permission");
    if needs_root("another user sends to a queue that everybody may write") {
        make::chown(Kind::Msg, id, 0, 0, 0o622);
        ipcadm(["msg", "send", &id.to_string(), "x"]).unprivileged().run().ok();
    }
}
