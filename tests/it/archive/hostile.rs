//! Archives that are damaged, cut short, or made to do harm: nothing comes of them.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;

use ipcadm::archive::manifest::{self, Entry, Head};
use ipcadm::archive::read::{Archive, Bad, Item};
use ipcadm::archive::sums::{self, Digest};
use ipcadm::archive::tar::{BLOCK, Member, Name, padding};
use ipcadm::kind::model::{Kind as ObjectKind, ObjectId};
use ipcadm::sys::memory::{empty_file, file_of};
use ipcadm_testbed::{Folder, Kind, fresh, ipcadm, make};
use proptest::prelude::*;

/// An archive of all kinds, one segment with holes and one without.
fn archive() -> Vec<u8> {
    let shm = make::shm(0x51, 20_000, 0o640);
    make::attach(shm).write(9000, b"in the middle");
    let full = make::shm(0, 700, 0o600);
    make::attach(full).write(0, &[7; 700]);
    let sem = make::sem(0x52, 3, 0o600);
    make::setall(sem, &[5, 0, 32767]);
    let msg = make::msg(0x53, 0o600);
    make::send(msg, 9, b"one\n");
    make::send(msg, 2, b"\xff\0");
    ipcadm(["save", "-O", "-"]).run().ok().stdout
}

fn read(bytes: &[u8]) -> Result<Archive, Bad> {
    Archive::read(file_of(bytes).expect("a file"))
}

/// What would be made of it.
fn items(bytes: &[u8]) -> Result<Vec<Item>, String> {
    read(bytes).map(|archive| archive.items).map_err(|bad| bad.to_string())
}

#[test]
fn every_other_byte_is_refused() {
    let _ns = fresh();
    let bytes = archive();
    assert!(bytes.len() < 40_000 && read(&bytes).is_ok());
    let file = file_of(&bytes).expect("a file");
    for at in 0..bytes.len() {
        for other in [bytes[at] ^ 1, bytes[at].wrapping_add(1), b'0', 0] {
            if other == bytes[at] {
                continue;
            }
            file.write_all_at(&[other], at as u64).expect("a byte");
            match Archive::read(reopened(&file)) {
                Err(Bad::Damaged(_)) => {}
                Err(Bad::Read(error)) => panic!("byte {at}: {error}"),
                Ok(_) => panic!("byte {at} can be {other:#x}"),
            }
        }
        file.write_all_at(&bytes[at..=at], at as u64).expect("a byte");
    }
    assert!(Archive::read(reopened(&file)).is_ok());
}

/// The same file, from its beginning.
fn reopened(file: &File) -> File {
    use std::io::Seek as _;
    let mut again = file.try_clone().expect("a descriptor");
    again.rewind().expect("the beginning");
    again
}

#[test]
fn every_other_length_is_refused() {
    let _ns = fresh();
    let bytes = archive();
    for len in 0..bytes.len() {
        assert!(matches!(read(&bytes[..len]), Err(Bad::Damaged(_))), "{len} bytes");
    }
    for more in [&b"\0"[..], b"x", &[0; 512], &[0; 10240]] {
        assert!(read(&[&bytes, more].concat()).is_err());
    }
    assert!(read(&[&bytes[..], &bytes].concat()).is_err());
}

#[test]
fn the_program_refuses_them_and_makes_nothing() {
    let ns = fresh();
    let bytes = archive();
    for kind in Kind::ALL {
        ns.ids(kind).into_iter().for_each(|id| make::remove(kind, id));
    }
    let folder = Folder::new("program");
    let file = folder.join("f");
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x20;
        fs::write(&file, &damaged).expect("a file");
        let outcome = ipcadm(["restore".into(), file.clone()]).run().status(1).stdout_empty();
        outcome.stderr_has("nothing was done");
        ipcadm(["restore", "-"]).stdin(damaged).run().status(1).stdout_empty();
    }
    for text in [&b""[..], b"x", &[0; 1024], &[b'x'; 100_000]] {
        ipcadm(["restore", "-"]).stdin(text).run().status(1).stderr_has("it is no archive").stdout_empty();
    }
    assert!(Kind::ALL.into_iter().all(|kind| ns.ids(kind).is_empty()));
}

/// Puts an archive together with right checksums around whatever it says.
struct Forger {
    bytes: Vec<u8>,
    sums: Vec<(String, Digest)>,
    entries: Vec<Entry>,
}

const TIME: u64 = 1_000_000_000;

impl Forger {
    fn new() -> Self {
        Self { bytes: Vec::new(), sums: Vec::new(), entries: Vec::new() }
    }

    fn member(&mut self, name: Name, contents: &[u8], real_size: Option<u64>, digest: Option<Digest>) -> Digest {
        let member = Member { name, stored: contents.len() as u64, time: TIME, real_size, digest };
        self.bytes.extend(member.encode());
        self.bytes.extend(contents);
        self.bytes.resize(self.bytes.len() + padding(contents.len() as u64), 0);
        let digest = Digest::of(contents);
        self.sums.push((name.text(), digest));
        digest
    }

    fn entry(kind: &str, id: i32) -> Entry {
        Entry {
            reference: format!("{kind}:{id}"),
            kind: kind.to_owned(),
            id,
            key: "0x00000051".to_owned(),
            mode: "0600".to_owned(),
            uid: 0,
            owner: None,
            gid: 0,
            group: None,
            cuid: 0,
            creator: None,
            cgid: 0,
            creator_group: None,
            ctime: None,
            approximate: None,
            shm: None,
            sem: None,
            msg: None,
        }
    }

    fn set(mut self, values: Vec<u16>, pids: usize) -> Self {
        let set = manifest::Set { values, pids: vec![None; pids], otime: None };
        self.entries.push(Entry { sem: Some(set), ..Self::entry("sem", 1) });
        self
    }

    fn segment(mut self, size: u64, real_size: Option<u64>, contents: &[u8]) -> Self {
        let name = Name::Contents(ObjectId::system_v(ObjectKind::Shm, 1));
        let digest = self.member(name, contents, real_size, None);
        let segment = manifest::Segment {
            size,
            locked: false,
            doomed: false,
            nattch: 0,
            cpid: None,
            lpid: None,
            atime: None,
            dtime: None,
            member: name.text(),
            sha256: digest.to_string(),
        };
        self.entries.push(Entry { shm: Some(segment), ..Self::entry("shm", 1) });
        self
    }

    fn queue(mut self, qbytes: u64, qnum: u64, cbytes: u64, contents: &[u8]) -> Self {
        let name = Name::Contents(ObjectId::system_v(ObjectKind::Msg, 1));
        let digest = self.member(name, contents, None, None);
        let queue = manifest::Queue {
            qbytes,
            qnum,
            cbytes,
            lspid: None,
            lrpid: None,
            stime: None,
            rtime: None,
            member: name.text(),
            sha256: digest.to_string(),
        };
        self.entries.push(Entry { msg: Some(queue), ..Self::entry("msg", 1) });
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Entry)) -> Self {
        change(self.entries.last_mut().expect("an entry"));
        self
    }

    fn finish(mut self) -> Vec<u8> {
        let time = "2001-09-09T01:46:40Z".to_owned();
        let head = Head { archive: 1, version: "0".to_owned(), host: None, boot_id: None, namespace: None, time };
        let text = manifest::encode(&head, &self.entries).expect("JSON");
        self.member(Name::Manifest, text.as_bytes(), None, None);
        let list = sums::encode(self.sums.iter().map(|(name, digest)| (name.as_str(), *digest)));
        self.member(Name::Sums, list.as_bytes(), None, Some(Digest::of(list.as_bytes())));
        self.bytes.resize(self.bytes.len() + 2 * BLOCK, 0);
        self.bytes
    }
}

#[test]
fn what_is_forged_well_is_taken() {
    assert_eq!(items(&Forger::new().set(vec![1], 1).finish()).map(|items| items.len()), Ok(1));
    assert_eq!(items(&Forger::new().segment(3, None, b"abc").finish()).map(|items| items.len()), Ok(1));
    let map = b"1\n3\n0\n";
    let mut block = map.to_vec();
    block.resize(512, 0);
    assert_eq!(items(&Forger::new().segment(3, Some(3), &block).finish()).map(|items| items.len()), Ok(1));
    let line = b"{\"type\":1,\"text\":\"ab\"}\n";
    assert_eq!(items(&Forger::new().queue(9, 1, 2, line).finish()).map(|items| items.len()), Ok(1));
    assert_eq!(items(&Forger::new().finish()).map(|items| items.len()), Ok(0));
}

#[test]
fn what_cannot_be_is_refused() {
    let set = || Forger::new().set(vec![1], 1);
    let map = b"1\n3\n0\n";
    let refused = [
        Forger::new().set(vec![], 0),
        Forger::new().set(vec![32768], 1),
        Forger::new().set(vec![1, 2], 1),
        set().with(|entry| entry.id = -1),
        set().with(|entry| entry.kind = "shm".to_owned()),
        set().with(|entry| entry.kind = "../shm".to_owned()),
        set().with(|entry| entry.reference = "sem:2".to_owned()),
        set().with(|entry| entry.key = "0x51".to_owned()),
        set().with(|entry| entry.key = "-1".to_owned()),
        set().with(|entry| entry.mode = "01777".to_owned()),
        set().with(|entry| entry.mode = "600".to_owned()),
        set().with(|entry| entry.mode = "+600".to_owned()),
        set().with(|entry| entry.uid = u32::MAX),
        set().with(|entry| entry.cgid = u32::MAX),
        set().with(|entry| entry.ctime = Some("yesterday".to_owned())),
        set().with(|entry| entry.sem = None),
        set().set(vec![1], 1),
        Forger::new().segment(0, None, b""),
        Forger::new().segment(4, None, b"abc"),
        Forger::new().segment(2, None, b"abc"),
        Forger::new().segment(u64::MAX, None, b"abc"),
        Forger::new()
            .segment(3, None, b"abc")
            .with(|entry| entry.shm.as_mut().expect("one").member = "shm-2".to_owned()),
        Forger::new()
            .segment(3, None, b"abc")
            .with(|entry| entry.shm.as_mut().expect("one").sha256 = Digest::of(b"").to_string()),
        Forger::new().segment(3, None, b"abc").with(|entry| *entry = Forger::entry("shm", 1)),
        // Maps that lie.
        Forger::new().segment(3, Some(4), b"1\n3\n0\n"),
        Forger::new().segment(1 << 60, Some(1 << 60), b"1\n0\n100\n"),
        Forger::new().segment(10, Some(10), b"2\n0\n5\n3\n2\n"),
        Forger::new().segment(10, Some(10), b"1\n5\n10\n"),
        Forger::new().segment(10, Some(10), b"1000000000000\n"),
        Forger::new().segment(10, Some(10), b""),
        // Something behind the map.
        Forger::new().segment(3, Some(3), &[&map[..], &[0; 505], b"x"].concat()),
        // Messages.
        Forger::new().queue(9, 2, 2, b"{\"type\":1,\"text\":\"ab\"}\n"),
        Forger::new().queue(9, 1, 3, b"{\"type\":1,\"text\":\"ab\"}\n"),
        Forger::new().queue(9, 1, 2, b"{\"type\":0,\"text\":\"ab\"}\n"),
        Forger::new().queue(9, 1, 2, b"{\"text\":\"ab\"}\n"),
        Forger::new().queue(9, 1, 2, b"{\"type\":1,\"text\":\"ab\",\"base64\":\"\"}\n"),
        Forger::new().queue(9, 1, 2, b"ab\n"),
        Forger::new().queue(1 << 31, 1, 2, b"{\"type\":1,\"text\":\"ab\"}\n"),
        Forger::new().queue(u64::MAX, 0, 0, b""),
        // More than any message here can have is not even read.
        Forger::new().queue(
            3 << 20,
            1,
            2 << 20,
            &[b"{\"type\":1,\"text\":\"", &[b'x'; 2 << 20][..], b"\"}\n"].concat(),
        ),
    ];
    for (number, forger) in refused.into_iter().enumerate() {
        assert!(items(&forger.finish()).is_err(), "number {number}");
    }
}

#[test]
fn an_absurd_name_is_nobodys() {
    let _ns = fresh();
    let name = "A".repeat(9_000_000);
    let set = Forger::new().set(vec![1], 1);
    let set = set.with(|entry| {
        (entry.owner, entry.uid, entry.group) = (Some(name.clone()), 77_777, Some(name));
        (entry.creator, entry.creator_group) = (Some("root".to_owned()), Some("root".to_owned()));
    });
    // The account database never gets to see them; a part of it (nss-systemd) would end the program.
    let folder = Folder::new("name");
    let file = folder.join("a.tar");
    fs::write(&file, set.finish()).expect("a file");
    let outcome = ipcadm(["restore".into(), "--dry-run".into(), "--group".into(), "0".into(), file.clone()]).run();
    outcome.ok().stdout_has("would restore sem:1");
    let outcome = ipcadm(["restore".into(), "--dry-run".into(), file]).run().status(10).stdout_empty();
    assert!(outcome.stderr.len() < 1000, "names are shown as far as they are of use");
    let long = "a".repeat(100_000);
    ipcadm(["ls", "--owner", &long]).run().status(2).stderr_has("no such user");
    ipcadm(["ls", "--group", &long]).run().status(2).stderr_has("no such group");
}

#[test]
fn foreign_members_are_refused() {
    let good = Forger::new().set(vec![1], 1).finish();
    let folder = Folder::new("foreign");
    fs::write(folder.join("file"), "text").expect("a file");
    for name in ["../../etc/passwd", "/etc/passwd", "shm-1/../x", "shm-x", "sem-1", ".", "manifest.json/"] {
        // As another tar would write them: with its own headers.
        let transform = format!("--transform=s,^file$,{name},");
        let args = ["-P", "--format=ustar", "-cf", "-", &transform, "file"];
        let tar = ipcadm_testbed::tool("tar", args).dir(&folder).run().ok().stdout;
        assert!(items(&[&tar[..1024], &good].concat()).is_err(), "{name}");
    }
    // Its own member twice, in another place, or of another time.
    let (member, rest) = good.split_at(good.len() / 2 / 512 * 512);
    assert!(items(&[member, member, rest].concat()).is_err());
    let name = Name::Contents(ObjectId::system_v(ObjectKind::Shm, 1));
    for (stored, real_size, time) in [(0, None, TIME), (0, None, TIME + 1), (0, Some(1 << 62), TIME)] {
        let header = Member { name, stored, time, real_size, digest: None }.encode();
        assert!(items(&[&header[..], &good].concat()).is_err());
    }
    let endless = Member { name, stored: 1 << 60, time: TIME, real_size: None, digest: None }.encode();
    assert!(items(&[&endless[..], &good].concat()).is_err());
}

#[test]
fn absurd_counts_meet_the_limits_before_anything_is_made() {
    let ns = fresh();
    let many = Forger::new().set(vec![0; 3_000_000], 3_000_000).finish();
    let mut file = empty_file().expect("a file");
    file.write_all(&many).expect("room");
    let path = format!("/proc/{}/fd/{}", std::process::id(), std::os::fd::AsRawFd::as_raw_fd(&file));
    ipcadm(["restore", "--numeric-owner", &path]).run().status(1).stderr_has("SEMMSL");
    let mut map = b"1\n4611686018427387904\n0\n".to_vec();
    map.resize(512, 0);
    let huge = Forger::new().segment(1 << 62, Some(1 << 62), &map);
    let mut huge = huge;
    // Its holes are too large for the list.
    huge.sums.clear();
    ipcadm(["restore", "--numeric-owner", "-"]).stdin(huge.finish()).run().status(1).stderr_has("cannot restore shm:1");
    assert!(Kind::ALL.into_iter().all(|kind| ns.ids(kind).is_empty()));
}

#[test]
fn a_large_manifest_is_not_kept_in_memory() {
    let _ns = fresh();
    let mut forger = Forger::new();
    for id in 1..=200 {
        let id_text = format!("sem:{id}");
        forger = forger.set(vec![0; 32_000], 32_000).with(|entry| (entry.id, entry.reference) = (id, id_text));
        forger = forger.with(|entry| "0x00000000".clone_into(&mut entry.key));
    }
    let folder = Folder::new("large");
    let file = folder.join("a.tar");
    fs::write(&file, forger.finish()).expect("a file");
    // The manifest has 45 MB, and its objects as they were read take more than twice that.
    let script = format!(
        "ulimit -d 65536; exec {} restore --dry-run --numeric-owner -q {}",
        ipcadm_testbed::ipcadm_path().display(),
        file.display()
    );
    ipcadm_testbed::tool("sh", ["-c", &script]).run().ok();
}

#[test]
fn no_archive_has_more_objects_than_there_can_be() {
    let mut forger = Forger::new();
    for id in 0..=i32::try_from(ipcadm::archive::MAX_OBJECTS).expect("a number") {
        forger = forger.set(vec![0], 1).with(|entry| (entry.id, entry.reference) = (id, format!("sem:{id}")));
    }
    let one_less = {
        let mut entries = forger.entries.clone();
        entries.pop();
        Forger { bytes: Vec::new(), sums: Vec::new(), entries }
    };
    assert!(items(&forger.finish()).is_err_and(|reason| reason.contains("more objects")));
    assert_eq!(items(&one_less.finish()).map(|items| items.len()), Ok(ipcadm::archive::MAX_OBJECTS));
}

proptest! {
    #[test]
    fn no_stream_is_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn no_mixture_of_blocks_is_too_strange(
        order in proptest::collection::vec(0usize..100, 0..20),
        values in proptest::collection::vec(0u16..=32767, 1..5),
    ) {
        let pids = values.len();
        let good = Forger::new().segment(3, None, b"abc").set(values, pids).finish();
        let blocks: Vec<&[u8]> = good.chunks(BLOCK).collect();
        let mixed: Vec<u8> = order.iter().flat_map(|at| blocks[at % blocks.len()]).copied().collect();
        prop_assert!(mixed == good || read(&mixed).is_err());
    }
}
