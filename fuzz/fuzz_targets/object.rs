//! See `ipcadm_fuzz::object`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::object::check(data));
