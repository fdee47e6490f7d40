#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::jpeg_xl(bytes));
