//! Where /proc tells less, or nothing: everything else is right, and what is lost is said.

use ipcadm_testbed::{Kind, fresh, ipcadm, ipcadm_path, make, may_set_limits, tool};
use serde_json::{Map, Value, json};

const LOST: &str = "ipcadm: note: resident and swapped memory of segments is unknown: /proc/sysvipc/shm: No such file \
                    or directory\n";

fn objects(jsonl: &str) -> Vec<Map<String, Value>> {
    jsonl.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// Two of each kind, some of them closed to everybody.
fn populate() {
    make::shm(0x51, 5000, 0o600);
    make::shm(0, 1, 0o000);
    make::sem(0x8000_0000_u32.cast_signed(), 3, 0o640);
    make::sem(0, 1, 0o000);
    make::qbytes(make::msg(0x51, 0o600), 777);
    make::msg(0, 0o000);
    make::send(0, 1, b"text");
}

/// The same objects without what only /proc tells.
fn without_memory(mut objects: Vec<Map<String, Value>>) -> Vec<Map<String, Value>> {
    for object in objects.iter_mut().filter(|object| object["kind"] == "shm") {
        object.insert("rss".to_owned(), Value::Null);
        object.insert("swap".to_owned(), Value::Null);
        object.insert("hidden".to_owned(), json!(["rss", "swap"]));
    }
    objects
}

#[test]
fn without_the_tables_only_memory_is_lost() {
    let _ns = fresh();
    populate();
    let whole = objects(&ipcadm(["ls", "--format", "jsonl"]).run().ok().stderr_empty().stdout_str());
    let expected = without_memory(whole);
    let ls = || ipcadm(["ls", "--format", "jsonl"]);
    for (what, less) in [("sysvipc", ls().without_sysvipc()), ("proc", ls().without_proc())] {
        let found = less.run().ok().stderr_is(LOST).stdout_str();
        assert_eq!(objects(&found), expected, "without {what}");
    }
    // The same for who may read nothing.
    let found = ls().without_sysvipc().unprivileged().run().ok().stderr_is(LOST).stdout_str();
    assert_eq!(objects(&found), expected);
    let found = ls().without_proc().unprivileged().run().ok().stderr_is(LOST).stdout_str();
    assert_eq!(objects(&found), expected);
    // Named objects too.
    let refs = "shm:0x51\nshm:1\nsem:0x80000000\nsem:1\nmsg:0x51\nmsg:1\n";
    let found = ipcadm(["ls", "--format", "jsonl", "-"]).without_proc().stdin(refs).run().ok().stderr_is(LOST);
    assert_eq!(objects(&found.stdout_str()), expected);
}

#[test]
fn nothing_is_said_when_nothing_is_lost() {
    let _ns = fresh();
    populate();
    for args in
        [&["ls"][..], &["ls", "sem", "msg"], &["ls", "-q"], &["ls", "shm", "-o", "ref,size"], &["limits", "--help"]]
    {
        let whole = ipcadm(args.iter().copied()).run().ok().stdout_str();
        let less = ipcadm(args.iter().copied()).without_proc().run().ok().stderr_empty();
        let columns =
            |text: &str| text.lines().map(|line| line.split_whitespace().next().map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(columns(&less.stdout_str()), columns(&whole));
    }
}

#[test]
fn people_see_what_is_lost() {
    let _ns = fresh();
    populate();
    ipcadm(["ls", "shm", "-o", "ref,rss,swap,size"])
        .without_sysvipc()
        .run()
        .ok()
        .stderr_is(LOST)
        .stdout_is("REF    RSS  SWAP  SIZE\nshm:0    ?     ?  4.9K\nshm:1    ?     ?     1\n");
    // To sort by it needs it as well.
    ipcadm(["ls", "shm", "-q", "--sort", "rss"])
        .without_sysvipc()
        .run()
        .ok()
        .stderr_is(LOST)
        .stdout_is("shm:0\nshm:1\n");
    let sheet = ipcadm(["show", "shm:0", "sem:0", "msg:0"]).without_proc().run().ok().stderr_is(LOST);
    sheet.stdout_has("\n  rss            ?\n").stdout_has("\n  INDEX  VALUE").stdout_has("\n      0     1     4\n");
    let shown = ipcadm(["show", "--json", "shm:0"]).without_proc().run().ok().stderr_is(LOST).stdout_str();
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["objects"][0]["hidden"], json!(["rss", "swap", "hugepages", "may_know", "may_know_count"]));
    assert_eq!(shown["ipcadm"]["namespace"], Value::Null);
    ipcadm(["show", "shm:0", "--format", "csv"]).without_sysvipc().run().ok().stderr_is(LOST).stdout_has(",5000,0,");
}

#[test]
fn limits_without_proc() {
    let _ns = fresh();
    populate();
    let limits = |less: ipcadm_testbed::Cmd| {
        let text = less.run().ok().stdout_str();
        text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).collect::<Vec<_>>()
    };
    let run = || ipcadm(["limits", "--format", "jsonl"]);
    let whole = limits(run());
    assert_eq!(limits(run().without_sysvipc()), whole);
    // How much memory the machine has, /proc alone tells.
    let rest: Vec<Value> = whole.into_iter().filter(|limit| limit["name"] != "memory").collect();
    assert_eq!(limits(run().without_proc()), rest);
    assert_eq!(limits(run().without_proc().unprivileged()), rest);
}

#[test]
fn keys_need_no_proc() {
    let _ns = fresh();
    make::msg(0x51, 0o600);
    let whole = ipcadm(["key", "0x51"]).run().ok().stdout_str();
    ipcadm(["key", "0x51"]).without_proc().run().ok().stderr_empty().stdout_is(whole);
    let key = ipcadm(["key", "/etc/passwd", "A"]).run().ok().stdout_str();
    ipcadm(["key", "/etc/passwd", "A"]).without_proc().run().ok().stdout_is(key);
}

#[test]
fn a_sparse_table_is_listed_whole() {
    if !may_set_limits("objects with high ids") {
        return;
    }
    let ns = fresh();
    for kind in Kind::ALL {
        // The first index, some in the middle, and the last one that there can be.
        let (setting, limit) = match kind {
            Kind::Shm => ("shm_next_id", "shmmni"),
            Kind::Sem => ("sem_next_id", "sem"),
            Kind::Msg => ("msg_next_id", "msgmni"),
        };
        let most = if kind == Kind::Sem { "32000\t1024000000\t500\t32768" } else { "32768" };
        ns.sysctl(limit, most);
        let mut refs = String::new();
        for wanted in [0, 12_345, 20_000, 20_001, 32_767] {
            ns.sysctl(setting, wanted);
            let id = match kind {
                Kind::Shm => make::shm(0, 4096, 0o000),
                Kind::Sem => make::sem(0, 1, 0o000),
                Kind::Msg => make::msg(0, 0o000),
            };
            assert_eq!(id, wanted);
            refs.push_str(&format!("{}:{id}\n", kind.word()));
        }
        let ls = |args: &[&str]| ipcadm(["ls", kind.word()]).args(args.iter().copied());
        ls(&["-q"]).run().ok().stderr_empty().stdout_is(&refs);
        ls(&["-q"]).unprivileged().run().ok().stderr_empty().stdout_is(&refs);
        ls(&["-q"]).without_proc().run().ok().stderr_empty().stdout_is(&refs);
        ls(&["-q"]).without_sysvipc().unprivileged().run().ok().stderr_empty().stdout_is(&refs);
        ls(&["-q", "--sort", "rss"]).run().ok().stderr_empty().stdout_is(&refs);
    }
    // The table that is read instead lacks the capacity.
    ipcadm(["ls", "msg", "-o", "qbytes", "-b", "--no-header"]).unprivileged().run().ok().stdout_is("16384\n".repeat(5));
    ipcadm(["show", "--format", "jsonl", "msg:32767"]).unprivileged().run().ok().stdout_has(r#""qbytes":16384"#);
}

#[test]
fn processes_of_another_pid_namespace_are_hidden() {
    let _ns = fresh();
    let shm = make::shm(0, 1, 0o600);
    drop(make::attach(shm));
    let msg = make::msg(0, 0o600);
    make::send(msg, 1, b"");
    let inside = |args: &[&str]| tool("unshare", ["--pid", "--fork"]).arg(ipcadm_path()).args(args.iter().copied());
    let found = objects(&inside(&["ls", "--format", "jsonl"]).run().ok().stdout_str());
    assert_eq!((&found[0]["cpid"], &found[0]["lpid"]), (&Value::Null, &Value::Null));
    assert_eq!(found[0]["hidden"], json!(["cpid", "lpid"]));
    assert_eq!((&found[1]["lspid"], &found[1]["lrpid"]), (&Value::Null, &Value::Null));
    assert_eq!(found[1]["hidden"], json!(["lspid"]), "nobody has received");
    inside(&["ls", "shm", "-o", "cpid,lpid"]).run().ok().stdout_is("CPID  LPID\n   ?     ?\n");
    inside(&["show", "shm:0"]).run().ok().stdout_has("cpid           ? (a process of another pid namespace)\n");
}
