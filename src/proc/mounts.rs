//! `/proc/PID/mountinfo`, and which file systems answer whoever reads from them at once.
//!
//! A file system that a server somewhere else, or any process, stands behind can make its readers wait for ever.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use crate::sys::memory;
use crate::sys::unopened::Unopened;

/// The file systems behind which stands nothing but the kernel and a device.
const LOCAL: &str = "ext4 ext3 ext2 xfs btrfs tmpfs ramfs rootfs devtmpfs hugetlbfs squashfs erofs f2fs zfs bcachefs \
                     iso9660 udf vfat msdos exfat ntfs3 jfs reiserfs nilfs2 ubifs jffs2 cramfs romfs minix hfsplus hfs";
/// Those in which one inode number of one device can be that of several files.
const SEVERAL: [&[u8]; 3] = [b"btrfs", b"bcachefs", b"overlay"];
/// Overlays upon overlays that are looked through.
const DEPTH: usize = 4;

/// A line of `mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub id: u64,
    /// The device of the whole file system, as maps shows it too.
    pub device: u64,
    /// Which folder of the file system it shows.
    pub root: Vec<u8>,
    /// Where it is.
    pub point: Vec<u8>,
    pub kind: Vec<u8>,
    /// The options of the file system, as they are written there.
    pub options: Vec<u8>,
}

impl Mount {
    fn is_local(&self) -> bool {
        LOCAL.split(' ').any(|kind| kind.as_bytes() == self.kind)
    }
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
    let root = unescape(words.next()?).into_owned();
    let point = unescape(words.next()?).into_owned();
    // Behind the mount's own options.
    let mut words = words.skip(1).skip_while(|word| *word != b"-").skip(1);
    let kind = words.next().filter(|kind| !kind.is_empty())?.to_vec();
    let options = words.nth(1)?.to_vec();
    Some(Mount { id, device, root, point, kind, options })
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

/// Whether a file system may keep its readers waiting.
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
    /// The first of those mounts for each device.
    by_device: HashMap<u64, usize>,
    /// The devices of this program and of its root: no read from them can wait longer than this program itself.
    own: Vec<u64>,
    /// The kernel's devices for files in memory, which are mounted nowhere.
    memory: Vec<u64>,
    /// The answers given so far.
    judged: HashMap<u64, Nature>,
}

impl FileSystems {
    /// Looks at what is mounted for this process.
    pub fn here() -> Self {
        let mounts: Vec<Mount> =
            fs::read("/proc/self/mountinfo").map(|text| parse(&text).collect()).unwrap_or_default();
        let own = ["/proc/self/exe", "/"].into_iter().filter_map(|path| {
            let id = Unopened::at(Path::new(path)).ok()?.about().ok()?.mount?;
            mounts.iter().find(|mount| mount.id == id).map(|mount| mount.device)
        });
        let own = own.collect();
        Self::new(mounts, own, memory::all_segment_devices())
    }

    fn new(mounts: Vec<Mount>, own: Vec<u64>, memory: Vec<u64>) -> Self {
        let mut by_device = HashMap::new();
        for (at, mount) in mounts.iter().enumerate() {
            by_device.entry(mount.device).or_insert(at);
        }
        Self { mounts, by_device, own, memory, judged: HashMap::new() }
    }

    fn of_device(&self, device: u64) -> Option<&Mount> {
        self.by_device.get(&device).and_then(|&at| self.mounts.get(at))
    }

    /// Whether a device is the kernel's own for files in memory: memfds, System V segments, shared anonymous memory.
    pub fn is_memory(&self, device: u64) -> bool {
        self.memory.contains(&device)
    }

    /// Whether a device's file system is known here, answers by itself, and has a number of its own for every file.
    pub fn is_plain(&self, device: u64) -> bool {
        let is_plain = |mount: &Mount| mount.is_local() && !SEVERAL.contains(&&*mount.kind);
        self.is_memory(device) || self.of_device(device).is_some_and(is_plain)
    }

    /// The mount with this number, here or among `others`.
    pub fn mount<'a>(&'a self, id: u64, others: &'a [Mount]) -> Option<&'a Mount> {
        self.mounts.iter().chain(others).find(|mount| mount.id == id)
    }

    /// What a device's file system is, as far as that shows here; None when it is mounted elsewhere only.
    pub fn known(&mut self, device: u64) -> Option<Nature> {
        if let Some(nature) = self.judged.get(&device) {
            return Some(nature.clone());
        }
        let is_own = self.own.contains(&device) || self.is_memory(device);
        let nature = if is_own { Nature::Local } else { self.of_mount(self.of_device(device)?, DEPTH) };
        self.judged.insert(device, nature.clone());
        Some(nature)
    }

    /// What a device's file system is, by what is mounted here or, of the process that maps a file of it, `others`.
    pub fn nature(&mut self, device: u64, others: &[Mount]) -> Nature {
        if let Some(nature) = self.known(device) {
            return nature;
        }
        match others.iter().find(|mount| mount.device == device) {
            // Whoever mounted it may be anybody, and have put other file systems under its layers' names since.
            Some(mount) if mount.kind == b"overlay" => slow(b"an overlay that is mounted elsewhere"),
            Some(mount) => self.of_mount(mount, 0),
            // A disk; all others get numbers from the kernel as they are mounted.
            None if libc::major(device) != 0 => Nature::Local,
            None => slow(b"a file system that is not to be seen"),
        }
    }

    fn of_mount(&self, mount: &Mount, depth: usize) -> Nature {
        if self.own.contains(&mount.device) || mount.is_local() {
            return Nature::Local;
        }
        if mount.kind != b"overlay" {
            return slow(&mount.kind);
        }
        let is_local = |layer: &Vec<u8>| {
            // An overlay may lie over one of its layers.
            let around = self.mounts.iter().filter(|other| other.device != mount.device && holds(&other.point, layer));
            // The last of those that are at one place covers the others.
            let around = around.max_by_key(|other| other.point.len());
            around.is_some_and(|around| depth > 0 && self.of_mount(around, depth - 1) == Nature::Local)
        };
        match layers(&mount.options) {
            Some(layers) if layers.iter().all(is_local) => Nature::Local,
            _ => slow(b"an overlay"),
        }
    }
}

/// The answer for a file system of this kind, which may keep its readers waiting.
pub fn slow(kind: &[u8]) -> Nature {
    Nature::Slow(format!("is on {}, which could hang its reader", String::from_utf8_lossy(kind)))
}

impl Default for FileSystems {
    fn default() -> Self {
        Self::here()
    }
}

/// Whether a path is at or below a mount point.
fn holds(point: &[u8], path: &[u8]) -> bool {
    let rest = path.strip_prefix(point);
    point == b"/" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// The folders that an overlay shows, with all those that one could be which is not written in full; None when none
/// is.
fn layers(options: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut layers = Vec::new();
    for option in options.split(|&byte| byte == b',') {
        let Some(equals) = option.iter().position(|&byte| byte == b'=') else { continue };
        let value = unescape(&option[equals + 1..]);
        match &option[..equals] {
            b"upperdir" => layers.push(value.into_owned()),
            b"lowerdir" | b"lowerdir+" | b"datadir+" => layers.extend(split_layers(&value)),
            _ => {}
        }
    }
    let (mut full, relative): (Vec<_>, Vec<_>) = layers.into_iter().partition(|layer| layer.starts_with(b"/"));
    // They are found from a folder that is not told; whoever stacks layers keeps them near each other.
    let bases: BTreeSet<&[u8]> = full.iter().flat_map(|path| folders(path)).collect();
    let found: Vec<_> =
        bases.iter().flat_map(|base| relative.iter().map(move |layer| [base, layer.as_slice()].concat())).collect();
    if full.is_empty() {
        return None;
    }
    full.extend(found);
    Some(full)
}

/// All folders above a path, each with its last slash.
fn folders(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..=at])
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

#[cfg(test)]
mod tests;
