//! Mobile apps: `pubspec.yaml`, `Package.swift`, `Podfile` and podspecs.

use super::ruby::calls;
use super::script::{Comments, Piece, pieces};
use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Reads `pubspec.yaml`.
pub(super) struct Pubspec;

impl Reader for Pubspec {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Pub]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.file_name(), "pubspec.yaml" | "pubspec.yml")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        for root in document::yaml(manifest.text)? {
            found.makes.extend(root.text_of("name").map(|name| (Ecosystem::Pub, name.to_owned())));
            for (tool, version) in root.get("environment").entries() {
                found.runtime(if tool == "sdk" { "dart" } else { tool }, version.text(), version.line);
            }
            for (section, dev) in [("dependencies", false), ("dev_dependencies", true)] {
                for (name, written) in root.get(section).entries() {
                    // part of the language's own kit
                    if written.get("sdk").is_some() {
                        continue;
                    }
                    let git = written.get("git");
                    let source = if written.get("path").is_some() {
                        Source::Own
                    } else if let Some(address) = git.text().or(git.text_of("url")) {
                        Source::Git(address.to_owned())
                    } else {
                        let hosted = written.at(&["hosted", "url"]).text().or(written.text_of("hosted"));
                        hosted.map(|address| Source::Other(address.to_owned())).unwrap_or_default()
                    };
                    let version = written.text().or(written.text_of("version")).or(git.text_of("ref"));
                    let one = Requirement::new(Ecosystem::Pub, name, version, written.line);
                    found.add(one.from(source).section(section, dev));
                }
            }
        }
        Ok(found)
    }
}

/// Reads `Package.swift`.
pub(super) struct SwiftPackage;

impl Reader for SwiftPackage {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Swift]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name().starts_with("Package") && path.extension() == "swift"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        if let Some(version) =
            manifest.text.lines().next().and_then(|line| line.split("swift-tools-version:").nth(1))
        {
            found.runtime("swift", Some(version), 1);
        }
        let all = pieces(manifest.text, Comments::Slashes);
        for (at, (line, piece)) in all.iter().enumerate() {
            let is_address =
                piece.word() == Some("url") && all.get(at + 1).is_some_and(|(_, sign)| sign.is(':'));
            let Some(address) = all.get(at + 2).and_then(|(_, piece)| piece.text()).filter(|_| is_address)
            else {
                continue;
            };
            let rest = all[at + 3..]
                .iter()
                .map(|(_, piece)| piece)
                .take_while(|piece| !piece.is(')') && !piece.is('('));
            let texts: Vec<&str> = rest.filter_map(Piece::text).collect();
            // .upToNextMajor(from: "1.0") and its kin hold their version one bracket deeper
            let deeper = all[at + 3..].iter().take(12).find_map(|(_, piece)| piece.text());
            let version = match texts.as_slice() {
                [] => deeper.map(str::to_owned),
                several => Some(several.join("..<")),
            };
            let name =
                address.trim_end_matches('/').rsplit('/').next().unwrap_or(address).trim_end_matches(".git");
            found.add(Requirement::new(Ecosystem::Swift, name, version.as_deref(), *line));
        }
        Ok(found)
    }
}

/// Reads `Podfile` and podspecs.
pub(super) struct Podfile;

impl Reader for Podfile {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Cocoapods]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "Podfile" || path.extension() == "podspec"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        calls(manifest.text, &mut |call| {
            if call.method == "name=" {
                found.makes.extend(call.texts.first().map(|name| (Ecosystem::Cocoapods, name.clone())));
            }
            if !matches!(call.method, "pod" | "dependency") {
                return;
            }
            let Some((name, versions)) = call.texts.split_first() else { return };
            let option = |wanted: &str| {
                call.options.iter().find(|(key, _)| key == wanted).and_then(|(_, values)| values.first())
            };
            let source = if option("path").is_some() || option("podspec").is_some() {
                Source::Own
            } else {
                option("git").map(|address| Source::Git(address.clone())).unwrap_or_default()
            };
            let dev = call.around.iter().any(|block| {
                block.method == "target"
                    && block.texts.first().is_some_and(|target| target.ends_with("Tests"))
            });
            let pinned = ["tag", "commit", "branch"].iter().find_map(|key| option(key));
            let version = if versions.is_empty() { pinned.cloned() } else { Some(versions.join(", ")) };
            let one = Requirement::new(Ecosystem::Cocoapods, name, version.as_deref(), call.line);
            found.add(one.from(source).section(if dev { "development" } else { "" }, dev));
        })?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn pubspec() {
        let text = "name: app\nenvironment:\n  sdk: ^3.5.0\ndependencies:\n  flutter:\n    sdk: flutter\n  http: ^1.2.0\n  own:\n    path: ../own\n  \
                    fork:\n    git:\n      url: https://x.dev/f\n      ref: v2\n  any:\ndev_dependencies:\n  lints: 4.0\n";
        assert_eq!(
            shown(&read(&Pubspec, "pubspec.yaml", text)),
            [
                "pub http ^1.2.0",
                "pub own - own",
                "pub fork v2 from https://x.dev/f",
                "pub any -",
                "pub lints 4.0 dev"
            ]
        );
    }

    #[test]
    fn swift() {
        let text = "// swift-tools-version: 5.9\nlet package = Package(name: \"a\", dependencies: [\n  .package(url: \
                    \"https://github.com/apple/swift-log.git\", from: \"1.5.0\"),\n  .package(url: \"https://x.dev/b\", \
                    .upToNextMajor(from: \"2.0\")),\n  .package(url: \"https://x.dev/c\", \"1.0.0\"..<\"2.0.0\"),\n  .package(path: \"../own\")\n])\n";
        assert_eq!(
            shown(&read(&SwiftPackage, "Package.swift", text)),
            ["swift swift-log 1.5.0", "swift b 2.0", "swift c 1.0.0..<2.0.0"]
        );
    }

    #[test]
    fn pods() {
        let text = "platform :ios, '15.0'\ntarget 'App' do\n  pod 'Alamofire', '~> 5.9'\n  pod 'Own', :path => '../own'\n  target 'AppTests' do\n    \
                    pod 'Quick'\n  end\nend\n";
        assert_eq!(
            shown(&read(&Podfile, "Podfile", text)),
            ["cocoapods Alamofire ~> 5.9", "cocoapods Own - own", "cocoapods Quick - dev"]
        );
    }
}
