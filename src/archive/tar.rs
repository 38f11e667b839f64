//! Headers of tar members: ustar, and pax where ustar has no room.
//!
//! There is one way to write each member, so reading is: take what the header says, write the header for that, and
//! compare. Whatever another program would have written differently is not ours.

use super::sums::Digest;
use super::{MANIFEST, SUMS};
use crate::kind::model::ObjectId;
use crate::kind::system_v::SystemV;

/// Bytes of a block; everything in a tar file comes in blocks.
pub const BLOCK: usize = 512;
/// The largest size that eleven octal digits hold.
const MAX_OCTAL: u64 = (1 << 33) - 1;
/// The records of a pax header take no more than this.
const MAX_RECORDS: u64 = 1024;
/// The folder before the name of a sparse member, for readers that do not know sparse members.
const SPARSE_FOLDER: &str = "GNUSparseFile.0/";
const PAX_FOLDER: &str = "PaxHeaders/";

/// What a member is: there are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// `manifest.json`.
    Manifest,
    /// `SHA256SUMS`.
    Sums,
    /// `shm-42`: the bytes of a segment. `msg-3.jsonl`: the messages of a queue.
    Contents(ObjectId),
}

impl Name {
    /// The name of the file that comes out.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Manifest => MANIFEST.to_owned(),
            Self::Sums => SUMS.to_owned(),
            Self::Contents(id) => {
                let ending = if id.system_v_kind() == Some(SystemV::Queue) { ".jsonl" } else { "" };
                format!("{}-{}{ending}", id.kind, id.number)
            }
        }
    }

    /// The member that `text` names; None for every other name.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let name = match text {
            MANIFEST => Self::Manifest,
            SUMS => Self::Sums,
            _ => {
                let (kind, rest) = text.split_once('-')?;
                let kind = SystemV::from_word(kind.as_bytes()).filter(|kind| *kind != SystemV::Set)?;
                let digits = if kind == SystemV::Queue { rest.strip_suffix(".jsonl")? } else { rest };
                Self::Contents(ObjectId::system_v(kind.kind(), digits.parse().ok().filter(|id| *id >= 0)?))
            }
        };
        // Neither 007 nor +7 is 7.
        (name.text() == text).then_some(name)
    }
}

/// A member as its headers describe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: Name,
    /// Bytes that follow the headers, without the padding to whole blocks.
    pub stored: u64,
    /// Seconds since 1970.
    pub time: u64,
    /// The size of the file that comes out of a sparse member; what is stored begins with its map.
    pub real_size: Option<u64>,
    /// The checksum of its own bytes, which `SHA256SUMS` alone tells: nobody else could.
    pub digest: Option<Digest>,
}

/// Zeros needed behind `size` bytes to fill the last block.
#[must_use]
pub const fn padding(size: u64) -> usize {
    ((BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64) as usize
}

impl Member {
    /// The headers: whole blocks.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let name = self.name.text();
        let records = self.records();
        let mut out = Vec::with_capacity(3 * BLOCK);
        if !records.is_empty() {
            let size = records.len() as u64;
            out.extend_from_slice(&header(&format!("{PAX_FOLDER}{name}"), size, self.time, b'x'));
            out.extend_from_slice(records.as_bytes());
            out.resize(out.len() + padding(size), 0);
        }
        let shown = if self.real_size.is_some() { format!("{SPARSE_FOLDER}{name}") } else { name };
        let size = if self.stored > MAX_OCTAL { 0 } else { self.stored };
        out.extend_from_slice(&header(&shown, size, self.time, b'0'));
        out
    }

    fn records(&self) -> String {
        let mut records = String::new();
        if let Some(real_size) = self.real_size {
            push_record(&mut records, "GNU.sparse.major", "1");
            push_record(&mut records, "GNU.sparse.minor", "0");
            push_record(&mut records, "GNU.sparse.name", &self.name.text());
            push_record(&mut records, "GNU.sparse.realsize", &real_size.to_string());
        }
        if let Some(digest) = &self.digest {
            push_record(&mut records, "comment", &format!("sha256={digest}"));
        }
        if self.stored > MAX_OCTAL {
            push_record(&mut records, "size", &self.stored.to_string());
        }
        records
    }

    /// Reads headers. `next` gives one block after the other; `first` is the one that was read already.
    ///
    /// # Errors
    /// Those of `next`; otherwise in words.
    pub fn decode<E: From<&'static str>>(
        first: [u8; BLOCK],
        mut next: impl FnMut() -> Result<[u8; BLOCK], E>,
    ) -> Result<Self, E> {
        let mut read = first.to_vec();
        let mut block = first;
        let mut member = Self { name: Name::Sums, stored: 0, time: 0, real_size: None, digest: None };
        let mut stored = None;
        if block[TYPE] == b'x' {
            let size = octal(&block[SIZE]).filter(|size| (1..=MAX_RECORDS).contains(size)).ok_or(DAMAGED)?;
            let blocks = size.div_ceil(BLOCK as u64);
            for _ in 0..blocks {
                read.extend_from_slice(&next()?);
            }
            let records = &read[BLOCK..][..usize::try_from(size).unwrap_or(0)];
            stored = parse_records(records, &mut member).ok_or(DAMAGED)?;
            block = next()?;
            read.extend_from_slice(&block);
        }
        let name = block[NAME].split(|&byte| byte == 0).next().unwrap_or_default();
        let name =
            if member.real_size.is_some() { name.strip_prefix(SPARSE_FOLDER.as_bytes()).ok_or(DAMAGED)? } else { name };
        member.name = Name::parse(name).ok_or("it holds a member that ipcadm does not write")?;
        member.time = octal(&block[TIME]).ok_or(DAMAGED)?;
        member.stored = match stored {
            Some(stored) => stored,
            None => octal(&block[SIZE]).ok_or(DAMAGED)?,
        };
        // Checksums, flags, padding: all of it.
        if member.encode() == read { Ok(member) } else { Err(DAMAGED.into()) }
    }
}

const DAMAGED: &str = "a header is damaged, or not as ipcadm writes it";

/// The fields of a ustar header that are looked at.
const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const TIME: std::ops::Range<usize> = 136..148;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const TYPE: usize = 156;

/// One block. Names are short, sizes and times fit.
fn header(name: &str, size: u64, time: u64, kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &name.as_bytes()[..name.len().min(NAME.end)]);
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(SIZE.start, format!("{:011o}\0", size.min(MAX_OCTAL)).as_bytes());
    put(TIME.start, format!("{:011o}\0", time.min(MAX_OCTAL)).as_bytes());
    put(CHECKSUM.start, b"        ");
    put(TYPE, &[kind]);
    put(257, b"ustar\x0000");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.strip_suffix(b"\0")?;
    digits.iter().try_fold(0u64, |value, &byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 8)?;
        value.checked_mul(8)?.checked_add(u64::from(digit))
    })
}

/// `LENGTH KEY=VALUE\n`, the length counting itself.
fn push_record(out: &mut String, key: &str, value: &str) {
    let rest = key.len() + value.len() + 3;
    let mut len = rest + 1;
    while len != rest + len.to_string().len() {
        len = rest + len.to_string().len();
    }
    out.push_str(&format!("{len} {key}={value}\n"));
}

/// Takes from the records what a member can have; the size of what is stored, if it is there. Whether they are as they
/// should be shows in comparing.
fn parse_records(records: &[u8], member: &mut Member) -> Option<Option<u64>> {
    let mut stored = None;
    for line in std::str::from_utf8(records).ok()?.strip_suffix('\n')?.split('\n') {
        let (key, value) = line.split_once(' ')?.1.split_once('=')?;
        match key {
            "GNU.sparse.realsize" => member.real_size = Some(value.parse().ok()?),
            "size" => stored = Some(value.parse().ok()?),
            "comment" => member.digest = Some(Digest::parse(value.strip_prefix("sha256=")?)?),
            "GNU.sparse.major" | "GNU.sparse.minor" | "GNU.sparse.name" => {}
            _ => return None,
        }
    }
    Some(stored)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BLOCK, Member, Name};
    use crate::archive::sums::Digest;
    use crate::kind::model::ObjectId;
    use crate::kind::system_v::SystemV;

    fn decode(bytes: &[u8]) -> Result<Member, String> {
        let mut blocks =
            bytes.chunks(BLOCK).map(|block| <[u8; BLOCK]>::try_from(block).map_err(|_| "short".to_owned()));
        let first = blocks.next().ok_or("nothing")??;
        Member::decode::<Reason>(first, || blocks.next().ok_or(Reason("short".to_owned()))?.map_err(Reason))
            .map_err(|reason| reason.0)
    }

    struct Reason(String);

    impl From<&'static str> for Reason {
        fn from(text: &'static str) -> Self {
            Self(text.to_owned())
        }
    }

    fn members() -> impl Strategy<Value = Member> {
        let name = prop_oneof![
            Just(Name::Manifest),
            Just(Name::Sums),
            (0..=i32::MAX).prop_map(|id| Name::Contents(ObjectId::system_v(SystemV::Segment.kind(), id))),
            (0..=i32::MAX).prop_map(|id| Name::Contents(ObjectId::system_v(SystemV::Queue.kind(), id))),
        ];
        let (size, time) = (prop_oneof![0..100_000u64, any::<u64>()], 0..1u64 << 33);
        let digest = any::<Option<[u8; 32]>>().prop_map(|bytes| bytes.map(Digest));
        (name, size, time, any::<Option<u64>>(), digest).prop_map(|(name, stored, time, real_size, digest)| Member {
            name,
            stored,
            time,
            real_size,
            digest,
        })
    }

    #[test]
    fn only_own_names_are_names() {
        for name in [
            "",
            ".",
            "..",
            "/",
            "../shm-1",
            "/shm-1",
            "./shm-1",
            "shm-1/",
            "shm-",
            "shm-01",
            "shm-+1",
            "shm--1",
            "shm-2147483648",
            "msg-1",
            "msg-1.json",
            "sem-1",
            "SHA256SUMS ",
            "manifest.json\n",
            "shm-1.jsonl",
            "shm-1x",
        ] {
            assert_eq!(Name::parse(name.as_bytes()), None, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(member in members()) {
            let bytes = member.encode();
            prop_assert_eq!(bytes.len() % BLOCK, 0);
            prop_assert_eq!(decode(&bytes), Ok(member));
        }

        #[test]
        fn every_other_byte_is_noticed(member in members(), at: prop::sample::Index, other in 1u8..) {
            let mut bytes = member.encode();
            let at = at.index(bytes.len());
            bytes[at] ^= other;
            if let Ok(read) = decode(&bytes) {
                // Only a time or size in a record has no checksum of its own.
                prop_assert_ne!(read, member);
            }
        }

        #[test]
        fn no_header_is_too_strange(bytes in proptest::collection::vec(any::<u8>(), BLOCK..4 * BLOCK)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn no_name_is_too_strange(text: Vec<u8>) {
            let _ = Name::parse(&text);
        }
    }
}
