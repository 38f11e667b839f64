//! `clean --save` and `rm --save --if-unused`: nothing goes that was not saved, or that is no longer what was saved.

use ipcadm_testbed::{Folder, Kind, alone, fresh, ipcadm, make};

/// A private segment, set and queue (with messages) of a dead process.
fn leaked() -> (i32, i32, i32) {
    let segment = make::by_dead_process(|| make::shm(0, 8192, 0o600));
    let set = make::by_dead_process(|| {
        let set = make::sem(0, 2, 0o600);
        make::setall(set, &[1, 0]);
        set
    });
    let queue = make::by_dead_process(|| {
        let queue = make::msg(0, 0o600);
        make::send(queue, 7, b"first");
        make::send(queue, 9, b"second");
        queue
    });
    (segment, set, queue)
}

const CLEAN: [&str; 3] = ["clean", "--grace", "0"];

#[test]
fn what_is_cleaned_can_be_brought_back() {
    alone!("what_is_cleaned_can_be_brought_back", |ns| {
        let folder = Folder::new("back");
        let file = folder.join("leaked.tar");
        let (segment, set, queue) = leaked();
        let save = |more: &[&str]| ipcadm(CLEAN).arg("--save").arg(&file).args(more.iter().copied()).run();
        save(&["--dry-run"]).ok().stdout_has(&format!("msg:{queue} "));
        save(&[]).status(10);
        assert!(!file.exists(), "nothing was removed, so nothing is saved");
        save(&["--yes"]).ok().stdout_is(format!("removed msg:{queue}\nremoved sem:{set}\nremoved shm:{segment}\n"));
        assert!(Kind::ALL.into_iter().all(|kind| ns.ids(kind).is_empty()));
        ipcadm(["restore"]).arg(&file).run().ok();
        let queue = ns.ids(Kind::Msg)[0];
        assert_eq!(make::recv(queue, 0), (7, b"first".to_vec()));
        assert_eq!(make::recv(queue, 0), (9, b"second".to_vec()));
        assert_eq!(make::getall(ns.ids(Kind::Sem)[0], 2), [1, 0]);
        assert_eq!(ns.ids(Kind::Shm).len(), 1);
    });
}

#[test]
fn what_cannot_be_saved_is_not_removed() {
    alone!("what_cannot_be_saved_is_not_removed", |ns| {
        let folder = Folder::new("cannot");
        let file = folder.join("leaked.tar");
        std::fs::write(&file, "somebody's").expect("write a file");
        leaked();
        ipcadm(CLEAN).args(["--yes", "--save"]).arg(&file).run().status(5).stderr_has("nothing was removed");
        assert_eq!(std::fs::read(&file).ok().as_deref(), Some(&b"somebody's"[..]));
        ipcadm(CLEAN).args(["--yes", "--save", "/dev/full"]).run().status(5).stderr_has("nothing was removed");
        let nowhere = folder.join("none/leaked.tar");
        ipcadm(CLEAN).args(["--yes", "--save"]).arg(nowhere).run().status(1).stderr_has("nothing was removed");
        assert!(Kind::ALL.into_iter().all(|kind| ns.ids(kind).len() == 1));
        ipcadm(CLEAN).args(["--yes", "--overwrite", "--save"]).arg(&file).run().ok();
        assert!(Kind::ALL.into_iter().all(|kind| ns.ids(kind).is_empty()));
        ipcadm(["restore", "--list"]).arg(&file).run().ok();
    });
}

#[test]
fn what_is_named_is_saved_before_it_goes_unused() {
    let ns = fresh();
    let folder = Folder::new("unused");
    let file = folder.join("one.tar");
    let (segment, set, _) = leaked();
    let used = make::shm(0, 4096, 0o600);
    let holder = make::holder(used);
    let names = [format!("shm:{segment}"), format!("sem:{set}"), format!("shm:{used}")];
    ipcadm(["rm", "--if-unused", "--save"]).arg(&file).args(names).run().status(9).stderr_has("attached by pid");
    assert_eq!((ns.ids(Kind::Shm), ns.ids(Kind::Sem).len()), (vec![used], 0));
    ipcadm(["restore"]).arg(&file).arg(format!("sem:{set}")).run().ok();
    drop(holder);
}
