//! Captured lines of every ABI, and any line at all.

use proptest::prelude::*;

use super::{Abi, Call, Line, Machine, Mtype, Operation, blocking, operations};

fn line(number: i64, args: [u64; 6]) -> Line {
    let [a0, a1, a2, a3, a4, a5] = args;
    let text = format!("{number} {a0:#x} {a1:#x} {a2:#x} {a3:#x} {a4:#x} {a5:#x} 0x7ffd00001000 0x7f0000001234\n");
    Line::parse(text.as_bytes()).unwrap()
}

const POINTER: u64 = 0x7ffd_1234_5678;

#[test]
fn lines_are_read() {
    let text = b"220 0x8001 0x7ffe6a2f5f5a 0x1 0x0 0x7f7b 0x0 0x7ffe6a2f5f18 0x7f7b3f1f1c0e\n";
    let line = Line::parse(text).unwrap();
    assert_eq!((line.number, line.args[0], line.args[2], line.stack), (220, 0x8001, 1, 0x7ffe_6a2f_5f18));
    for text in ["running\n", "-1 0x7ffe6a2f5f18 0x7f7b3f1f1c0e\n", "", "220 0x1", "220 1 2 3 4 5 6 7 8"] {
        assert_eq!(Line::parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn sleepers_on_a_set() {
    let operate = |timeout| Some(Call::Operate { id: 7, address: POINTER, count: 2, timeout });
    for (abi, number, timed) in
        [(Abi::X86_64, 65, 220), (Abi::Generic, 193, 192), (Abi::X86_64, 65 | 0x4000_0000, 220 | 0x4000_0000)]
    {
        // What is in the registers behind the arguments means nothing.
        assert_eq!(Call::decode(&line(number, [7, POINTER, 2, 99, 0, 0]), abi), operate(false));
        // The C library's semop is a semtimedop without a time.
        assert_eq!(Call::decode(&line(timed, [7, POINTER, 2, 0, 0, 0]), abi), operate(false));
        assert_eq!(Call::decode(&line(timed, [7, POINTER, 2, POINTER, 0, 0]), abi), operate(true));
    }
    let narrow = |timeout| Some(Call::Operate { id: 7, address: 0xfff0_1230, count: 2, timeout });
    let sops = 0xfff0_1230;
    for (abi, number, args, expected) in [
        (Abi::I386, 117, [1, 7, 2, 0, sops, 0], narrow(false)),
        (Abi::I386, 117, [4, 7, 2, 0, sops, 0], narrow(false)),
        (Abi::I386, 117, [4, 7, 2, 0, sops, 0xfff0_0000], narrow(true)),
        (Abi::I386, 420, [7, sops, 2, 0, 0, 0], narrow(false)),
        (Abi::I386, 420, [7, sops, 2, 0xfff0_0000, 0, 0], narrow(true)),
        (Abi::Arm, 298, [7, sops, 2, 5, 0, 0], narrow(false)),
        (Abi::Arm, 312, [7, sops, 2, 5, 0, 0], narrow(true)),
        (Abi::Arm, 420, [7, sops, 2, 0, 0, 0], narrow(false)),
        (Abi::I386, 65, [7, sops, 2, 0, 0, 0], None),
        (Abi::I386, 117, [2, 7, 2, 0, sops, 0], None),
    ] {
        assert_eq!(Call::decode(&line(number, args), abi), expected, "{abi:?} {number} {args:x?}");
    }
}

#[test]
fn senders_and_receivers() {
    let minus_two = (-2_i64).cast_unsigned();
    let except = 0o20000;
    for (abi, send, receive) in [(Abi::X86_64, 69, 70), (Abi::Generic, 189, 188)] {
        let sender = line(send, [3, POINTER, 400, 0, 9, 9]);
        assert_eq!(Call::decode(&sender, abi), Some(Call::Send { id: 3, bytes: 400 }));
        let receiver = line(receive, [3, POINTER, 8192, minus_two, except, 0]);
        let expected = Call::Receive { id: 3, mtype: Mtype::Known(-2), except: true };
        assert_eq!(Call::decode(&receiver, abi), Some(expected));
    }
    let narrow = |mtype| Some(Call::Receive { id: 3, mtype, except: false });
    for (abi, number, args, expected) in [
        (Abi::I386, 400, [3, 1, 400, 0, 0, 0], Some(Call::Send { id: 3, bytes: 400 })),
        (Abi::I386, 117, [11, 3, 400, 0, 1, 0], Some(Call::Send { id: 3, bytes: 400 })),
        (Abi::Arm, 301, [3, 1, 400, 0, 0, 0], Some(Call::Send { id: 3, bytes: 400 })),
        (Abi::I386, 401, [3, 1, 64, 0xffff_fffe, 0, 0], narrow(Mtype::Known(-2))),
        (Abi::Arm, 302, [3, 1, 64, 0xffff_fffe, 0, 0], narrow(Mtype::Known(-2))),
        (Abi::I386, 117, [12, 3, 64, 0, 0xfff0_1230, 0], narrow(Mtype::At(0xfff0_1234))),
        (Abi::I386, 117, [0x1_000c, 3, 64, 0, 1, 0xffff_fffe], narrow(Mtype::Known(-2))),
    ] {
        assert_eq!(Call::decode(&line(number, args), abi), expected, "{abi:?} {number} {args:x?}");
    }
}

#[test]
fn the_program_tells_whose_number_it_is() {
    let ask = |number, is_64_bit| Call::of_line(&line(number, [1, 2, 3, 4, 5, 6]), Machine::X86, || is_64_bit);
    assert!(ask(65, Some(true)).is_some());
    assert!(ask(65, None).is_some(), "the stack is a 64-bit one");
    // getpgrp of a 32-bit program.
    assert_eq!(ask(65, Some(false)), None);
    assert!(ask(117, Some(false)).is_some());
    // By int 0x80 of a 64-bit one; its own 117 is setresuid, which does not sleep.
    assert!(ask(117, Some(true)).is_some());
    assert!(ask(65 | 0x4000_0000, Some(false)).is_some(), "x32");
    let low = Line { stack: 0xfff0_0000, ..line(117, [1, 2, 3, 4, 5, 6]) };
    assert!(Call::of_line(&low, Machine::X86, || None).is_some());
    // What matters to nobody asks for nothing.
    assert_eq!(Call::of_line(&line(0, [0; 6]), Machine::X86, || panic!("asked")), None);
}

#[test]
fn every_architecture_has_numbers_of_its_own_for_32_bit_programs() {
    let is_call = |machine, number, is_64_bit| {
        Call::of_line(&line(number, [1, 2, 3, 4, 5, 6]), machine, || Some(is_64_bit)).is_some()
    };
    // semop, semtimedop, semtimedop_time64, msgsnd, msgrcv
    for (machine, wide, narrow) in [
        (Machine::X86, &[65, 220, 69, 70][..], &[117, 420, 400, 401][..]),
        (Machine::ARM, &[193, 192, 189, 188], &[298, 312, 420, 301, 302]),
        (Machine::RISCV, &[193, 192, 189, 188], &[193, 192, 420, 189, 188]),
        (Machine::LOONGARCH, &[193, 192, 189, 188], &[]),
    ] {
        for number in 0..500 {
            // 117 is `ipc`, whose first argument tells the call.
            let (is_wide, is_narrow) = (wide.contains(&number), narrow.contains(&number));
            assert_eq!(is_call(machine, number, true), is_wide || is_narrow, "{machine:?} {number}");
            let expected = if machine.narrow.is_some() { is_narrow } else { is_wide };
            assert_eq!(is_call(machine, number, false), expected, "{machine:?} {number}");
        }
    }
    let minus_two = Line { stack: 0xfff0_0000, ..line(188, [3, 1, 64, 0xffff_fffe, 0, 0]) };
    let expected = Call::Receive { id: 3, mtype: Mtype::Known(-2), except: false };
    assert_eq!(Call::of_line(&minus_two, Machine::RISCV, || None), Some(expected));
    // Where no other programs run, nobody is asked.
    assert!(Call::of_line(&line(193, [1; 6]), Machine::LOONGARCH, || panic!("asked")).is_some());
}

fn op(index: u16, delta: i16) -> Operation {
    Operation { index, delta, undo: false }
}

#[test]
fn the_first_that_cannot_be_done_blocks() {
    let ops = [op(0, -1), op(1, -2), op(2, 0)];
    assert_eq!(blocking(&ops, Some(&[1, 1, 0])), Some(ops[1]));
    assert_eq!(blocking(&ops, Some(&[0, 0, 0])), Some(ops[0]));
    assert_eq!(blocking(&ops, Some(&[1, 2, 5])), Some(ops[2]));
    // It has just become possible.
    assert_eq!(blocking(&ops, Some(&[1, 2, 0])), None);
    // The operations of one call see what those before them did.
    let twice = [op(0, -1), op(0, -1)];
    assert_eq!(blocking(&twice, Some(&[1])), Some(twice[1]));
    assert_eq!(blocking(&[op(0, 1), op(0, 0)], None), Some(op(0, 0)));
    // Which of several it is, only the values tell.
    assert_eq!(blocking(&ops, None), None);
    assert_eq!(blocking(&ops, Some(&[])), None);
    assert_eq!(blocking(&[op(0, 1)], Some(&[0])), None);
}

#[test]
fn operations_are_read_from_memory() {
    let mut memory = Vec::new();
    for half in [3_u16, 0xffff, 0o10000, 4, 0, 0o4000] {
        memory.extend(half.to_ne_bytes());
    }
    memory.push(1);
    let read: Vec<Operation> = operations(&memory).collect();
    assert_eq!(read, [Operation { index: 3, delta: -1, undo: true }, op(4, 0)]);
}

proptest! {
    #[test]
    fn no_line_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Line::parse(&text);
        let _ = operations(&text).count();
    }

    #[test]
    fn no_arguments_are_too_strange(number: i64, args: [u64; 6], stack: u64, known: Option<bool>) {
        for number in [number, 65, 69, 70, 117, 220, 188, 189, 192, 193, 298, 302, 400, 401, 420] {
            let line = Line { number, args, stack };
            for machine in [Machine::X86, Machine::ARM, Machine::RISCV, Machine::LOONGARCH] {
                let _ = Call::of_line(&line, machine, || known);
            }
        }
    }

    #[test]
    fn a_written_line_is_read_back(number in 0..500_i64, args: [u64; 6]) {
        prop_assert_eq!(line(number, args), Line { number, args, stack: 0x7ffd_0000_1000 });
    }

    #[test]
    fn what_blocks_cannot_be_done(
        ops in proptest::collection::vec((0..4_u16, -3..3_i16), 0..6),
        values in proptest::array::uniform4(0..4_u16),
    ) {
        let ops: Vec<Operation> = ops.into_iter().map(|(index, delta)| op(index, delta)).collect();
        if let Some(found) = blocking(&ops, Some(&values)) {
            prop_assert!(found.delta <= 0 && ops.contains(&found));
        }
    }
}
