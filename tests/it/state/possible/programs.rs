//! The foreign programs of the scenes: perl, which has the calls built in, and small ones in C.

use std::path::{Path, PathBuf};

use ipcadm_testbed::{Cmd, Folder, Running, World, installed, tool};

/// What each perl script begins with.
pub(crate) const PRELUDE: &str = r#"
    use strict; use POSIX (); $| = 1;
    use constant { UNDO => 0x1000, NOWAIT => 0x800, SETVAL => 16, RMID => 0 };
    sub set { semget(0, 1, $_[0] // 01600) // die "semget: $!" }
    sub op { my ($set, $change, $flags) = @_; semop($set, pack 's3', 0, $change, $flags // 0) or die "semop: $!" }
    sub used { op($_[0], 1); op($_[0], -1) }
    sub worker(&) { my $pid = fork; if (!$pid) { $_[0]->(); POSIX::_exit(0) } waitpid $pid, 0; die if $?; $pid }
    sub daemon { for (1, 2) { POSIX::_exit(0) if fork; POSIX::setsid() if $_ == 1 } }
    sub idle { $0 = $_[0] if @_; print "$$\n"; POSIX::pause() while 1 }
"#;

/// Whether perl is there.
pub(crate) fn perl_is_there() -> bool {
    installed("perl")
}

/// A perl script in a world.
pub(crate) fn perl(world: &World, script: &str) -> Cmd {
    tool("perl", ["-e", &format!("{PRELUDE}{script}")]).inside(world)
}

/// The words of the next line that it prints.
pub(crate) fn words(program: &mut Running) -> Vec<String> {
    program.line().split(' ').map(str::to_owned).collect()
}

/// A program that was compiled for a test; it goes with this.
pub(crate) struct Compiled {
    folder: Folder,
}

impl Compiled {
    /// Its path.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("server")
    }

    /// It, in a world.
    pub(crate) fn inside(&self, world: &World) -> Cmd {
        tool(self.path(), [""; 0]).inside(world)
    }
}

/// Compiles a C program called `server`, by `compiler` with these words, where it is installed.
pub(crate) fn compiled(compiler: &str, source: &str, words: &[&str]) -> Option<Compiled> {
    if !installed(compiler) {
        return None;
    }
    let program = Compiled { folder: Folder::new("possible") };
    let text = program.folder.write("server.c", source);
    let paths = [text.as_path(), Path::new("-o"), &program.path()].map(|path| path.as_os_str().to_owned());
    tool(compiler, paths).args(words.iter().copied()).run().ok();
    Some(program)
}

/// A server in C that has made a private set, whose last user was a child that has ended. It prints the set and its
/// own number and is idle. `OPERATE` is how it calls semop.
pub(crate) const SERVER: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef OPERATE
#define OPERATE semop
#endif

static void change(int set, int by) {
    struct sembuf operation = { 0, (short)by, 0 };
    if (OPERATE(set, &operation, 1) != 0) { perror("semop"); exit(1); }
}

#ifdef THREAD
static void *idle(void *nothing) { for (;;) pause(); return nothing; }
#endif

int main(void) {
    int status, set = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    pid_t worker = fork();
    if (worker == 0) { change(set, 1); change(set, -1); _exit(0); }
    waitpid(worker, &status, 0);
    if (set < 0 || status != 0) return 1;
#ifdef THREAD
    pthread_t thread;
    if (pthread_create(&thread, NULL, idle, NULL) != 0) return 1;
#endif
    printf("%d %d\n", set, (int)getpid());
    fflush(stdout);
#ifdef THREAD
    pthread_exit(NULL);
#endif
    for (;;) pause();
}
"#;
