//! `key`: keys made from files as ftok(3) makes them, and keys taken apart.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use ipcadm_testbed::{Folder, fresh, ipcadm, is_root, make};
use serde_json::{Value, json};

fn hex(key: i32) -> String {
    format!("0x{:08x}\n", key.cast_unsigned())
}

#[test]
fn keys_are_those_of_the_c_library() {
    let _ns = fresh();
    let folder = Folder::new("ftok");
    for number in 0..20_u8 {
        folder.write(number.to_string(), "");
    }
    symlink(folder.join("7"), folder.join("link")).expect("a link");
    let mut files: Vec<PathBuf> = (0..20).map(|number| folder.join(number.to_string())).collect();
    files.extend([folder.join("link"), folder.to_path_buf()]);
    files.extend(["/", "/proc", "/proc/self/status", "/dev/null", "/etc/passwd"].map(PathBuf::from));
    for (file, number) in files.iter().zip([1_u8, 7, 65, 127, 128, 200, 255].into_iter().cycle()) {
        // Inodes of /proc are made up anew for each look.
        if !file.starts_with("/proc/self") {
            let project = number.to_string();
            ipcadm(["key"]).arg(file).arg(&project).run().ok().stderr_empty().stdout_is(hex(make::ftok(file, number)));
        }
    }
    let link = ipcadm(["key"]).arg(folder.join("link")).arg("9").run().ok().value();
    ipcadm(["key"]).arg(folder.join("7")).arg("9").run().ok().stdout_is(link + "\n");
}

#[test]
fn projects() {
    let _ns = fresh();
    let path = Path::new("/");
    for (text, number) in [
        ("1", 1),
        ("9", 9),
        ("255", 255),
        ("0x01", 1),
        ("0x1", 1),
        ("0xff", 255),
        ("0xFF", 255),
        ("A", 65),
        ("a", 97),
        (":", 58),
        ("/", 47),
        ("-", 45),
        ("~", 126),
        ("!", 33),
    ] {
        ipcadm(["key", "/", text]).run().ok().stderr_empty().stdout_is(hex(make::ftok(path, number)));
    }
    for bad in ["0", "00", "256", "-1", "0x0", "0x00", "0x100", "0x", "AB", "1A", "01", "+1", " ", "é", "999999999999"]
    {
        ipcadm(["key", "/", bad]).run().status(2).stdout_empty().stderr_is(format!(
            "ipcadm: '{bad}' is no project: give 1 to 255, 0x01 to 0xff, or one printable character that is no digit\n"
        ));
    }
    ipcadm(["key", "/", ""]).run().status(2).stdout_empty().stderr_has("'' is no project");
    ipcadm(["key", "", "A"])
        .run()
        .status(2)
        .stdout_empty()
        .stderr_is("ipcadm: the path is empty (an unset variable?)\n");
}

#[test]
fn files_that_cannot_be_looked_at() {
    let _ns = fresh();
    let folder = Folder::new("missing");
    let missing = folder.join("missing");
    ipcadm(["key"])
        .arg(&missing)
        .arg("A")
        .run()
        .status(3)
        .stdout_empty()
        .stderr_is(format!("ipcadm: cannot make a key from {}: No such file or directory\n", missing.display()));
    symlink(&missing, folder.join("dangling")).expect("a link");
    ipcadm(["key"]).arg(folder.join("dangling")).arg("A").run().status(3).stderr_has("No such file or directory");
    ipcadm(["key"]).arg(folder.write("file", "").join("x")).arg("A").run().status(3).stderr_has("Not a directory");
    symlink("loop", folder.join("loop")).expect("a link");
    ipcadm(["key"]).arg(folder.join("loop")).arg("A").run().status(1).stderr_has("Too many levels of symbolic links");
    ipcadm(["key", &"x/".repeat(3000), "A"]).run().status(1).stderr_has("File name too long");
    let closed = folder.join("closed");
    fs::create_dir(&closed).expect("a folder");
    fs::write(closed.join("file"), "").expect("a file");
    fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o000)).expect("chmod");
    if is_root() {
        let denied = ipcadm(["key"]).arg(closed.join("file")).arg("A").unprivileged().run().status(4);
        denied.stdout_empty().stderr_has(": Permission denied\n");
    }
    fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("chmod");
}

#[test]
fn keys_as_programs_print_them() {
    let _ns = fresh();
    let first = |key: &str| ipcadm(["key", key]).run().ok().stderr_empty().stdout_str();
    for (text, key, signed, unsigned) in [
        ("0x5101a2b3", "0x5101a2b3", "1359061683", "1359061683"),
        ("0x5101A2B3", "0x5101a2b3", "1359061683", "1359061683"),
        ("1359061683", "0x5101a2b3", "1359061683", "1359061683"),
        ("-559038737", "0xdeadbeef", "-559038737", "3735928559"),
        ("3735928559", "0xdeadbeef", "-559038737", "3735928559"),
        ("-1", "0xffffffff", "-1", "4294967295"),
        ("4294967295", "0xffffffff", "-1", "4294967295"),
        ("-2147483648", "0x80000000", "-2147483648", "2147483648"),
        ("1", "0x00000001", "1", "1"),
    ] {
        let sheet = first(text);
        let values: Vec<&str> = sheet.lines().take(3).filter_map(|line| line.split_whitespace().nth(1)).collect();
        assert_eq!(values, [key, signed, unsigned], "{sheet}");
    }
    let sheet = first("0x5101a2b3");
    assert!(sheet.contains("project       0x51 (81, 'Q'), if ftok made it\n"), "{sheet}");
    assert!(sheet.contains("device minor  0x01 ") && sheet.contains("inode bits    0xa2b3 "), "{sheet}");
    assert!(sheet.ends_with("objects       none has it now\n"), "{sheet}");
    for private in ["0", "0x0", "0x00000000", "-0"] {
        ipcadm(["key", private])
            .run()
            .ok()
            .stdout_is("key      0x00000000\nmeaning  IPC_PRIVATE: objects with it have no key at all\n");
    }
}

#[test]
fn what_is_no_key() {
    let _ns = fresh();
    let reason = "is no key: give 0x and 1 to 8 hex digits, or -2147483648 to 4294967295";
    for bad in [
        "+1",
        "1x",
        " 1",
        "1 ",
        "4294967296",
        "-2147483649",
        "0x",
        "0x123456789",
        "0xg",
        "0X1",
        "abc",
        "99999999999999999999",
    ] {
        ipcadm(["key", bad]).run().status(2).stdout_empty().stderr_is(format!("ipcadm: '{bad}' {reason}\n"));
    }
    ipcadm(["key", ""]).run().status(2).stdout_empty().stderr_is("ipcadm: the key is empty (an unset variable?)\n");
    ipcadm(["key", "/etc/passwd"])
        .run()
        .status(2)
        .stdout_empty()
        .stderr_is(format!("ipcadm: '/etc/passwd' {reason}; a file needs a PROJECT too\n"));
    ipcadm(["key"]).run().status(2).stdout_empty().stderr_has("<PATH|KEY>");
    ipcadm(["key", "/", "A", "B"]).run().status(2).stdout_empty().stderr_has("unexpected argument 'B'");
    // An option that is none is not taken for a file.
    ipcadm(["key", "--jsn", "0x51"]).run().status(2).stdout_empty().stderr_has("unexpected argument '--jsn'");
    ipcadm(["key", "-x"]).run().status(2).stdout_empty().stderr_has("unexpected argument '-x'");
}

#[test]
fn who_has_a_key() {
    let _ns = fresh();
    let (shm, msg) = (make::shm(0x5101_a2b3, 1, 0o000), make::msg(0x5101_a2b3, 0o000));
    make::sem(0, 1, 0o600);
    let line = format!("objects       shm:{shm}, msg:{msg}\n");
    ipcadm(["key", "0x5101a2b3"]).run().ok().stdout_has(&line);
    ipcadm(["key", "0x5101a2b3"]).unprivileged().run().ok().stdout_has(&line);
    let text = ipcadm(["key", "--json", "0x5101a2b3"]).run().ok().stdout_str();
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        document["keys"],
        json!([{
            "key": "0x5101a2b3", "signed": 0x5101_a2b3, "unsigned": 0x5101_a2b3, "project": 0x51, "device_minor": 1,
            "inode_bits": 0xa2b3, "device": null, "inode": null, "refs": [format!("shm:{shm}"), format!("msg:{msg}")],
        }])
    );
    ipcadm(["key", "--format", "jsonl", "0"]).run().ok().stdout_has(r#""refs":[]"#);
}

#[test]
fn machines_get_everything() {
    let _ns = fresh();
    let meta = fs::metadata("/").expect("the root");
    let text = ipcadm(["key", "--format", "jsonl", "/", "200"]).run().ok().stdout_str();
    let object: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&object["device"], &object["inode"]), (&json!(meta.dev()), &json!(meta.ino())));
    assert_eq!((&object["project"], &object["signed"]), (&json!(200), &json!(make::ftok("/", 200))));
    assert_eq!(object["inode_bits"], meta.ino() & 0xffff);
    ipcadm(["key", "--format", "csv", "/", "200"])
        .run()
        .ok()
        .stdout_has("key,signed,unsigned,project,device_minor,inode_bits,device,inode\r\n0xc8");
}
