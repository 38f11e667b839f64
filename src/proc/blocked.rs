//! The call that a thread sleeps in: `/proc/PID/task/TID/syscall`, decoded for the programs that a machine may run.

/// Operations in one `semop` that are looked at.
pub const MAX_OPS: u64 = 16 * 1024;

/// A table of system calls: the numbers, and the order and width of the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abi {
    /// 64-bit x86, and x32.
    X86_64,
    /// The kernel's generic table on 64-bit machines.
    Generic,
    /// 32-bit x86.
    I386,
    /// 32-bit Arm (EABI).
    Arm,
    /// The generic table for 32-bit programs: RISC-V.
    Generic32,
}

impl Abi {
    const fn is_narrow(self) -> bool {
        matches!(self, Self::I386 | Self::Arm | Self::Generic32)
    }
}

/// The tables that an architecture's kernel has for its programs.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    pub wide: Abi,
    /// That of 32-bit programs, where the kernel can run them.
    pub narrow: Option<Abi>,
}

impl Machine {
    pub const X86: Self = Self { wide: Abi::X86_64, narrow: Some(Abi::I386) };
    pub const ARM: Self = Self { wide: Abi::Generic, narrow: Some(Abi::Arm) };
    pub const RISCV: Self = Self { wide: Abi::Generic, narrow: Some(Abi::Generic32) };
    pub const LOONGARCH: Self = Self { wide: Abi::Generic, narrow: None };
    /// This one. There are no others: see `sys::layout`.
    pub const NATIVE: Self = if cfg!(target_arch = "x86_64") {
        Self::X86
    } else if cfg!(target_arch = "aarch64") {
        Self::ARM
    } else if cfg!(target_arch = "riscv64") {
        Self::RISCV
    } else {
        Self::LOONGARCH
    };
}

/// A line of `/proc/PID/task/TID/syscall`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number of the call; -1 outside of any.
    pub number: i64,
    pub args: [u64; 6],
    pub stack: u64,
}

impl Line {
    /// `nr a0 a1 a2 a3 a4 a5 sp pc`. None of a thread that runs, and of one that sleeps outside of a call.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
        let number = words.next()?.parse().ok()?;
        let mut hex = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
        let mut args = [0; 6];
        for arg in &mut args {
            *arg = hex()?;
        }
        Some(Self { number, args, stack: hex()? })
    }

    /// Whether the stack is beyond what a 32-bit program can have.
    pub const fn has_high_stack(&self) -> bool {
        self.stack > u32::MAX as u64
    }
}

/// A call that may sleep on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `semop`, `semtimedop`.
    Operate {
        id: i32,
        /// Where the operations are.
        address: u64,
        count: u64,
        /// Whether it gives up after a time.
        timeout: bool,
    },
    /// `msgsnd`.
    Send {
        id: i32,
        /// Bytes of text.
        bytes: u64,
    },
    /// `msgrcv`.
    Receive {
        id: i32,
        mtype: Mtype,
        /// `MSG_EXCEPT`.
        except: bool,
    },
}

/// The type that a receiver asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mtype {
    Known(i64),
    /// The 32-bit number at this address of the process.
    At(u64),
}

impl Call {
    /// The call in `line`, made by a program of this kind; None when it is another one.
    pub fn decode(line: &Line, abi: Abi) -> Option<Self> {
        let number = match abi {
            // x32 has its own bit.
            Abi::X86_64 => line.number & !0x4000_0000,
            _ => line.number,
        };
        let [a0, a1, a2, a3, a4, _] = if abi.is_narrow() { line.args.map(low) } else { line.args };
        let operate = |timeout| Self::Operate { id: id(a0), address: a1, count: low(a2), timeout };
        let send = Self::Send { id: id(a0), bytes: a2 };
        let mtype = if abi.is_narrow() { i64::from(id(a3)) } else { a3.cast_signed() };
        let receive = Self::Receive { id: id(a0), mtype: Mtype::Known(mtype), except: has_except(a4) };
        Some(match (abi, number) {
            (Abi::X86_64, 65) | (Abi::Generic | Abi::Generic32, 193) | (Abi::Arm, 298) => operate(false),
            (Abi::X86_64, 220) | (Abi::Generic | Abi::Generic32, 192) | (Abi::Arm, 312) => operate(a3 != 0),
            // semtimedop_time64
            (Abi::I386 | Abi::Arm | Abi::Generic32, 420) => operate(a3 != 0),
            (Abi::X86_64, 69) | (Abi::Generic | Abi::Generic32, 189) | (Abi::Arm, 301) | (Abi::I386, 400) => send,
            (Abi::X86_64, 70) | (Abi::Generic | Abi::Generic32, 188) | (Abi::Arm, 302) | (Abi::I386, 401) => receive,
            (Abi::I386, 117) => return Self::multiplexed(line.args.map(low)),
            _ => return None,
        })
    }

    /// `ipc(call, first, second, third, ptr, fifth)`
    fn multiplexed([call, first, second, third, ptr, fifth]: [u64; 6]) -> Option<Self> {
        let operate = |timeout| Self::Operate { id: id(first), address: ptr, count: second, timeout };
        // The upper half is a version.
        Some(match (call & 0xffff, call >> 16) {
            (1, _) => operate(false),
            (4, _) => operate(fifth != 0),
            (11, _) => Self::Send { id: id(first), bytes: second },
            // Version 0 points to a pair: the message's address, and the type.
            (12, 0) => Self::Receive { id: id(first), mtype: Mtype::At(ptr + 4), except: has_except(third) },
            (12, _) => {
                Self::Receive { id: id(first), mtype: Mtype::Known(i64::from(id(fifth))), except: has_except(third) }
            }
            _ => return None,
        })
    }

    /// The call that a thread of this machine sleeps in. `is_64_bit` tells what program it runs, if that can be
    /// known, and is asked only about calls that matter.
    pub fn of_line(line: &Line, machine: Machine, is_64_bit: impl FnOnce() -> Option<bool>) -> Option<Self> {
        let wide = Self::decode(line, machine.wide);
        let Some(narrow) = machine.narrow else { return wide };
        let narrow = Self::decode(line, narrow);
        if (wide, narrow) == (None, None) {
            return None;
        }
        let x32 = machine.wide == Abi::X86_64 && line.number & 0x4000_0000 != 0;
        if x32 || is_64_bit().unwrap_or_else(|| line.has_high_stack()) {
            // A 64-bit program may make the calls of 32-bit ones (int 0x80). Their numbers mean nothing else here that sleeps.
            wide.or(narrow)
        } else {
            narrow
        }
    }

    pub const fn id(&self) -> i32 {
        match self {
            Self::Operate { id, .. } | Self::Send { id, .. } | Self::Receive { id, .. } => *id,
        }
    }
}

/// The lower half, which is what the kernel takes of an `int`.
const fn low(argument: u64) -> u64 {
    argument & 0xffff_ffff
}

const fn id(argument: u64) -> i32 {
    low(argument) as i32
}

const fn has_except(flags: u64) -> bool {
    flags & libc::MSG_EXCEPT as u64 != 0
}

/// One of the operations of a `semop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    pub index: u16,
    /// What is added; 0 waits for zero.
    pub delta: i16,
    /// Whether it is undone when the process ends.
    pub undo: bool,
}

pub const OPERATION_SIZE: usize = 6;

/// The operations in the memory of a process.
pub fn operations(memory: &[u8]) -> impl Iterator<Item = Operation> {
    let half = |pair: &[u8]| u16::from_ne_bytes([pair[0], pair[1]]);
    memory.chunks_exact(OPERATION_SIZE).map(move |bytes| Operation {
        index: half(bytes),
        delta: half(&bytes[2..]).cast_signed(),
        undo: i32::from(half(&bytes[4..])) & libc::SEM_UNDO != 0,
    })
}

/// The operation that a thread sleeps for: the first that cannot be done, as the kernel counts sleepers. Without
/// `values`, the only one that can make it sleep; None when that is not clear.
pub fn blocking(operations: &[Operation], values: Option<&[u16]>) -> Option<Operation> {
    let mut sleepy = operations.iter().filter(|operation| operation.delta <= 0);
    let first = sleepy.next().copied();
    if sleepy.next().is_none() {
        return first;
    }
    let mut values: Vec<i32> = values?.iter().map(|&value| i32::from(value)).collect();
    for operation in operations {
        let value = values.get_mut(usize::from(operation.index))?;
        let delta = i32::from(operation.delta);
        if delta == 0 && *value != 0 || *value + delta < 0 {
            return Some(*operation);
        }
        *value += delta;
    }
    None
}

#[cfg(test)]
mod tests;
