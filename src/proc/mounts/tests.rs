use proptest::prelude::*;

use super::{FileSystems, Mount, Nature, layers, parse};

/// A host with containers, file systems of servers, and overlays of several makers.
const HOST: &str = "\
21 27 0:20 / /proc rw,nosuid shared:12 - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
30 27 0:30 / /home rw shared:2 - btrfs /dev/vdb rw,subvolid=256,subvol=/@home
31 27 0:31 / /srv/share rw - nfs4 server:/share rw,vers=4.2
32 27 0:32 / /home/u/sshfs rw,nosuid,nodev - fuse.sshfs u@host: rw,user_id=1000
33 27 8:17 / /media/stick rw - fuseblk /dev/sdb1 rw,user_id=0
34 27 0:34 / /run rw - tmpfs tmpfs rw,mode=755
35 27 0:35 / /mnt/with\\040space rw master:3 propagate_from:2 - cifs //server/x rw
40 27 0:40 / /var/lib/docker/overlay2/a/merged rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B,upperdir=/var/lib/docker/overlay2/a/diff,workdir=/var/lib/docker/overlay2/a/work
41 27 0:41 / /run/c/rootfs rw - overlay overlay rw,lowerdir=112/fs:111/fs,upperdir=/var/lib/containerd/snapshots/113/fs,workdir=/var/lib/containerd/snapshots/113/work
42 27 0:42 / /var/lib/lazy/snapshots/7/fs ro - fuse.rawBridge stargz rw
43 27 0:43 / /run/d/rootfs rw - overlay overlay rw,lowerdir=7/fs:6/fs,upperdir=/var/lib/lazy/snapshots/8/fs,workdir=/var/lib/lazy/snapshots/8/work
44 27 0:44 / /run/e/rootfs ro - overlay overlay ro,lowerdir=/srv/share/a:/opt
45 27 0:45 / /run/f/rootfs ro - overlay overlay ro,lowerdir=a:b
46 27 0:46 / /usr ro - overlay sysext ro,lowerdir=/run/systemd/sysext/meta/usr:/usr
47 27 0:47 / /run/g ro - overlay overlay ro,lowerdir=/usr/share,upperdir=/run/x\\054y
48 27 0:48 / /run/h ro - overlay overlay ro,lowerdir+=/opt,datadir+=/home/u/sshfs/data
49 27 0:49 / /a ro - autofs systemd-1 rw
50 27 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro
";

fn host() -> FileSystems {
    FileSystems::new(parse(HOST.as_bytes()).collect(), Vec::new(), vec![1])
}

fn device(text: &str) -> u64 {
    let (major, minor) = text.split_once(':').unwrap();
    libc::makedev(major.parse().unwrap(), minor.parse().unwrap())
}

#[test]
fn lines_are_taken_apart() {
    let mounts: Vec<Mount> = parse(HOST.as_bytes()).collect();
    assert_eq!(mounts.len(), HOST.lines().count());
    let cifs = mounts.iter().find(|mount| mount.id == 35).unwrap();
    assert_eq!(
        (cifs.device, cifs.root.as_slice(), cifs.point.as_slice(), cifs.kind.as_slice()),
        (35, b"/".as_slice(), b"/mnt/with space".as_slice(), b"cifs".as_slice())
    );
    // A source may be empty.
    let odd: Vec<Mount> =
        parse(b"1 2 0:9 / /x rw -  tmpfs  rw,size=1\n1 2 0:9 / /x rw - tmpfs  rw\nx\n1 2 0:9 / /x rw").collect();
    assert_eq!(odd.len(), 1);
    assert_eq!((odd[0].kind.as_slice(), odd[0].options.as_slice()), (b"tmpfs".as_slice(), b"rw".as_slice()));
    // What is mounted here.
    let own = std::fs::read("/proc/self/mountinfo").unwrap();
    assert_eq!(parse(&own).count(), own.iter().filter(|&&byte| byte == b'\n').count());
}

#[test]
fn only_what_answers_by_itself_is_local() {
    let mut host = host();
    let local = ["254:0", "0:30", "0:34", "7:0", "0:1", "0:40", "0:41", "0:46", "0:47"];
    let slow = ["0:31", "0:32", "8:17", "0:35", "0:42", "0:43", "0:44", "0:45", "0:48", "0:49", "0:20"];
    for name in local {
        assert_eq!(host.known(device(name)), Some(Nature::Local), "{name}");
    }
    for name in slow {
        assert!(matches!(host.known(device(name)), Some(Nature::Slow(_))), "{name}");
        assert!(!host.is_plain(device(name)), "{name}");
    }
    assert_eq!(
        host.known(device("0:32")),
        Some(Nature::Slow("is on fuse.sshfs, which could hang its reader".to_owned()))
    );
    assert!(host.is_plain(device("254:0")) && host.is_plain(1) && !host.is_plain(device("0:30")));
    assert_eq!(host.known(device("0:99")), None);
}

#[test]
fn mounts_of_others_are_taken_for_less() {
    let others: Vec<Mount> = parse(
        b"60 1 0:60 / / rw - overlay overlay rw,lowerdir=/opt,upperdir=/home/u/x\n\
          61 1 0:61 / /a rw - tmpfs x rw\n62 1 0:62 / /b rw - fuse x rw\n63 1 0:32 / /c rw - ext4 x rw\n",
    )
    .collect();
    let mut host = host();
    let slow = |nature| matches!(nature, Nature::Slow(_));
    // Its layers may have had other names when it was mounted.
    assert!(slow(host.nature(60, &others)));
    assert_eq!(host.nature(61, &others), Nature::Local);
    assert!(slow(host.nature(62, &others)));
    // What is seen here goes first.
    assert!(slow(host.nature(32, &others)));
    // A disk that is not mounted any more, and anything else that is not.
    assert_eq!(host.nature(device("8:99"), &others), Nature::Local);
    assert!(slow(host.nature(99, &others)));
    assert_eq!(host.mount(61, &others).map(|mount| mount.device), Some(61));
    assert_eq!(host.mount(64, &others), None);
}

#[test]
fn what_this_program_is_on_is_no_worse_than_this_program() {
    // A container: nothing tells of what its root consists.
    let text = b"1 0 0:70 / / rw - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/u,workdir=/w\n2 1 0:71 / /v rw - virtiofs v rw\n";
    let mounts: Vec<Mount> = parse(text).collect();
    let mut inside = FileSystems::new(mounts.clone(), vec![70], Vec::new());
    assert_eq!(inside.known(70), Some(Nature::Local));
    assert!(matches!(inside.known(71), Some(Nature::Slow(_))));
    let mut outside = FileSystems::new(mounts, Vec::new(), Vec::new());
    assert!(matches!(outside.known(70), Some(Nature::Slow(_))));
    assert_eq!(
        FileSystems::here().known(std::os::unix::fs::MetadataExt::dev(&std::fs::metadata("/").unwrap())),
        Some(Nature::Local)
    );
}

#[test]
fn layers_are_taken_apart() {
    let of = |options: &str| {
        let layers = layers(options.as_bytes())?;
        Some(layers.iter().map(|layer| String::from_utf8_lossy(layer).into_owned()).collect::<Vec<_>>())
    };
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    assert_eq!(of("rw,lowerdir=/a:/b\\134:c::/d,upperdir=/u\\040v"), texts(&["/a", "/b:c", "/d", "/u v"]));
    assert_eq!(of("lowerdir=x,upperdir=/u/v"), texts(&["/u/v", "/x", "/u/x"]));
    assert_eq!(of("rw,lowerdir=x:y"), None);
    assert_eq!(of(""), None);
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&text).count();
        let _ = layers(&text);
    }

    #[test]
    fn no_mount_is_too_strange(line in "(1 2 0:[0-9]{1,2} / /[a-z\\\\0-7]{0,4} rw (x:1 )?- (overlay|fuse|ext4|) [a-z]{0,2} ((lowerdir|upperdir)=[/a-c:\\\\0-7,]{0,9},?){0,3}\n){0,4}") {
        let mounts: Vec<Mount> = parse(line.as_bytes()).collect();
        let mut systems = FileSystems::new(mounts.clone(), Vec::new(), Vec::new());
        for device in 0..100 {
            let _ = (systems.nature(device, &mounts), systems.is_plain(device));
        }
    }
}
