//! What fuzzing begins with: made here, and read from this machine where that is the real thing.

use std::fs;

use arbitrary::Unstructured;

use crate::archive::forge;

/// The seeds of a target.
#[must_use]
pub fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "proc" => proc(),
        "elf" => elf(),
        "object" => OBJECT.lines().map(|line| line.as_bytes().to_vec()).collect(),
        "messages" => texts(&MESSAGES),
        "render" => texts(&RENDER),
        "compat" => arguments(COMPAT),
        "cmdline" => arguments(CMDLINE),
        "jsonfiles" => texts(&JSON),
        "archive" => (1..=40).map(noise).collect(),
        "archraw" => archives(),
        "keep" => KEEP.lines().map(|line| line.as_bytes().to_vec()).collect(),
        "btf" => vec![crate::btf::seed()],
        _ => Vec::new(),
    }
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Lines of words, as arguments.
fn arguments(lines: &str) -> Vec<Vec<u8>> {
    lines.lines().map(|line| line.replace(' ', "\0").into_bytes()).collect()
}

/// Bytes without a meaning, of which archives are put together: the same for each number.
fn noise(number: u32) -> Vec<u8> {
    let mut state = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Multiples of 16 ask for the unusual, which fuzzing finds by itself.
        let byte = (state >> 33) as u8;
        if byte.is_multiple_of(16) { byte + 1 } else { byte }
    };
    (0..number * 60).map(|_| next()).collect()
}

fn archives() -> Vec<Vec<u8>> {
    (1..=40).filter_map(|number| Some(forge(&mut Unstructured::new(&noise(number))).ok()?.0)).collect()
}

/// Real files, and those that other machines have.
fn proc() -> Vec<Vec<u8>> {
    let files = ["maps", "status", "stat", "mountinfo", "cgroup", "sched", "syscall"];
    let real = files.iter().filter_map(|name| fs::read(format!("/proc/self/{name}")).ok());
    real.map(|mut bytes| {
        bytes.truncate(4000);
        bytes
    })
    .chain(texts(&PROC))
    .collect()
}

fn elf() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = ["/bin/true", "/bin/kill"].iter().filter_map(|path| fs::read(path).ok()).collect();
    seeds.retain(|bytes| bytes.len() < 100_000);
    // Of 64 and 32 bits, with nothing behind the header.
    for class in [1, 2] {
        let mut header = vec![0; 64];
        header[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, 1, 1]);
        header[16] = 3;
        seeds.push(header);
    }
    seeds
}

const PROC: [&str; 7] = [
    "1358954497          3   640                 4096  1234  1235      2  1000  1000     0     0 1767225600 1767225601 1767225602                  4096                     0",
    "         0      32768   600         10     0     0     0     0          0 1767225602",
    "-1 7 600 25 3 11 12 1 2 3 4 1767225600 0 1767225602",
    "220 0x7 0x7ffd00001000 0x2 0x0 0x0 0x0 0x7ffd00000f00 0x7f0000001234",
    "117 0x1000c 0x3 0x10 0x0 0x8000000 0x1 0xffffd000 0xf7f00000",
    "7f00aa000000-7f00aa001000 rw-s 00000000 00:01 32769                      /SYSVdeadbeef (deleted)\n\
     7f00ab000000-7f00ab001000 r-xp 00001000 fe:00 123                        /usr/lib/libc.so.6\n",
    "0::/system.slice/docker-0123456789abcdef.scope\n1:name=systemd:/user.slice/user-1000.slice/a.service\n",
];

const OBJECT: &str = "\
shm:42\nsem:0x5101a2b3\nmsg:/etc/passwd:65\nshm:./a b:A\nshm:007\n0x0d4d*\n0x5101a2b3\n0xff\nu=rw,g+r,o-x\n0640\n/022
-022\na=u\n1.5G\n0x1000\n4KiB\n90s\n1h30m\n2d\n0-1,1+2n 2=0\n0:3=0\n3=32767\n0:7=5\nsem:13,sem:14\n+uid,-mode\nid,owner
library libX11.so.* shm private\nunit cron.service all except key=0x51\nprogram /usr/bin/x* sem,msg\n# a comment
{\"kind\":\"sem\",\"id\":3,\"key\":\"0x00000051\",\"cuid\":0,\"cgid\":0,\"ctime\":\"2026-11-21T05:13:50Z\",\"nsems\":4}
";

const MESSAGES: [&str; 6] = [
    "one\ntwo\n\nlast",
    "one\0two\n\0",
    "{\"type\":7,\"text\":\"a\\u0000b\"}\n{\"index\":0,\"type\":1,\"base64\":\"/w==\"}\n",
    "{\"text\":\"\\ud83d\\ude00 \\u202e\"}\n \n{\"type\":1,\"text\":\"x\",\"base64\":\"\"}\n",
    "{\"type\":9223372036854775807,\"text\":\"\u{1b}[2J\"}",
    "[7,\"text\"]\n",
];

const RENDER: [&str; 6] = [
    "plain",
    "a\\n\u{1b}[31m\t\r\nb",
    "\u{202e}right\u{2069} e\u{301} \u{1f468}\u{200d}\u{1f469} \u{fe0f} wide 漢字",
    "quoted \"x\", and = + - @\r\n",
    "0000000000000000000000000000000000000000000000000000000000000000end",
    "SGVsbG8=",
];

const COMPAT: &str = "\
-m 3 -M 0x51 --semaphore-id=7 -Q 0123
shm 1 2 3
sem -1 x
-ashm -v
--all=pshm
--posix 1
-M 1.5M -p 0640 -Q -S 3
--shmem=1KiB --mode 777
-V --help
-mq3 -- -x
";

const CMDLINE: &str = "\
ls --json
--color always shm ls --owner root --older-than 1h -o +state,-mode
rm --if-unused --save f shm:1 sem:0x51
clean --yes --state orphan --state unknown --grace 10m --save leaked.tar
sem run 0 -w 5s -- flock x
sem op sem:3 0-1 1+2n
msg recv --lines msg:0 -n 5
msg send msg:/tmp/x:65 text --type 3
shm create 64M --key 0x5101a2b3 --mode 0640 --exist-ok
set --mode g+w --owner 1000 shm:0
restore f --same-id --values 1,2
who -f shm:1
attach x
rm --size +1M
";

const KEEP: &str = "\
shm sem --mode 0600 --key 0x0d4d* # device mapper
--owner root --older-than 1h30m
msg --min-messages 3
shm --size +1M --not-attached
--creator 0 --key 0x51
# a comment
smh --owner
--state idle
";

const JSON: [&str; 8] = [
    "{\"ipcadm\":{\"archive\":1,\"version\":\"0.1.0\",\"host\":null,\"boot_id\":null,\"namespace\":5,\"time\":\"2026-11-21T05:13:50Z\"},\"objects\":[\n]}\n",
    "{\"ipcadm\":{\"archive\":1,\"version\":\"0\",\"host\":\"h\",\"boot_id\":null,\"namespace\":null,\"time\":\"2001-09-09T01:46:40Z\"},\"objects\":[\n{\"ref\":\"sem:1\",\"kind\":\"sem\",\"id\":1,\"key\":\"0x00000051\",\"mode\":\"0600\",\"uid\":0,\"owner\":\"root\",\"gid\":0,\"group\":null,\"cuid\":0,\"creator\":null,\"cgid\":0,\"creator_group\":null,\"ctime\":null,\"approximate\":null,\"sem\":{\"values\":[1,2],\"pids\":[null,7],\"otime\":null}}\n]}\n",
    "{\"ipcadm_plan\":1,\"version\":\"0\",\"boot\":\"b\",\"namespace\":4026531839,\"time\":\"2026-11-21T05:13:50Z\",\"arguments\":[\"clean\"],\"grace\":600,\"discard_messages\":false,\"objects\":[{\"kind\":\"msg\",\"id\":3,\"key\":\"0x00000000\",\"mode\":\"0600\",\"uid\":0,\"gid\":0,\"cuid\":0,\"cgid\":0,\"ctime\":\"\",\"activity\":\"\",\"qnum\":1,\"state\":\"orphan\",\"evidence\":[\"x\"]}]}",
    "{\"ipcadm_record\":3,\"boot\":\"b\",\"namespace\":9,\"time\":200,\"objects\":[[\"Msg\",7,[5,1,2,3,4,416],null,null]]}",
    "{\"kind\":\"shm\",\"id\":3,\"key\":\"0x00000051\",\"cuid\":0,\"cgid\":0,\"ctime\":\"2026-11-21T05:13:50Z\",\"cpid\":null}",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  manifest.json\n",
    "msg-3.jsonl",
    "2\n1\n2\n10\n0\n",
];
