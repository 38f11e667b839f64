//! See `ipcadm_fuzz::archraw`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::archraw::check(data));
