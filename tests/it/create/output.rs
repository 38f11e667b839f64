//! What `create` prints, and what happens when it cannot.

use std::collections::BTreeSet;

use ipcadm_testbed::{Kind, Namespace, fresh, ipcadm, ipcadm_path, make, tool};
use serde_json::json;

use crate::support::Json as _;

const CREATE: [(Kind, &[&str]); 3] = [
    (Kind::Shm, &["shm", "create", "4096"]),
    (Kind::Sem, &["sem", "create", "--values", "1,2"]),
    (Kind::Msg, &["msg", "create", "--qbytes", "4096"]),
];

/// Runs `body` for each kind, with and without a key, in each format.
fn everything(body: impl Fn(Kind, Vec<String>)) {
    for (kind, create) in CREATE {
        for key in ["--private", "--key=0x51"] {
            for format in ["table", "json", "jsonl", "csv"] {
                let mut args: Vec<String> = create.iter().map(ToString::to_string).collect();
                args.extend([key.to_owned(), format!("--format={format}")]);
                body(kind, args);
            }
        }
    }
}

#[track_caller]
fn nothing_left(ns: &Namespace, kind: Kind) {
    assert!(ns.ids(kind).is_empty(), "{}", ns.sysvipc(kind));
}

#[test]
fn an_object_whose_reference_cannot_be_printed_is_gone_again() {
    let ns = fresh();
    everything(|kind, args| {
        let full = ipcadm(args.clone()).stdout_to("/dev/full").run().status(1);
        full.stderr_is("ipcadm: cannot write to standard output: No space left on device\n");
        nothing_left(&ns, kind);
        let pipe = ipcadm(args.clone()).stdout_closed_pipe().run().status(1);
        pipe.stderr_is("ipcadm: cannot write to standard output: Broken pipe\n");
        nothing_left(&ns, kind);
        let closed = ipcadm(args).stdout_closed().run().status(1);
        closed.stderr_is("ipcadm: cannot write to standard output: Bad file descriptor\n");
        nothing_left(&ns, kind);
    });
}

#[test]
fn an_object_that_was_there_stays_when_it_cannot_be_printed() {
    let ns = fresh();
    let id = make::msg(0x51, 0o600);
    let args = ["msg", "create", "--key=0x51", "--exist-ok"];
    ipcadm(args).stdout_to("/dev/full").run().status(1);
    ipcadm(args).arg("--json").stdout_to("/dev/full").run().status(1);
    assert_eq!(ns.ids(Kind::Msg), [id]);
}

#[test]
fn a_failure_is_told_in_json_and_by_the_status() {
    let ns = fresh();
    let id = make::msg(0x51, 0o600);
    let create = || ipcadm(["msg", "create", "--key=0x51", "--json"]);
    let outcome = create().run().status(5);
    let document = outcome.json();
    let error = &document["errors"][0];
    assert_eq!((&document["objects"], &error["ref"], &error["status"]), (&json!([]), &json!("msg"), &json!(5)));
    let message = error["message"].as_str().expect("a text");
    outcome.stderr_is(format!("ipcadm: {message}\n"));
    // Whether that can be printed or not.
    create().stdout_closed_pipe().run().status(5).stderr_is(format!("ipcadm: {message}\n"));
    create().stdout_to("/dev/full").run().status(5).stderr_has(message).stderr_has("No space left on device");
    assert_eq!(ns.ids(Kind::Msg), [id]);
}

#[test]
fn the_reference_is_all_that_is_printed_for_people() {
    let ns = fresh();
    for (kind, create) in CREATE {
        let outcome = ipcadm(create.to_vec()).run().ok().stderr_empty();
        let id = ns.ids(kind)[0];
        outcome.stdout_is(format!("{}:{id}\n", kind.word()));
    }
}

#[test]
fn json_tells_what_was_made() {
    let ns = fresh();
    for (kind, create) in CREATE {
        let args = ["--json", "--mode=0640", "--key=0xf0000051"];
        let outcome = ipcadm(create.to_vec()).args(args).run().ok().stderr_empty();
        let document = outcome.json();
        assert_eq!(document["ipcadm"]["namespace"], ns.inode());
        assert_eq!(document["errors"], json!([]));
        let objects = document["objects"].as_array().expect("a list");
        assert_eq!(objects.len(), 1);
        let object = &objects[0];
        let id = ns.ids(kind)[0];
        for (key, value) in [
            ("kind", json!(kind.word())),
            ("id", json!(id)),
            ("ref", json!(format!("{}:{id}", kind.word()))),
            ("key", json!("0xf0000051")),
            ("mode", json!("0640")),
            ("uid", json!(0)),
            ("owner", json!("root")),
            ("outcome", json!("created")),
            ("changed", json!(true)),
        ] {
            assert_eq!(object[key], value, "{key} in {object}");
        }
        let own = match kind {
            Kind::Shm => ("size", 4096),
            Kind::Sem => ("nsems", 2),
            Kind::Msg => ("qbytes", 4096),
        };
        assert_eq!(object[own.0], own.1);
    }
}

#[test]
fn a_new_segment_hides_nothing() {
    let _ns = fresh();
    let document = ipcadm(["shm", "create", "4096", "--json"]).run().ok().json();
    let object = &document["objects"][0];
    assert_eq!((&object["hidden"], &object["rss"], &object["swap"]), (&json!([]), &json!(0), &json!(0)));
}

#[test]
fn jsonl_is_one_object_on_one_line() {
    let _ns = fresh();
    let outcome = ipcadm(["sem", "create", "2", "--format=jsonl"]).run().ok().stderr_empty();
    assert_eq!(outcome.stdout_str().matches('\n').count(), 1);
    let object = outcome.json();
    assert_eq!((&object["nsems"], &object["outcome"]), (&json!(2), &json!("created")));
}

#[test]
fn csv_has_the_columns_of_every_kind() {
    let _ns = fresh();
    let mut headers = BTreeSet::new();
    for (kind, create) in CREATE {
        let text = ipcadm(create.to_vec()).arg("--format=csv").run().ok().stdout_str();
        let mut lines = text.split("\r\n");
        let header = lines.next().unwrap_or_default().to_owned();
        let row = lines.next().unwrap_or_default();
        assert_eq!(header.split(',').count(), row.split(',').count(), "{text}");
        assert!(row.starts_with(kind.word()) && row.ends_with(",created,true"), "{text}");
        headers.insert(header);
    }
    assert_eq!(headers.len(), 1, "{headers:?}");
}

/// Runs `command` with a pipe as its output that takes nothing more, and `then` when the object is there.
fn into_a_full_pipe(command: &str, then: &str) -> String {
    let script = format!(
        "fifo=$(mktemp -u); mkfifo -m 600 $fifo; exec 3<>$fifo; rm $fifo
        dd if=/dev/zero bs=4096 count=16 status=none >&3
        {command} >&3 & pid=$!
        until \"$PROGRAM\" ls -q | grep -q .; do :; done
        {then}
        status=0; wait $pid || status=$?; echo $status"
    );
    tool("bash", ["-c", &script]).env("PROGRAM", ipcadm_path()).run().ok().value()
}

#[test]
fn who_interrupts_the_printing_meets_no_object() {
    let ns = fresh();
    let ipcmk = "exec -a ipcmk \"$PROGRAM\" -M 4096";
    for (name, signal) in [("TERM", libc::SIGTERM), ("INT", libc::SIGINT), ("HUP", libc::SIGHUP)] {
        for command in ["shm create 4K", "sem create 5 --json", "msg create --format csv"] {
            let command = format!("env --default-signal=INT \"$PROGRAM\" {command}");
            let status = into_a_full_pipe(&command, &format!("kill -{name} $pid"));
            assert_eq!(status, (128 + signal).to_string(), "{command}");
            assert!(Kind::ALL.iter().all(|&kind| ns.ids(kind).is_empty()), "{command}");
        }
        // A shell has what runs in the background ignore that.
        if signal != libc::SIGINT {
            assert_eq!(into_a_full_pipe(ipcmk, &format!("kill -{name} $pid")), (128 + signal).to_string());
            assert!(ns.ids(Kind::Shm).is_empty());
        }
    }
}

#[test]
fn a_signal_that_is_ignored_does_not_interrupt_the_printing() {
    let ns = fresh();
    let command = "env --ignore-signal=HUP \"$PROGRAM\" shm create 4K";
    let status = into_a_full_pipe(command, "kill -HUP $pid; sleep 0.3; head -c 65536 <&3 >/dev/null");
    assert_eq!((&*status, ns.ids(Kind::Shm).len()), ("0", 1));
}
