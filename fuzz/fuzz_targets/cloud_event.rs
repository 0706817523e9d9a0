#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| eventstream_fuzz::cloud_event::check(data));
