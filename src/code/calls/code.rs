//! The calls in the code of a static program, by their numbers.
//!
//! The number is loaded into a register shortly before the instruction that enters the kernel. Calls at which threads
//! can be cancelled, as those on queues are, go through one function of the C library in musl and in glibc since 2.41:
//! there the number is an argument, and the arguments that the call does not have are 0.

use std::ops::ControlFlow;

use memchr::memmem::{find, find_iter};

use crate::code::calls::elf::{Format, Header};
use crate::code::calls::pieces::look_through;
use crate::code::calls::{Calls, Examined, How, Source, Unexaminable, fill};

/// The most code that is looked through, in bytes.
const MOST: u64 = 256 << 20;
/// How far a number is loaded before it is used, in bytes.
const NEAR: usize = 32;
/// How far other arguments are set from the number, and the function is called behind it, in bytes.
const ARGUMENTS: usize = 24;

const EM_X86_64: u16 = 62;
const EM_AARCH64: u16 = 183;

/// Looks for the numbers of calls in a program without a loader. `behind` is the offset behind its program headers.
pub(super) fn examine(
    source: &mut dyn Source,
    format: Format,
    headers: &[Header],
    behind: u64,
) -> Result<Examined, Unexaminable> {
    let find_in: fn(&[u8]) -> Calls = match format.machine {
        EM_X86_64 if format.is_64_bit => x86_64,
        EM_AARCH64 if format.is_64_bit => aarch64,
        _ => return Err("is a static program for a machine whose code is not known".into()),
    };
    if is_packed(source, behind)? {
        return Err("is a packed program".into());
    }
    let mut left = MOST;
    let mut calls = Calls::NONE;
    for code in headers.iter().filter_map(Header::code) {
        left = left.checked_sub(code.end - code.start).ok_or("is a static program with too much code")?;
        // Instructions of aarch64 are at multiples of 4.
        let stretch = code.start.checked_next_multiple_of(4).unwrap_or(code.end)..code.end;
        let _ = look_through(source, stretch, |piece| {
            calls = calls.union(find_in(piece));
            if calls == Calls::ALL { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
    }
    Ok(Examined { soname: None, calls, how: How::Static })
}

/// Whether the code is compressed in the file, by the mark of UPX.
fn is_packed(source: &mut dyn Source, behind: u64) -> Result<bool, Unexaminable> {
    let mut mark = [0; 4];
    fill(source, &mut mark, behind.saturating_add(4))?;
    Ok(mark == *b"UPX!")
}

/// The kinds of a call's number on x86_64.
fn of_x86_64(number: u8) -> Calls {
    match number {
        // semop, semtimedop
        65 | 220 => Calls::SETS,
        // msgsnd, msgrcv
        69 | 70 => Calls::QUEUES,
        // shmat
        30 => Calls::SEGMENTS,
        _ => Calls::NONE,
    }
}

fn x86_64(code: &[u8]) -> Calls {
    let mut calls = Calls::NONE;
    for at in find_iter(code, b"\x0f\x05") {
        let before = &code[at.saturating_sub(NEAR)..at];
        for start in 0..before.len() {
            calls = calls.union(match before[start..] {
                // mov $number,%eax; mov $number,%rax; push $number, pop %rax
                [0xb8, number, 0, 0, 0, ..] | [0x48, 0xc7, 0xc0, number, 0, 0, 0, ..] => of_x86_64(number),
                [0x6a, number @ ..0x80, 0x58, ..] => of_x86_64(number),
                _ => Calls::NONE,
            });
        }
    }
    for number in [69, 70] {
        // What the number is as an argument, and instructions that are found around it in both calls.
        let first: (&[u8], [&[u8]; 2]) = (
            // mov $number,%edi
            &[0xbf, number, 0, 0, 0],
            // movslq %edi,%rsi for the identifier; push $0 for the seventh argument
            [&[0x48, 0x63, 0xf7], &[0x6a, 0]],
        );
        let seventh: (&[u8], [&[u8]; 2]) = (
            // push $number
            &[0x6a, number],
            // movslq %edi,%rdi for the identifier; xor %r9d,%r9d for the sixth argument
            [&[0x48, 0x63, 0xff], &[0x45, 0x31, 0xc9]],
        );
        let is_argument = |(load, others): (&[u8], [&[u8]; 2])| {
            find_iter(code, load).any(|at| {
                let behind = at + load.len()..code.len().min(at + load.len() + ARGUMENTS);
                let around = &code[at.saturating_sub(ARGUMENTS)..behind.end];
                // call
                code[behind].contains(&0xe8) && others.iter().all(|other| find(around, other).is_some())
            })
        };
        if is_argument(first) || is_argument(seventh) {
            calls = calls.union(Calls::QUEUES);
        }
    }
    calls
}

/// The kinds of a call's number on aarch64.
fn of_aarch64(number: u32) -> Calls {
    match number {
        // semtimedop, semop
        192 | 193 => Calls::SETS,
        // msgrcv, msgsnd
        188 | 189 => Calls::QUEUES,
        // shmat
        196 => Calls::SEGMENTS,
        _ => Calls::NONE,
    }
}

fn aarch64(code: &[u8]) -> Calls {
    let words: Vec<u32> =
        code.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
    let mut calls = Calls::NONE;
    for (at, word) in words.iter().enumerate() {
        let Some((register, number)) = moved(*word) else { continue };
        let found = of_aarch64(number);
        if found.is_empty() {
            continue;
        }
        let behind = |bytes: usize| &words[at + 1..words.len().min(at + 1 + bytes / 4)];
        // svc
        let enters = || behind(NEAR).iter().any(|word| word & 0xffe0_001f == 0xd400_0001);
        // b, bl
        let jumps = || behind(ARGUMENTS).iter().any(|word| word & 0x7c00_0000 == 0x1400_0000);
        let around = || &words[at.saturating_sub(ARGUMENTS / 4)..words.len().min(at + 1 + ARGUMENTS / 4)];
        let empties = |register| around().iter().any(|word| moved(*word) == Some((register, 0)));
        let uses = match register {
            8 => enters(),
            // The first of seven arguments, of which the last is 0; the last, of which the sixth is 0.
            0 => jumps() && empties(6),
            6 => jumps() && empties(5),
            _ => false,
        };
        if uses {
            calls = calls.union(found);
        }
    }
    calls
}

/// The register and the number of an instruction that loads a number: movz, or orr with the register that is 0.
fn moved(word: u32) -> Option<(u32, u32)> {
    if word & 0x7fe0_0000 == 0x5280_0000 {
        Some((word & 31, word >> 5 & 0xffff))
    } else if word & 0x7fff_ffe0 == 0x2a1f_03e0 {
        Some((word & 31, 0))
    } else {
        None
    }
}
