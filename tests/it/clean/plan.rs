//! Plans: written to a file, looked at, and carried out to the letter.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use ipcadm_testbed::{Folder, Kind, Outcome, fresh, ipcadm, make, needs_root};
use serde_json::Value;

/// A file in a folder of its own.
struct Plan(PathBuf, #[expect(dead_code, reason = "it goes with the plan")] Folder);

impl Plan {
    fn new() -> Self {
        let folder = Folder::new("plan");
        Self(folder.join("plan"), folder)
    }

    fn write(&self, args: &[&str]) -> Outcome {
        ipcadm(["clean", "--grace", "0", "--plan-out"]).arg(&self.0).args(args.iter().copied()).run()
    }

    fn apply(&self, args: &[&str]) -> Outcome {
        ipcadm(["clean", "--apply"]).arg(&self.0).args(args.iter().copied()).run()
    }

    fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(&self.0).expect("the plan");
        assert!(text.contains(from), "{from} in {text}");
        fs::write(&self.0, text.replacen(from, to, 1)).expect("written");
    }
}

/// Made by a dead process, two seconds ago and more.
fn settled(make_it: impl FnOnce() -> i32) -> i32 {
    let id = make::by_dead_process(make_it);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    let made = now();
    // The clock is what is waited for.
    while now() < made + 3 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    id
}

#[test]
fn a_plan_is_carried_out_once() {
    let ns = fresh();
    let plan = Plan::new();
    let id = settled(|| make::shm(0, 4096, 0o600));
    plan.write(&["shm"]).ok().stdout_has("shm:").stderr_empty();
    assert_eq!(fs::metadata(&plan.0).expect("the plan").permissions().mode() & 0o7777, 0o600);
    let text: Value = serde_json::from_slice(&fs::read(&plan.0).expect("the plan")).expect("JSON");
    assert_eq!((&text["ipcadm_plan"], &text["grace"]), (&Value::from(1), &Value::from(0)));
    assert_eq!(text["objects"][0]["state"], "orphan");
    assert!(text["arguments"].as_array().is_some_and(|words| words.contains(&Value::from("shm"))));
    assert_eq!(ns.ids(Kind::Shm), [id], "nothing was removed");
    // What came later is no part of it.
    let later = make::by_dead_process(|| make::shm(0, 4096, 0o600));
    plan.apply(&[]).status(10).stderr_has("nothing removed; add --yes");
    plan.apply(&["--dry-run"]).ok().stdout_has(&format!("shm:{id} ")).stdout_lacks(&format!("shm:{later} "));
    let done: Value = serde_json::from_slice(&plan.apply(&["--yes", "--json"]).ok().stdout).expect("JSON");
    assert_eq!((&done["objects"][0]["outcome"], &done["objects"][0]["changed"]), (&"removed".into(), &true.into()));
    assert_eq!(ns.ids(Kind::Shm), [later]);
    // Again: it is as it should be.
    let done: Value = serde_json::from_slice(&plan.apply(&["--yes", "--json"]).ok().stdout).expect("JSON");
    assert_eq!((&done["objects"][0]["outcome"], &done["objects"][0]["changed"]), (&"gone".into(), &false.into()));
    plan.apply(&["--yes"]).ok().stdout_is(format!("shm:{id} was already gone\n"));
}

#[test]
fn what_is_no_longer_as_planned_stays() {
    let ns = fresh();
    let plan = Plan::new();
    let last = settled(|| {
        let _ = (0..4).map(|_| make::shm(0, 4096, 0o640)).collect::<Vec<_>>();
        make::setall(make::sem(0, 1, 0o640), &[1]);
        make::shm(0, 4096, 0o640)
    });
    let ids = ns.ids(Kind::Shm);
    assert_eq!((ids.len(), ids[4]), (5, last));
    plan.write(&[]).ok();
    make::chown(Kind::Shm, ids[0], perm(ids[0]).0, perm(ids[0]).1, 0o600);
    drop(make::attach(ids[1]));
    let holder = make::holder(ids[2]);
    let set = ns.ids(Kind::Sem)[0];
    make::semop(set, &[(0, -1, 0)]);
    make::remove(Kind::Shm, ids[3]);
    let outcome = plan.apply(&["--yes"]).status(9);
    outcome
        .stdout_is(format!("shm:{} was already gone\nremoved shm:{last}\n", ids[3]))
        .stderr_has(&format!("cannot remove shm:{}: its owner or mode was changed since it was planned (kept)", ids[0]))
        .stderr_has(&format!("cannot remove shm:{}: it is idle and no longer orphan", ids[1]))
        .stderr_has(&format!("cannot remove shm:{}: it is active and no longer orphan", ids[2]))
        .stderr_has(&format!("cannot remove sem:{set}: it is idle and no longer orphan"));
    assert_eq!(ns.ids(Kind::Shm), ids[..3]);
    drop(holder);
}

fn perm(id: i32) -> (u32, u32) {
    let perm = make::perm(Kind::Shm, id);
    (perm.uid, perm.gid)
}

#[test]
fn what_had_just_changed_is_not_acted_on() {
    let ns = fresh();
    let plan = Plan::new();
    let id = make::by_dead_process(|| make::shm(0, 4096, 0o600));
    plan.write(&[]).ok();
    plan.apply(&["--yes"]).status(10).stdout_empty().stderr_has("less than 2 seconds before the plan was written");
    assert_eq!(ns.ids(Kind::Shm), [id]);
}

#[test]
fn plans_of_elsewhere_and_damaged_ones_are_refused() {
    let ns = fresh().held();
    let id = make::by_dead_process(|| make::shm(0, 4096, 0o600));
    for (from, to, reason) in [
        ("\"ipcadm_plan\": 1", "\"ipcadm_plan\": 2", "it is of version 2, and this program knows 1"),
        ("{", "", "it is no plan, or a damaged one"),
        ("\"boot\": \"", "\"boot\": \"0", "before the machine was started"),
        ("\"namespace\": ", "\"namespace\": 1", "in another IPC namespace"),
        ("\"state\": \"orphan\"", "\"state\": \"active\"", "impossible or there twice"),
        ("\"state\": ", "\"more\": 1, \"state\": ", "it is damaged: unknown field `more`"),
        ("\"grace\": 0", "\"grace\": \"0\"", "it is damaged"),
    ] {
        let plan = Plan::new();
        plan.write(&[]).ok();
        plan.edit(from, to);
        for mode in ["--yes", "--dry-run"] {
            plan.apply(&[mode]).status(10).stdout_empty().stderr_has(reason).stderr_has("(nothing was removed)");
        }
    }
    assert_eq!(ns.ids(Kind::Shm), [id]);
    let plan = Plan::new();
    plan.write(&[]).ok();
    let other = fresh();
    plan.apply(&["--yes"]).status(10).stderr_has("in another IPC namespace");
    drop(other);
    ns.enter();
    plan.apply(&["shm", "--yes"]).status(2).stderr_has("give no kinds and no selectors");
    plan.apply(&["--owner", "0", "--yes"]).status(2);
    plan.apply(&["--discard-messages", "--yes"]).status(2);
    Plan::new().apply(&["--yes"]).status(1).stderr_has("cannot read the plan").stderr_has("No such file");
}

#[test]
fn no_file_is_overwritten_unless_asked() {
    let _ns = fresh();
    make::by_dead_process(|| make::shm(0, 4096, 0o600));
    let plan = Plan::new();
    fs::write(&plan.0, "precious").expect("a file");
    plan.write(&[]).status(5).stderr_has("--overwrite replaces it");
    assert_eq!(fs::read_to_string(&plan.0).expect("the file"), "precious");
    plan.write(&["--overwrite"]).ok();
    plan.apply(&["--dry-run"]).ok();
    ipcadm(["clean", "--plan-out", "/no/such/folder/plan"]).run().status(1).stderr_has("cannot write the plan");
    ipcadm(["clean", "--plan-out", ""]).run().status(2);
    // A link, or a device, is not replaced by a file.
    fs::remove_file(&plan.0).expect("the file goes");
    std::os::unix::fs::symlink("/no/such/file", &plan.0).expect("a link");
    plan.write(&["--overwrite"]).status(10).stderr_has("no regular file");
    assert!(fs::symlink_metadata(&plan.0).expect("the link").is_symlink());
}

#[test]
fn the_keep_list_holds_for_plans_too() {
    let ns = fresh();
    let plan = Plan::new();
    let id = settled(|| make::shm(0, 4096, 0o640));
    plan.write(&[]).ok();
    let keep = Plan::new();
    fs::create_dir(&keep.0).expect("a folder");
    fs::write(keep.0.join("web"), "--mode 0640\n").expect("a file");
    let folder = keep.0.to_str().expect("a path");
    let outcome = plan.apply(&["--yes", "--keep-dir", folder]).status(10).stdout_empty();
    outcome.stderr_has(&format!("cannot remove shm:{id}: kept by {folder}/web:1"));
    fs::remove_dir_all(&keep.0).expect("removed");
    plan.apply(&["--yes"]).ok();
    assert!(ns.ids(Kind::Shm).is_empty());
}

#[test]
fn a_plan_that_others_may_have_written_is_refused() {
    let ns = fresh();
    let plan = Plan::new();
    let id = settled(|| make::shm(0, 4096, 0o600));
    plan.write(&["shm"]).ok();
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&plan.0, fs::Permissions::from_mode(mode)).expect("a mode");
        let refused = plan.apply(&["--yes"]).status(10).stdout_empty();
        refused.stderr_has(&format!("others may write to it, as its mode is {mode:04o}")).stderr_has("chmod go-w");
    }
    fs::set_permissions(&plan.0, fs::Permissions::from_mode(0o644)).expect("a mode");
    if needs_root("plans of other users") {
        std::os::unix::fs::chown(&plan.0, Some(1001), None).expect("chown");
        plan.apply(&["--yes"]).status(10).stdout_empty().stderr_has("it belongs to user 1001").stderr_has("chown");
        // Neither does root's own plan help him, who may not remove the object; but he may obey it.
        std::os::unix::fs::chown(&plan.0, Some(0), None).expect("chown");
        let obeyed = ipcadm(["clean", "--yes", "--apply"]).arg(&plan.0).uid(1001).run();
        assert!(!obeyed.stderr_str().contains("carry out the plan"), "{obeyed}");
    }
    assert_eq!(ns.ids(Kind::Shm), [id]);
    plan.apply(&["--yes"]).ok().stdout_is(format!("removed shm:{id}\n"));
}

#[test]
fn a_plan_is_not_waited_for() {
    let _ns = fresh();
    let plan = Plan::new();
    assert!(std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&plan.0).status().expect("mkfifo").success());
    plan.apply(&["--yes"]).status(10).stderr_has("it is no plain file");
    ipcadm(["clean", "--yes", "--apply", "/dev/zero"]).run().status(10).stderr_has("it is no plain file");
    ipcadm(["clean", "--yes", "--apply", "/"]).run().status(10).stderr_has("it is no plain file");
}
