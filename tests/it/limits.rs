//! `limits`: every limit with its value, its use and who uses most.

use std::fs;

use ipcadm_testbed::{Kind, fresh, ipcadm, make, may_set_limits, needs_root};
use serde_json::{Value, json};

const NAMES: [&str; 13] = [
    "shmmni", "shmmax", "shmmin", "shmall", "memory", "semmni", "semmns", "semmsl", "semopm", "semvmx", "msgmni",
    "msgmnb", "msgmax",
];

/// The limits that `limits --json` prints.
#[track_caller]
fn limits() -> Vec<Value> {
    let text = ipcadm(["limits", "--json"]).run().ok().stderr_empty().stdout_str();
    let mut document: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}:\n{text}"));
    assert_eq!(document["errors"], json!([]));
    assert_eq!(document["ipcadm"]["version"], env!("CARGO_PKG_VERSION"));
    document["limits"].as_array_mut().map(std::mem::take).expect("a list")
}

#[track_caller]
fn limit(name: &str) -> Value {
    let found = limits().into_iter().find(|limit| limit["name"] == name);
    found.unwrap_or_else(|| panic!("no limit {name}"))
}

/// Some fields of a limit.
#[track_caller]
fn fields(name: &str, keys: &[&str]) -> Value {
    let limit = limit(name);
    keys.iter().map(|&key| limit[key].clone()).collect()
}

fn page() -> usize {
    let text = fs::read_to_string("/proc/self/smaps").expect("smaps");
    let line = text.lines().find(|line| line.starts_with("KernelPageSize:")).expect("a page size");
    line.split_whitespace().nth(1).and_then(|text| text.parse::<usize>().ok()).expect("kB") * 1024
}

#[test]
fn values_are_those_of_the_settings() {
    let ns = fresh();
    let check = || {
        for name in ["shmmni", "shmmax", "shmall", "msgmni", "msgmnb", "msgmax"] {
            let value: u64 = ns.read_sysctl(name).parse().expect("a number");
            assert_eq!(fields(name, &["value", "sysctl"]), json!([value, format!("kernel.{name}")]));
        }
        let sem = ns.read_sysctl("sem");
        for (name, value) in ["semmsl", "semmns", "semopm", "semmni"].iter().zip(sem.split_whitespace()) {
            let value: u64 = value.parse().expect("a number");
            assert_eq!(fields(name, &["value", "sysctl"]), json!([value, "kernel.sem"]));
        }
    };
    check();
    if may_set_limits("limits other than the default") {
        for (name, value) in [
            ("shmmni", "7"),
            ("shmmax", "12345"),
            ("shmall", "99"),
            ("msgmni", "5"),
            ("msgmnb", "3333"),
            ("msgmax", "44"),
            ("sem", "11\t222\t33\t44"),
        ] {
            ns.sysctl(name, value);
        }
        check();
        for (name, value) in
            [("shmmni", "0"), ("shmmax", "0"), ("shmall", "0"), ("msgmni", "0"), ("msgmnb", "0"), ("sem", "0 0 0 0")]
        {
            ns.sysctl(name, value);
        }
        check();
        assert!(limits().iter().all(|limit| limit["value"] != 0 || limit["percent"].is_null()));
    }
}

#[test]
fn each_limit_has_its_keys_with_their_types() {
    let _ns = fresh();
    make::sem(0, 1, 0o600);
    let limits = limits();
    let names: Vec<&str> = limits.iter().filter_map(|limit| limit["name"].as_str()).collect();
    assert_eq!(names, NAMES);
    for limit in &limits {
        let mut keys: Vec<&str> = limit.as_object().expect("an object").keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "kind",
                "meaning",
                "name",
                "percent",
                "sysctl",
                "top_owner",
                "top_uid",
                "top_used",
                "unit",
                "unlimited",
                "used",
                "value"
            ]
        );
        assert!(limit["value"].is_u64() && limit["unlimited"].is_boolean(), "{limit}");
        assert!(["shm", "sem", "msg"].contains(&limit["kind"].as_str().expect("a word")));
        assert!(limit["used"].is_u64() || limit["used"].is_null(), "{limit}");
        assert!(limit["percent"].is_f64() || limit["percent"].is_null(), "{limit}");
        assert!(limit["meaning"].is_string() && limit["unit"].is_string(), "{limit}");
        let has_top = [&limit["top_uid"], &limit["top_used"]].map(Value::is_u64);
        assert!(has_top == [true; 2] || has_top == [false; 2], "{limit}");
    }
    assert_eq!(limits[5]["top_owner"], "root");
    let lines = ipcadm(["limits", "--format", "jsonl"]).run().ok().stdout_str();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, limits);
}

#[test]
fn the_extremes() {
    if !may_set_limits("limits other than the default") {
        return;
    }
    let ns = fresh();
    make::shm(0, 4096, 0o600);
    ns.sysctl("shmmax", u64::MAX);
    ns.sysctl("shmall", u64::MAX);
    ns.sysctl("msgmnb", i32::MAX);
    ns.sysctl("msgmax", i32::MAX);
    let whole = ["value", "unlimited", "percent"];
    assert_eq!(fields("shmmax", &whole), json!([u64::MAX, true, null]));
    assert_eq!(fields("shmall", &whole), json!([u64::MAX, true, null]));
    assert_eq!(fields("msgmnb", &whole), json!([i32::MAX, true, null]));
    assert_eq!(fields("msgmax", &whole), json!([i32::MAX, true, null]));
    let table = ipcadm(["limits"]).run().ok().stderr_empty().stdout_str();
    assert_eq!(table.matches(" unlimited ").count(), 4, "{table}");
    assert!(!table.contains("18446744073709551615"), "{table}");
    ipcadm(["limits", "--format", "csv"])
        .run()
        .ok()
        .stdout_has("shm,shmall,18446744073709551615,true,1,,pages,0,root,1");

    // One below what the kernel starts with is a limit like any other.
    ns.sysctl("shmmax", u64::MAX - (1 << 24) - 1);
    ns.sysctl("msgmnb", i32::MAX - 1);
    assert_eq!(fields("shmmax", &whole), json!([u64::MAX - (1 << 24) - 1, false, 0.0]));
    assert_eq!(fields("msgmnb", &whole), json!([i32::MAX - 1, false, 0.0]));
    ns.sysctl("shmmax", 4095);
    assert_eq!(
        fields("shmmax", &["value", "used", "percent"]),
        json!([4095, 4096, 100.0]),
        "lowered below what is there"
    );
    // Negative settings, which the kernel takes, allow nothing.
    ns.sysctl("sem", "-1 -1 -1 128");
    assert_eq!(fields("semmns", &whole), json!([0, false, null]));
}

#[test]
fn segments_count_by_whole_pages() {
    if !may_set_limits("limits other than the default") {
        return;
    }
    let ns = fresh();
    let page = page();
    ns.sysctl("shmall", 16);
    ns.sysctl("shmmni", 8);
    ns.sysctl("shmmax", 100_000);
    let used = |name| fields(name, &["used", "percent", "top_used"]);
    assert_eq!(used("shmall"), json!([0, 0.0, null]));
    make::shm(0, 1, 0o600);
    assert_eq!(used("shmall"), json!([1, 6.2, 1]), "one byte takes a page");
    make::shm(0, page, 0o600);
    make::shm(0, page + 1, 0o600);
    assert_eq!(used("shmall"), json!([4, 25.0, 4]));
    assert_eq!(used("shmmni"), json!([3, 37.5, 3]));
    let tenths = (page as u64 + 1) * 1000 / 100_000;
    assert_eq!(used("shmmax"), json!([page + 1, tenths as f64 / 10.0, page + 1]));
    let _attached = make::attach(0);
    make::remove(Kind::Shm, 0);
    assert_eq!(used("shmall"), json!([4, 25.0, 4]), "a removed segment counts as long as it is attached");
    let table = ipcadm(["limits"]).run().ok().stdout_str();
    let row = table.lines().find(|line| line.starts_with("shmall")).expect("a row");
    assert_eq!(
        row.split_whitespace().collect::<Vec<_>>(),
        ["shmall", "16", "4", "25.0%", "pages", "root", "4", "kernel.shmall"]
    );
}

#[test]
fn memory_in_use() {
    let _ns = fresh();
    let mut memory = make::attach(make::shm(0, 1 << 20, 0o600));
    assert_eq!(limit("memory")["used"], 0);
    for offset in (0..1 << 20).step_by(page()) {
        memory.write(offset, b"x");
    }
    assert_eq!(fields("memory", &["used", "top_uid", "top_used", "sysctl"]), json!([1 << 20, 0, 1 << 20, null]));
    let meminfo = fs::read_to_string("/proc/meminfo").expect("meminfo");
    let kilobytes = |name: &str| {
        let line = meminfo.lines().find(|line| line.starts_with(name)).expect("a line");
        line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).expect("kB")
    };
    assert_eq!(limit("memory")["value"], (kilobytes("MemTotal:") + kilobytes("SwapTotal:")) * 1024);
}

#[test]
fn sets_and_queues_in_use() {
    if !may_set_limits("limits other than the default") {
        return;
    }
    let ns = fresh();
    ns.sysctl("sem", "10 40 5 4");
    make::sem(0, 10, 0o600);
    make::sem(0, 3, 0o600);
    let used = |name| fields(name, &["used", "percent", "top_owner", "top_used"]);
    assert_eq!(used("semmni"), json!([2, 50.0, "root", 2]));
    assert_eq!(used("semmns"), json!([13, 32.5, "root", 13]));
    assert_eq!(used("semmsl"), json!([10, 100.0, "root", 10]));
    assert_eq!(used("semopm"), json!([null, null, null, null]));
    ns.sysctl("msgmni", 3);
    ns.sysctl("msgmnb", 1000);
    let id = make::msg(0, 0o600);
    make::msg(0, 0o600);
    make::send(id, 1, &[0; 333]);
    make::send(id, 1, &[0; 334]);
    assert_eq!(used("msgmni"), json!([2, 66.6, "root", 2]), "percents are rounded down");
    assert_eq!(used("msgmnb"), json!([667, 66.7, "root", 667]));
    assert_eq!(used("msgmax"), json!([null, null, null, null]));
}

#[test]
fn who_uses_most() {
    if !needs_root("objects of other users") {
        return;
    }
    let _ns = fresh();
    let page = page();
    for (kind, id, uid) in [
        (Kind::Shm, make::shm(0, page, 0o600), 70_000),
        (Kind::Shm, make::shm(0, page, 0o600), 70_000),
        (Kind::Shm, make::shm(0, 10 * page, 0o600), 65_534),
        (Kind::Sem, make::sem(0, 9, 0o600), 4_294_967_294),
        (Kind::Sem, make::sem(0, 1, 0o600), 65_534),
        (Kind::Sem, make::sem(0, 1, 0o600), 65_534),
    ] {
        make::chown(kind, id, uid, uid, 0o600);
    }
    let top = |name| fields(name, &["top_uid", "top_owner", "top_used"]);
    assert_eq!(top("shmmni"), json!([70_000, null, 2]));
    assert_eq!(top("shmall"), json!([65_534, "nobody", 10]));
    assert_eq!(top("shmmax"), json!([65_534, "nobody", 10 * page]));
    assert_eq!(top("semmni"), json!([65_534, "nobody", 2]));
    assert_eq!(top("semmns"), json!([4_294_967_294_u32, null, 9]));
    assert_eq!(top("msgmni"), json!([null, null, null]));
    let table = ipcadm(["limits"]).run().ok().stdout_str();
    assert!(table.lines().any(|line| line.starts_with("semmns") && line.contains(" 4294967294 ")), "{table}");
    // The owner counts, not the creator; of equal ones always the same is named.
    make::chown(Kind::Sem, 1, 0, 0, 0o600);
    assert_eq!(top("semmni"), json!([0, "root", 1]));
}

#[test]
fn a_table_for_people() {
    let ns = fresh();
    let text = ipcadm(["limits"]).run().ok().stderr_empty().stdout_str();
    let mut lines = text.lines();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let header = ["LIMIT", "VALUE", "USED", "PERCENT", "UNIT", "MOST_BY", "MOST", "SYSCTL"];
    assert_eq!(lines.next().map(words), Some(header.map(str::to_owned).to_vec()));
    assert_eq!(lines.map(|line| words(line)[0].clone()).collect::<Vec<_>>(), NAMES);
    assert!(text.lines().all(|line| !line.ends_with(' ')), "trailing blanks\n{text}");
    ipcadm(["limits", "--no-header"]).run().ok().stdout_lacks("LIMIT");
    let bytes = ipcadm(["limits", "--bytes"]).run().ok().stdout_str();
    assert!(bytes.lines().any(|line| words(line)[..2] == ["msgmax", &ns.read_sysctl("msgmax")]), "{bytes}");
    if may_set_limits("the note about shm_rmid_forced") {
        ns.sysctl("shm_rmid_forced", 1);
        ipcadm(["limits"]).run().ok().stderr_is(
            "ipcadm: note: kernel.shm_rmid_forced is 1: a segment is destroyed when its last process detaches\n",
        );
    }
    ipcadm(["limits", "shm"]).run().status(2).stdout_empty().stderr_has("unexpected argument 'shm'");
    ipcadm(["limits", "--format", "toml"]).run().status(2).stderr_has("[possible values: table, json, jsonl, csv]");
}
