//! See `ipcadm_fuzz::render`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::render::check(data));
