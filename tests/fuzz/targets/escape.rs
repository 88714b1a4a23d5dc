//! Strangers' text made harmless: one line, nothing invisible, and nothing but words and code to a real renderer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plainly::render::escape::{markdown_code, markdown_prose, terminal, url_path, visible};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for made in [visible(&text), markdown_code(&text), markdown_prose(&text), terminal(&text)] {
        assert!(!made.contains(['\n', '\r', '\u{1b}', '\u{202e}']), "{made:?}");
    }
    assert_eq!(visible(&visible(&text)), visible(&text));
    for made in [markdown_prose(&text), markdown_code(&text)] {
        let plain = Parser::new_ext(&made, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).all(|event| {
            matches!(event, Event::Text(_) | Event::Code(_))
                || matches!(event, Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph))
        });
        assert!(plain, "{made:?}");
    }
    assert!(url_path(&text).is_ascii(), "{text:?}");
});
