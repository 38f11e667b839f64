//! Objects that benches make.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::figure;
use super::run::Folder;
use ipcadm_testbed::{Kind, Namespace, fresh, make, may_set_limits};

/// Makes a namespace in which there can be as many objects of each kind as the kernel can have; None where that is
/// not allowed.
pub(crate) fn roomy() -> Option<Namespace> {
    if !may_set_limits("as many objects as these benches need") {
        return None;
    }
    let namespace = fresh();
    namespace.sysctl("shmmni", 32_768);
    namespace.sysctl("sem", "32000 1024000000 500 32768");
    namespace.sysctl("msgmni", 32_768);
    Some(namespace)
}

/// Makes so many objects of a kind, all with keys and the bytes of segments written. Returns their ids.
pub(crate) fn create(kind: Kind, number: usize) -> Vec<i32> {
    let first: i32 = 0x1bc0_0001;
    let one = |key| match kind {
        Kind::Shm => segment(key),
        Kind::Sem => make::sem(key, 1, 0o600),
        Kind::Msg => make::msg(key, 0o600),
    };
    (first..).take(number).map(one).collect()
}

/// Makes a segment of a page that is written.
pub(crate) fn segment(key: i32) -> i32 {
    let id = make::shm(key, 4096, 0o600);
    make::attach(id).write(0, &[0x5a; 4096]);
    id
}

/// Makes used objects of a dead process, so many of each of these kinds, with keys from `key` on if that is not 0.
pub(crate) fn leak(kinds: &[Kind], number: usize, key: i32) {
    make::by_dead_process(|| {
        for place in 0..i32::try_from(number).unwrap_or(0) {
            let key = if key == 0 { 0 } else { key + place };
            for kind in kinds {
                match kind {
                    Kind::Shm => drop(make::attach(make::shm(key, 4096, 0o600))),
                    Kind::Sem => make::setall(make::sem(key, 1, 0o600), &[1]),
                    Kind::Msg => {
                        let queue = make::msg(key, 0o600);
                        make::send(queue, 1, b"x");
                        make::recv(queue, 1);
                    }
                }
            }
        }
        0
    });
}

/// Lets what was made become so old that one look at each object is enough.
pub(crate) fn age() {
    thread::sleep(Duration::from_secs(3));
}

/// Removes all objects.
pub(crate) fn clear(namespace: &Namespace) {
    for kind in Kind::ALL {
        namespace.ids(kind).into_iter().for_each(|id| make::remove(kind, id));
    }
}

/// A file of so many bytes that are no zeros, in a folder in memory; None, and a word, where there is no room.
pub(crate) fn noise(size: usize) -> Option<(Folder, String)> {
    let memory = Folder::within(Path::new("/dev/shm"));
    let bytes = memory.file("bytes");
    let noise = File::open("/dev/urandom").map(|noise| noise.take(size as u64));
    let made = noise.and_then(|mut noise| io::copy(&mut noise, &mut File::create(&bytes)?));
    // A segment, an archive and what is restored from it are as large.
    let free = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let free =
        free.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB")?.parse().ok());
    if made.is_err() || free.is_some_and(|free: usize| free * 1024 < 5 * size) {
        figure::say(&format!("skipped: there is no room for six times {size} bytes in memory"));
        return None;
    }
    let path = bytes.to_string_lossy().into_owned();
    Some((memory, path))
}
