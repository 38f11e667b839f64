//! What `save` and `restore` ask of the kernel for an object grows neither with the number of objects nor with that of
//! processes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use ipcadm_testbed::{Cmd, Folder, Kind, NOBODY, Namespace, fresh, installed, ipcadm_path, is_root, make, tool};

use super::{clear, folder};

const FEW: usize = 40;
/// So many that reading a table of them takes ten calls.
const MANY: usize = 4 * FEW;

/// Runs of a program that everybody can reach, whose system calls are counted.
struct Counter {
    ns: Namespace,
    folder: Folder,
    confine: fn(Cmd) -> Cmd,
}

impl Counter {
    fn new(confine: fn(Cmd) -> Cmd) -> Self {
        let counter = Self { ns: fresh(), folder: folder("calls"), confine };
        fs::copy(ipcadm_path(), counter.folder.join("ipcadm")).expect("a copy");
        fs::set_permissions(counter.folder.join("ipcadm"), Permissions::from_mode(0o755)).expect("mode");
        counter
    }

    fn archive(&self) -> String {
        self.folder.path("archive")
    }

    /// The calls of all processes and threads of a run.
    fn count(&self, args: &[String]) -> usize {
        let (log, program) = (self.folder.path("calls"), self.folder.path("ipcadm"));
        let strace = ["-f", "-qq", "-o", &log, "--", &program];
        let args = strace.into_iter().map(str::to_owned).chain(args.iter().cloned());
        (self.confine)(tool("strace", args)).run().ok();
        let lines = fs::read_to_string(&log).expect("the calls");
        fs::remove_file(&log).expect("the calls");
        lines.lines().filter(|line| line.contains('(')).count()
    }

    /// How many calls each object adds to what `args` says after `make` has made so many.
    fn each<S: Into<String>>(&self, args: impl Fn() -> Vec<S>, make: impl Fn(usize)) -> usize {
        let [few, many] = [FEW, MANY].map(|number| {
            clear(&self.ns);
            make(number);
            self.count(&args().into_iter().map(Into::into).collect::<Vec<_>>())
        });
        (many.saturating_sub(few)).div_ceil(MANY - FEW)
    }

    fn save(&self) -> Vec<String> {
        ["save", "-q", "--overwrite", "-O", &self.archive()].map(str::to_owned).to_vec()
    }
}

/// Segments that everybody may save, and an ordinary user remove.
fn segments(number: usize) -> Vec<i32> {
    (0..number)
        .map(|_| {
            let id = make::shm(0, 5 << 12, 0o666);
            make::attach(id).write(0, b"data");
            if is_root() {
                make::chown(Kind::Shm, id, NOBODY, NOBODY, 0o666);
            }
            id
        })
        .collect()
}

const USERS: [fn(Cmd) -> Cmd; 2] = [std::convert::identity, Cmd::unprivileged];

#[track_caller]
fn assert_at_most(calls: usize, most: usize) {
    assert!(calls <= most, "{calls} calls for each object");
}

#[test]
fn saving_an_object_takes_so_many() {
    if !installed("strace") {
        return;
    }
    for user in USERS {
        let counter = Counter::new(user);
        assert_at_most(counter.each(|| counter.save(), |number| drop(segments(number))), 24);
        let holders = std::cell::Cell::new(Vec::new());
        // With as many processes.
        let attached = |number| holders.set(segments(number).into_iter().map(make::holder).collect());
        assert_at_most(counter.each(|| counter.save(), attached), 24);
        drop(holders);
        assert_at_most(
            counter.each(|| counter.save(), |number| (0..number).for_each(|_| _ = make::sem(0, 1, 0o666))),
            6,
        );
        let queues = |number| (0..number).for_each(|_| make::send(make::msg(0, 0o666), 1, b"text"));
        assert_at_most(counter.each(|| counter.save(), queues), 12);
    }
}

#[test]
fn records_are_not_read_for_each_mode_that_a_run_may_have_given() {
    if !installed("strace") {
        return;
    }
    let counter = Counter::new(std::convert::identity);
    let sets: Vec<String> = (0..MANY).map(|_| format!("sem:{}", make::sem(0, 1, 0o400))).collect();
    let made = make::sem_stat(counter.ns.ids(Kind::Sem)[0]).ctime;
    // Only what is older than the records were read cannot have been locked since.
    while std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("now").as_secs() < made as u64 + 3 {
        ipcadm_testbed::pause();
    }
    let [few, many] = [FEW, MANY].map(|number| counter.count(&[&counter.save(), &sets[..number]].concat()));
    assert_at_most((many - few).div_ceil(MANY - FEW), 8);
}

#[test]
fn saving_what_is_removed_takes_so_many() {
    if !installed("strace") {
        return;
    }
    // All segments stay attached until they are removed. Kernels before 6.11 tell no single mapping.
    let on_an_old_kernel = |command: Cmd| command.unprivileged().without_call(libc::SYS_ioctl);
    for user in USERS.into_iter().chain([on_an_old_kernel as fn(Cmd) -> Cmd]) {
        let counter = Counter::new(user);
        let remove = || {
            let refs = counter.ns.ids(Kind::Shm).into_iter().map(|id| format!("shm:{id}"));
            let options = ["rm", "-q", "--yes", "--overwrite", "--save", &counter.archive()].map(str::to_owned);
            options.into_iter().chain(refs).collect::<Vec<_>>()
        };
        assert_at_most(counter.each(remove, |number| drop(segments(number))), 33);
    }
}

#[test]
fn restoring_an_object_takes_so_many() {
    if !installed("strace") {
        return;
    }
    for user in USERS {
        let counter = Counter::new(user);
        for format in ["table", "jsonl"] {
            let restore =
                || vec!["restore".to_owned(), "-q".to_owned(), counter.archive(), format!("--format={format}")];
            let saved = |number| {
                segments(number);
                counter.count(&counter.save());
            };
            assert_at_most(counter.each(restore, saved), 38);
        }
    }
}

/// Segments that this process has attached, until they are dropped.
fn attached(number: usize) -> Vec<make::Attachment> {
    segments(number).into_iter().map(make::attach).collect()
}

#[test]
fn what_others_have_mapped_is_read_once() {
    if !installed("strace") {
        return;
    }
    let counter = Counter::new(std::convert::identity);
    // Who shows a removed segment's key.
    let key = make::shm(0x51, 4096, 0o600);
    counter.count(&counter.save());
    make::remove(Kind::Shm, key);
    let held = std::cell::Cell::new(Vec::new());
    let restore = || vec!["restore".to_owned(), "-q".to_owned(), counter.archive()];
    let removed = |number| {
        held.set(attached(number));
        counter.ns.ids(Kind::Shm).into_iter().for_each(|id| make::remove(Kind::Shm, id));
    };
    assert_at_most(counter.each(restore, removed), 10);
    let show =
        || ["show".to_owned()].into_iter().chain(counter.ns.ids(Kind::Shm).into_iter().map(|id| format!("shm:{id}")));
    assert_at_most(counter.each(|| show().collect(), |number| held.set(attached(number))), 10);
}

#[test]
fn replacing_an_object_looks_at_no_process() {
    if !installed("strace") {
        return;
    }
    let counter = Counter::new(std::convert::identity);
    let replace = || vec!["restore".to_owned(), "-q".to_owned(), counter.archive(), "--replace".to_owned()];
    let saved = |number| {
        make::by_dead_process(|| {
            (1..=number).for_each(|key| _ = make::sem(i32::try_from(key).unwrap_or(0), 1, 0o600));
            0
        });
        counter.count(&counter.save());
    };
    assert_at_most(counter.each(replace, saved), 60);
}
