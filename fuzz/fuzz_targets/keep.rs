//! See `ipcadm_fuzz::keep`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::keep::check(data));
