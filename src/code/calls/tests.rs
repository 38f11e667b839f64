use std::io;

use proptest::prelude::*;

use crate::code::calls::{Calls, Examined, How, Role, Unexaminable, examine};

/// A file to be written: one segment, executable, at an address that is not its offset.
#[derive(Clone, Debug, Default)]
struct File {
    is_32_bit: bool,
    is_big_endian: bool,
    machine: u16,
    has_loader: bool,
    /// None for no dynamic section.
    names: Option<Vec<&'static str>>,
    needs: bool,
    soname: Option<&'static str>,
    code: Vec<u8>,
    is_packed: bool,
}

const ADDRESS: u64 = 0x40_0000;

impl File {
    fn library(names: &[&'static str]) -> Self {
        Self { machine: 62, needs: true, names: Some(names.to_vec()), ..Self::default() }
    }

    fn program(names: &[&'static str]) -> Self {
        Self { has_loader: true, ..Self::library(names) }
    }

    fn code(machine: u16, code: &[u8]) -> Self {
        Self { machine, code: code.to_vec(), ..Self::default() }
    }

    fn number(&self, value: u64, size: usize) -> Vec<u8> {
        let mut bytes = value.to_le_bytes()[..size].to_vec();
        if self.is_big_endian {
            bytes.reverse();
        }
        bytes
    }

    fn word(&self, value: u64) -> Vec<u8> {
        self.number(value, if self.is_32_bit { 4 } else { 8 })
    }

    fn bytes(&self) -> Vec<u8> {
        let (head, header, entry) = if self.is_32_bit { (52, 32, 8) } else { (64, 56, 16) };
        let count = 1 + u64::from(self.has_loader) + u64::from(self.names.is_some());
        let behind = head + count * header;
        let mut strings = b"\0libc.so.6\0".to_vec();
        let mut add = |name: &str| {
            let at = strings.len() as u64;
            strings.extend(name.bytes().chain([0]));
            at
        };
        for name in self.names.iter().flatten() {
            add(name);
        }
        let soname = self.soname.map(&mut add);
        let mark = if self.is_packed { b"\0\0\0\0UPX!".to_vec() } else { Vec::new() };
        let dynamic_at = behind + mark.len() as u64;
        let entries = 2 + u64::from(self.needs) + u64::from(soname.is_some()) + 1;
        let strings_at = dynamic_at + entries * entry;
        let mut dynamic = vec![(5, ADDRESS + strings_at), (10, strings.len() as u64)];
        dynamic.extend(self.needs.then_some((1, 1)));
        dynamic.extend(soname.map(|at| (14, at)));
        dynamic.push((0, 0));
        let code_at = (strings_at + strings.len() as u64).next_multiple_of(4);
        let size = code_at + self.code.len() as u64;
        let mut headers = vec![(1, 5, 0, size)];
        headers.extend(self.has_loader.then_some((3, 4, 0, 1)));
        headers.extend(self.names.as_ref().map(|_| (2, 6, dynamic_at, entries * entry)));

        let mut bytes = b"\x7fELF".to_vec();
        bytes.extend([if self.is_32_bit { 1 } else { 2 }, if self.is_big_endian { 2 } else { 1 }, 1]);
        bytes.resize(16, 0);
        for (value, size) in [(3, 2), (u64::from(self.machine), 2), (1, 4)] {
            bytes.extend(self.number(value, size));
        }
        for value in [0, head, 0] {
            bytes.extend(self.word(value));
        }
        for (value, size) in [(0, 4), (head, 2), (header, 2), (count, 2), (0, 2), (0, 2), (0, 2)] {
            bytes.extend(self.number(value, size));
        }
        assert_eq!(bytes.len() as u64, head);
        for (kind, flags, offset, size) in headers {
            bytes.extend(self.number(kind, 4));
            if !self.is_32_bit {
                bytes.extend(self.number(flags, 4));
            }
            for value in [offset, ADDRESS + offset, 0, size, size] {
                bytes.extend(self.word(value));
            }
            if self.is_32_bit {
                bytes.extend(self.number(flags, 4));
            }
            bytes.extend(self.word(4096));
        }
        bytes.extend(mark);
        for (tag, value) in dynamic {
            bytes.extend([self.word(tag), self.word(value)].concat());
        }
        bytes.extend(strings);
        bytes.resize(code_at as usize, 0);
        bytes.extend(&self.code);
        bytes
    }

    fn examine(&self, role: Role) -> Result<Examined, Unexaminable> {
        of(&self.bytes(), role, b"file")
    }
}

fn of(bytes: &[u8], role: Role, name: &[u8]) -> Result<Examined, Unexaminable> {
    let mut read = |buffer: &mut [u8], offset: u64| -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        // Now and then less than was asked for.
        let count = rest.len().min(buffer.len()).min(1000);
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    };
    examine(&mut read, role, name)
}

fn strange(result: Result<Examined, Unexaminable>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn names_tell_the_calls() {
    for (names, calls) in [
        (&["printf", "semget", "semctl"][..], Calls::NONE),
        (&["semop"], Calls::SETS),
        (&["semtimedop"], Calls::SETS),
        (&["__semtimedop64"], Calls::SETS),
        (&["__semtimedop_time64"], Calls::SETS),
        (&["msgsnd"], Calls::QUEUES),
        (&["msgrcv"], Calls::QUEUES),
        (&["shmat"], Calls::SEGMENTS),
        (&["msgget", "msgrcv", "shmat"], Calls::QUEUES.union(Calls::SEGMENTS)),
        (&["shmat", "msgsnd", "semop"], Calls::ALL),
        // A linker lets one name be the end of another.
        (&["my_semop"], Calls::SETS),
        (&["semops", "shmatt", "msgsnd2"], Calls::NONE),
    ] {
        for (is_32_bit, is_big_endian) in [(false, false), (false, true), (true, false), (true, true)] {
            let file = File { is_32_bit, is_big_endian, machine: 8, ..File::library(names) };
            let expected = Examined { soname: None, calls, how: How::Imports };
            assert_eq!(file.examine(Role::Mapped).unwrap(), expected, "{names:?}");
            assert_eq!(File { has_loader: true, ..file }.examine(Role::Program).unwrap(), expected, "{names:?}");
        }
    }
}

#[test]
fn a_file_says_what_it_is_called() {
    let file = File { soname: Some("libapr-1.so.0"), ..File::library(&["semop"]) };
    assert_eq!(file.examine(Role::Mapped).unwrap().soname.as_deref(), Some(b"libapr-1.so.0".as_slice()));
    let long = File { soname: Some(Box::leak("x".repeat(300).into_boxed_str())), ..file };
    assert_eq!(strange(long.examine(Role::Mapped)), "is broken");
}

#[test]
fn the_c_library_makes_no_calls_of_its_own() {
    for name in ["libc.so.6", "libc.musl-x86_64.so.1", "ld-linux-x86-64.so.2", "libc.so"] {
        let file = File { soname: Some(name), needs: false, ..File::library(&["semop", "msgsnd", "shmat"]) };
        for role in [Role::Mapped, Role::Program] {
            assert!(file.examine(role).unwrap().calls.is_empty(), "{name}");
        }
    }
    for name in ["libc++.so.1", "libcrypto.so.3", "ld-something.so"] {
        let file = File { soname: Some(name), ..File::library(&["semop"]) };
        assert_eq!(file.examine(Role::Mapped).unwrap().calls, Calls::SETS, "{name}");
    }
    // musl's says nothing of itself. Whatever else has such a name does not start programs.
    let musl = File { needs: false, ..File::library(&["semop", "__libc_start_main", "shmat"]) }.bytes();
    for role in [Role::Mapped, Role::Program] {
        for name in [b"libc.so".as_slice(), b"ld-musl-x86_64.so.1"] {
            assert!(of(&musl, role, name).unwrap().calls.is_empty());
        }
    }
    assert!(!of(&musl, Role::Mapped, b"libc_wrapper.so").unwrap().calls.is_empty());
    assert!(!of(&File::library(&["semop"]).bytes(), Role::Mapped, b"libc.so").unwrap().calls.is_empty());
}

#[test]
fn modules_for_foreign_functions_can_make_all_calls() {
    let names = ["PyInit__ctypes", "init_cffi_backend", "Init_fiddle", "Init_ffi_c", "Java_com_sun_jna_Native_initIDs"];
    for name in names {
        let found = File::library(&["printf", name]).examine(Role::Mapped).unwrap();
        assert_eq!((found.calls, found.how), (Calls::ALL, How::ForeignFunctions), "{name}");
    }
    assert!(File::library(&["PyInit__ctypes_test", "ffi_call"]).examine(Role::Mapped).unwrap().calls.is_empty());
}

/// Code as compilers make it.
const X86_64: [(&str, Calls); 16] = [
    // glibc: mov $220,%eax; syscall
    ("4989cab8dc0000000f05", Calls::SETS),
    // musl, with a sign extension between
    ("b84100000048 63ff0f05", Calls::SETS),
    ("b81e0000000f05", Calls::SEGMENTS),
    ("b8450000000f05", Calls::QUEUES),
    ("48c7c0460000000f05", Calls::QUEUES),
    // push, pop
    ("6a41584889c70f05", Calls::SETS),
    ("6ae6580f05", Calls::NONE),
    // Another call, and one that is too far away.
    ("b8420000000f05", Calls::NONE),
    ("b84100000090909090909090909090909090909090909090909090909090909090900f05", Calls::NONE),
    ("b841000000", Calls::NONE),
    // musl: msgsnd and msgrcv
    ("4883ec104989f24c63c14863f76a004889d14531c94c89d2bf45000000e8000000004889c7e800000000", Calls::QUEUES),
    ("4883ec104989f24d63c84863f76a004989c8bf460000004889d14c89d2e8000000004883c418", Calls::QUEUES),
    // glibc since 2.41: msgsnd and msgrcv
    ("4883ec104863c94863ff4531c96a454531c0e8000000004883c418c3", Calls::QUEUES),
    ("4883ec104863ff4531c94d63c06a46e8000000004883c418c3", Calls::QUEUES),
    // putchar('E'), and a cancellable call with another number.
    ("bf45000000e800000000", Calls::NONE),
    ("4883ec104863ff4531c94d63c06a47e8000000004883c418c3", Calls::NONE),
];

/// Likewise, a word an instruction.
const AARCH64: [(&[u32], Calls); 12] = [
    // glibc: semtimedop; musl: semop; shmat
    (&[0xd503_245f, 0x9340_7c00, 0xd280_1808, 0xd400_0001], Calls::SETS),
    (&[0xd280_1828, 0x9340_7c00, 0x9100_03fd, 0xd400_0001], Calls::SETS),
    (&[0xd280_1888, 0x9340_7c00, 0x9340_7c42, 0xd400_0001], Calls::SEGMENTS),
    // mov w8
    (&[0x5280_1788, 0xd400_0001], Calls::QUEUES),
    (&[0xd280_17a8, 0xd400_0001], Calls::QUEUES),
    // Another call; another register; too far away.
    (&[0xd280_1848, 0xd400_0001], Calls::NONE),
    (&[0xd280_1809, 0xd400_0001], Calls::NONE),
    (&[0xd280_1808, 0, 0, 0, 0, 0, 0, 0, 0, 0xd400_0001], Calls::NONE),
    // musl: msgrcv; glibc since 2.41: msgrcv, msgsnd
    (&[0xaa03_03e4, 0xaa07_03e2, 0xaa06_03e3, 0xd280_1780, 0xd280_0006, 0x9400_0000], Calls::QUEUES),
    (&[0x9340_7c00, 0x9340_7c84, 0xd280_1786, 0xd280_0005, 0x1400_0000], Calls::QUEUES),
    (&[0xd280_17a6, 0x9100_03fd, 0xd280_0005, 0xd280_0004, 0x9340_7c00, 0x9400_0000], Calls::QUEUES),
    // A function of one argument.
    (&[0xd280_1780, 0x9400_0000], Calls::NONE),
];

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| *byte != b' ').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn numbers_in_the_code_of_static_programs_tell_the_calls() {
    let is = |file: &File, calls, what: &dyn std::fmt::Debug| {
        let expected = Examined { soname: None, calls, how: How::Static };
        assert_eq!(file.examine(Role::Program).unwrap(), expected, "{what:?}");
        assert_eq!(file.examine(Role::Mapped).unwrap(), expected, "{what:?}");
        // One that relocates itself has a dynamic section, which says nothing of others. So may a library.
        let itself = File { names: Some(vec!["x"]), ..file.clone() };
        assert_eq!(itself.examine(Role::Program).unwrap(), expected, "{what:?}");
        assert_eq!(itself.examine(Role::Mapped).unwrap().calls, Calls::NONE);
        for other in [
            File { has_loader: true, ..itself.clone() },
            File { needs: true, ..itself.clone() },
            File { soname: Some("x"), ..itself.clone() },
        ] {
            assert_eq!(other.examine(Role::Program).unwrap().how, How::Imports);
        }
    };
    for (hex, calls) in X86_64 {
        is(&File::code(62, &bytes_of(hex)), calls, &hex);
    }
    for (words, calls) in AARCH64 {
        is(&File::code(183, &words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>()), calls, &words);
    }
}

#[test]
fn static_programs_that_cannot_be_understood_are_named() {
    let code = bytes_of("b8410000000f05");
    let unknown = "is a static program for a machine whose code is not known";
    assert_eq!(strange(File::code(243, &code).examine(Role::Program)), unknown);
    assert_eq!(strange(File { is_32_bit: true, ..File::code(62, &code) }.examine(Role::Program)), unknown);
    assert_eq!(strange(File { is_32_bit: true, ..File::code(3, &code) }.examine(Role::Program)), unknown);
    assert_eq!(
        strange(File { is_packed: true, ..File::code(62, &code) }.examine(Role::Program)),
        "is a packed program"
    );
    // Of what is loaded by another the names tell, on whatever machine.
    assert!(File { machine: 243, ..File::program(&["x"]) }.examine(Role::Program).unwrap().calls.is_empty());
}

#[test]
fn what_is_not_of_the_format_is_data_unless_it_is_the_program() {
    for bytes in [&b""[..], b"\x7fEL", b"JiTD", b"#!/bin/sh\n", &[0; 5000]] {
        assert!(of(bytes, Role::Mapped, b"x").unwrap().calls.is_empty());
        assert_eq!(strange(of(bytes, Role::Program, b"x")), "is no ELF file");
    }
}

#[test]
fn a_file_that_claims_too_much_is_not_read_for_ever() {
    let mut head = File::code(62, &[]).bytes();
    // The size of its only segment.
    head[64 + 32..64 + 40].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    let mut count = 0_u64;
    let mut endless = |buffer: &mut [u8], offset: u64| -> io::Result<usize> {
        buffer.fill(0);
        if offset == 0 {
            buffer[..head.len()].copy_from_slice(&head);
        }
        count += buffer.len() as u64;
        Ok(buffer.len())
    };
    assert_eq!(strange(examine(&mut endless, Role::Program, b"x")), "is a static program with too much code");
    assert!(count < 1 << 20, "{count}");
}

#[test]
fn real_files_tell_what_they_are_known_for() {
    for (path, role, calls) in [
        ("/usr/bin/perl", Role::Program, Some(Calls::ALL)),
        ("/bin/sh", Role::Program, Some(Calls::NONE)),
        ("/usr/lib/x86_64-linux-gnu/libapr-1.so.0", Role::Mapped, Some(Calls::SETS)),
        ("/lib/x86_64-linux-gnu/libc.so.6", Role::Mapped, Some(Calls::NONE)),
        ("/lib64/ld-linux-x86-64.so.2", Role::Program, Some(Calls::NONE)),
        ("/proc/self/exe", Role::Program, None),
    ] {
        let Ok(bytes) = std::fs::read(path) else { continue };
        let found = of(&bytes, role, path.rsplit('/').next().unwrap().as_bytes()).unwrap();
        assert!(calls.is_none_or(|calls| calls == found.calls), "{path}: {found:?}");
    }
}

/// Files of all sorts.
fn any_file() -> impl Strategy<Value = File> {
    let names = proptest::option::of(Just(vec!["semop", "msgsnd", "shmat"]));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (flags, names, prop::sample::select(vec![3_u16, 62, 183]), proptest::option::of(Just("x"))).prop_map(
        |((is_32_bit, is_big_endian, has_loader, needs), names, machine, soname)| File {
            is_32_bit,
            is_big_endian,
            machine,
            has_loader,
            names,
            needs,
            soname,
            code: bytes_of("b8410000000f05"),
            is_packed: false,
        },
    )
}

proptest! {
    #[test]
    fn no_file_is_too_strange(noise in proptest::collection::vec(any::<u8>(), 0..300), program in any::<bool>()) {
        let role = if program { Role::Program } else { Role::Mapped };
        let _ = of(&noise, role, b"x");
        let _ = of(&[b"\x7fELF\x02\x01", noise.as_slice()].concat(), role, b"x");
        let _ = of(&[b"\x7fELF\x01\x02", noise.as_slice()].concat(), role, b"x");
    }

    #[test]
    fn no_damage_is_too_strange(
        file in any_file(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        program in any::<bool>(),
    ) {
        let mut bytes = file.bytes();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = of(&bytes, if program { Role::Program } else { Role::Mapped }, b"x");
    }

    #[test]
    fn a_file_that_is_cut_off_is_not_taken_for_harmless(file in any_file(), cut in any::<prop::sample::Index>()) {
        let bytes = file.bytes();
        let cut = 4 + cut.index(bytes.len() - 4);
        let whole = of(&bytes, Role::Program, b"x");
        if let (Ok(whole), Ok(part)) = (whole, of(&bytes[..cut], Role::Program, b"x")) {
            prop_assert_eq!(whole, part);
        }
    }
}
