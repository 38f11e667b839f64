//! See `ipcadm_fuzz::cmdline`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::cmdline::check(data));
