//! `ls`: JSON, lines of JSON and CSV, and the promises about them.

use ipcadm_testbed::{Kind, fresh, ipcadm, make, needs_root};
use serde_json::{Map, Value};

use crate::support::type_of;

const COMMON: [&str; 14] = [
    "kind",
    "id",
    "key",
    "ref",
    "mode",
    "uid",
    "gid",
    "cuid",
    "cgid",
    "owner",
    "group",
    "creator",
    "creator_group",
    "ctime",
];
const SHM: [&str; 10] = ["size", "nattch", "cpid", "lpid", "atime", "dtime", "rss", "swap", "locked", "doomed"];
const SEM: [&str; 2] = ["nsems", "otime"];
const MSG: [&str; 7] = ["qnum", "cbytes", "qbytes", "lspid", "lrpid", "stime", "rtime"];

#[track_caller]
fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}:\n{text}"))
}

fn jsonl(args: &[&str]) -> Vec<Map<String, Value>> {
    let text = ipcadm(["ls", "--format", "jsonl"]).args(args.iter().copied()).run().ok().stdout_str();
    text.lines().map(|line| parse(line).as_object().expect("an object").clone()).collect()
}

#[test]
fn each_kind_has_its_keys_with_their_types() {
    let _ns = fresh();
    let shm = make::shm(0x51, 4096, 0o600);
    drop(make::attach(shm));
    let sem = make::sem(0x51, 2, 0o600);
    make::semop(sem, &[(0, 1, 0)]);
    let msg = make::msg(0x51, 0o600);
    make::send(msg, 1, b"text");
    make::recv(msg, 0);
    let objects = jsonl(&[]);
    for (object, own) in objects.iter().zip([&SHM[..], &SEM, &MSG]) {
        let mut expected: Vec<&str> = [&COMMON[..], own, &["hidden"]].concat();
        expected.sort_unstable();
        let mut found: Vec<&str> = object.keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
        for (key, value) in object {
            let expected = match key.as_str() {
                "kind" | "key" | "ref" | "mode" | "owner" | "group" | "creator" | "creator_group" => "string",
                time if time.ends_with("time") => "string",
                "locked" | "doomed" => "bool",
                "hidden" => "array",
                _ => "number",
            };
            assert_eq!(type_of(value), expected, "{key}");
        }
        assert_eq!(object["key"], "0x00000051");
        assert_eq!(object["mode"], "0600");
        assert_eq!(object["hidden"], Value::Array(vec![]));
        let time = object["ctime"].as_str().expect("a time");
        assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
    }
    let pid = u64::from(std::process::id());
    assert_eq!((&objects[0]["cpid"], &objects[0]["lpid"]), (&pid.into(), &pid.into()));
    assert_eq!((&objects[2]["lspid"], &objects[2]["lrpid"]), (&pid.into(), &pid.into()));
}

#[test]
fn never_and_none_are_null() {
    let _ns = fresh();
    make::shm(0, 1, 0o600);
    make::sem(0, 1, 0o600);
    make::msg(0, 0o600);
    let objects = jsonl(&[]);
    for (object, nulls) in
        objects.iter().zip([&["lpid", "atime", "dtime"][..], &["otime"], &["lspid", "lrpid", "stime", "rtime"]])
    {
        let found: Vec<&str> =
            object.iter().filter(|(_, value)| value.is_null()).map(|(key, _)| key.as_str()).collect();
        assert_eq!(found.len(), nulls.len(), "{found:?}");
        assert!(nulls.iter().all(|key| found.contains(key)), "{found:?}");
        assert_eq!(object["hidden"], Value::Array(vec![]));
        assert_eq!(object["key"], "0x00000000");
    }
    let csv = ipcadm(["ls", "shm", "--format", "csv", "-o", "lpid,id,atime"]).run().ok();
    csv.stdout_is("lpid,id,atime\r\n,0,\r\n");
}

#[test]
fn a_document_has_an_envelope() {
    let ns = fresh();
    make::msg(0, 0o600);
    make::sem(0, 1, 0o600);
    let text = ipcadm(["ls", "--json"]).run().ok().stderr_empty().stdout_str();
    assert!(text.ends_with("}\n"), "{text}");
    let document = parse(&text);
    let keys: Vec<&String> = document.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["errors", "ipcadm", "objects"]);
    assert_eq!(document["ipcadm"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["ipcadm"]["namespace"], ns.inode());
    assert!(document["ipcadm"]["time"].as_str().is_some_and(|time| time.ends_with('Z')));
    assert_eq!(document["errors"], Value::Array(vec![]));
    let objects = document["objects"].as_array().expect("a list");
    let lines: Vec<Value> = jsonl(&[]).into_iter().map(Value::Object).collect();
    assert_eq!(*objects, lines);
    assert_eq!(parse(&ipcadm(["ls", "--format", "json"]).run().ok().stdout_str())["objects"], document["objects"]);
    let failed = parse(&ipcadm(["ls", "--json", "shm:9", "shm:0x9"]).run().status(3).stdout_str());
    assert_eq!(failed["objects"], Value::Array(vec![]));
    assert_eq!(failed["errors"][0]["ref"], "shm:9");
    assert_eq!(failed["errors"][1]["ref"], "shm:0x00000009");
    assert_eq!(failed["errors"][1]["status"], 3);
    // Lines hold objects and nothing else.
    ipcadm(["ls", "--format", "jsonl", "shm:9"]).run().status(3).stdout_empty();
}

#[test]
fn fields_can_be_chosen() {
    let _ns = fresh();
    make::msg(0, 0o600);
    make::shm(0, 5000, 0o600);
    let lines = ipcadm(["ls", "--format", "jsonl", "-o", "ref,size,contents,full,flags"]).run().ok();
    lines.stdout_is(concat!(
        r#"{"ref":"shm:0","size":5000,"contents":"4.9K","flags":null,"hidden":[]}"#,
        "\n",
        r#"{"ref":"msg:0","contents":"0 messages","full":0.0,"hidden":[]}"#,
        "\n"
    ));
    let objects = jsonl(&["msg", "-o-ref,-key"]);
    assert!(!objects[0].contains_key("ref") && !objects[0].contains_key("key") && objects[0].contains_key("id"));
    let objects = jsonl(&["msg", "-o", "+full"]);
    assert!(objects[0].contains_key("ref") && objects[0].contains_key("full"));
    ipcadm(["ls", "--format", "csv", "-o", "ref,size,nsems"])
        .run()
        .ok()
        .stdout_is("ref,size,nsems\r\nshm:0,5000,\r\nmsg:0,,\r\n");
    ipcadm(["ls", "--format", "csv", "-o", "id", "--no-header"]).run().ok().stdout_is("0\r\n0\r\n");
}

#[test]
fn csv_has_every_field_of_every_kind() {
    let _ns = fresh();
    let header = [&COMMON[..], &SHM, &SEM, &MSG].concat().join(",") + "\r\n";
    ipcadm(["ls", "--format", "csv"]).run().ok().stdout_is(&header);
    // The same columns for one kind: scripts need not care.
    ipcadm(["ls", "--format", "csv", "sem"]).run().ok().stdout_is(&header);
    make::sem(0x51, 3, 0o640);
    let text = ipcadm(["ls", "--format", "csv", "sem"]).run().ok().stdout_str();
    let row = text.lines().nth(1).expect("a row");
    assert_eq!(row.split(',').count(), 33);
    assert!(row.starts_with("sem,0,0x00000051,sem:0,0640,0,0,0,0,"), "{row}");
    assert!(row.ends_with("Z,,,,,,,,,,,3,,,,,,,,"), "{row}");
}

#[test]
fn owners_without_a_name_are_null_to_machines() {
    if !needs_root("objects of other users") {
        return;
    }
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    make::chown(Kind::Msg, id, 4_294_967_294, 4_294_967_294, 0o600);
    let object = &jsonl(&["-o", "owner,uid,group,gid,creator"])[0];
    let expected = r#"{"creator":"root","gid":4294967294,"group":null,"hidden":[],"owner":null,"uid":4294967294}"#;
    assert_eq!(Value::Object(object.clone()), parse(expected));
    ipcadm(["ls", "--format", "csv", "-o", "owner,uid"]).run().ok().stdout_is("owner,uid\r\n,4294967294\r\n");
}

#[test]
fn formats_that_do_not_exist_or_do_not_go_together() {
    let _ns = fresh();
    for bad in ["yaml", "JSON", "", "json,csv"] {
        let outcome = ipcadm(["ls", "--format", bad]).run().status(2).stdout_empty();
        outcome.stderr_has("[possible values: table, json, jsonl, csv]");
    }
    ipcadm(["ls", "--json", "--format", "csv"]).run().status(2).stdout_empty().stderr_has("cannot be used with");
    ipcadm(["ls", "-q", "--json"]).run().status(2).stdout_empty().stderr_has("cannot be used with");
    ipcadm(["ls", "-q", "--format", "csv"]).run().status(2).stdout_empty().stderr_has("cannot be used with");
}
