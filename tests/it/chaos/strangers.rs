//! Processes of another user, who has nothing to do with what is cleaned and gets in the way all the time: by sets that take
//! long to read, by names that are like those of records, by programs that change at any moment, and by processes that do
//! not answer.

use std::ffi::CString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use ipcadm_testbed::{Kind, calls, crowd, installed, left_out, silent};
use libc::{IPC_CREAT, IPC_NOWAIT, SEM_UNDO};

use crate::chaos::ledger::{Count, Ledger, Life, Wrong, is_gone};
use crate::chaos::random::Random;

/// The user.
const USER: u32 = 90_000;
/// How much less than cleaning they run.
const NICE: i32 = 10;
/// Large sets that each who makes them leaves behind, at most.
const SETS: usize = 6;
/// Semaphores of a large set.
const SEMAPHORES: (u64, u64) = (1000, 3000);
/// Names that are there at a time.
const NAMES: usize = 40;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_millis(50);
/// Seats in no ledger: for reports.
const SEAT: usize = 0xffff;

/// What one of them does, until all is over.
type Deed = fn(Ledger, Random);

/// All of them.
pub(crate) struct Strangers {
    /// Each leads a group.
    leaders: Vec<i32>,
}

impl Strangers {
    /// Lets them begin. `folder` is where programs for them may be made.
    pub(crate) fn begin(ledger: Ledger, folder: &Path) -> Self {
        let deeds: [Deed; 5] = [make_sets, make_sets, make_names, execute, hold_locks];
        let mut leaders: Vec<i32> = deeds.into_iter().zip(1..).map(|(deed, seed)| act(ledger, deed, seed)).collect();
        if let Some(program) = compile(folder) {
            let leader = crowd::fork(true, || {
                keep_silent(ledger, &program);
                0
            });
            leaders.push(leader.expect("fork"));
        }
        Self { leaders }
    }

    /// Ends them, once they have been told to stop, with all that they have begun.
    pub(crate) fn end(&self) {
        let mut left = self.leaders.clone();
        while !left.is_empty() {
            left.retain(|&pid| crowd::wait(pid, false) == crowd::Waited::Running);
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Begins one as the other user.
fn act(ledger: Ledger, deed: Deed, seed: u64) -> i32 {
    let leader = crowd::fork(true, || {
        crowd::be_nice(NICE);
        crowd::become_user(USER).expect("another user");
        // What they execute and forget is killed with them.
        let all = crowd::fork(true, || {
            crowd::lead_group();
            deed(ledger, Random::new(seed));
            0
        });
        let all = all.expect("fork");
        while !ledger.stopped() && crowd::wait(all, false) == crowd::Waited::Running {
            std::thread::sleep(Duration::from_millis(10));
        }
        let early = !ledger.stopped();
        crowd::kill_group(all);
        crowd::wait(all, true);
        if early { 101 } else { 0 }
    });
    leader.expect("fork")
}

/// Large sets, made by processes that are gone, and removed or left behind.
fn make_sets(ledger: Ledger, mut random: Random) {
    let made = &crowd::shared_words(1)[0];
    let mut sets = Vec::new();
    while !ledger.stopped() {
        made.store(0, SeqCst);
        let size = SEMAPHORES.0 + random.below(SEMAPHORES.1);
        let place = random.below(size) as u16;
        let uses = random.once_in(2);
        let maker = crowd::fork(true, || {
            let Ok(id) = calls::get(Kind::Sem, 0, size as usize, 0o600 | IPC_CREAT) else { return 1 };
            made.store(id as u64 + 1, SeqCst);
            if uses {
                let _ = calls::semop(id, (place, 1, IPC_NOWAIT | SEM_UNDO), None);
            }
            0
        });
        if let Ok(pid) = maker {
            crowd::wait(pid, true);
        }
        if let Some(id) = made.load(SeqCst).checked_sub(1) {
            ledger.count(Count::LargeSets);
            sets.push(id as i32);
        }
        if sets.len() > SETS || random.once_in(3) && !sets.is_empty() {
            // Unless it was cleaned away. Of a later object of that number others are the owners.
            let _ = calls::remove(Kind::Sem, sets.swap_remove(random.below(sets.len() as u64) as usize));
        }
        std::thread::sleep(Duration::from_millis(1 + random.below(8)));
    }
}

/// Names like those of folders and records, where all may make some.
fn make_names(ledger: Ledger, mut random: Random) {
    let mut names: Vec<PathBuf> = Vec::new();
    while !ledger.stopped() {
        let above = Path::new(if random.once_in(4) { "/var/tmp" } else { "/tmp" });
        let path = match random.below(5) {
            0 => above.join(record_name(&mut random)),
            _ => above.join(folder_name(&mut random)),
        };
        let mode = [0o700, 0o755, 0o777, 0][random.below(4) as usize];
        let done = match random.below(4) {
            0 => write_record(&path, &mut random),
            1 => symlink(some_record(above).unwrap_or_else(|| "/dev/zero".into()), &path).is_ok(),
            _ => {
                let done = DirBuilder::new().mode(mode).create(&path).is_ok();
                (0..random.below(4)).for_each(|_| {
                    write_record(&path.join(record_name(&mut random)), &mut random);
                });
                done
            }
        };
        if done {
            ledger.count(Count::Names);
            names.push(path);
        }
        if let Some(folder) = some_folder(above) {
            // Nobody else can be made to lose his own, nor be given what is not.
            let _ = fs::remove_dir(&folder);
            let _ = fs::rename(folder.join("closed-1-00000000"), above.join(record_name(&mut random)));
            if let Some(own) = names.last() {
                let _ = fs::rename(own, &folder);
            }
            write_record(&folder.join(record_name(&mut random)), &mut random);
        }
        if names.len() > NAMES || random.once_in(3) && !names.is_empty() {
            remove(&names.swap_remove(random.below(names.len() as u64) as usize));
        }
        std::thread::sleep(Duration::from_millis(random.below(3)));
    }
    names.iter().for_each(|path| remove(path));
}

fn folder_name(random: &mut Random) -> String {
    format!("ipcadm-0-{:08x}{:08x}", random.next() as u32, random.next() as u32)
}

fn record_name(random: &mut Random) -> String {
    format!("closed-{}-{:08x}", random.below(1000), random.next() as u32)
}

/// A folder of records of root that there is.
fn some_folder(above: &Path) -> Option<PathBuf> {
    let paths = fs::read_dir(above).ok()?.flatten().map(|entry| entry.path());
    let of_root = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|data| data.is_dir() && data.uid() == 0);
    let named = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_bytes().starts_with(b"ipcadm-0-"));
    paths.filter(named).find(of_root)
}

fn some_record(above: &Path) -> Option<PathBuf> {
    Some(some_folder(above)?.join("closed-1-00000000"))
}

/// A record that tells of objects of others.
fn write_record(path: &Path, random: &mut Random) -> bool {
    let Ok(mut file) = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) else { return false };
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = fs::metadata("/proc/self/ns/ipc").map_or(0, |data| data.ino());
    let (boot, number) = (boot.trim(), random.below(40));
    let text = format!(
        "{{\"ipcadm_record\":3,\"boot\":\"{boot}\",\"namespace\":{namespace},\"time\":1,\"objects\":\
         [[\"Sem\",{number},[0,{USER},{USER},{USER},{USER},438],null,1]]}}\n"
    );
    file.write_all(text.as_bytes()).is_ok()
}

fn remove(path: &Path) {
    let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
}

/// Programs begun by several threads, one after the other.
fn execute(ledger: Ledger, _: Random) {
    let threads: Vec<_> = (0..3)
        .map(|_| {
            std::thread::spawn(move || {
                while !ledger.stopped() {
                    if quiet(&mut Command::new("true")).status().is_ok_and(|status| status.success()) {
                        ledger.count(Count::Programs);
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| drop(thread.join()));
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// Locks whose holders have several threads, one of which executes something.
fn hold_locks(ledger: Ledger, mut random: Random) {
    let held = &crowd::shared_words(1)[0];
    while !ledger.stopped() {
        held.store(0, SeqCst);
        let Ok(id) = calls::get(Kind::Sem, 0, 1, 0o600 | IPC_CREAT) else { continue };
        let _ = calls::semop(id, (0, 1, IPC_NOWAIT), None);
        if let Ok(holder) = crowd::fork(true, || take_and_execute(id, held)) {
            let begun = Instant::now();
            while held.load(SeqCst) == 0
                && begun.elapsed() < Duration::from_secs(2)
                && crowd::wait(holder, false) == crowd::Waited::Running
            {
                crowd::yield_now();
            }
            let looks = if held.load(SeqCst) == 1 { 5 + random.below(40) } else { 0 };
            for _ in 0..looks {
                std::thread::sleep(Duration::from_millis(1));
                // It is killed below, and not before.
                if is_gone(Kind::Sem, id) && crowd::state(holder).is_some_and(|state| state != 'Z') {
                    ledger.wrong(Wrong::Locked, Kind::Sem, id, Life::new(SEAT, 0));
                    break;
                }
            }
            if looks > 0 {
                ledger.count(Count::Locks);
            }
            crowd::kill(holder);
            crowd::wait(holder, true);
        }
        if random.once_in(2) {
            let _ = calls::remove(Kind::Sem, id);
        }
    }
}

fn take_and_execute(id: i32, held: &'static AtomicU64) -> i32 {
    // Closed while it is judged, for nobody uses it yet.
    let taken = (0..300).any(|_| {
        let taken = calls::semop(id, (0, -1, IPC_NOWAIT | SEM_UNDO), None);
        if taken == Err(libc::EACCES) {
            crowd::yield_now();
        }
        taken.is_ok()
    });
    held.store(if taken { 1 } else { 2 }, SeqCst);
    if taken {
        (0..3).for_each(|_| drop(std::thread::spawn(|| std::thread::sleep(Duration::from_secs(1000)))));
        std::thread::sleep(Duration::from_millis(2));
        // Not by the first: it takes the number of that all the same, and the others end.
        let _ = std::thread::spawn(|| crowd::become_sleep()).join();
    }
    0
}

/// The program of those who do not answer, where they can be.
fn compile(folder: &Path) -> Option<PathBuf> {
    if !installed("cc") {
        return None;
    }
    if OpenOptions::new().read(true).write(true).open("/dev/fuse").is_err() {
        left_out("a file system of a user's own (FUSE)");
        return None;
    }
    silent::compile(folder);
    Some(silent::program(folder))
}

/// One stays all the time, and others come and go.
fn keep_silent(ledger: Ledger, program: &Path) {
    let mut random = Random::new(99);
    let stays = Silent::begin(program, -1, &mut random);
    while !ledger.stopped() {
        // Some at any moment, and some right when an object is closed.
        let queue = if random.once_in(2) { -1 } else { random.below(3) as i32 };
        let comes = Silent::begin(program, queue, &mut random);
        let end = Instant::now() + Duration::from_millis(500 + random.below(700));
        while Instant::now() < end && !ledger.stopped() {
            std::thread::sleep(Duration::from_millis(10));
        }
        if comes.is_silent() {
            ledger.count(Count::Silent);
        }
    }
    drop(stays);
}

/// A process in execve(2), and all that hold it there.
struct Silent {
    child: Child,
    mount: PathBuf,
}

impl Silent {
    fn begin(program: &Path, queue: i32, random: &mut Random) -> Self {
        // Its file system looks like a folder of records, too.
        let mount = Path::new("/tmp").join(folder_name(random));
        DirBuilder::new().mode(0o700).create(&mount).expect("a folder");
        chown(&mount, Some(USER), Some(USER)).expect("another owner");
        let mut command = Command::new(program);
        command.arg(&mount).args([&USER.to_string(), "exec", &queue.to_string()]).process_group(0);
        let child = quiet(&mut command).spawn().expect("the program");
        Self { child, mount }
    }

    fn leader(&self) -> i32 {
        self.child.id() as i32
    }

    /// Whether a child of it does not answer. Whoever asks may be kept waiting, so that is another process.
    fn is_silent(&self) -> bool {
        let leader = self.leader();
        let children = fs::read_to_string(format!("/proc/{leader}/task/{leader}/children")).unwrap_or_default();
        let asks = crowd::fork(true, || {
            children.split_whitespace().for_each(|child| drop(fs::read(format!("/proc/{child}/stat"))));
            0
        });
        let Ok(asks) = asks else { return false };
        std::thread::sleep(PATIENCE);
        let waits = crowd::wait(asks, false) == crowd::Waited::Running;
        if waits {
            crowd::kill(asks);
            crowd::wait(asks, true);
        }
        waits
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        crowd::kill_group(self.leader());
        let _ = self.child.wait();
        let _ = crowd::uncover(&CString::new(self.mount.as_os_str().as_bytes()).expect("a path"));
        let _ = fs::remove_dir(&self.mount);
    }
}
