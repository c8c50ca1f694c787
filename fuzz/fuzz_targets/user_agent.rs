//! Parses any text as a user agent or IP address. There is always an answer, in linear time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use statsig::testing::internals;

fuzz_target!(|text: &str| {
    for part in ["os_name", "os_version", "browser_name", "browser_version"] {
        assert!(internals::user_agent_part(text, part).is_some());
    }
    let _ = internals::country_of(text, None);
});
