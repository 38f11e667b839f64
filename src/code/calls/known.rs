//! Files that are known by their names.

/// Programs that run those of other machines, whose calls are not theirs by name.
const EMULATORS: [&[u8]; 6] = [b"box64", b"box86", b"FEX", b"FEXInterpreter", b"FEXLoader", b"rosetta"];
/// Programs of QEMU that do not, as their names go on behind `qemu-`.
const QEMU: &str = "system- img io nbd ga storage-daemon pr-helper bridge-helper vmsr-helper edid keymap";

/// Whether a module calls functions by names that only its data tells, by its file's name.
pub fn is_foreign_function_module(name: &[u8]) -> bool {
    let is = |start: &[u8]| name.starts_with(start) && name.ends_with(b".so");
    is(b"_ctypes.")
        || is(b"_cffi_backend.")
        || name == b"fiddle.so"
        || name == b"ffi_c.so"
        || name.starts_with(b"libjnidispatch")
}

/// Whether a program runs those of other machines.
pub fn runs_others(name: &[u8]) -> bool {
    let is_other = |name: &[u8]| QEMU.split(' ').any(|other| name.starts_with(other.as_bytes()));
    name.strip_prefix(b"qemu-").is_some_and(|name| !is_other(name)) || EMULATORS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::{is_foreign_function_module, runs_others};

    #[test]
    fn modules_are_known_by_their_names() {
        for name in ["_ctypes.cpython-311-x86_64-linux-gnu.so", "_ctypes.so", "_cffi_backend.abi3.so", "fiddle.so"] {
            assert!(is_foreign_function_module(name.as_bytes()), "{name}");
        }
        assert!(is_foreign_function_module(b"libjnidispatch.system.so") && is_foreign_function_module(b"ffi_c.so"));
        for name in ["_ctypes_test.cpython-311-x86_64-linux-gnu.so", "libffi.so.8", "ffi.so", "_ctypes.py", ""] {
            assert!(!is_foreign_function_module(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn only_emulators_of_programs_run_others() {
        for name in ["qemu-arm", "qemu-aarch64-static", "qemu-x86_64", "box64", "rosetta"] {
            assert!(runs_others(name.as_bytes()), "{name}");
        }
        for name in ["qemu-system-x86_64", "qemu-ga", "qemu-img", "qemu", "bash"] {
            assert!(!runs_others(name.as_bytes()), "{name}");
        }
    }
}
