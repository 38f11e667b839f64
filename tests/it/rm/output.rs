//! What `rm` prints, and that it does its work whatever happens to standard output.

use ipcadm_testbed::{Cmd, Kind, fresh, ipcadm, make};
use serde_json::{Value, json};

use crate::support::Json as _;

#[test]
fn quiet_leaves_out_successes_alone() {
    let ns = fresh();
    let id = make::msg(0, 0o600);
    let outcome = ipcadm(["rm", "-q", &format!("msg:{id}"), "sem:9"]).run().status(9).stdout_empty();
    outcome.stderr_has("sem:9: no such semaphore set");
    assert!(ns.ids(Kind::Msg).is_empty());
}

#[test]
fn json_tells_each_outcome() {
    let ns = fresh();
    let (shm, sem) = (make::shm(0x51, 4096, 0o640), make::sem(0, 2, 0o600));
    let _holder = make::attach(shm);
    let outcome = ipcadm(["rm", "shm:0x51", &format!("sem:{sem}"), "msg:0x77", "--json"]).run().status(9);
    let document = outcome.json();
    assert_eq!(document["ipcadm"]["namespace"], ns.inode());
    assert!(document["ipcadm"]["dry_run"].is_null());
    let objects = document["objects"].as_array().expect("a list");
    let told: Vec<_> = objects.iter().map(|object| [&object["ref"], &object["outcome"], &object["changed"]]).collect();
    let (sem, shm) = (json!(format!("sem:{sem}")), json!(format!("shm:{shm}")));
    assert_eq!(told, [[&sem, &json!("removed"), &json!(true)], [&shm, &json!("will-go"), &json!(true)]]);
    // The object as it was.
    assert_eq!(
        (&objects[1]["key"], &objects[1]["mode"], &objects[1]["rss"]),
        (&json!("0x00000051"), &json!("0640"), &json!(0))
    );
    let errors = document["errors"].as_array().expect("a list");
    assert_eq!(errors.len(), 1);
    assert_eq!((&errors[0]["ref"], &errors[0]["status"]), (&json!("msg:0x00000077"), &json!(3)));
    let message = errors[0]["message"].as_str().expect("a text");
    outcome.stderr_is(format!("ipcadm: {message}\n"));
}

#[test]
fn jsonl_and_csv_tell_what_was_gone_already() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let gone = r#"{"kind":"sem","id":77,"key":"0x51","cuid":0,"cgid":0,"ctime":"2001-02-03T04:05:06Z","nsems":2}"#;
    let args = ["rm".to_owned(), "-".into(), format!("msg:{id}")];
    let lines = ipcadm(args.clone()).args(["-n", "--format=jsonl"]).stdin(gone).run().ok().stderr_empty().stdout_str();
    let objects: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<_> = objects.iter().map(|object| [&object["ref"], &object["outcome"], &object["changed"]]).collect();
    let queue = json!(format!("msg:{id}"));
    let no = json!(false);
    assert_eq!(told, [[&json!("sem:77"), &json!("gone"), &no], [&queue, &json!("removed"), &no]]);

    let text = ipcadm(args).args(["--format=csv"]).stdin(gone).run().ok().stdout_str();
    let rows: Vec<Vec<&str>> = text.split_terminator("\r\n").map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{text}");
    let ends: Vec<_> = rows.iter().map(|row| row[row.len() - 2..].join(",")).collect();
    assert_eq!(ends, ["outcome,changed", "gone,false", "removed,true"]);
    assert_eq!((&rows[0][..4], &rows[1][..4]), (&["kind", "id", "key", "ref"][..], &["sem", "77", "", "sem:77"][..]));
}

#[test]
fn everything_goes_whatever_happens_to_stdout() {
    let ns = fresh();
    let full = "cannot write to standard output: No space left on device";
    let closed = "cannot write to standard output: Bad file descriptor";
    type Way = (fn(Cmd) -> Cmd, i32, &'static str);
    let ways: [Way; 3] = [
        (|cmd| cmd.stdout_to("/dev/full"), 1, full),
        (Cmd::stdout_closed, 1, closed),
        (Cmd::stdout_closed_pipe, 0, ""),
    ];
    for (way, status, message) in ways {
        for format in ["table", "json", "jsonl", "csv"] {
            // More than any buffer holds, so that writing fails in the middle of the work.
            let references = (0..500).map(|_| format!("sem:{}", make::sem(0, 1, 0o600)));
            let input: String = references.map(|reference| reference + "\n").collect();
            let rm = |input: &str| way(ipcadm(["rm", "-", "--format", format]).stdin(input));
            rm(&input).run().status(status).stderr_has(message);
            assert!(ns.ids(Kind::Sem).is_empty(), "{format}");
            // What failed in the work itself counts for more.
            rm(&input).arg("--if-exists").run();
            let id = make::sem(0, 1, 0o600);
            rm(&format!("sem:{id}\nsem:999\n")).run().status(9);
            assert!(ns.ids(Kind::Sem).is_empty(), "{format}");
        }
    }
    let id = make::sem(0, 1, 0o600);
    ipcadm(["rm", "-q", &format!("sem:{id}")]).stdout_closed().run().ok().stderr_empty();
    let id = make::sem(0, 1, 0o600);
    ipcadm(["rm", "-q", &format!("sem:{id}")]).stdout_to("/dev/full").run().ok().stderr_empty();
    assert!(ns.ids(Kind::Sem).is_empty());
}

#[test]
fn errors_that_cannot_be_printed_stop_nothing() {
    let ns = fresh();
    let id = make::msg(0, 0o600);
    ipcadm(["rm", "sem:9", &format!("msg:{id}")]).stderr_to("/dev/full").run().status(9);
    assert!(ns.ids(Kind::Msg).is_empty());
}
