//! `/proc/PID/maps`, as far as shared memory segments and code are concerned.
//!
//! The name of a mapping proves nothing: any file can be called `/SYSV…`. A mapping is a segment's only if its
//! device is the kernel's own; its inode then is the segment's id.

use crate::sys::process::mapping::Mapping;

/// A mapping that shows a System V name; whether it is one, its device tells. Its inode is the segment's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentMapping {
    pub mapping: Mapping,
    /// The key in the name, which a removed segment's mapping still shows.
    pub key: u32,
}

/// A mapping of a file from which code may be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code<'a> {
    pub mapping: Mapping,
    /// The path, or what the kernel calls a file that has none; line ends are escaped.
    pub name: &'a [u8],
}

/// The mappings in `text` whose name is `/SYSV` and eight hex digits, as the kernel names segments.
pub fn segments(text: &[u8]) -> impl Iterator<Item = SegmentMapping> {
    text.split(|&byte| byte == b'\n').filter_map(|line| {
        let name = line.iter().position(|&byte| byte == b'/').map(|at| &line[at..])?;
        Some(SegmentMapping { key: segment_key(name)?, mapping: mapping(line)?.0 })
    })
}

/// The mappings in `text` from which code may be executed, and which are of a file.
pub fn code(text: &[u8]) -> impl Iterator<Item = Code<'_>> {
    text.split(|&byte| byte == b'\n').filter_map(|line| {
        // Most are for something else.
        let permissions = line.iter().position(|&byte| byte == b' ')? + 1;
        if line.get(permissions + 2) != Some(&b'x') {
            return None;
        }
        let (mapping, name) = mapping(line)?;
        (mapping.device != 0 || mapping.inode != 0).then_some(Code { mapping, name })
    })
}

/// `start-end perms offset major:minor inode  name`, and the name, if there is one.
fn mapping(line: &[u8]) -> Option<(Mapping, &[u8])> {
    let mut words = line.splitn(6, |&byte| byte == b' ');
    let range = words.next()?;
    let dash = range.iter().position(|&byte| byte == b'-')?;
    let (start, end) = (hex(&range[..dash])?, hex(&range[dash + 1..])?);
    let writable = words.next()?.get(1) == Some(&b'w');
    let offset = hex(words.next()?)?;
    let device = device(words.next()?)?;
    let inode = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    let name = words.next().unwrap_or_default().trim_ascii_start();
    Some((Mapping { start, end, writable, offset, device, inode }, name))
}

/// The key in the name of a mapping, if that is as the kernel names segments: `/SYSVkkkkkkkk (deleted)`.
pub fn segment_key(name: &[u8]) -> Option<u32> {
    let key = name.strip_prefix(b"/SYSV")?.strip_suffix(b" (deleted)")?;
    if key.len() == 8 { u32::try_from(hex(key)?).ok() } else { None }
}

fn device(word: &[u8]) -> Option<u64> {
    let colon = word.iter().position(|&byte| byte == b':')?;
    let number = |digits: &[u8]| u32::try_from(hex(digits)?).ok();
    Some(libc::makedev(number(&word[..colon])?, number(&word[colon + 1..])?))
}

fn hex(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    // from_str_radix would take a sign.
    if text.starts_with('+') { None } else { u64::from_str_radix(text, 16).ok() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Code, SegmentMapping, code, segments};
    use crate::sys::process::mapping::Mapping;

    #[test]
    fn only_segments_are_taken() {
        let text = b"55d0-55d1 r--p 00000000 fe:00 123   /usr/bin/cat\n\
            7f00aa000000-7f00aa001000 rw-s 00000000 00:01 32769                      /SYSVdeadbeef (deleted)\n\
            7f00ab000000-7f00ab001000 r--s 00000000 00:01 3                          /SYSV00000000 (deleted)\n\
            7f00ac000000-7f00ac001000 rw-s 00000000 00:01 3                          /SYSV (deleted)\n\
            7f00ad000000-7f00ad001000 rw-s 00000000 fe:00 3                          /tmp/SYSV00000000 (deleted)\n\
            7ffc-7ffd rw-p 00000000 00:00 0 [stack]\n";
        let found: Vec<SegmentMapping> = segments(text).collect();
        assert_eq!(found.len(), 2);
        let (start, end) = (0x7f00_aa00_0000, 0x7f00_aa00_1000);
        let mapping = Mapping { start, end, writable: true, offset: 0, device: 1, inode: 32769 };
        assert_eq!(found[0], SegmentMapping { mapping, key: 0xdead_beef });
        assert_eq!((found[1].mapping.inode, found[1].key, found[1].mapping.writable), (3, 0, false));
    }

    #[test]
    fn only_code_of_files_is_taken() {
        let text = b"55d0-55d1 r--p 00000000 fe:00 123                           /usr/bin/cat\n\
            55d1000-55d2000 r-xp 00001000 fe:00 123                           /usr/bin/cat\n\
            7f00aa000000-7f00aa001000 r-xp 00000000 00:2f 99                         /a b/x  y (deleted)\n\
            7f00ab000000-7f00ab001000 rwxp 00000000 00:00 0 \n\
            7f00ac000000-7f00ac001000 rwxs 00000000 00:01 7                          /memfd:a\\012b (deleted)\n\
            ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";
        let found: Vec<Code> = code(text).collect();
        let (start, end) = (0x55d_1000, 0x55d_2000);
        let mapping = Mapping { start, end, writable: false, offset: 0x1000, device: 0xfe00, inode: 123 };
        assert_eq!(found[0], Code { mapping, name: b"/usr/bin/cat" });
        let names: Vec<&[u8]> = found.iter().map(|code| code.name).collect();
        assert_eq!(names, [b"/usr/bin/cat".as_slice(), b"/a b/x  y (deleted)", b"/memfd:a\\012b (deleted)"]);
        // What is mapped here.
        let own = std::fs::read("/proc/self/maps").unwrap();
        let exe = std::fs::read_link("/proc/self/exe").unwrap();
        assert!(code(&own).any(|code| code.name == std::os::unix::ffi::OsStrExt::as_bytes(exe.as_os_str())));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (segments(&text).count(), code(&text).count());
        }

        #[test]
        fn every_name_comes_back(name in "/[ -~]{0,40}", inode in 1_u64.., device in any::<(u8, u8)>()) {
            let (major, minor) = device;
            let line = format!("1000-2000 r-xp 00000000 {major:02x}:{minor:02x} {inode}   {name}\n");
            let device = libc::makedev(major.into(), minor.into());
            let mapping = Mapping { start: 0x1000, end: 0x2000, writable: false, offset: 0, device, inode };
            let expected = Code { mapping, name: name.as_bytes() };
            prop_assert_eq!(code(line.as_bytes()).collect::<Vec<_>>(), [expected]);
        }

        #[test]
        fn hostile_names_are_survived(name in "/SYSV[ -~]{0,20}") {
            let line = format!("7f00aa000000-7f00aa001000 rw-s 00000000 00:01 5 {name}");
            let _ = segments(line.as_bytes()).count();
        }
    }
}
