//! Settings files, and the team's own configuration: the first byte picks the name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plainly::change::RepoPath;
use plainly::formats::settings;

const NAMES: &[&str] = &[
    ".env",
    ".env.example",
    "compose.yaml",
    "charts/a/values.yaml",
    "k8s/deployment.yaml",
    "src/main/resources/application.properties",
    "src/main/resources/application.yml",
    "appsettings.json",
    "config/production.toml",
    "config/settings.ini",
    "config/default.json",
    "config/runtime.exs",
];

fuzz_target!(|data: &[u8]| {
    let Some((pick, rest)) = data.split_first() else { return };
    let path = RepoPath::new(NAMES[*pick as usize % NAMES.len()]);
    let text = String::from_utf8_lossy(rest);
    let _ = settings::read(&path, &text);
});
