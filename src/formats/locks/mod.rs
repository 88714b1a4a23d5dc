//! Readers of lock files: the exact packages that the chosen ones brought along.
//!
//! One function a format, one line in [`READERS`]. What this repository makes itself (workspace members, links,
//! paths) is left out.

mod came_along;
mod data;
mod lines;
mod npm;

use crate::change::RepoPath;
use crate::formats::Unreadable;

pub use came_along::{CameAlong, Count, came_along};

/// One package in exactly one version.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Locked {
    /// Its name.
    pub name: String,
    /// Its exact version; empty where the lock gives none.
    pub version: String,
    /// The commit, for one taken from git.
    pub commit: Option<String>,
    /// The checksum of its content, where the lock stores one.
    pub checksum: Option<String>,
    /// Its licence, where the lock stores one.
    pub licence: Option<String>,
    /// Whether it runs code of its own when it is installed.
    pub runs_on_install: bool,
}

impl Locked {
    /// A package of which the lock says no more than its version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), ..Self::default() }
    }

    /// The same, taken from git at a commit.
    pub fn commit(mut self, commit: Option<&str>) -> Self {
        self.commit = commit.map(str::to_owned);
        self
    }

    /// The same, with the checksum of its content.
    pub fn checksum(mut self, checksum: Option<&str>) -> Self {
        self.checksum = checksum.map(str::to_owned);
        self
    }
}

/// The packages of a lock file.
pub type Packages = Result<Vec<Locked>, Unreadable>;

/// A format: the files of that name, and how they are read.
pub struct LockReader {
    /// How the files are called; a leading `*` stands for any start.
    pub names: &'static [&'static str],
    /// Reads one.
    pub read: fn(&str) -> Packages,
}

/// Every format.
pub const READERS: &[LockReader] = &[
    LockReader { names: &["package-lock.json", "npm-shrinkwrap.json"], read: npm::package_lock },
    LockReader { names: &["pnpm-lock.yaml"], read: npm::pnpm },
    LockReader { names: &["yarn.lock"], read: npm::yarn },
    LockReader { names: &["bun.lock"], read: npm::bun },
    LockReader { names: &["Cargo.lock"], read: data::cargo },
    LockReader { names: &["go.mod"], read: lines::go_indirect },
    LockReader {
        names: &["poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "pylock.*.toml"],
        read: data::python,
    },
    LockReader { names: &["Pipfile.lock"], read: data::pipfile },
    LockReader { names: &["requirements*.txt", "*requirements.txt"], read: lines::requirements },
    LockReader { names: &["Gemfile.lock", "gems.locked", "*.gemfile.lock"], read: lines::gemfile },
    LockReader { names: &["composer.lock"], read: data::composer },
    LockReader { names: &["mix.lock"], read: lines::mix },
    LockReader { names: &["packages.lock.json"], read: data::nuget },
    LockReader { names: &["gradle.lockfile", "buildscript-gradle.lockfile"], read: lines::gradle },
    LockReader { names: &["flake.lock"], read: data::flake },
    LockReader { names: &["pubspec.lock"], read: data::pubspec },
    LockReader { names: &["Podfile.lock"], read: data::podfile },
    LockReader { names: &["Package.resolved"], read: data::swift },
    LockReader { names: &[".terraform.lock.hcl"], read: lines::terraform },
    LockReader { names: &["Chart.lock"], read: data::chart },
    LockReader { names: &["conan.lock"], read: data::conan },
    LockReader { names: &["renv.lock"], read: data::renv },
    LockReader { names: &["cabal.project.freeze"], read: lines::cabal },
    LockReader { names: &["stack.yaml.lock"], read: data::stack },
    LockReader { names: &["deno.lock"], read: data::deno },
];

/// The reader of a path.
pub fn reader_of(path: &RepoPath) -> Option<&'static LockReader> {
    let name = path.file_name();
    let fits = |pattern: &&str| match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => name == *pattern,
    };
    READERS.iter().find(|reader| reader.names.iter().any(fits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `name version [commit]`, one a package.
    fn shown(path: &str, text: &str) -> Vec<String> {
        let reader = reader_of(&path.into()).expect("a known name");
        let one = |package: Locked| {
            [Some(package.name), Some(package.version), package.commit]
                .into_iter()
                .flatten()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        };
        (reader.read)(text).expect("it can be read").into_iter().map(one).collect()
    }

    #[test]
    fn every_format_gives_names_and_versions() {
        let cases: &[(&str, &str, &[&str])] = &[
            (
                "package-lock.json",
                r#"{"packages": {"": {"name": "a"}, "web": {"version": "1"}, "node_modules/web": {"link": true, "resolved": "web"},
                    "node_modules/b": {"version": "1.0", "license": {"type": "MIT"}}, "node_modules/x/node_modules/@s/c": {"version": "2"}}}"#,
                &["b 1.0", "@s/c 2"],
            ),
            (
                "npm-shrinkwrap.json",
                r#"{"dependencies": {"a": {"version": "1", "requires": {"b": "^1"}, "dependencies": {"b": {"version": "2"}}},
                    "al": {"version": "npm:real@3"}, "g": {"version": "github:o/g#abc"}, "own": {"version": "file:own"}}}"#,
                &["a 1", "b 2", "real 3", "g abc"],
            ),
            (
                "pnpm-lock.yaml",
                "lockfileVersion: 5.4\npackages:\n  /a/1.0_p@2:\n    dev: true\n  /@s/b/2.0:\n",
                &["a 1.0", "@s/b 2.0"],
            ),
            (
                "x/pnpm-lock.yaml",
                "lockfileVersion: '9.0'\nimporters:\n  .:\n    a:\npackages:\n\n  'a@1.0':\n    resolution: {integrity: x}\n  '@s/b@2.0(c@1)':\n\
                 snapshots:\n\n  a@1.0:\n",
                &["a 1.0", "@s/b 2.0"],
            ),
            (
                "yarn.lock",
                "# yarn lockfile v1\n\n\"@s/a@^1\", \"@s/a@~1.1\":\n  version \"1.1.0\"\n  dependencies:\n    b \"1\"\n",
                &["@s/a 1.1.0"],
            ),
            (
                "yarn.lock",
                "__metadata:\n  version: 8\n\n\"a@npm:^1.0.0\":\n  version: 1.0.2\n  resolution: \"a@npm:1.0.2\"\n  checksum: 10/aa\n\n\"own@workspace:.\":\n  \
                 version: 0.0.0-use.local\n  resolution: \"own@workspace:.\"\n",
                &["a 1.0.2"],
            ),
            (
                "bun.lock",
                r#"{"packages": {"a": ["a@1.0", "", {}, "sha512-x"], "w": ["w@workspace:w"],}}"#,
                &["a 1.0"],
            ),
            (
                "Cargo.lock",
                "[[package]]\nname = 'own'\nversion = '0'\n[[package]]\nname = 'a'\nversion = '1'\nsource = 'registry+x'\n",
                &["a 1"],
            ),
            (
                "go.mod",
                "module m\nrequire (\n\ta.b/c v1.0.0\n\td.e/f v1.1.0 // indirect\n)\n",
                &["d.e/f v1.1.0"],
            ),
            (
                "uv.lock",
                "[[package]]\nname = 'own'\nversion = '0'\nsource = { virtual = '.' }\n[[package]]\nname = 'a'\nversion = '1'\n",
                &["a 1"],
            ),
            ("pylock.dev.toml", "[[packages]]\nname = 'a'\nversion = '1'\n", &["a 1"]),
            (
                "Pipfile.lock",
                r#"{"_meta": {}, "default": {"a": {"version": "==1"}}, "develop": {"a": {"version": "==1"}}}"#,
                &["a 1"],
            ),
            (
                "requirements.txt",
                "# This file was autogenerated by uv\na==1 \\\n    --hash=x\nb[c]==2 ; y\n",
                &["a 1", "b 2"],
            ),
            ("requirements-dev.txt", "a==1\n", &[]),
            (
                "Gemfile.lock",
                "GIT\n  remote: x\n  revision: abc\n  specs:\n    g (1.0)\n\nPATH\n  remote: .\n  specs:\n    own (0)\n\nGEM\n  specs:\n    a (1.0-x86_64-linux)\n      \
                 b (~> 1)\n",
                &["g 1.0 abc", "a 1.0"],
            ),
            (
                "composer.lock",
                r#"{"packages": [{"name": "a/b", "version": "1"}], "packages-dev": []}"#,
                &["a/b 1"],
            ),
            (
                "mix.lock",
                "%{\n  \"a\": {:hex, :a, \"1.0\", \"aa\", [:mix], [], \"hexpm\", \"bb\"},\n  \"g\": {:git, \"https://x\", \"abc\", []},\n}\n",
                &["a 1.0", "g abc"],
            ),
            (
                "packages.lock.json",
                r#"{"dependencies": {"net9": {"A": {"type": "Direct", "resolved": "1"}, "own": {"type": "Project"}}}}"#,
                &["A 1"],
            ),
            ("gradle.lockfile", "# x\na:b:1=c\nempty=d\n", &["a:b 1"]),
            ("flake.lock", r#"{"nodes": {"a": {"locked": {"rev": "abc"}}, "root": {}}}"#, &["a abc"]),
            (
                "pubspec.lock",
                "packages:\n  a:\n    source: hosted\n    version: \"1.10\"\n  own:\n    source: path\n    version: 0\n",
                &["a 1.10"],
            ),
            ("Podfile.lock", "PODS:\n  - A (1.0)\n  - B (2.0):\n    - A\n", &["A 1.0", "B 2.0"]),
            (
                "Package.resolved",
                r#"{"pins": [{"identity": "a", "location": "https://github.com/o/a.git", "state": {"version": "1"}}], "version": 2}"#,
                &["github.com/o/a 1"],
            ),
            (
                ".terraform.lock.hcl",
                "provider \"registry.terraform.io/hashicorp/aws\" {\n  version = \"5.0\"\n}\n",
                &["hashicorp/aws 5.0"],
            ),
            ("Chart.lock", "dependencies:\n- name: redis\n  version: 20.1.0\n", &["redis 20.1.0"]),
            ("conan.lock", r#"{"version": "0.5", "requires": ["zlib/1.2.11#rev"]}"#, &["zlib 1.2.11"]),
            (
                "conan.lock",
                r#"{"graph_lock": {"nodes": {"x": {"pref": "own/1.0", "path": "."}, "y": {"pref": "zlib/1.2#a"}}}}"#,
                &["zlib 1.2"],
            ),
            ("renv.lock", r#"{"Packages": {"a": {"Package": "a", "Version": "1"}}}"#, &["a 1"]),
            ("cabal.project.freeze", "constraints: any.a ==1.0,\n             b +flag\n", &["a 1.0"]),
            ("stack.yaml.lock", "packages:\n- completed:\n    hackage: a-b-1.0@sha256:x,1\n", &["a-b 1.0"]),
            ("deno.lock", r#"{"version": "4", "npm": {"@s/a@1.0_peer": {"integrity": "x"}}}"#, &["@s/a 1.0"]),
        ];
        for (path, text, expected) in cases {
            assert_eq!(shown(path, text), *expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_lock_is_said_so() {
        let broken_entry = "%{\n  \"a\": {:hex, },\n}\n";
        assert!((reader_of(&"mix.lock".into()).expect("a known name").read)(broken_entry).is_err());
        for path in [
            "package-lock.json",
            "pnpm-lock.yaml",
            "yarn.lock",
            "Cargo.lock",
            "pubspec.lock",
            "Podfile.lock",
            "bun.lock",
        ] {
            let reader = reader_of(&path.into()).expect("a known name");
            assert!((reader.read)("<<<<<<< this is no lock file").is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn readers_never_panic(text in "(?s).{0,200}", words in proptest::collection::vec(
            prop::sample::select(vec!["packages:", "\n", "  ", "/a/1", "@", "\"", "{", "}", "[", "==", ":", "GEM", "specs:", "(", "é", "version", "#", "npm:"]), 0..40)) {
            for reader in READERS {
                let _ = (reader.read)(&text);
                let _ = (reader.read)(&words.concat());
            }
        }
    }
}
