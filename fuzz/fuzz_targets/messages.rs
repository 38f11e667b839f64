//! See `ipcadm_fuzz::messages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::messages::check(data));
