//! See `ipcadm_fuzz::elf`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::elf::check(data));
