//! Processes that keep whoever looks into them waiting for as long as they like.
//!
//! What they do it with is a file system of their own (FUSE), whose pages nobody delivers: it is served through a bare
//! descriptor, as fusermount(1) would hand it to any user.

use std::fs;
use std::path::{Path, PathBuf};

use ipcadm_testbed::{Cmd, Kind, NOBODY, Running, alone, installed, ipcadm, is_root, left_out, make, tool};

/// The stranger. `memory`: one of its threads sleeps in semop on a set of its own, and its operations lie in a page that is
/// not delivered. `exec`: a child that shares its memory stays in execve(2) for ever, from the moment on at which the
/// queue with the given index is closed.
const STRANGER: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <unistd.h>

static int device, set, queue_index;
static struct sembuf *operations;
static char *page;

static void answer(unsigned long request, int error, const void *data, size_t size) {
    struct { struct fuse_out_header head; char data[256]; } reply;
    memset(&reply, 0, sizeof reply);
    reply.head.len = sizeof reply.head + size;
    reply.head.error = error;
    reply.head.unique = request;
    if (size > 0) memcpy(reply.data, data, size);
    if (write(device, &reply, reply.head.len) < 0) return;
}

static void attributes(struct fuse_attr *attr, unsigned long node) {
    attr->ino = node;
    attr->nlink = 1;
    attr->size = 4096;
    attr->mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0644;
}

static void serve(void) {
    static char request[1 << 17];
    for (;;) {
        if (read(device, request, sizeof request) < 0) {
            if (errno == EINTR || errno == ENOENT) continue;
            _exit(0);
        }
        struct fuse_in_header *head = (void *)request;
        if (head->opcode == FUSE_INIT) {
            struct fuse_init_out init = { .major = 7, .minor = 31, .max_write = 4096 };
            answer(head->unique, 0, &init, sizeof init);
        } else if (head->opcode == FUSE_GETATTR) {
            struct fuse_attr_out out = { .attr_valid = 100 };
            attributes(&out.attr, head->nodeid);
            answer(head->unique, 0, &out, sizeof out);
        } else if (head->opcode == FUSE_LOOKUP) {
            struct fuse_entry_out out = { .nodeid = 2, .entry_valid = 100, .attr_valid = 100 };
            attributes(&out.attr, 2);
            answer(head->unique, 0, &out, sizeof out);
        } else if (head->opcode == FUSE_OPEN) {
            struct fuse_open_out out = { 0 };
            answer(head->unique, 0, &out, sizeof out);
        } else if (head->opcode != FUSE_READ && head->opcode != FUSE_FORGET && head->opcode != FUSE_BATCH_FORGET
                   && head->opcode != FUSE_INTERRUPT) {
            answer(head->unique, -ENOSYS, NULL, 0);
        }
    }
}

static void *wait_for_semaphore(void *nothing) { semop(set, operations, 1); return nothing; }

static void *read_page(void *nothing) {
    char byte;
    int memory = open("/proc/self/mem", O_RDONLY);
    if (pread(memory, &byte, 1, (off_t)page) < 0) return nothing;
    return nothing;
}

static void *change_map(void *nothing) {
    usleep(200000);
    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return nothing;
}

static int execute(void *nothing) {
    struct msqid_ds state;
    do {
        if (msgctl(queue_index, MSG_STAT_ANY, &state) < 0) _exit(0);
    } while ((state.msg_perm.mode & 0777) != 0);
    execl("/bin/sleep", "sleep", "1000", (char *)NULL);
    return 0;
}

static void start(void *(*run)(void *)) { pthread_t thread; pthread_create(&thread, NULL, run, NULL); }

int main(int count, char **words) {
    char text[4096];
    int user = atoi(words[2]);
    device = open("/dev/fuse", O_RDWR);
    snprintf(text, sizeof text, "fd=%d,rootmode=40000,user_id=%d,group_id=%d", device, user, user);
    if (device < 0 || mount("stranger", words[1], "fuse", MS_NOSUID | MS_NODEV, text) != 0) { puts("no"); return 1; }
    if (user != 0 && (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0)) return 1;
    prctl(PR_SET_DUMPABLE, 1);
    if (fork() == 0) {
        // With it goes the last descriptor of the device, and whoever waits for the pages is let go.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve();
    }
    close(device);
    snprintf(text, sizeof text, "%s/page", words[1]);
    int file = open(text, O_RDONLY);
    page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    if (strcmp(words[3], "memory") == 0) {
        set = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
        operations = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        operations->sem_op = -1;
        start(wait_for_semaphore);
        while (semctl(set, 0, GETNCNT) == 0) usleep(1000);
        mmap(operations, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0);
    } else {
        static char stack[65536];
        queue_index = atoi(words[4]);
        clone(execute, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
        start(read_page);
        start(change_map);
        usleep(400000);
    }
    printf("%d\n", (int)getpid());
    fflush(stdout);
    for (;;) pause();
}
"#;

/// Where it is compiled, and what it has mounted.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Option<Self> {
        if !installed("cc") {
            return None;
        }
        let folder = Self(std::env::temp_dir().join(format!("ipcadm-silent-{name}-{}", std::process::id())));
        fs::create_dir_all(folder.0.join("mount")).expect("a folder");
        fs::write(folder.0.join("stranger.c"), STRANGER).expect("a file");
        let output = folder.0.join("stranger");
        tool(
            "cc",
            ["-O1", "-pthread", "-o"].map(Path::new).into_iter().chain([&*output, &folder.0.join("stranger.c")]),
        )
        .run()
        .ok();
        Some(folder)
    }

    /// Starts it as another user, where there is one. None where it may not mount.
    fn start(&self, words: &[&str]) -> Option<(Running, u32)> {
        let user = if is_root() { NOBODY.to_string() } else { "0".to_owned() };
        let mount = self.0.join("mount");
        let before = [mount.as_os_str(), user.as_ref()].into_iter();
        let mut stranger = tool(self.0.join("stranger"), before.chain(words.iter().map(AsRef::as_ref))).spawn();
        let Ok(pid) = stranger.line().parse() else {
            left_out("a file system of a user's own (FUSE)");
            return None;
        };
        Some((stranger, pid))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is mounted is gone when the mount namespace is.
        drop(fs::remove_dir_all(&self.0));
    }
}

fn judging(command: &[&str]) -> Cmd {
    ipcadm(command.iter().copied())
}

#[test]
fn memory_that_is_not_delivered_keeps_nobody_waiting() {
    alone("memory_that_is_not_delivered_keeps_nobody_waiting", |_| {
        let Some(folder) = Folder::new("memory") else { return };
        let Some((_stranger, pid)) = folder.start(&["memory"]) else { return };
        let sleeper = format!("process {pid}");
        // No state depends on it.
        let listed = judging(&["ls", "--no-header", "-o", "ref,state"]).run().ok();
        listed.stdout_is("sem:0  active\n");
        judging(&["clean", "--yes", "--grace", "0"]).run().stdout_lacks("removed");
        judging(&["rm", "--if-unused", "sem:0"]).run().status(10).stderr_has(&pid.to_string());
        for command in [&["who", "sem:0"][..], &["show", "sem:0"], &["ps"]] {
            let told = judging(command).run().ok();
            assert!(told.stdout_str().contains(&pid.to_string()), "{sleeper} is missing\n{told}");
        }
    });
}

#[test]
fn nothing_stays_closed_for_a_process_that_does_not_answer() {
    alone("nothing_stays_closed_for_a_process_that_does_not_answer", |ns| {
        let Some(folder) = Folder::new("exec") else { return };
        let leaked = || {
            make::by_dead_process(|| {
                let queue = make::msg(0, 0o600);
                make::send(queue, 1, b"x");
                make::recv(queue, 0);
                queue
            })
        };
        let queues: Vec<i32> = (0..3).map(|_| leaked()).collect();
        let Some((_stranger, _)) = folder.start(&["exec", "0"]) else { return };
        let archive = folder.0.join("saved.tar");
        let save = format!("--save={}", archive.display());
        let cleaned = judging(&["clean", "--yes", "--grace", "0", &save]).run();
        let left = ns.ids(Kind::Msg);
        for &queue in &left {
            assert_eq!(make::perm(Kind::Msg, queue).mode & 0o777, 0o600, "{cleaned}");
        }
        if is_root() {
            // He is let into none of them.
            cleaned.ok();
            assert!(left.is_empty(), "{left:?}");
        } else {
            cleaned.status(10).stderr_has("does not answer");
            assert_eq!(left, queues);
        }
        judging(&["who", "msg:0"]).run();
        judging(&["ls", "-o", "+state"]).run().ok();
    });
}
