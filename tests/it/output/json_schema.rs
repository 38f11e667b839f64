//! What programs read must not change: the names and types of all JSON keys, which only grow. A failure here is a
//! broken promise to scripts, or a new key that the tables below and `ipcadm-json(5)` do not have yet.

use std::cell::RefCell;
use std::collections::BTreeSet;

use ipcadm_testbed::{Folder, Kind, fresh, ipcadm, ipcadm_path, is_root, make, source};
use serde_json::Value;

use crate::support::Json as _;

use crate::support::type_of;

/// A key and the JSON type of its value; those with `?` may be null.
type Table = &'static [Entry];
type Entry = (&'static str, &'static str);

static DOCUMENT: Table = &[("ipcadm", "object"), ("errors", "array")];
static PROCESSES: Table = &[
    ("hidden_attachments", "number"),
    ("hidden_waiters", "number?"),
    ("hidden_sets", "number"),
    ("hidden_why", "string?"),
    ("hidden", "array"),
];
static HEAD: Table = &[("version", "string"), ("namespace", "number?"), ("time", "string")];
static LEFT_OUT: Table = &[
    ("doomed", "number"),
    ("active", "number"),
    ("unknown", "number"),
    ("idle", "number"),
    ("dormant", "number"),
    ("orphan", "number"),
    ("not_yours", "number"),
    ("unread", "number"),
    ("kept", "number"),
    ("unclosable", "number"),
];
static CLEANED: Table = &[("left_out", "object")];
static DRY_RUN: Table = &[("dry_run", "bool")];
static ERROR: Table = &[("ref", "string"), ("status", "number"), ("message", "string")];
static COMMON: Table = &[
    ("kind", "string"),
    ("id", "number"),
    ("key", "string"),
    ("ref", "string"),
    ("mode", "string"),
    ("uid", "number"),
    ("gid", "number"),
    ("cuid", "number"),
    ("cgid", "number"),
    ("owner", "string?"),
    ("group", "string?"),
    ("creator", "string?"),
    ("creator_group", "string?"),
    ("ctime", "string"),
    ("hidden", "array"),
];
static SEGMENT: Table = &[
    ("size", "number"),
    ("nattch", "number"),
    ("cpid", "number?"),
    ("lpid", "number?"),
    ("atime", "string?"),
    ("dtime", "string?"),
    ("rss", "number?"),
    ("swap", "number?"),
    ("locked", "bool"),
    ("doomed", "bool"),
];
static SET: Table = &[("nsems", "number"), ("otime", "string?")];
static QUEUE: Table = &[
    ("qnum", "number"),
    ("cbytes", "number"),
    ("qbytes", "number?"),
    ("lspid", "number?"),
    ("lrpid", "number?"),
    ("stime", "string?"),
    ("rtime", "string?"),
];
static DERIVED: Table = &[
    ("activity", "string"),
    ("full", "number?"),
    ("contents", "string"),
    ("flags", "string?"),
    ("command", "string?"),
];
static JUDGED: Table = &[("state", "string"), ("unknown_why", "string?"), ("evidence", "array")];
static EVIDENCE: Table = &[("fact", "string"), ("source", "string")];
static INSIDE_SEGMENT: Table = &[("hugepages", "bool?")];
static INSIDE_SET: Table = &[("semaphores", "array?")];
static SEMAPHORE: Table =
    &[("index", "number"), ("value", "number"), ("pid", "number?"), ("ncnt", "number?"), ("zcnt", "number?")];
static VALUE: Table = &[("index", "number"), ("value", "number")];
static NEW_VALUE: Table = &[("index", "number"), ("value", "number"), ("was", "number?")];
static INSIDE_QUEUE: Table = &[("messages", "array?")];
static MESSAGE: Table = &[("index", "number"), ("type", "number?"), ("size", "number?")];
static USAGE: Table = &[
    ("holders", "array"),
    ("waiters", "array"),
    ("hidden_attachments", "number"),
    ("hidden_waiters", "number?"),
    ("hidden_why", "string?"),
];
static KNOWERS: Table = &[("recorded", "array"), ("may_know", "array"), ("may_know_count", "number?")];
static UNDO: Table = &[("undo", "array?")];
static RECORD: Table = &[("adjust", "array?"), ("shared_with", "array?")];
static ADJUSTMENT: Table = &[("semaphore", "number"), ("by", "number")];
static PROCESS: Table = &[
    ("pid", "number"),
    ("command", "string"),
    ("uid", "number?"),
    ("user", "string?"),
    ("unit", "string?"),
    ("container", "string?"),
    ("started", "string?"),
];
static USE: Table = &[("role", "string"), ("use", "string")];
static HOLDER: Table = &[("mappings", "number?"), ("writable", "bool?"), ("address", "string?")];
static WAITER: Table = &[
    ("tid", "number?"),
    ("waits_for", "string?"),
    ("semaphore", "number?"),
    ("takes", "number?"),
    ("bytes", "number?"),
    ("type", "number?"),
    ("except", "bool?"),
    ("undo", "bool?"),
    ("timeout", "bool?"),
    ("since", "string?"),
    ("last_pid", "number?"),
    ("last_alive", "bool?"),
    ("paused", "string?"),
];
static CANDIDATE: Table = &[("there", "string"), ("let_in", "string"), ("able", "string")];
static USED: Table = &[("ref", "string")];
static USES: Table = &[("uses", "array"), ("hidden", "array")];
static OUTCOME: Table = &[("outcome", "string"), ("changed", "bool")];
static GONE: Table = &[("kind", "string"), ("id", "number"), ("ref", "string"), ("hidden", "array")];
static WAS: Table = &[("was", "object")];
static OLD: Table = &[("mode", "string"), ("uid", "number"), ("gid", "number"), ("qbytes", "number")];
static ATTACH: Table = &[("attached", "bool"), ("address", "string?")];
static WRITTEN: Table = &[("offset", "number"), ("written", "number")];
static COPY: Table = &[("approximate", "string?")];
static FROM: Table = &[("from", "object")];
static ORIGIN: Table = &[("ref", "string"), ("key", "string")];
static LIMIT: Table = &[
    ("kind", "string"),
    ("name", "string"),
    ("value", "number"),
    ("unlimited", "bool"),
    ("used", "number?"),
    ("percent", "number?"),
    ("unit", "string"),
    ("top_uid", "number?"),
    ("top_owner", "string?"),
    ("top_used", "number?"),
    ("sysctl", "string?"),
    ("meaning", "string"),
];
static KEY: Table = &[
    ("key", "string"),
    ("signed", "number"),
    ("unsigned", "number"),
    ("project", "number"),
    ("device_minor", "number"),
    ("inode_bits", "number"),
    ("device", "number?"),
    ("inode", "number?"),
    ("refs", "array"),
];

/// All tables.
fn all() -> [Table; 43] {
    [
        DOCUMENT,
        CLEANED,
        LEFT_OUT,
        HEAD,
        DRY_RUN,
        ERROR,
        COMMON,
        SEGMENT,
        SET,
        QUEUE,
        DERIVED,
        JUDGED,
        EVIDENCE,
        INSIDE_SEGMENT,
        INSIDE_SET,
        SEMAPHORE,
        VALUE,
        NEW_VALUE,
        INSIDE_QUEUE,
        MESSAGE,
        USAGE,
        KNOWERS,
        PROCESS,
        USE,
        HOLDER,
        WAITER,
        CANDIDATE,
        UNDO,
        RECORD,
        ADJUSTMENT,
        USED,
        USES,
        OUTCOME,
        GONE,
        WAS,
        OLD,
        ATTACH,
        WRITTEN,
        COPY,
        FROM,
        ORIGIN,
        LIMIT,
        KEY,
    ]
}

fn of_kind(object: &Value) -> Table {
    match object["kind"].as_str() {
        Some("shm") => SEGMENT,
        Some("sem") => SET,
        Some("msg") => QUEUE,
        other => panic!("kind {other:?} in {object}"),
    }
}

/// Who uses an object.
fn usage(object: &Value) -> Vec<Table> {
    if object["kind"] == "sem" { vec![USAGE, KNOWERS, UNDO] } else { vec![USAGE, KNOWERS] }
}

/// Whether undo records can be read.
fn undo_is_readable() -> bool {
    ipcadm::proc::tasks::undo::read(&[]).is_ok()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {value}"))
}

/// Compares with the tables, and remembers which of their keys were met with a value.
#[derive(Default)]
struct Checker {
    met: RefCell<BTreeSet<(*const Entry, &'static str)>>,
}

impl Checker {
    /// `value` has exactly the keys of the tables, with their types.
    fn exactly(&self, what: &str, value: &Value, tables: &[Table]) {
        let known: BTreeSet<&str> = tables.iter().copied().flatten().map(|(name, _)| *name).collect();
        let has: BTreeSet<&str> = value.as_object().expect(what).keys().map(String::as_str).collect();
        assert_eq!(has, known, "{what}: keys (left) against the tables: {value}");
        self.types(what, value, tables);
    }

    /// `value` has no other keys than those of the tables, with their types.
    fn types(&self, what: &str, value: &Value, tables: &[Table]) {
        for (name, value) in value.as_object().expect(what) {
            let (table, kind) = tables
                .iter()
                .find_map(|table| table.iter().find(|(known, _)| known == name).map(|(_, kind)| (*table, *kind)))
                .unwrap_or_else(|| panic!("{what}: unknown key {name}"));
            let found = type_of(value);
            if found == "null" {
                assert!(kind.ends_with('?'), "{what}: {name} is null");
            } else {
                assert_eq!(found, kind.trim_end_matches('?'), "{what}: type of {name}");
                let (known, _) = table.iter().find(|(known, _)| known == name).expect("found above");
                self.met.borrow_mut().insert((table.as_ptr(), *known));
            }
        }
    }

    /// Runs the program, checks the envelope, and returns the list in it.
    fn run(&self, arguments: &str, status: i32, key: &'static str) -> Vec<Value> {
        let outcome = ipcadm(arguments.split(' ')).run().status(status);
        let document: Value = serde_json::from_slice(&outcome.stdout).expect(arguments);
        let mut keys: BTreeSet<&str> = DOCUMENT.iter().map(|(name, _)| *name).collect();
        keys.insert(key);
        if key == "processes" {
            keys.extend(PROCESSES.iter().map(|(name, _)| *name));
        }
        if arguments.starts_with("clean") {
            keys.insert(CLEANED[0].0);
            self.met.borrow_mut().insert((CLEANED.as_ptr(), CLEANED[0].0));
            self.exactly(arguments, &document["left_out"], &[LEFT_OUT]);
        }
        assert_eq!(document.as_object().expect(arguments).keys().map(String::as_str).collect::<BTreeSet<_>>(), keys);
        for (name, _) in DOCUMENT {
            self.met.borrow_mut().insert((DOCUMENT.as_ptr(), *name));
        }
        if key == "processes" {
            let mut beside = document.clone();
            beside.as_object_mut().expect(arguments).retain(|name, _| PROCESSES.iter().any(|(known, _)| known == name));
            self.types(arguments, &beside, &[PROCESSES]);
        }
        let head = if arguments.contains("--dry-run") { vec![HEAD, DRY_RUN] } else { vec![HEAD] };
        self.exactly(arguments, &document["ipcadm"], &head);
        list(&document, "errors").iter().for_each(|error| self.exactly(arguments, error, &[ERROR]));
        assert_eq!(list(&document, "errors").is_empty(), status == 0, "{arguments}");
        list(&document, key).to_vec()
    }

    /// As [`Checker::run`] for a list of objects: those of their kind's keys and `extra`.
    fn objects(&self, arguments: &str, status: i32, extra: &[Table]) -> Vec<Value> {
        self.objects_with(arguments, status, |_| extra.to_vec())
    }

    /// As [`Checker::objects`], with keys that depend on the object.
    fn objects_with(&self, arguments: &str, status: i32, extra: impl Fn(&Value) -> Vec<Table>) -> Vec<Value> {
        let objects = self.run(arguments, status, "objects");
        for object in &objects {
            self.exactly(arguments, object, &[vec![COMMON, of_kind(object)], extra(object)].concat());
        }
        objects
    }

    /// What `show` adds for each kind.
    fn show(&self) {
        let inside = [
            ("shm:0x51", INSIDE_SEGMENT, None),
            ("sem:0x52", INSIDE_SET, Some(("semaphores", SEMAPHORE))),
            ("msg:0x53", INSIDE_QUEUE, Some(("messages", MESSAGE))),
        ];
        for (reference, table, parts) in inside {
            let extra = |object: &Value| [vec![table, JUDGED], usage(object)].concat();
            let shown = self.objects_with(&format!("show --json {reference}"), 0, extra);
            self.evidence(&shown);
            if let Some((key, table)) = parts {
                assert!(!list(&shown[0], key).is_empty());
                list(&shown[0], key).iter().for_each(|part| self.exactly(reference, part, &[table]));
            }
        }
    }

    /// What speaks for a state.
    fn evidence(&self, objects: &[Value]) {
        for object in objects {
            assert!(!list(object, "evidence").is_empty(), "{object}");
            list(object, "evidence").iter().for_each(|fact| self.exactly("evidence", fact, &[EVIDENCE]));
        }
    }

    /// What `who` adds, and what `ps` lists.
    fn users(&self) {
        let arguments = "who --json shm:0x51 sem:0x52 msg:0x53 msg:0x54";
        for object in self.objects_with(arguments, 0, usage) {
            let (holders, waiters) = (list(&object, "holders"), list(&object, "waiters"));
            assert!(!holders.is_empty() || !waiters.is_empty(), "{object}");
            holders.iter().for_each(|holder| self.exactly("who", holder, &[PROCESS, USE, HOLDER]));
            waiters.iter().for_each(|waiter| self.exactly("who", waiter, &[PROCESS, USE, WAITER]));
            list(&object, "recorded").iter().for_each(|one| self.exactly("who", one, &[PROCESS, USE]));
            for record in object["undo"].as_array().into_iter().flatten() {
                self.exactly("who", record, &[PROCESS, USE, RECORD]);
                list(record, "adjust").iter().for_each(|one| self.exactly("who", one, &[ADJUSTMENT]));
            }
        }
        for process in self.run("ps --json", 0, "processes") {
            self.exactly("ps", &process, &[PROCESS, USES]);
            list(&process, "uses")
                .iter()
                .for_each(|used| self.exactly("ps", used, &[USED, USE, HOLDER, WAITER, RECORD]));
        }
    }

    /// What `who` adds of those that may know a set: here the inner `timeout`, which `sem run` has started.
    fn knowers(&self) {
        let who = format!("{} who --json sem:0x52", ipcadm_path().display());
        let arguments = format!("sem run 0x52 -- timeout 600 timeout 600 {who}");
        for object in self.objects(&arguments, 0, &[USAGE, KNOWERS, UNDO]) {
            let knowers = list(&object, "may_know");
            assert!(!knowers.is_empty() && object["may_know_count"] == knowers.len(), "{object}");
            knowers.iter().for_each(|one| self.exactly("may_know", one, &[PROCESS, USE, CANDIDATE]));
        }
    }

    /// What `set` adds.
    fn set(&self) {
        let mut runs = vec![
            "set --mode 0640 --json --dry-run shm:0x51 msg:0x53",
            "set --mode 0640 --qbytes 8K --json msg:0x53",
            "set --mode 0600 --json sem:0x52",
        ];
        // Others than root have nobody to give an object to.
        if is_root() {
            runs.push("set --owner 1 --group 1 --json sem:0x52");
        }
        for arguments in runs {
            for object in self.objects(arguments, 0, &[OUTCOME, WAS]) {
                self.types(arguments, &object["was"], &[OLD]);
            }
        }
    }

    /// What `sem get` and `sem setval` add.
    fn values(&self) {
        for (arguments, extra, table) in [
            ("sem get --json 0x52", &[INSIDE_SET][..], VALUE),
            ("sem setval --json 0x52 1=0", &[INSIDE_SET, OUTCOME], NEW_VALUE),
        ] {
            for object in self.objects(arguments, 0, extra) {
                assert!(!list(&object, "semaphores").is_empty());
                list(&object, "semaphores").iter().for_each(|part| self.exactly(arguments, part, &[table]));
            }
        }
    }

    /// Every key of `table` was met with a value.
    fn complete(&self, table: Table) {
        for (name, _) in table {
            if matches!(*name, "uid" | "gid") && table.as_ptr() == OLD.as_ptr() && !is_root() {
                continue;
            }
            if [UNDO, RECORD, ADJUSTMENT].iter().any(|other| table.as_ptr() == other.as_ptr()) && !undo_is_readable() {
                continue;
            }
            // What the machine may not have: units, containers, somebody who may not be looked into, a kernel that tells
            // when threads ran.
            if matches!(*name, "unit" | "container" | "hidden_why" | "since") {
                continue;
            }
            assert!(self.met.borrow().contains(&(table.as_ptr(), *name)), "no value of {name} was seen");
        }
    }
}

#[test]
fn keys_keep_their_names_and_types() {
    let ns = fresh();
    let check = Checker::default();

    for create in ["shm create 4K --lock --key 0x51", "sem create --values 1,0 --key 0x52", "msg create --key 0x53"] {
        assert_eq!(check.objects(&format!("{create} --json"), 0, &[OUTCOME]).len(), 1);
    }
    let (shm, sem, msg) = (ns.ids(Kind::Shm)[0], ns.ids(Kind::Sem)[0], ns.ids(Kind::Msg)[0]);
    make::send(msg, 1, b"one");
    make::send(msg, 2, b"two");
    make::recv(msg, 1);
    assert_eq!(check.objects("shm attach 0x51 --json", 0, &[ATTACH]).len(), 2);
    check.objects("shm write 0x51 --fill x --json", 0, &[OUTCOME, WRITTEN]);
    check.objects("shm unlock 0x51 --json", 0, &[OUTCOME]);
    check.objects("shm lock 0x51 --json", 0, &[OUTCOME]);
    let holder = make::holder(shm);

    assert_eq!(check.objects("ls --json", 0, &[]).len(), 3);
    assert_eq!(check.objects("ls --json shm:0x51 sem:0x77", 9, &[]).len(), 1);
    let columns = "kind,activity,full,contents,flags,holders,waiters,state,unknown_why,evidence,command";
    let listed = check.run(&format!("ls --json -o {columns}"), 0, "objects");
    for object in &listed {
        check.types("ls -o", object, &[DERIVED, JUDGED, COMMON, USAGE]);
        for holder in object["holders"].as_array().into_iter().flatten() {
            check.exactly("ls -o", holder, &[PROCESS, USE, HOLDER]);
        }
    }
    check.evidence(&listed);
    check.show();
    check.knowers();
    let queue = make::msg(0x54, 0o600);
    let unused = make::sem(0x55, 1, 0o600);
    let listed = check.run("ls --json -o unknown_why sem:0x55", 0, "objects");
    check.types("ls -o unknown_why", &listed[0], &[JUDGED, COMMON]);
    assert_eq!(listed[0]["unknown_why"], "never_used");
    make::remove(Kind::Sem, unused);
    make::qbytes(msg, 6);
    let sleepers = [make::blocked_semop(sem, 0, -2), make::blocked_recv(queue, 3), make::blocked_send(msg, 1, b"more")];
    sleepers[0].stop();
    let (undoing, _) = make::undo_holder(&[(sem, 1, 1)], make::Sharers::Nobody);
    check.users();
    drop((sleepers, undoing));
    make::remove(Kind::Msg, queue);
    for limit in check.run("limits --json", 0, "limits") {
        check.exactly("limits", &limit, &[LIMIT]);
    }
    for arguments in ["key --json /proc A", "key --json 0x51"] {
        check.run(arguments, 0, "keys").iter().for_each(|key| check.exactly(arguments, key, &[KEY]));
    }
    check.set();
    check.values();
    let folder = Folder::new("schema");
    let file = folder.path("archive");
    check.objects(&format!("save --json -O {file}"), 0, &[OUTCOME, COPY]);
    check.objects(&format!("restore --list --json {file}"), 0, &[COPY]);
    for options in ["--dry-run --new-key", "--new-key"] {
        for object in check.objects(&format!("restore --json {options} {file}"), 0, &[OUTCOME, FROM]) {
            check.types("from", &object["from"], &[ORIGIN]);
        }
    }

    make::by_dead_process(|| make::shm(0, 4096, 0o600));
    for arguments in ["clean --json --grace 0 --dry-run", "clean --json --grace 0 --yes"] {
        let objects = check.objects(arguments, 0, &[OUTCOME, JUDGED]);
        assert_eq!(objects.len(), 1, "{arguments}");
        list(&objects[0], "evidence").iter().for_each(|fact| check.exactly(arguments, fact, &[EVIDENCE]));
    }

    let listed = ipcadm(["ls", "--format", "jsonl", "sem"]).run().ok().stdout;
    check.objects("rm --json --dry-run sem:0x52", 0, &[OUTCOME]);
    check.objects("rm --json shm:0x51 sem:0x52 msg:0x53", 0, &[OUTCOME]);
    let document = ipcadm(["rm", "--json", "-"]).stdin(listed).run().ok().json();
    check.exactly("rm of what is gone", &list(&document, "objects")[0], &[GONE, OUTCOME]);
    drop(holder);

    for table in all() {
        check.complete(table);
    }
}

/// A program that reads a key need not ask which command has written it. Outcomes and old values have their own place.
#[test]
fn a_key_of_objects_has_one_type() {
    let inside = [INSIDE_SEGMENT, INSIDE_SET, INSIDE_QUEUE];
    let object = [&[COMMON, SEGMENT, SET, QUEUE, DERIVED, JUDGED, USAGE, UNDO, KNOWERS][..], &inside].concat();
    let mut types = std::collections::BTreeMap::new();
    for (name, kind) in object.into_iter().flatten() {
        assert_eq!(*types.entry(name).or_insert(kind), kind, "{name}");
    }
}

#[test]
fn every_key_is_in_the_page() {
    let page = source("man/ipcadm-json.5");
    let page = std::fs::read_to_string(page).expect("the page");
    for (name, _) in all().iter().copied().flatten() {
        let described = page.lines().any(|line| {
            let listed = line.strip_prefix(".It Cm ").is_some_and(|keys| keys.split(" , ").any(|key| key == *name));
            listed || line == format!(".Sq {name}")
        });
        assert!(described, "ipcadm-json.5 lacks {name}");
    }
}
