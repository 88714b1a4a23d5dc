//! Strangers' text made harmless: one line, nothing invisible, no code span that can be left.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plainly::render::escape::{markdown_code, markdown_prose, terminal, url_path, visible};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for made in [visible(&text), markdown_code(&text), markdown_prose(&text), terminal(&text)] {
        assert!(!made.contains(['\n', '\r', '\u{1b}', '\u{202e}']), "{made:?}");
    }
    assert_eq!(visible(&visible(&text)), visible(&text));
    let prose = markdown_prose(&text);
    assert!(!prose.contains("<script") && !prose.contains("<img"), "{prose:?}");
    assert!(url_path(&text).is_ascii(), "{text:?}");
});
