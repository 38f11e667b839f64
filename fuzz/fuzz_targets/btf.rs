//! See `ipcadm_fuzz::btf`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipcadm_fuzz::btf::check(data));
