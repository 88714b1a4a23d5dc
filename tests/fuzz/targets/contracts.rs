//! Contracts of every format, read and compared: the first byte picks the format and where the two sides part.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plainly::change::RepoPath;
use plainly::formats::contracts::{Format, compare, read, recognise};

const FORMATS: &[(&str, Format)] = &[
    ("a.graphql", Format::GraphQl),
    ("schema.json", Format::GraphQl),
    ("a.proto", Format::Protobuf),
    ("a.avsc", Format::Avro),
    ("a.yaml", Format::OpenApi),
    ("a.json", Format::OpenApi),
    ("a.yaml", Format::AsyncApi),
    ("a.json", Format::JsonSchema),
];

fuzz_target!(|data: &[u8]| {
    let Some((pick, rest)) = data.split_first() else { return };
    let (path, format) = FORMATS[*pick as usize % FORMATS.len()];
    let path = RepoPath::new(path);
    // an edit of one text: the second side lacks one byte in its middle
    let text = String::from_utf8_lossy(rest).into_owned();
    let at = rest.len() / 2;
    let edited = String::from_utf8_lossy(&[&rest[..at], &rest[(at + 1).min(rest.len())..]].concat()).into_owned();
    let sides = [&text, &edited].map(|text| {
        recognise(&path, text);
        read(format, &path, text, &|_| None)
    });
    if let [Ok(before), Ok(after)] = sides {
        compare(format, &[before], &[after], &Clone::clone);
    }
});
