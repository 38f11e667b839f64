//! The kernel's description of its types.
//!
//! - Looking for a member ends, whatever lengths and references the description is made of, and finds the same twice.
//! - What was not asked for is not found.

use ipcadm::proc::btf::Btf;

const NAMES: [&str; 3] = ["task_struct", "list_head", "x"];
const PATHS: [&str; 5] = ["sysvsem.undo_list", "next", "a.b.c", "x", ""];

/// See above.
pub fn check(data: &[u8]) {
    let Some(btf) = Btf::parse(data, &NAMES) else { return };
    for name in NAMES {
        let _ = btf.function(name);
        let Some(structure) = btf.structure(name) else { continue };
        let _ = structure.size();
        for path in PATHS {
            // Whatever it says, it says the same twice; what reads members takes those of the expected size alone.
            assert_eq!(structure.member(path), structure.member(path), "{path}");
        }
    }
    assert!(btf.structure("not_asked_for").is_none() && btf.function("not_asked_for").is_none());
}

/// A description with a structure, a number in it, and a pointer to itself.
pub(crate) fn seed() -> Vec<u8> {
    let names = b"\0task_struct\0x\0next\0";
    let (number, pointer, structure) = (1 << 24, 2 << 24, (4 << 24) | 2);
    // Name, information, size or type, and what follows: bits, or name, type and place of each member.
    let types: [u32; 16] = [13, number, 4, 32, 0, pointer, 3, 1, structure, 16, 13, 1, 0, 15, 2, 64];
    let mut bytes = Vec::from(0xeb9f_u16.to_ne_bytes());
    bytes.extend([1, 0]);
    let length = |len: usize| u32::try_from(len).unwrap_or_default();
    let (types_len, names_len) = (length(4 * types.len()), length(names.len()));
    for word in [24, 0, types_len, types_len, names_len].iter().chain(&types) {
        bytes.extend(word.to_ne_bytes());
    }
    bytes.extend(names);
    bytes
}
