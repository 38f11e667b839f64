//! Any bytes as an archive.
//!
//! - A header that is taken is, byte by byte, what is written for what it says.
//! - What is read from a file, and from a pipe, is judged alike.

use std::fs::File;
use std::io::Write;

use ipcadm::archive::read::{Archive, Bad};
use ipcadm::archive::tar::{BLOCK, Member};
use ipcadm::sys::memory::file_of;

/// More does not fit into a pipe that nobody reads.
const PIPE: usize = 60_000;

struct Short;

impl From<&'static str> for Short {
    fn from(_: &'static str) -> Self {
        Self
    }
}

/// See above.
pub fn check(data: &[u8]) {
    let mut blocks = data.chunks_exact(BLOCK).map(|block| <[u8; BLOCK]>::try_from(block).expect("a block"));
    if let Some(first) = blocks.next() {
        let member = Member::decode::<Short>(first, || blocks.next().ok_or(Short));
        if let Ok(member) = member {
            let left = blocks.len() * BLOCK + data.len() % BLOCK;
            assert_eq!(member.encode(), data[..data.len() - left]);
        }
    }
    let found = outcome(file_of(data).expect("a file"));
    if data.len() < PIPE {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(data).expect("room");
        drop(writer);
        assert_eq!(outcome(File::from(std::os::fd::OwnedFd::from(reader))), found);
    }
}

/// How many objects there are, or what is wrong.
fn outcome(file: File) -> Result<usize, String> {
    match Archive::read(file) {
        Ok(archive) => Ok(archive.items.len()),
        Err(Bad::Damaged(reason)) => Err(reason),
        Err(Bad::Read(error)) => panic!("{error}"),
    }
}
