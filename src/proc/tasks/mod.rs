//! Facts of tasks that `/proc` does not show, read by a BPF task iterator.
//!
//! Only tasks of the reader's pid namespace, and of those within it, are seen. Nothing is hidden of those that are: it
//! takes the rights of an administrator, in the initial user namespace.

mod program;
pub mod sharing;
pub mod undo;

use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};

use memchr::memmem;

use super::btf::{Btf, Member, Shape, Structure};
use super::capabilities::{Reading, is_filtered, may_read_tasks};
use crate::error::os_message;
use crate::sys::Errno;
use crate::sys::bpf::{self, KernelTypes};
use program::{Helper, If, Label, Program, R0, R1, R6, R7, R9, Width};

/// The function that a program for tasks belongs to.
const ITERATOR: &str = "bpf_iter_task";
/// The function, and the structures whose members are read.
const WANTED: [&str; 9] =
    [ITERATOR, "task_struct", "pid", "upid", "nsproxy", "ipc_namespace", "sem_undo_list", "sem_undo", "bpf_iter_meta"];

/// Offsets of members in the kernel's structures, in bytes.
#[derive(Clone, Debug)]
struct Layout {
    function: u32,
    task: TaskLayout,
    undo: UndoLayout,
    /// None where the kernel counts in another way.
    sharing: Option<SharingLayout>,
}

/// Of tasks and what they point to.
#[derive(Clone, Copy, Debug)]
struct TaskLayout {
    /// `task_struct.sysvsem.undo_list`
    undo_list: i32,
    /// `task_struct.nsproxy`
    nsproxy: i32,
    /// `task_struct.group_leader`
    group_leader: i32,
    /// `task_struct.thread_pid`
    thread_pid: i32,
    /// `pid.level`
    level: i32,
    /// `pid.numbers`, the size of one, and `upid.nr`
    numbers: (i32, i32, i32),
    /// `nsproxy.ipc_ns`
    ipc_ns: i32,
    /// `ipc_namespace.ns.inum`
    inum: i32,
}

/// Of undo records.
#[derive(Clone, Copy, Debug)]
struct UndoLayout {
    /// `sem_undo_list.list_proc.next`
    first: i32,
    /// `sem_undo.list_proc.next`
    next: i32,
    /// `sem_undo.ulp`
    list: i32,
    /// `sem_undo.semid`
    semid: i32,
    /// `sem_undo.semadj`, and whether it points to the adjustments, as in older kernels.
    adjustments: (i32, bool),
}

/// Of what counts who is in a namespace.
#[derive(Clone, Copy, Debug)]
struct SharingLayout {
    /// `task_struct.pid`
    pid: i32,
    /// `nsproxy.count`
    tasks: i32,
    /// `ipc_namespace.ns.__ns_ref`, in older kernels `ns.count`, and before Linux 5.11 `count`
    references: i32,
    /// `bpf_iter_meta.seq`
    output: i16,
}

impl SharingLayout {
    fn find(btf: &Btf<'_>) -> Option<Self> {
        let counter = |structure: &str, paths: &[&str]| {
            let structure = btf.structure(structure)?;
            paths.iter().find_map(|path| number(structure, path))
        };
        let references =
            ["ns.__ns_ref.refs.counter", "ns.count.refs.counter", "ns.count.counter", "count.refs.counter"];
        Some(Self {
            pid: number(btf.structure("task_struct")?, "pid")?,
            tasks: counter("nsproxy", &["count.refs.counter", "count.counter"])?,
            references: counter("ipc_namespace", &references)?,
            output: i16::try_from(pointer(btf.structure("bpf_iter_meta")?, "seq")?).ok()?,
        })
    }
}

impl Layout {
    /// Finds everything; None where the kernel has something else in its place.
    fn find(btf: &Btf<'_>) -> Option<Self> {
        let (task, undo) = (btf.structure("task_struct")?, btf.structure("sem_undo")?);
        let (pid, upid) = (btf.structure("pid")?, btf.structure("upid")?);
        let numbers = pid.member("numbers")?;
        let size = upid.size()?;
        let adjustments = undo.member("semadj")?;
        let is_pointer = match adjustments.shape {
            Shape::Array(2) => false,
            Shape::Pointer => true,
            _ => return None,
        };
        Some(Self {
            function: btf.function(ITERATOR)?,
            task: TaskLayout {
                undo_list: pointer(task, "sysvsem.undo_list")?,
                nsproxy: pointer(task, "nsproxy")?,
                group_leader: pointer(task, "group_leader")?,
                thread_pid: pointer(task, "thread_pid")?,
                level: number(pid, "level")?,
                numbers: (offset(numbers)?, i32::try_from(size).ok()?, number(upid, "nr")?),
                ipc_ns: pointer(btf.structure("nsproxy")?, "ipc_ns")?,
                inum: number(btf.structure("ipc_namespace")?, "ns.inum")?,
            },
            undo: UndoLayout {
                first: pointer(btf.structure("sem_undo_list")?, "list_proc.next")?,
                next: pointer(undo, "list_proc.next")?,
                list: pointer(undo, "ulp")?,
                semid: number(undo, "semid")?,
                adjustments: (offset(adjustments)?, is_pointer),
            },
            sharing: SharingLayout::find(btf),
        })
        .filter(|_| numbers.shape == Shape::Array(size) && cfg!(target_pointer_width = "64"))
    }
}

/// The offset of a member that is an address.
fn pointer(structure: Structure<'_>, path: &str) -> Option<i32> {
    structure.member(path).filter(|member| member.shape == Shape::Pointer).and_then(offset)
}

/// The offset of a member that is a number of four bytes.
fn number(structure: Structure<'_>, path: &str) -> Option<i32> {
    structure.member(path).filter(|member| member.shape == Shape::Number(4)).and_then(offset)
}

fn offset(member: Member) -> Option<i32> {
    i32::try_from(member.offset).ok()
}

/// The offsets, looked up once.
///
/// # Errors
/// Why that cannot be known, in words.
fn layout() -> Result<&'static Layout, String> {
    static LAYOUT: OnceLock<Result<Layout, String>> = OnceLock::new();
    match may_read_tasks() {
        Reading::Allowed => {}
        Reading::Denied => return Err("needs CAP_BPF and CAP_PERFMON".to_owned()),
        Reading::Outside => return Err("needs CAP_BPF and CAP_PERFMON in the initial user namespace".to_owned()),
    }
    let found = LAYOUT.get_or_init(|| {
        if is_filtered() && !bpf::is_survivable() {
            return Err("a filter of system calls forbids bpf(2)".to_owned());
        }
        let types = KernelTypes::open().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "this kernel has no BTF in /sys".to_owned(),
            _ => format!("the kernel's BTF cannot be read: {}", os_message(&error)),
        })?;
        let btf = Btf::parse(&types, &WANTED).ok_or("the kernel's BTF is not understood")?;
        Layout::find(&btf).ok_or_else(|| "this kernel's tasks are not as those that are known".to_owned())
    });
    found.as_ref().map_err(Clone::clone)
}

/// Programs that are kept in the kernel: loading one takes ten times as long as running it.
type Kept<T> = Mutex<Option<(u32, T)>>;

/// Runs what is `kept` and `fits`, or else is loaded now.
///
/// # Errors
/// Those of `load` and `run`.
fn run_kept<T, R>(
    kept: &Kept<T>,
    fits: impl FnOnce(&T) -> bool,
    load: impl FnOnce() -> Result<T, String>,
    run: impl FnOnce(&T) -> Result<R, String>,
) -> Result<R, String> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let own = std::process::id();
    match kept.take() {
        Some((process, loaded)) if process == own && fits(&loaded) => *kept = Some((own, loaded)),
        // A child has not kept the descriptors of what its parent has loaded.
        Some((process, loaded)) if process != own => std::mem::forget(loaded),
        _ => {}
    }
    let loaded = kept.take().map_or_else(load, |(_, loaded)| Ok(loaded))?;
    run(&kept.insert((own, loaded)).1)
}

/// The reason of a refusal, in words.
fn refused(errno: Errno) -> String {
    // A program that would read memory all the same is no valid one then.
    let lockdown = std::fs::read("/sys/kernel/security/lockdown").unwrap_or_default();
    if memmem::find(&lockdown, b"[confidentiality]").is_some() {
        return "kernel lockdown forbids it".to_owned();
    }
    match errno {
        // Whoever lacks the rights is told so before.
        Errno::EPERM => "bpf(2) is forbidden by a security module, or by RLIMIT_MEMLOCK".to_owned(),
        errno => format!("bpf(2): {errno}"),
    }
}

/// Writes: R6 = the context, R7 = the task that the program is run for, and on to `end` after the last.
fn begin(program: &mut Program, end: Label) {
    program.copy(R6, R1);
    program.load(Width::Eight, R7, R1, 8);
    program.jump_if(R7, If::Equal, 0, end);
}

impl TaskLayout {
    /// Writes: R1 = the number of the IPC namespace of the task in R7; goes to `none` where it has none any more.
    fn read_namespace(&self, program: &mut Program, local: i16, none: Label) {
        program.read(local, Width::Eight, R7, self.nsproxy);
        program.load_local(Width::Eight, R1, local);
        program.jump_if(R1, If::Equal, 0, none);
        program.read(local, Width::Eight, R1, self.ipc_ns);
        program.load_local(Width::Eight, R1, local);
        program.read(local, Width::Four, R1, self.inum);
        program.load_local(Width::Four, R1, local);
    }

    /// Writes: reads the number of the process of the task in R7 to `process`, as it counts in the pid namespace of the
    /// reader; goes to `none` where it has none any more. Spoils R7 and R9.
    fn read_process(&self, program: &mut Program, process: i16, local: i16, none: Label) {
        let (numbers, size, number) = self.numbers;
        program.call(Helper::CurrentTask);
        program.read(local, Width::Eight, R0, self.thread_pid);
        program.load_local(Width::Eight, R1, local);
        program.read(local, Width::Four, R1, self.level);
        program.load_local(Width::Four, R9, local);
        // Pid namespaces are no deeper (`MAX_PID_NS_LEVEL`).
        program.jump_if(R9, If::Greater, 32, none);
        program.multiply(R9, size);
        program.read(local, Width::Eight, R7, self.group_leader);
        program.load_local(Width::Eight, R1, local);
        program.read(local, Width::Eight, R1, self.thread_pid);
        program.load_local(Width::Eight, R1, local);
        program.jump_if(R1, If::Equal, 0, none);
        program.add_register(R1, R9);
        program.read(process, Width::Four, R1, numbers + number);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Layout;
    use crate::proc::capabilities::is_filtered;
    use crate::sys::Errno;
    use crate::sys::bpf::{Instruction, TaskProgram};

    /// That the kernel lets the program run; what it says against it otherwise.
    #[track_caller]
    pub(super) fn assert_taken(layout: &Layout, program: &[Instruction]) {
        let mut log = vec![0; 1 << 24];
        let loaded = TaskProgram::load(program, layout.function, &mut log);
        let log = String::from_utf8_lossy(&log);
        assert!(loaded.is_ok(), "{loaded:?}\n{}", log.trim_end_matches('\0'));
    }

    /// That tasks cannot be read for this reason, which excuses a test of it: it is a documented one, and it holds.
    #[track_caller]
    pub(super) fn assert_excused(why: &str) {
        match why {
            "needs CAP_BPF and CAP_PERFMON" | "needs CAP_BPF and CAP_PERFMON in the initial user namespace" => {
                // It returns 0.
                let program = [Instruction([0xb7, 0, 0, 0, 0, 0, 0, 0]), Instruction([0x95, 0, 0, 0, 0, 0, 0, 0])];
                assert_eq!(TaskProgram::load(&program, 0, &mut []).map(drop), Err(Errno::EPERM), "{why}");
            }
            "this kernel has no BTF in /sys" => assert!(!Path::new("/sys/kernel/btf/vmlinux").exists(), "{why}"),
            "a filter of system calls forbids bpf(2)" => assert!(is_filtered(), "{why}"),
            _ => panic!("{why}"),
        }
    }
}
