//! One pass over an archive: its members, their checksums, and nothing besides.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use crate::archive::bad::Bad;
use crate::archive::sparse::MAX_RUNS;
use crate::archive::summing::{CHUNK, Summing};
use crate::archive::sums::{self, Digest};
use crate::archive::tar::{BLOCK, Member, Name, padding};
use crate::archive::{MAX_MANIFEST, MAX_MESSAGES, MAX_OBJECTS, MAX_SUMS};
use crate::kind::model::ObjectId;
use crate::kind::system_v::SystemV;

/// Bytes read and spooled at a time where members are small. Chunks of large ones go past these buffers.
const AHEAD: usize = 64 << 10;
/// Two numbers of twenty digits, each with its newline.
const MAP_ENTRY: u64 = 42;

/// Where the contents of an object are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) offset: u64,
    pub(super) stored: u64,
    pub(super) real_size: Option<u64>,
    /// Of what is stored.
    pub(super) digest: Digest,
    /// Its place among the members.
    pub(super) number: usize,
}

#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) contents: HashMap<ObjectId, Found>,
    /// Where the manifest begins, how many bytes it has, and their checksum.
    pub(super) manifest: (u64, u64, Digest),
    /// Seconds since 1970, of all members.
    pub(super) time: u64,
}

/// The bytes of an archive as they come, copied to `spool`.
struct Source<'a> {
    input: BufReader<&'a File>,
    spool: Option<BufWriter<&'a File>>,
    at: u64,
}

impl Source<'_> {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Bad> {
        self.input.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "it ends early".into(),
            _ => Bad::Read(error),
        })?;
        if let Some(spool) = &mut self.spool {
            spool.write_all(buffer)?;
        }
        self.at += buffer.len() as u64;
        Ok(())
    }

    fn block(&mut self) -> Result<[u8; BLOCK], Bad> {
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        Ok(block)
    }

    /// The checksum of the bytes of a member.
    fn contents(&mut self, stored: u64) -> Result<Digest, Bad> {
        let mut summing = Summing::of_stored(stored);
        let mut left = stored;
        while left > 0 {
            let len = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            summing.data(len, |bytes| self.fill(bytes))?;
            left -= len as u64;
        }
        self.padding(stored)?;
        Ok(summing.finish().stored)
    }

    /// What fills the last block of a member.
    fn padding(&mut self, stored: u64) -> Result<(), Bad> {
        let mut rest = [0; BLOCK];
        let rest = &mut rest[..padding(stored)];
        self.fill(rest)?;
        if rest.iter().any(|&byte| byte != 0) {
            return Err("there is something between its members".into());
        }
        Ok(())
    }

    fn has_ended(&mut self) -> Result<bool, Bad> {
        let mut one = [0];
        loop {
            match self.input.read(&mut one) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return Ok(other? == 0),
            }
        }
    }
}

/// Reads `input`, whose first byte is at `start`.
pub(super) fn scan(input: &File, spool: Option<&File>, start: u64) -> Result<Scanned, Bad> {
    let spool = spool.map(|spool| BufWriter::with_capacity(AHEAD, spool));
    let mut source = Source { input: BufReader::with_capacity(AHEAD, input), spool, at: start };
    let mut contents = HashMap::new();
    let mut manifest = None;
    // With whether the member is sparse.
    let mut digests: Vec<(Name, Digest, bool)> = Vec::new();
    let mut time = None;
    loop {
        let first = match source.block() {
            Err(Bad::Damaged(_)) if source.at == start => return Err("it is no archive".into()),
            other => other?,
        };
        let member = Member::decode::<Bad>(first, || source.block()).map_err(|bad| match bad {
            Bad::Damaged(_) if digests.is_empty() => "it is no archive of ipcadm, or damaged".into(),
            bad => bad,
        })?;
        if *time.get_or_insert(member.time) != member.time {
            return Err("its members are of different times".into());
        }
        let is_sums = member.name == Name::Sums;
        if is_sums != member.digest.is_some() {
            return Err("a header is not as ipcadm writes it".into());
        }
        if matches!(digests.last(), Some((Name::Manifest, ..))) != is_sums {
            return Err("its members are not in order".into());
        }
        check_size(&member)?;
        if digests.len() > MAX_OBJECTS {
            return Err("it holds more members than there can be".into());
        }
        let offset = source.at;
        let Member { name, stored, real_size, .. } = member;
        match name {
            Name::Contents(id) => {
                let digest = source.contents(stored)?;
                let found = Found { offset, stored, real_size, digest, number: digests.len() };
                if contents.insert(id, found).is_some() {
                    return Err(Bad::Damaged(format!("it holds {} twice", name.text())));
                }
                digests.push((name, digest, real_size.is_some()));
            }
            Name::Manifest => {
                let digest = source.contents(stored)?;
                manifest = Some((offset, stored, digest));
                digests.push((name, digest, false));
            }
            Name::Sums => {
                let mut text = vec![0; usize::try_from(stored).unwrap_or(0)];
                source.fill(&mut text)?;
                source.padding(stored)?;
                if Some(Digest::of(&text)) != member.digest {
                    return Err("its list of checksums is damaged".into());
                }
                compare(&text, &digests)?;
                break;
            }
        }
    }
    if source.block()? != [0; BLOCK] || source.block()? != [0; BLOCK] || !source.has_ended()? {
        return Err("something follows its end".into());
    }
    source.spool.as_mut().map_or(Ok(()), BufWriter::flush)?;
    let manifest = manifest.ok_or("it has no manifest")?;
    Ok(Scanned { contents, manifest, time: time.unwrap_or(0) })
}

/// A member that says to be larger than it can be is not worth reading.
fn check_size(member: &Member) -> Result<(), Bad> {
    let largest = match member.name {
        Name::Manifest => MAX_MANIFEST,
        Name::Sums => MAX_SUMS,
        Name::Contents(id) if id.system_v_kind() == Some(SystemV::Queue) => MAX_MESSAGES,
        Name::Contents(_) => match member.real_size {
            Some(real) => real.saturating_add((MAX_RUNS as u64 + 3) * MAP_ENTRY + BLOCK as u64),
            None => u64::MAX >> 1,
        },
    };
    let sparse = matches!(member.name, Name::Contents(id) if id.system_v_kind() == Some(SystemV::Segment));
    if member.stored > largest || member.real_size.is_some() && !sparse {
        return Err(Bad::Damaged(format!("{} has a size that it cannot have", member.name.text())));
    }
    Ok(())
}

/// Compares what the list says with what was found. Of a sparse member the list has the file that comes out, whose
/// zeros may be many, or nothing: that one is under the manifest's checksum.
fn compare(text: &[u8], found: &[(Name, Digest, bool)]) -> Result<(), Bad> {
    let listed = std::str::from_utf8(text).ok().and_then(sums::parse).ok_or("its list of checksums is malformed")?;
    let mut listed = listed.into_iter().peekable();
    for (member, own, sparse) in found {
        let name = member.text();
        match listed.next_if(|(listed, _)| *listed == name) {
            Some((_, digest)) if !sparse && digest != *own => {
                return Err(Bad::Damaged(format!("{name} is damaged: its checksum is another")));
            }
            None if !sparse => return Err("its list of checksums is not of its members".into()),
            _ => {}
        }
    }
    if listed.next().is_some() { Err("its list of checksums is not of its members".into()) } else { Ok(()) }
}
