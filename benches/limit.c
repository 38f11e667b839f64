/*
 * The least that can be done: the system calls that a command of ipcadm cannot do without, and the bytes that it has to
 * write, by hand. The benches compile this where there is a C compiler, run it beside the program and, of tables,
 * compare the bytes.
 *
 *   limit                         nothing: what starting a program costs
 *   limit ls shm|sem|msg          the default table of 'ipcadm ls'
 *   limit rm shm|sem|msg          IPC_RMID for each line 'shm:42' of standard input
 *   limit save shm|sem            a block that tells of each object, and its contents, to standard output
 *   limit send|recv QUEUE COUNT   as many messages of 15 bytes
 *
 * It knows the objects that the benches make: none is locked, none is large, and nothing lies in the future.
 */
#define _GNU_SOURCE
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, BLOCK = 512, LARGEST = 64 * 1024 };

/* What is to be written. */
static char text[CHUNK + BLOCK + LARGEST];
static size_t used;

static void flush(size_t least) {
    if (used < least) return;
    for (size_t done = 0; done < used;) {
        ssize_t written = write(1, text + done, used - done);
        if (written < 0) exit(1);
        done += written;
    }
    used = 0;
}

/* Cells: written up to END; these return where they begin. */

static inline char *number(char *end, unsigned long n) {
    do *--end = '0' + n % 10;
    while (n /= 10);
    return end;
}

static inline char *pid(char *end, unsigned long n) {
    if (n) return number(end, n);
    return *--end = '-', end;
}

static inline char *size(char *end, unsigned long bytes) {
    if (bytes < 1024) return number(end, bytes);
    int shift = (63 - __builtin_clzl(bytes)) / 10 * 10;
    unsigned long unit = 1ul << shift, tenths = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit;
    *--end = "KMGTPE"[shift / 10 - 1];
    if (tenths >= 100) return number(end, (bytes + unit / 2) / unit);
    *--end = '0' + tenths % 10, *--end = '.';
    return number(end, tenths / 10);
}

static inline char *share(char *end, unsigned long tenths) {
    *--end = '%', *--end = '0' + tenths % 10, *--end = '.';
    return number(end, tenths / 10);
}

static unsigned long now;

static inline char *age(char *end, unsigned long since) {
    unsigned long seconds = now - since;
    if (!since) return *--end = '-', end;
    if (seconds < 60) return *--end = 's', number(end, seconds);
    if (seconds < 3600) return *--end = 'm', number(end, seconds / 60);
    return *--end = 'h', number(end, seconds / 3600);
}

static struct object {
    int id;
    unsigned key, mode, uid, pids[2];
    unsigned long count, bytes, capacity, times[2];
} *objects;
static size_t found;

/* Keeps an object; room is made for all that there can be. */
static void keep(int last, struct ipc_perm *perm, struct object object) {
    if (object.id < 0) return;
    if (!objects) objects = malloc((last + 1) * sizeof *objects);
    object.key = perm->__key, object.mode = perm->mode, object.uid = perm->uid;
    objects[found++] = object;
}

/* The owner's name, which is looked up when it changes. */
static const char *name_of(unsigned uid) {
    static unsigned known = -1;
    static char name[64];
    if (uid != known) {
        struct passwd *entry = getpwuid(uid);
        if (entry) snprintf(name, sizeof name, "%s", entry->pw_name);
        else snprintf(name, sizeof name, "%u", uid);
        known = uid;
    }
    return name;
}

static inline size_t larger(size_t a, size_t b) { return a > b ? a : b; }

#define WIDTH(head, cell, value)                                                                                       \
    widths[column] = larger(widths[column], scratch_end - cell(scratch_end, value)), column++;
#define HEAD(head, cell, value)                                                                                        \
    widths[column] = larger(widths[column], strlen(head)), end += 2 + widths[column++];                                \
    memcpy(end - strlen(head), head, strlen(head));
#define CELL(head, cell, value) end += 2 + widths[column++], cell(end, value);

/* Defines what writes a table of all objects: REF, KEY, MODE, OWNER, COLUMNS aligned to the right, and a last one. */
#define TABLE(kind, COLUMNS, last_head, last)                                                                          \
    static void kind##_table(void) {                                                                                   \
        size_t widths[8] = {0}, ref = strlen("REF"), owner = strlen("OWNER");                                          \
        char scratch[64], *scratch_end = scratch + sizeof scratch;                                                     \
        for (struct object *o = objects; o < objects + found; o++) {                                                   \
            int column = 0;                                                                                            \
            ref = larger(ref, strlen(#kind ":") + (scratch_end - number(scratch_end, o->id)));                         \
            owner = larger(owner, strlen(name_of(o->uid)));                                                            \
            COLUMNS(WIDTH)                                                                                             \
        }                                                                                                              \
        for (size_t row = 0; row <= found; row++) {                                                                    \
            struct object *o = row ? objects + row - 1 : 0;                                                            \
            int column = 0;                                                                                            \
            char *line = text + used, *key = line + ref + 2, *mode = key + 12, *name = mode + 6, *end = name + owner;  \
            const char *tail = o ? last "\n" : last_head "\n";                                                         \
            memset(line, ' ', BLOCK);                                                                                  \
            if (!o) {                                                                                                  \
                memcpy(line, "REF", 3), memcpy(key, "KEY", 3), memcpy(mode, "MODE", 4), memcpy(name, "OWNER", 5);      \
                COLUMNS(HEAD)                                                                                          \
            } else {                                                                                                   \
                char *digits = number(scratch_end, o->id);                                                             \
                memcpy(line, #kind ":", 4), memcpy(line + 4, digits, scratch_end - digits);                            \
                memcpy(key, "0x", 2);                                                                                  \
                for (int i = 0; i < 8; i++) key[2 + i] = "0123456789abcdef"[o->key >> (28 - 4 * i) & 15];              \
                for (int i = 0; i < 4; i++) mode[i] = '0' + (o->mode >> (9 - 3 * i) & 7);                              \
                memcpy(name, name_of(o->uid), strlen(name_of(o->uid)));                                                \
                COLUMNS(CELL)                                                                                          \
            }                                                                                                          \
            memcpy(end, tail, strlen(tail));                                                                           \
            used = end + strlen(tail) - text;                                                                          \
            flush(CHUNK);                                                                                              \
        }                                                                                                              \
        flush(1);                                                                                                      \
    }

#define SHM(C)                                                                                                         \
    C("SIZE", size, o->bytes) C("NATTCH", number, o->count) C("CPID", pid, o->pids[0]) C("LPID", pid, o->pids[1])      \
    C("ACTIVITY", age, o->times[0])
#define SEM(C) C("NSEMS", number, o->count) C("OTIME", age, o->times[0]) C("CTIME", age, o->times[1])
#define MSG(C)                                                                                                         \
    C("QNUM", number, o->count) C("CBYTES", size, o->bytes) C("QBYTES", size, o->capacity)                             \
    C("FULL", share, larger(o->bytes, o->count) * 1000 / o->capacity)                                                  \
    C("LSPID", pid, o->pids[0]) C("LRPID", pid, o->pids[1]) C("ACTIVITY", age, o->times[0])

TABLE(shm, SHM, "  FLAGS", "  -")
TABLE(sem, SEM, "", "")
TABLE(msg, MSG, "", "")

/* The calls of each kind. As the argument of semctl, a pointer is a pointer in whatever union. */

static struct shmid_ds shm;
static struct semid_ds sem;
static struct msqid_ds msg;

static int last_shm(void) {
    struct shminfo info;
    return shmctl(0, IPC_INFO, (struct shmid_ds *)&info);
}

static int last_sem(void) {
    struct seminfo info;
    return semctl(0, 0, IPC_INFO, &info);
}

static int last_msg(void) {
    struct msginfo info;
    return msgctl(0, IPC_INFO, (struct msqid_ds *)&info);
}

static int ls_shm(void) {
    for (int index = 0, last = last_shm(); index <= last; index++) {
        int id = shmctl(index, SHM_STAT_ANY, &shm);
        unsigned long activity = larger(larger(shm.shm_atime, shm.shm_dtime), shm.shm_ctime);
        keep(last, &shm.shm_perm, (struct object){.id = id, .bytes = shm.shm_segsz, .count = shm.shm_nattch,
                                                  .pids = {shm.shm_cpid, shm.shm_lpid}, .times = {activity}});
    }
    return shm_table(), 0;
}

static int ls_sem(void) {
    for (int index = 0, last = last_sem(); index <= last; index++) {
        int id = semctl(index, 0, SEM_STAT_ANY, &sem);
        keep(last, &sem.sem_perm,
             (struct object){.id = id, .count = sem.sem_nsems, .times = {sem.sem_otime, sem.sem_ctime}});
    }
    return sem_table(), 0;
}

static int ls_msg(void) {
    for (int index = 0, last = last_msg(); index <= last; index++) {
        int id = msgctl(index, MSG_STAT_ANY, &msg);
        unsigned long activity = larger(larger(msg.msg_stime, msg.msg_rtime), msg.msg_ctime);
        keep(last, &msg.msg_perm, (struct object){.id = id, .bytes = msg.__msg_cbytes, .count = msg.msg_qnum,
                                                  .capacity = msg.msg_qbytes, .pids = {msg.msg_lspid, msg.msg_lrpid},
                                                  .times = {activity}});
    }
    return msg_table(), 0;
}

static int rm_shm(int id) { return shmctl(id, IPC_RMID, 0); }
static int rm_sem(int id) { return semctl(id, 0, IPC_RMID); }
static int rm_msg(int id) { return msgctl(id, IPC_RMID, 0); }

static int rm(int (*call)(int)) {
    static char references[1 << 20];
    size_t length = 0;
    for (ssize_t got; (got = read(0, references + length, sizeof references - 1 - length)); length += got)
        if (got < 0) return 1;
    for (char *at = references; (at = strchr(at, ':'));)
        if (call(strtol(at + 1, &at, 10))) return 1;
    return 0;
}

/* Whole blocks. */
static void append(const void *bytes, size_t length) {
    size_t padding = -length % BLOCK;
    memcpy(text + used, bytes, length);
    memset(text + used + length, 0, padding);
    used += length + padding;
    flush(CHUNK);
}

static int save_shm(void) {
    for (int index = 0, last = last_shm(); index <= last; index++) {
        int id = shmctl(index, SHM_STAT, &shm);
        if (id < 0) continue;
        void *bytes = shmat(id, 0, SHM_RDONLY);
        if (bytes == (void *)-1) return 1;
        append(&shm, sizeof shm);
        append(bytes, shm.shm_segsz);
        shmdt(bytes);
    }
    return flush(1), 0;
}

static int save_sem(void) {
    static unsigned short values[LARGEST / sizeof(unsigned short)];
    for (int index = 0, last = last_sem(); index <= last; index++) {
        int id = semctl(index, 0, SEM_STAT, &sem);
        if (id < 0) continue;
        if (semctl(id, 0, GETALL, values)) return 1;
        append(&sem, sizeof sem);
        append(values, sem.sem_nsems * sizeof *values);
    }
    return flush(1), 0;
}

static struct { long type; char text[64]; } message = {1, "message 0000000"};

static int send(int id) { return msgsnd(id, &message, 15, 0); }
static int recv(int id) { return msgrcv(id, &message, sizeof message.text, 0, 0) < 0; }

static int repeat(int (*call)(int), int id, int count) {
    for (; count > 0; count--)
        if (call(id)) return 1;
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 3) return 0;
    now = time(0);
    char words[32];
    snprintf(words, sizeof words, "%s %s", argv[1], argv[2]);
    if (!strcmp(words, "ls shm")) return ls_shm();
    if (!strcmp(words, "ls sem")) return ls_sem();
    if (!strcmp(words, "ls msg")) return ls_msg();
    if (!strcmp(words, "rm shm")) return rm(rm_shm);
    if (!strcmp(words, "rm sem")) return rm(rm_sem);
    if (!strcmp(words, "rm msg")) return rm(rm_msg);
    if (!strcmp(words, "save shm")) return save_shm();
    if (!strcmp(words, "save sem")) return save_sem();
    if (argc < 4) return 2;
    return repeat(*argv[1] == 's' ? send : recv, atoi(argv[2]), atoi(argv[3]));
}
