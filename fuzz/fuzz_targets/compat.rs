//! See `ipcadm_fuzz::compat`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::compat::check(data));
