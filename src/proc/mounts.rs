//! `/proc/PID/mountinfo`, and which file systems answer whoever reads from them at once.
//!
//! A file system that a server somewhere else, or any process, stands behind can make its readers wait for ever.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use crate::sys::memory;
use crate::sys::unopened::Unopened;

/// The file systems behind which stands nothing but the kernel and a device.
const LOCAL: [&[u8]; 31] = [
    b"ext4",
    b"ext3",
    b"ext2",
    b"xfs",
    b"btrfs",
    b"tmpfs",
    b"ramfs",
    b"rootfs",
    b"devtmpfs",
    b"hugetlbfs",
    b"squashfs",
    b"erofs",
    b"f2fs",
    b"zfs",
    b"bcachefs",
    b"iso9660",
    b"udf",
    b"vfat",
    b"msdos",
    b"exfat",
    b"ntfs3",
    b"jfs",
    b"reiserfs",
    b"nilfs2",
    b"ubifs",
    b"jffs2",
    b"cramfs",
    b"romfs",
    b"minix",
    b"hfsplus",
    b"hfs",
];
/// Those in which one inode number of one device can be that of several files.
const SEVERAL: [&[u8]; 3] = [b"btrfs", b"bcachefs", b"overlay"];
/// Overlays upon overlays that are looked through.
const DEPTH: usize = 4;

/// A line of `mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Its number.
    pub id: u64,
    /// The device of the whole file system, as maps shows it too.
    pub device: u64,
    /// Where it is.
    pub point: Vec<u8>,
    /// The type of the file system.
    pub kind: Vec<u8>,
    /// The options of the file system, as they are written there.
    pub options: Vec<u8>,
}

/// All lines that can be understood.
pub fn parse(text: &[u8]) -> impl Iterator<Item = Mount> {
    text.split(|&byte| byte == b'\n').filter_map(mount)
}

/// `id parent major:minor root point options [tag…] - type source options`
fn mount(line: &[u8]) -> Option<Mount> {
    let mut words = line.split(|&byte| byte == b' ');
    let id = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    let device = std::str::from_utf8(words.nth(1)?).ok()?;
    let (major, minor) = device.split_once(':')?;
    let device = libc::makedev(major.parse().ok()?, minor.parse().ok()?);
    let point = unescape(words.nth(1)?).into_owned();
    // Behind the mount's own options.
    let mut words = words.skip(1).skip_while(|word| *word != b"-").skip(1);
    let kind = words.next().filter(|kind| !kind.is_empty())?.to_vec();
    let options = words.nth(1)?.to_vec();
    Some(Mount { id, device, point, kind, options })
}

/// Replaces `\ooo`.
fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind.get(..3).filter(|digits| byte == b'\\' && digits.iter().all(|d| (b'0'..b'8').contains(d)));
        let value = digits.map(|digits| digits.iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0')));
        match value.and_then(|value| u8::try_from(value).ok()) {
            Some(value) => {
                plain.push(value);
                rest = &behind[3..];
            }
            None => {
                plain.push(byte);
                rest = behind;
            }
        }
    }
    Cow::Owned(plain)
}

/// What a file system is to whoever reads from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nature {
    /// It answers by itself.
    Local,
    /// It may let its readers wait; why, to follow on a file's name.
    Slow(String),
}

/// The file systems that this process sees mounted.
#[derive(Debug)]
pub struct FileSystems {
    mounts: Vec<Mount>,
    /// The one that this program is on: nothing read from it can wait longer than this program itself.
    own: Option<u64>,
    /// Those of the kernel for files in memory, which are mounted nowhere.
    memory: Vec<u64>,
}

impl FileSystems {
    /// Looks at what is mounted for this process.
    #[must_use]
    pub fn new() -> Self {
        let mounts: Vec<Mount> =
            fs::read("/proc/self/mountinfo").map(|text| parse(&text).collect()).unwrap_or_default();
        let program = Unopened::at(Path::new("/proc/self/exe")).and_then(|file| Ok(file.about()?)).ok();
        let own = program.and_then(|about| {
            let mount = mounts.iter().find(|mount| Some(mount.id) == about.mount);
            mount.map(|mount| mount.device)
        });
        Self { mounts, own, memory: memory::all_segment_devices() }
    }

    /// Whether a device is the kernel's own for files in memory: memfds, System V segments, shared anonymous memory.
    #[must_use]
    pub fn is_memory(&self, device: u64) -> bool {
        self.memory.contains(&device)
    }

    /// Whether a device's file system is known here, answers by itself, and has a number of its own for every file.
    #[must_use]
    pub fn is_plain(&self, device: u64) -> bool {
        let known = self.mounts.iter().find(|mount| mount.device == device);
        self.is_memory(device)
            || known.is_some_and(|mount| LOCAL.contains(&&*mount.kind) && !SEVERAL.contains(&&*mount.kind))
    }

    /// The mount with this number, here or among `others`.
    #[must_use]
    pub fn mount<'a>(&'a self, id: u64, others: &'a [Mount]) -> Option<&'a Mount> {
        self.mounts.iter().chain(others).find(|mount| mount.id == id)
    }

    /// What a device's file system is, as far as that shows here; None when it is mounted elsewhere only.
    #[must_use]
    pub fn known(&self, device: u64) -> Option<Nature> {
        if self.own == Some(device) || self.is_memory(device) {
            return Some(Nature::Local);
        }
        self.mounts.iter().find(|mount| mount.device == device).map(|mount| self.of_mount(mount, DEPTH))
    }

    /// What a device's file system is, by what is mounted here or, of the process that maps a file of it, `others`.
    #[must_use]
    pub fn nature(&self, device: u64, others: &[Mount]) -> Nature {
        if let Some(nature) = self.known(device) {
            return nature;
        }
        match others.iter().find(|mount| mount.device == device) {
            // Its layers may be anything by now, and whoever mounted it may be anybody.
            Some(mount) if mount.kind == b"overlay" => {
                Nature::Slow("is on an overlay that is mounted elsewhere".to_owned())
            }
            Some(mount) => self.of_mount(mount, 0),
            // A disk; others are numbered by the kernel as they come.
            None if libc::major(device) != 0 => Nature::Local,
            None => Nature::Slow("is on a file system that is not to be seen, which could hang its reader".to_owned()),
        }
    }

    fn of_mount(&self, mount: &Mount, depth: usize) -> Nature {
        let slow =
            |kind: &[u8]| Nature::Slow(format!("is on {}, which could hang its reader", String::from_utf8_lossy(kind)));
        if self.own == Some(mount.device) || LOCAL.contains(&&*mount.kind) {
            return Nature::Local;
        }
        if mount.kind != b"overlay" {
            return slow(&mount.kind);
        }
        let Some(layers) = layers(&mount.options).filter(|_| depth > 0) else { return slow(&mount.kind) };
        for layer in layers {
            // An overlay may lie over one of its layers.
            let below = self.mounts.iter().filter(|other| other.device != mount.device && holds(&other.point, &layer));
            match below.max_by_key(|other| other.point.len()).map(|below| self.of_mount(below, depth - 1)) {
                Some(Nature::Local) => {}
                Some(Nature::Slow(_)) | None => return slow(b"an overlay"),
            }
        }
        Nature::Local
    }
}

impl Default for FileSystems {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a path is at or below a mount point.
fn holds(point: &[u8], path: &[u8]) -> bool {
    let rest = path.strip_prefix(point);
    point == b"/" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// The folders that an overlay shows; None when that cannot be told.
fn layers(options: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut absolute = Vec::new();
    let mut relative = Vec::new();
    for option in options.split(|&byte| byte == b',') {
        let Some(equals) = option.iter().position(|&byte| byte == b'=') else { continue };
        let (name, value) = (&option[..equals], unescape(&option[equals + 1..]));
        let folders: Vec<Vec<u8>> = match name {
            b"upperdir" => vec![value.into_owned()],
            b"lowerdir" | b"lowerdir+" | b"datadir+" => split_layers(&value),
            _ => continue,
        };
        for folder in folders {
            if folder.starts_with(b"/") { absolute.push(folder) } else { relative.push(folder) }
        }
    }
    if absolute.is_empty() {
        return None;
    }
    // Those that are not written in full are found from a folder above others, which is not told.
    let mut bases: Vec<Vec<u8>> = Vec::new();
    if !relative.is_empty() {
        for path in &absolute {
            bases.extend((0..path.len()).filter(|&at| path[at] == b'/').map(|at| path[..=at].to_vec()));
        }
        bases.sort_unstable();
        bases.dedup();
    }
    let full = relative.iter().flat_map(|folder| bases.iter().map(move |base| [base.as_slice(), folder].concat()));
    let full: Vec<Vec<u8>> = full.collect();
    absolute.extend(full);
    Some(absolute)
}

/// Splits at colons, of which one with a backslash before it is part of a name.
fn split_layers(value: &[u8]) -> Vec<Vec<u8>> {
    let mut layers = vec![Vec::new()];
    let mut bytes = value.iter();
    while let Some(&byte) = bytes.next() {
        let byte = match byte {
            b':' => {
                layers.push(Vec::new());
                continue;
            }
            b'\\' => bytes.next().copied().unwrap_or(byte),
            byte => byte,
        };
        if let Some(layer) = layers.last_mut() {
            layer.push(byte);
        }
    }
    layers.retain(|layer| !layer.is_empty());
    layers
}
