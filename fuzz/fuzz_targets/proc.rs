//! See `ipcadm_fuzz::proc`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::proc::check(data));
