//! What `create` prints, and what happens when it cannot.

use std::collections::BTreeSet;

use ipcadm_testbed::{Kind, Namespace, fresh, ipcadm, make};
use serde_json::{Value, json};

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
        let document: Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
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
    let outcome = ipcadm(["shm", "create", "4096", "--json"]).run().ok();
    let document: Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    let object = &document["objects"][0];
    assert_eq!((&object["hidden"], &object["rss"], &object["swap"]), (&json!([]), &json!(0), &json!(0)));
}

#[test]
fn jsonl_is_one_object_on_one_line() {
    let _ns = fresh();
    let outcome = ipcadm(["sem", "create", "2", "--format=jsonl"]).run().ok().stderr_empty();
    assert_eq!(outcome.stdout_str().matches('\n').count(), 1);
    let object: Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
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
