//! See `ipcadm_fuzz::jsonfiles`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::jsonfiles::check(data));
