//! A thousand random objects, listed in every format, against the kernel's own tables, field by field.

use std::collections::{BTreeMap, BTreeSet};

use ipcadm_testbed::{Kind, Namespace, Random, fresh, ipcadm, is_root, make, tool};
use serde_json::{Map, Value, json};

/// Makes the objects. What is returned keeps the attached segments attached.
fn populate(random: &mut Random) -> Vec<make::Attachment> {
    let mut attached = Vec::new();
    for number in 0..1000_u32 {
        let kind = Kind::ALL[random.below(3) as usize];
        // No two objects have the same key; half of the keys have the high bit.
        let key = (random.any() as u32 & 0xffff_fc00 | number) as i32;
        let key = if random.one_in(4) || key == 0 { 0 } else { key };
        // At least readable for this user: the kernel is asked by IPC_STAT too.
        let mode = random.below(0o1000) as u32 | 0o400;
        let id = match kind {
            Kind::Shm => make::shm(key, 1 + random.below(1 << 18) as usize, mode | 0o600),
            Kind::Sem => make::sem(key, 1 + random.below(40) as usize, mode | 0o600),
            Kind::Msg => make::msg(key, mode | 0o600),
        };
        use_it(kind, id, random, &mut attached);
        if is_root() {
            make::chown(kind, id, random.account(), random.account(), mode);
        } else {
            make::chown(kind, id, 0, 0, mode);
        }
        if kind == Kind::Shm && random.one_in(8) {
            // Marked for removal, it lives as long as it is attached.
            attached.push(make::attach(id));
            make::remove(kind, id);
        }
        // Holes, so that ids are no plain count.
        if random.one_in(5) {
            make::remove(Kind::Sem, make::sem(0, 1, 0o600));
        }
    }
    attached
}

fn use_it(kind: Kind, id: i32, random: &mut Random, attached: &mut Vec<make::Attachment>) {
    match kind {
        Kind::Shm => {
            for _ in 0..random.below(3) {
                let mut memory = make::attach(id);
                if random.one_in(2) {
                    memory.write(0, b"x");
                }
                if random.one_in(2) {
                    attached.push(memory);
                }
            }
            // An ordinary user may lock a little.
            if random.one_in(if is_root() { 6 } else { 60 }) {
                make::shm_lock(id);
            }
        }
        Kind::Sem if random.one_in(2) => make::semop(id, &[(0, 3, 0)]),
        Kind::Sem => {}
        Kind::Msg => {
            if random.one_in(2) {
                make::qbytes(id, 200 + random.below(16_000));
            }
            for _ in 0..random.below(4) {
                make::send(id, 1, &vec![b'm'; random.below(50) as usize]);
            }
            if make::msg_stat(id).qnum > 1 {
                make::recv(id, 0);
            }
        }
    }
}

/// The names that the machine has for these numbers in its database (passwd, group).
fn names(database: &str, numbers: impl Iterator<Item = String>) -> BTreeMap<u32, String> {
    let numbers: BTreeSet<String> = numbers.collect();
    // Its status tells that some have none.
    let text = tool("getent", [database]).args(numbers).run().stdout_str();
    let mut names = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        if let (Some(name), Some(Ok(number))) = (fields.first(), fields.get(2).map(|text| text.parse())) {
            names.insert(number, (*name).to_owned());
        }
    }
    names
}

fn time(seconds: &str) -> Value {
    match seconds.parse().expect("seconds") {
        0 => Value::Null,
        seconds => jiff::Timestamp::from_second(seconds).expect("a time").to_string().into(),
    }
}

fn number(text: &str) -> Value {
    text.parse::<u64>().expect("a number").into()
}

/// Null for none.
fn pid(text: &str) -> Value {
    if text == "0" { Value::Null } else { number(text) }
}

/// What the kernel tells of all objects, in the shape of the program's JSON.
fn truth(ns: &Namespace) -> Vec<Map<String, Value>> {
    let all = |one: &'static str, two: &'static str| {
        let rows = Kind::ALL.into_iter().flat_map(|kind| ns.rows(kind));
        rows.flat_map(move |row| [row[one].clone(), row[two].clone()])
    };
    let (users, groups) = (names("passwd", all("uid", "cuid")), names("group", all("gid", "cgid")));
    let name = |names: &BTreeMap<u32, String>, text: &str| names.get(&text.parse().expect("an id")).cloned();
    let mut objects = Vec::new();
    for kind in Kind::ALL {
        for row in ns.rows(kind) {
            let of = |column: &str| row[column].as_str();
            let id = of(["shmid", "semid", "msqid"][kind as usize]);
            let bits = u32::from_str_radix(of("perms"), 8).expect("octal");
            let mut object = json!({
                "kind": kind.word(),
                "id": number(id),
                "key": format!("0x{:08x}", of("key").parse::<i32>().expect("a key")),
                "ref": format!("{}:{id}", kind.word()),
                "mode": format!("{:04o}", bits & 0o777),
                "uid": number(of("uid")),
                "gid": number(of("gid")),
                "cuid": number(of("cuid")),
                "cgid": number(of("cgid")),
                "owner": name(&users, of("uid")),
                "group": name(&groups, of("gid")),
                "creator": name(&users, of("cuid")),
                "creator_group": name(&groups, of("cgid")),
                "ctime": time(of("ctime")),
                "hidden": [],
            });
            let own = match kind {
                Kind::Shm => json!({
                    "size": number(of("size")),
                    "nattch": number(of("nattch")),
                    "cpid": pid(of("cpid")),
                    "lpid": pid(of("lpid")),
                    "atime": time(of("atime")),
                    "dtime": time(of("dtime")),
                    "rss": number(of("rss")),
                    "swap": number(of("swap")),
                    "locked": bits & 0o2000 != 0,
                    "doomed": bits & 0o1000 != 0,
                }),
                Kind::Sem => json!({"nsems": number(of("nsems")), "otime": time(of("otime"))}),
                Kind::Msg => json!({
                    "qnum": number(of("qnum")),
                    "cbytes": number(of("cbytes")),
                    "qbytes": make::msg_stat(id.parse().expect("an id")).qbytes,
                    "lspid": pid(of("lspid")),
                    "lrpid": pid(of("lrpid")),
                    "stime": time(of("stime")),
                    "rtime": time(of("rtime")),
                }),
            };
            if let (Some(object), Value::Object(own)) = (object.as_object_mut(), own) {
                object.extend(own);
                objects.push(object.clone());
            }
        }
    }
    objects
}

/// Records of RFC 4180.
fn csv(text: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let record = records.last_mut().expect("a record");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => record.last_mut().expect("a field").extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {
                chars.next();
                records.push(vec![String::new()]);
            }
            c => record.last_mut().expect("a field").push(c),
        }
    }
    assert_eq!(records.pop(), Some(vec![String::new()]), "the last record has its line end");
    records
}

/// A value as CSV has it.
fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A value as an exact table with times in UTC has it.
fn shown(object: &Map<String, Value>, column: &str) -> String {
    let number = |of: &str| plain(object.get(of));
    match (column, object.get(column)) {
        ("owner", Some(Value::Null)) => number("uid"),
        ("group", Some(Value::Null)) => number("gid"),
        ("creator", Some(Value::Null)) => number("cuid"),
        ("creator_group", Some(Value::Null)) => number("cgid"),
        (_, None | Some(Value::Null)) => "-".to_owned(),
        (_, Some(Value::Bool(yes))) => if *yes { "yes" } else { "no" }.to_owned(),
        (_, Some(Value::String(time))) if column.ends_with("time") => time.replace('Z', "+00:00"),
        (_, value) => plain(value),
    }
}

#[track_caller]
fn assert_same(found: &[Map<String, Value>], truth: &[Map<String, Value>]) {
    for (found, truth) in found.iter().zip(truth) {
        assert_eq!(found, truth);
    }
    assert_eq!(found.len(), truth.len());
}

#[test]
fn listings_equal_the_kernels_tables() {
    let ns = fresh();
    let mut random = Random::new();
    let _attached = populate(&mut random);
    let truth = truth(&ns);
    assert_eq!(truth.len(), 1000);
    for (what, few) in [
        ("doomed", truth.iter().filter(|object| object.get("doomed") == Some(&Value::Bool(true))).count()),
        ("high key", truth.iter().filter(|object| object["key"].as_str() >= Some("0x8")).count()),
        ("private", truth.iter().filter(|object| object["key"] == "0x00000000").count()),
    ] {
        assert!(few > 9, "only {few} objects with: {what}");
    }

    let text = ipcadm(["ls", "--format", "jsonl"]).run().ok().stderr_empty().stdout_str();
    let parse = |line: &str| serde_json::from_str::<Map<String, Value>>(line).expect("JSON");
    let lines: Vec<_> = text.lines().map(parse).collect();
    assert_same(&lines, &truth);

    let text = ipcadm(["ls", "--json"]).run().ok().stderr_empty().stdout_str();
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let objects = document["objects"].as_array().expect("a list");
    let objects: Vec<_> = objects.iter().filter_map(|object| object.as_object().cloned()).collect();
    assert_same(&objects, &truth);

    let records = csv(&ipcadm(["ls", "--format", "csv"]).run().ok().stderr_empty().stdout_str());
    let header = &records[0];
    assert_eq!(records.len(), 1001);
    for (record, object) in records[1..].iter().zip(&truth) {
        let expected: Vec<String> = header.iter().map(|column| plain(object.get(column))).collect();
        assert_eq!(*record, expected);
    }

    let args = ["ls", "--bytes", "--time", "iso", "-o", &header.join(",")];
    let table = ipcadm(args).run().ok().stderr_empty().stdout_str();
    assert_eq!(table.lines().count(), 1001);
    for (line, object) in table.lines().skip(1).zip(&truth) {
        let expected: Vec<String> = header.iter().map(|column| shown(object, column)).collect();
        assert_eq!(line.split_whitespace().collect::<Vec<_>>(), expected);
    }

    // Who may read nothing sees the same; each one can be named; the kernel's order is that of ids' indices.
    let text = ipcadm(["ls", "--format", "jsonl"]).unprivileged().run().ok().stderr_empty().stdout_str();
    assert_same(&text.lines().map(parse).collect::<Vec<_>>(), &truth);
    let refs = ipcadm(["ls", "-q"]).run().ok().stdout_str();
    let named = ipcadm(["ls", "--format", "jsonl", "-"]).unprivileged().stdin(refs).run().ok().stdout_str();
    assert_same(&named.lines().map(parse).collect::<Vec<_>>(), &truth);
}
