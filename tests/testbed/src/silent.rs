//! Processes that keep whoever looks into them waiting for as long as they like.
//!
//! What they do it with is a file system of their own (FUSE), whose pages nobody delivers: it is served through a bare
//! descriptor, as fusermount(1) would hand it to any user.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::tool;

/// The stranger. `memory`: one of its threads sleeps in semop on a set of its own, and its operations lie in a page that is
/// not delivered. `exec`: a child that shares its memory stays in execve(2) for ever, from the moment on at which the
/// queue with the given index is closed; at once where that is -1.
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
    // By then the others have the memory locked.
    if (queue_index < 0) usleep(300000);
    else do {
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

/// Compiles the program in this folder. It takes the folder to mount its file system on and the user to become, `memory`
/// or `exec`, and for `exec` the index of a queue. It says `no` where it may not mount, and else its number, once it is
/// what it is to be. Whoever ends it frees all who wait for it; what has left execve(2) then is `sleep`, and stays.
///
/// # Panics
///
/// If it cannot be compiled.
pub fn compile(folder: &Path) {
    let source = folder.join("stranger.c");
    fs::write(&source, STRANGER).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
    let output = program(folder);
    tool("cc", ["-O1", "-pthread", "-o"].map(Path::new).into_iter().chain([&*output, &*source])).run().ok();
}

/// The program that was compiled there.
#[must_use]
pub fn program(folder: &Path) -> PathBuf {
    folder.join("stranger")
}
