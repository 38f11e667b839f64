//! Many senders and receivers, each message checked, while what is unused is cleaned away all the time.

use ipcadm_testbed::{World, ipcadm};

use crate::state::possible::programs::compiled;

/// On each queue, private or keyed, pairs of a sender and a receiver, each with a type of its own. Both have children do
/// it, a few messages each: so again and again a queue is empty, and all whom the kernel knows of are gone. Whatever is
/// lost, changed, doubled, out of order, or refused, is an error.
const STRESS: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUEUES 16
#define PAIRS 4
#define MESSAGES 1500
#define EACH 50
#define LONGEST 200

struct message { long type; struct { unsigned queue, number, length; unsigned char text[LONGEST]; } body; };

static void fail(const char *what) { fprintf(stderr, "%s: %s\n", what, strerror(errno)); _exit(1); }

static unsigned length_of(unsigned queue, unsigned number) { return (queue * 31 + number * 17) % LONGEST; }

static unsigned char byte_of(unsigned queue, unsigned number, unsigned place) { return queue * 7 + number * 3 + place; }

static void send_one(int id, unsigned queue, long type, unsigned number) {
    struct message message = { type, { queue, number, length_of(queue, number), { 0 } } };
    for (unsigned place = 0; place < message.body.length; place++)
        message.body.text[place] = byte_of(queue, number, place);
    if (msgsnd(id, &message, 3 * sizeof(unsigned) + message.body.length, 0) != 0) fail("msgsnd");
}

static void receive_one(int id, unsigned queue, long type, unsigned number) {
    struct message message;
    errno = 0;
    ssize_t got = msgrcv(id, &message, sizeof message.body, type, 0);
    if (got < 0) fail("msgrcv");
    if (message.type != type || message.body.queue != queue || message.body.number != number
        || message.body.length != length_of(queue, number) || got != (ssize_t)(3 * sizeof(unsigned) + message.body.length))
        fail("another message came");
    for (unsigned place = 0; place < message.body.length; place++)
        if (message.body.text[place] != byte_of(queue, number, place)) fail("a message was changed");
}

static void wait_for(int children) {
    for (int status; children > 0; children--)
        if (wait(&status) < 0 || status != 0) fail("a process failed");
}

static void work(int id, unsigned queue, long type, void (*one)(int, unsigned, long, unsigned)) {
    for (unsigned first = 0; first < MESSAGES; first += EACH) {
        if (fork() == 0) {
            for (unsigned number = first; number < first + EACH; number++) one(id, queue, type, number);
            _exit(0);
        }
        wait_for(1);
        usleep((queue + type) * 4000);
    }
    _exit(0);
}

int main(void) {
    int ids[QUEUES];
    for (int queue = 0; queue < QUEUES; queue++) {
        ids[queue] = msgget(queue % 2 ? 0x6d730000 + queue : IPC_PRIVATE, IPC_CREAT | IPC_EXCL | 0600);
        if (ids[queue] < 0) fail("msgget");
        for (long type = 1; type <= PAIRS; type++) {
            if (fork() == 0) work(ids[queue], queue, type, send_one);
            if (fork() == 0) work(ids[queue], queue, type, receive_one);
        }
    }
    puts("begun");
    fflush(stdout);
    wait_for(QUEUES * PAIRS * 2);
    for (int queue = 0; queue < QUEUES; queue++)
        if (msgctl(ids[queue], IPC_RMID, NULL) != 0) fail("msgctl");
    printf("%d\n", QUEUES * PAIRS * MESSAGES);
    return 0;
}
"#;

#[test]
fn no_message_is_lost_while_clean_runs_all_the_time() {
    let Some(world) = World::new() else { return };
    let Some(program) = compiled("cc", STRESS, &["-O1"]) else { return };
    // Without rights, so that it would feel a queue that is closed to newcomers.
    let mut stress = program.inside(&world).unprivileged().spawn();
    assert_eq!(stress.line(), "begun");
    let mut runs = 0;
    while stress.is_running() {
        let words = ["clean", "--yes", "--grace", "0", "--discard-messages", "--state", "orphan", "--state", "dormant"];
        ipcadm(words).inside(&world).run().ok().stdout_lacks("removed");
        runs += 1;
    }
    stress.wait().ok().stdout_is("begun\n96000\n");
    assert!(runs >= 5, "{runs} runs");
}
