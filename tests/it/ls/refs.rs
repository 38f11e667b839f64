//! `ls`: objects by name, on the command line and from standard input.

use std::fs;

use ipcadm_testbed::{Folder, Kind, fresh, ipcadm, make};

use super::one_of_each;

#[test]
fn named_objects() {
    let _ns = fresh();
    let [shm, sem, msg] = one_of_each();
    make::shm(0, 1, 0o600);
    ipcadm(["ls", "-q", &msg, &shm]).run().ok().stdout_is(format!("{msg}\n{shm}\n"));
    ipcadm(["ls", "-q", "shm:0x51", "sem:0x00000051"]).run().ok().stdout_is(format!("{shm}\n{sem}\n"));
    ipcadm(["sem", "ls", "-q", "0x51"]).run().ok().stdout_is(format!("{sem}\n"));
    ipcadm(["sem", "ls", "-q", &sem[4..]]).run().ok().stdout_is(format!("{sem}\n"));
    ipcadm(["msg", "ls", "-q", &msg]).run().ok().stdout_is(format!("{msg}\n"));
    // One kind has its own columns, named or not.
    ipcadm(["ls", &sem, &sem]).run().ok().stdout_has("NSEMS");
    ipcadm(["ls", &sem, &msg]).run().ok().stdout_has("CONTENTS");
    ipcadm(["ls", &shm, "-o", "ref,rss"]).run().ok().stdout_is(format!("REF    RSS\n{shm}    0\n"));
    ipcadm(["ls", &shm, "--owner", "root"])
        .run()
        .status(2)
        .stdout_empty()
        .stderr_is("ipcadm: give selectors or objects to ls, not both\n");
    ipcadm(["shm", "ls", &sem])
        .run()
        .status(2)
        .stdout_empty()
        .stderr_is(format!("ipcadm: '{sem}': a semaphore set is no shared memory segment\n"));
}

#[test]
fn objects_named_by_a_file() {
    let _ns = fresh();
    let folder = Folder::new("refs");
    let file = folder.write("ipcadm ls:1000", "");
    let id = make::sem(make::ftok(&file, b'A'), 1, 0o600);
    let path = file.display();
    for project in ["A", "65", "0x41"] {
        ipcadm(["ls", "-q", &format!("sem:{path}:{project}")]).run().ok().stdout_is(format!("sem:{id}\n"));
    }
    ipcadm(["sem", "ls", "-q", "./ipcadm ls:1000:A"]).dir(&folder).run().ok().stdout_is(format!("sem:{id}\n"));
    ipcadm(["ls", &format!("sem:{path}:B")]).run().status(3).stderr_has("no semaphore set has its key 0x42");
    // The last colon is the one in front of the project, wherever it stands.
    ipcadm(["ls", &format!("sem:{path}")]).run().status(2).stderr_has("is no project: give 1 to 255");
    fs::remove_file(&file).expect("removed");
    ipcadm(["ls", &format!("sem:{path}:A")])
        .run()
        .status(3)
        .stderr_has(": No such file or directory (the key comes from that file)");
}

#[test]
fn absent_objects() {
    let _ns = fresh();
    let [shm, ..] = one_of_each();
    let header = ipcadm(["ls", "shm:77"]).run().status(3);
    header.stderr_is("ipcadm: cannot find shm:77: no such shared memory segment\n").stdout_has("REF  KEY");
    ipcadm(["ls", "-q", "shm:77", "msg:78"])
        .run()
        .status(3)
        .stdout_empty()
        .stderr_is("ipcadm: cannot find shm:77: no such shared memory segment\nipcadm: cannot find msg:78: no such message queue\n");
    ipcadm(["ls", "-q", "shm:0x52", &shm])
        .run()
        .status(9)
        .stdout_is(format!("{shm}\n"))
        .stderr_is("ipcadm: cannot find shm:0x00000052: no shared memory segment has this key\n");
    // An id that is a key somebody forgot to mark as one, in decimal or in hex.
    ipcadm(["ls", "shm:81"])
        .run()
        .status(3)
        .stderr_has("but key 0x00000051 exists (did you mean shm:0x00000051, which");
    ipcadm(["ls", "shm:51"]).run().status(3).stderr_has("but key 0x00000051 exists");
    let json = ipcadm(["ls", "--json", &shm, "sem:9"]).run().status(9).stdout_has(&format!(r#""ref":"{shm}""#));
    json.stdout_has(r#"{"ref":"sem:9","status":3,"message":"cannot find sem:9: no such semaphore set"}"#);
    // A malformed word anywhere: nothing is looked at.
    ipcadm(["ls", &shm, "shm:77", "shm:x"]).run().status(2).stdout_empty().stderr_lacks("77");
}

#[test]
fn references_from_standard_input() {
    let _ns = fresh();
    let [shm, sem, msg] = one_of_each();
    ipcadm(["ls", "-q", "-"]).stdin(format!("{msg}\n\n  {shm}  \r\n")).run().ok().stdout_is(format!("{msg}\n{shm}\n"));
    ipcadm(["ls", "-q", &sem, "-"]).stdin(msg.as_str()).run().ok().stdout_is(format!("{sem}\n{msg}\n"));
    ipcadm(["sem", "ls", "-q", "-"]).stdin("0x51\n").run().ok().stdout_is(format!("{sem}\n"));
    ipcadm(["ls", "-q", "-"]).stdin("").run().ok().stdout_empty().stderr_empty();
    ipcadm(["ls", "-q", "-"]).stdin("\n \n").run().ok().stdout_empty().stderr_empty();
    let lines = ipcadm(["ls", "--format", "jsonl"]).run().ok().stdout_str();
    ipcadm(["ls", "--format", "jsonl", "-"]).stdin(&*lines).run().ok().stdout_is(&lines);
    let table = ipcadm(["ls", "--no-header"]).run().ok().stdout_str();
    let row = table.lines().next().expect("a row");
    ipcadm(["ls", "-"]).stdin(&*table).run().status(2).stdout_empty().stderr_is(format!(
        "ipcadm: standard input, line 1: '{row}' looks like a row of a table; use 'ipcadm ls -q' or 'ipcadm ls \
         --format jsonl'\n"
    ));
    ipcadm(["ls", "-"])
        .stdin(format!("{shm}\nshm:x\n"))
        .run()
        .status(2)
        .stdout_empty()
        .stderr_has("ipcadm: standard input, line 2: 'shm:x': not an id");
    ipcadm(["shm", "ls", "-"]).stdin(&*lines).run().status(2).stderr_has("line 2: sem:0 is no shared memory segment");
    ipcadm(["ls", "-"])
        .stdin("{\"kind\":\"shm\",\"id\":0}\n")
        .run()
        .status(2)
        .stderr_has("line 1: not a line of 'ls --format jsonl': missing field");
    make::remove(Kind::Msg, 0);
    ipcadm(["ls", "-q", "-"])
        .stdin(&*lines)
        .run()
        .status(9)
        .stderr_is("ipcadm: cannot find msg:0: gone since it was listed\n");
}
