//! Writing programs for the kernel's BPF machine, instruction by instruction (`Documentation/bpf/standardization`).

use crate::sys::bpf::Instruction;

/// A register. Calls take R1 to R5 and spoil them, and give R0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Register(u8);

pub(super) const R0: Register = Register(0);
pub(super) const R1: Register = Register(1);
pub(super) const R2: Register = Register(2);
pub(super) const R3: Register = Register(3);
pub(super) const R4: Register = Register(4);
pub(super) const R6: Register = Register(6);
pub(super) const R7: Register = Register(7);
pub(super) const R8: Register = Register(8);
pub(super) const R9: Register = Register(9);
/// The end of the stack, which has 512 bytes.
const FRAME: Register = Register(10);

/// Functions of the kernel (`enum bpf_func_id`).
#[derive(Clone, Copy, Debug)]
pub(super) enum Helper {
    MapLookup = 1,
    CurrentTask = 35,
    ReadKernel = 113,
    SeqWrite = 127,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Width {
    Four = 0x00,
    Eight = 0x18,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum If {
    Equal = 0x10,
    NotEqual = 0x50,
    /// Of numbers without signs.
    Greater = 0x20,
    Less = 0xa0,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(pub(super) usize);

#[derive(Debug, Default)]
pub(super) struct Program {
    instructions: Vec<Instruction>,
    /// Jumps, and where to.
    jumps: Vec<(usize, Label)>,
    /// Where the labels are.
    places: Vec<(Label, usize)>,
}

impl Program {
    fn put(&mut self, code: u8, to: Register, from: Register, offset: i16, number: i32) {
        let registers = if cfg!(target_endian = "little") { from.0 << 4 | to.0 } else { to.0 << 4 | from.0 };
        let ([o1, o2], [n1, n2, n3, n4]) = (offset.to_ne_bytes(), number.to_ne_bytes());
        self.instructions.push(Instruction([code, registers, o1, o2, n1, n2, n3, n4]));
    }

    /// `to` = `from`
    pub(super) fn copy(&mut self, to: Register, from: Register) {
        self.put(0xbf, to, from, 0, 0);
    }

    /// `to` = `number`
    pub(super) fn set(&mut self, to: Register, number: i32) {
        self.put(0xb7, to, R0, 0, number);
    }

    /// `to` += `number`
    pub(super) fn add(&mut self, to: Register, number: i32) {
        if number != 0 {
            self.put(0x07, to, R0, 0, number);
        }
    }

    /// `to` += `from`
    pub(super) fn add_register(&mut self, to: Register, from: Register) {
        self.put(0x0f, to, from, 0, 0);
    }

    /// `to` *= `number`
    pub(super) fn multiply(&mut self, to: Register, number: i32) {
        self.put(0x27, to, R0, 0, number);
    }

    /// `to` &= `bits`
    pub(super) fn and(&mut self, to: Register, bits: i32) {
        self.put(0x57, to, R0, 0, bits);
    }

    /// `to` = what is at `from` + `offset`
    pub(super) fn load(&mut self, width: Width, to: Register, from: Register, offset: i16) {
        self.put(0x61 | width as u8, to, from, offset, 0);
    }

    /// What is at `to` + `offset` = `from`
    pub(super) fn store(&mut self, width: Width, to: Register, offset: i16, from: Register) {
        self.put(0x63 | width as u8, to, from, offset, 0);
    }

    /// As [`Program::load`], from the stack.
    pub(super) fn load_local(&mut self, width: Width, to: Register, local: i16) {
        self.load(width, to, FRAME, local);
    }

    /// As [`Program::store`], on the stack.
    pub(super) fn store_local(&mut self, width: Width, local: i16, from: Register) {
        self.store(width, FRAME, local, from);
    }

    /// `to` = where `local` lies on the stack
    pub(super) fn address_of_local(&mut self, to: Register, local: i16) {
        self.copy(to, FRAME);
        self.add(to, local.into());
    }

    pub(super) fn jump(&mut self, label: Label) {
        self.jumps.push((self.instructions.len(), label));
        self.put(0x05, R0, R0, 0, 0);
    }

    /// Goes on at a label if a register compares so with a number.
    pub(super) fn jump_if(&mut self, one: Register, when: If, number: i32, label: Label) {
        self.jumps.push((self.instructions.len(), label));
        self.put(0x05 | when as u8, one, R0, 0, number);
    }

    /// Goes on at a label if the lower half of a register compares so with a number.
    pub(super) fn jump_if_half(&mut self, one: Register, when: If, number: i32, label: Label) {
        self.jumps.push((self.instructions.len(), label));
        self.put(0x06 | when as u8, one, R0, 0, number);
    }

    /// Goes on at a label if a register compares so with another.
    pub(super) fn jump_if_register(&mut self, one: Register, when: If, other: Register, label: Label) {
        self.jumps.push((self.instructions.len(), label));
        self.put(0x0d | when as u8, one, other, 0, 0);
    }

    /// R0 = what a function of the kernel gives
    pub(super) fn call(&mut self, helper: Helper) {
        self.put(0x85, R0, R0, 0, helper as i32);
    }

    /// Ends: with 0, or with 1 to be run for the same task again.
    pub(super) fn end(&mut self, result: i32) {
        self.set(R0, result);
        self.put(0x95, R0, R0, 0, 0);
    }

    /// R0 = where the value of the key at `local` lies in a map, or 0
    pub(super) fn look_up(&mut self, map: i32, local: i16) {
        // A descriptor, which the kernel replaces by the map's address.
        self.put(0x18, R1, R1, 0, map);
        self.put(0, R0, R0, 0, 0);
        self.address_of_local(R2, local);
        self.call(Helper::MapLookup);
    }

    /// Copies from the kernel's memory at `from` + `offset` to the stack; zeros where nothing is there.
    pub(super) fn read(&mut self, local: i16, width: Width, from: Register, offset: i32) {
        self.copy(R3, from);
        self.add(R3, offset);
        self.address_of_local(R1, local);
        self.set(R2, if matches!(width, Width::Four) { 4 } else { 8 });
        self.call(Helper::ReadKernel);
    }

    pub(super) fn here(&mut self, label: Label) {
        self.places.push((label, self.instructions.len()));
    }

    /// The program; None when it jumps to nowhere, or too far.
    pub(super) fn finish(mut self) -> Option<Vec<Instruction>> {
        for (at, label) in self.jumps {
            let (_, place) = self.places.iter().find(|(other, _)| *other == label)?;
            let distance = i64::try_from(*place).ok()? - i64::try_from(at).ok()? - 1;
            let [one, two] = i16::try_from(distance).ok()?.to_ne_bytes();
            let Instruction(bytes) = self.instructions.get_mut(at)?;
            (bytes[2], bytes[3]) = (one, two);
        }
        Some(self.instructions)
    }
}

#[cfg(test)]
mod tests {
    use super::{If, Instruction, Label, Program, R1, Width};

    #[test]
    fn jumps_are_counted_from_the_next_instruction() {
        let mut program = Program::default();
        let (again, end) = (Label(0), Label(1));
        program.here(again);
        program.jump_if(R1, If::Equal, 0, end);
        program.load(Width::Eight, R1, R1, 8);
        program.jump(again);
        program.here(end);
        program.end(0);
        let written = program.finish().unwrap();
        let offset = |at: usize| i16::from_ne_bytes([written[at].0[2], written[at].0[3]]);
        assert_eq!((offset(0), offset(1), offset(2)), (2, 8, -3));
        if cfg!(target_endian = "little") {
            assert_eq!(written[1], Instruction([0x79, 0x11, 8, 0, 0, 0, 0, 0]));
            assert_eq!(written[3], Instruction([0xb7, 0, 0, 0, 0, 0, 0, 0]));
        }
    }

    #[test]
    fn a_jump_to_nowhere_is_no_program() {
        let mut program = Program::default();
        program.jump(Label(3));
        assert_eq!(program.finish(), None);
    }
}
