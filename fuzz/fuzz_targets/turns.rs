#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockless_fuzz::turns(data));
