//! Messages in numbers: nothing is lost, doubled or changed on the way.

use std::collections::HashSet;

use ipcadm_testbed::{Folder, fresh, ipcadm, make};
use proptest::prelude::*;

/// What was sent is what is received, by either half of the program and by a foreign one.
#[track_caller]
fn there_and_back(id: i32, mtype: i64, bytes: &[u8]) {
    let queue = id.to_string();
    ipcadm(["msg", "send", &queue, "--type", &mtype.to_string()]).stdin(bytes).run().ok();
    let (sent_type, sent) = make::recv(id, 0);
    assert!(sent_type == mtype && sent == bytes, "{} bytes were changed by send", bytes.len());
    make::send(id, mtype, bytes);
    ipcadm(["msg", "recv", &queue, "--no-wait"]).run().ok().stdout_is(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_of_any_size_survive(bytes in prop::collection::vec(any::<u8>(), 0..=8192), mtype in 1i64..) {
        let _ns = fresh();
        there_and_back(make::msg(0, 0o600), mtype, &bytes);
    }

    #[test]
    fn any_batch_survives(messages in prop::collection::vec((1i64.., prop::collection::vec(any::<u8>(), 0..60)), 0..40)) {
        let _ns = fresh();
        let (from, to) = (make::msg(0, 0o600), make::msg(0, 0o600));
        messages.iter().for_each(|(mtype, text)| make::send(from, *mtype, text));
        let json = ipcadm(["msg", "recv", &from.to_string(), "--all", "--jsonl"]).run().ok().stdout;
        ipcadm(["msg", "send", &to.to_string(), "--jsonl", "--no-wait"]).stdin(json).run().ok();
        for message in messages {
            prop_assert_eq!(make::recv(to, 0), message);
        }
    }
}

/// Every size, in one process each way: a message of each goes through as JSON.
#[test]
fn every_size_survives() {
    let ns = fresh();
    ns.sysctl("msgmnb", i32::MAX);
    let (from, to) = (make::msg(0, 0o600), make::msg(0, 0o600));
    let byte = |size: usize, place: usize| (size * 31 + place * 7 + (place >> 8)) as u8;
    let text = |size: usize| -> Vec<u8> { (0..size).map(|place| byte(size, place)).collect() };
    (0..=8192).for_each(|size| make::send(from, 1, &text(size)));
    let json = ipcadm(["msg", "recv", &from.to_string(), "--all", "--jsonl"]).run().ok().stdout;
    ipcadm(["msg", "send", &to.to_string(), "--jsonl", "--no-wait"]).stdin(json).run().ok();
    for size in 0..=8192 {
        assert!(make::recv(to, 0).1 == text(size), "the message of {size} bytes was changed");
    }
}

/// Four senders and four receivers, all at once.
#[test]
fn each_of_100_000_messages_arrives_exactly_once() {
    const EACH: usize = 25_000;
    let _ns = fresh();
    let queue = make::msg(0, 0o600).to_string();
    let receivers: Vec<_> = (0..4)
        .map(|_| {
            let count = EACH.to_string();
            ipcadm(["msg", "recv", &queue, "--lines", "--count", &count]).spawn()
        })
        .collect();
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let lines: String = (0..EACH).map(|number| format!("{sender} {number}\n")).collect();
            ipcadm(["msg", "send", &queue, "--lines"]).stdin(lines).spawn()
        })
        .collect();
    // Read all at once, or they would sleep in their writes.
    let received: Vec<String> = std::thread::scope(|scope| {
        let readers: Vec<_> =
            receivers.into_iter().map(|receiver| scope.spawn(|| receiver.wait().ok().stdout_str())).collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    senders.into_iter().for_each(|sender| drop(sender.wait().ok()));
    let lines: Vec<&str> = received.iter().flat_map(|text| text.lines()).collect();
    assert_eq!(lines.len(), 4 * EACH);
    assert_eq!(lines.iter().collect::<HashSet<_>>().len(), 4 * EACH);
    assert_eq!(make::msg_stat(queue.parse().unwrap()).qnum, 0);
}

/// Receivers that are told to stop at any moment, and others that take over. What one has taken and cannot print goes back
/// to the queue, or into a file where the sender has filled that meanwhile.
#[test]
fn receivers_may_come_and_go() {
    const ALL: usize = 30_000;
    let (_ns, folder) = (fresh(), Folder::new("rescued"));
    let queue = make::msg(0, 0o600).to_string();
    let lines: String = (0..ALL).map(|number| format!("{number}\n")).collect();
    let sender = ipcadm(["msg", "send", &queue, "--lines"]).stdin(lines).spawn();
    let mut received = Vec::new();
    for round in 0..60 {
        let receiver = ipcadm(["msg", "recv", &queue, "--lines", "--follow", "--timeout", "10s"]);
        let mut receiver = receiver.dir(&folder).spawn();
        // It is at work by then.
        let first = receiver.line();
        assert!(!first.is_empty());
        if round % 2 == 0 {
            receiver.line();
        }
        receiver.signal(15);
        received.extend(receiver.wait().signal(15).stdout_str().lines().map(str::to_owned));
        for name in folder.names() {
            received.extend(rescued(&folder.path(&name)));
            std::fs::remove_file(folder.path(&name)).expect("it is there");
        }
        if received.len() + 200 > ALL {
            break;
        }
    }
    let rest = (ALL - received.len()).to_string();
    if rest != "0" {
        let last = ipcadm(["msg", "recv", &queue, "--lines", "--count", &rest]).run().ok().stdout_str();
        received.extend(last.lines().map(str::to_owned));
    }
    sender.wait().ok();
    assert_eq!(received.len(), ALL);
    assert_eq!(received.into_iter().collect::<HashSet<_>>().len(), ALL);
}

/// The texts of the messages in a file.
fn rescued(path: &str) -> Vec<String> {
    let records = std::fs::read_to_string(path).expect("a readable file");
    let text = |line: &str| {
        let record: serde_json::Value = serde_json::from_str(line).expect("a message");
        record["text"].as_str().expect("a text").to_owned()
    };
    records.lines().map(text).collect()
}
