//! Python: `pyproject.toml` in its dialects, requirement and constraint files, `Pipfile`, `setup.cfg`.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::{self, Node};

/// Reads `pyproject.toml`: the standard tables, and those of poetry, uv, pdm and hatch.
pub(super) struct Pyproject;

impl Reader for Pyproject {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Pypi]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "pyproject.toml"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::toml(manifest.text)?;
        let mut found = Inventory::default();
        let poetry = root.at(&["tool", "poetry"]);
        let uv = root.at(&["tool", "uv"]);
        let project = root.get("project");
        for name in [project.text_of("name"), poetry.text_of("name")].into_iter().flatten() {
            found.makes.push((Ecosystem::Pypi, name.to_owned()));
        }
        let python = project.get("requires-python");
        found.runtime("python", python.text(), python.line);

        list(project.get("dependencies"), "dependencies", false, &mut found);
        for (extra, packages) in project.get("optional-dependencies").entries() {
            list(packages, extra, is_dev(extra), &mut found);
        }
        let pdm = root.at(&["tool", "pdm", "dev-dependencies"]);
        for (group, packages) in root.get("dependency-groups").entries().chain(pdm.entries()) {
            list(packages, group, is_dev(group), &mut found);
        }
        list(uv.get("dev-dependencies"), "dev", true, &mut found);
        list(root.at(&["build-system", "requires"]), "build-system", true, &mut found);
        for (environment, table) in root.at(&["tool", "hatch", "envs"]).entries() {
            for key in ["dependencies", "extra-dependencies"] {
                list(table.get(key), environment, true, &mut found);
            }
        }

        poetry_table(poetry.get("dependencies"), "dependencies", false, &mut found);
        poetry_table(poetry.get("dev-dependencies"), "dev", true, &mut found);
        for (group, table) in poetry.get("group").entries() {
            poetry_table(table.get("dependencies"), group, is_dev(group), &mut found);
        }

        for (name, place) in uv.get("sources").entries() {
            let place = place.items().next().unwrap_or(place);
            let source = source(place);
            let wanted = Ecosystem::Pypi.canonical(name);
            let of_name = found.requirements.iter_mut().filter(|one| one.package().1 == wanted);
            of_name.for_each(|one| one.source = source.clone());
        }
        Ok(found)
    }
}

fn list(packages: &Node, section: &str, dev: bool, found: &mut Inventory) {
    for item in packages.items() {
        let read = item.text().and_then(|text| requirement(text, item.line));
        found.requirements.extend(read.map(|one| one.section(section, dev)));
    }
}

fn poetry_table(table: &Node, section: &str, dev: bool, found: &mut Inventory) {
    for (name, written) in table.entries() {
        // one package may have several entries, each for other systems
        let first = written.items().next().unwrap_or(written);
        let version = first.text().or(first.text_of("version"));
        if name == "python" {
            found.runtime("python", version, written.line);
            continue;
        }
        let pinned = ["tag", "rev", "branch"].iter().find_map(|key| first.text_of(key));
        let one = Requirement::new(Ecosystem::Pypi, name, version.or(pinned), written.line);
        found.add(one.from(source(first)).section(section, dev));
    }
}

/// The source that an inline table names.
fn source(place: &Node) -> Source {
    if let Some(address) = place.text_of("git") {
        Source::Git(address.to_owned())
    } else if place.get("path").is_some() || place.get("workspace").is_some() || place.get("file").is_some() {
        Source::Own
    } else {
        let other = place.text_of("url").or(place.text_of("index")).or(place.text_of("source"));
        other.map(|other| Source::Other(other.to_owned())).unwrap_or_default()
    }
}

/// Extras and groups that by their name serve development. Others may well be shipped, such as one of drivers.
pub(super) fn is_dev(group: &str) -> bool {
    const WORDS: &[&str] = &[
        "dev",
        "develop",
        "development",
        "test",
        "tests",
        "testing",
        "lint",
        "linting",
        "docs",
        "doc",
        "documentation",
        "typing",
        "types",
        "style",
        "ci",
        "build",
        "check",
        "checks",
        "format",
        "benchmark",
        "benchmarks",
        "commit",
        "coverage",
        "debug",
        "devel",
        "lints",
        "mypy",
        "nox",
        "precommit",
        "publish",
        "pytest",
        "qa",
        "quality",
        "release",
        "ruff",
        "tooling",
        "tools",
        "tox",
    ];
    group.to_ascii_lowercase().split(['-', '_', '.', '/']).any(|word| WORDS.contains(&word))
}

/// `name[extras] specifier ; marker`, or `name @ address`.
pub(super) fn requirement(text: &str, line: u32) -> Option<Requirement> {
    let text = text.split(';').next().unwrap_or_default().trim();
    let end =
        text.find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    let rest = rest.trim();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest).trim(),
        None => rest,
    };
    if !name.starts_with(|letter: char| letter.is_ascii_alphanumeric()) || rest.starts_with([':', '/', '\\'])
    {
        return None;
    }
    if let Some(address) = rest.strip_prefix('@') {
        let (source, version) = of_address(address.trim());
        return Some(Requirement::new(Ecosystem::Pypi, name, version.as_deref(), line).from(source));
    }
    let specifier = rest.trim_matches(['(', ')']);
    let is_specifier = specifier.is_empty() || specifier.starts_with(['=', '<', '>', '~', '!']);
    is_specifier.then(|| Requirement::new(Ecosystem::Pypi, name, Some(specifier), line))
}

/// An address, and the revision it names.
fn of_address(address: &str) -> (Source, Option<String>) {
    let address = address.split('#').next().unwrap_or_default();
    match address.strip_prefix("git+") {
        Some(git) => {
            let scheme = git.find("://").map_or(0, |at| at + 3);
            let host_end = git[scheme..].find('/').map_or(git.len(), |at| scheme + at);
            match git[host_end..].rsplit_once('@') {
                Some((path, revision)) => {
                    (Source::Git(format!("{}{path}", &git[..host_end])), Some(revision.to_owned()))
                }
                None => (Source::Git(git.to_owned()), None),
            }
        }
        None if address.starts_with("file:") || address.starts_with('.') => (Source::Own, None),
        None => (Source::Other(address.to_owned()), None),
    }
}

/// Reads `requirements.txt` and its kin, but not those that a tool compiled: these are lock files.
pub(super) struct Requirements;

impl Reader for Requirements {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Pypi]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        let name = path.file_name().to_ascii_lowercase();
        let Some(stem) = name.strip_suffix(".txt").or(name.strip_suffix(".in")).or(name.strip_suffix(".pip"))
        else {
            return false;
        };
        let word = |text: &str| {
            text.split(['-', '_', '.'])
                .any(|part| matches!(part, "requirements" | "requirement" | "constraints"))
        };
        word(stem) || path.folders().last().is_some_and(|folder| word(&folder.to_ascii_lowercase()))
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        if is_compiled(manifest) {
            return Ok(found);
        }
        let stem = manifest.path.file_name().rsplit_once('.').map_or("", |(stem, _)| stem);
        let dev = is_dev(stem) || manifest.path.folders().last().is_some_and(is_dev);
        let mut whole = String::new();
        let mut start = 1;
        for (number, line) in (1u32..).zip(manifest.text.lines()) {
            if whole.is_empty() {
                start = number;
            }
            if let Some(part) = line.strip_suffix('\\') {
                whole.push_str(part);
                continue;
            }
            whole.push_str(line);
            let text = std::mem::take(&mut whole);
            found.requirements.extend(of_line(&text, start).map(|one| one.section("", dev)));
        }
        found.requirements.extend(of_line(&whole, start).map(|one| one.section("", dev)));
        Ok(found)
    }
}

fn of_line(line: &str, number: u32) -> Option<Requirement> {
    // a comment begins with a space before it; `#egg=` is part of an address
    let line = match line.find(" #") {
        Some(at) => &line[..at],
        None => line,
    };
    let line = line.split(" --").next().unwrap_or_default().trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let editable = line.strip_prefix("-e ").or(line.strip_prefix("--editable ")).map(str::trim);
    if let Some(address) = editable.or(line.starts_with("git+").then_some(line)) {
        let name =
            address.split_once("#egg=").map(|(_, name)| name.split(['&', '[']).next().unwrap_or(name))?;
        let (source, version) = of_address(address);
        return Some(Requirement::new(Ecosystem::Pypi, name, version.as_deref(), number).from(source));
    }
    if line.starts_with('-') { None } else { requirement(line, number) }
}

/// Whether a tool wrote the file from another one: its first lines say so, or the other one lies beside it.
fn is_compiled(manifest: Manifest<'_>) -> bool {
    let Some((stem, "txt")) = manifest.path.file_name().rsplit_once('.') else { return false };
    let head = manifest.text.lines().take(12).filter(|line| line.starts_with('#'));
    let says_so = head.into_iter().any(|line| {
        let line = line.to_ascii_lowercase();
        line.contains("autogenerated by") || line.contains("pip-compile") || line.contains("pip compile")
    });
    says_so || manifest.path.join(&format!("{stem}.in")).is_some_and(|source| manifest.tree.has(&source))
}

/// Reads `Pipfile`.
pub(super) struct Pipfile;

impl Reader for Pipfile {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Pypi]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "Pipfile"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::toml(manifest.text)?;
        let mut found = Inventory::default();
        for (section, packages) in root.entries() {
            let is_list = packages.is_map() && !matches!(section, "requires" | "scripts" | "pipenv");
            if is_list {
                poetry_table(packages, section, section != "packages", &mut found);
            }
        }
        let python = root.at(&["requires", "python_version"]);
        found.runtime("python", python.text(), python.line);
        Ok(found)
    }
}

/// Reads `setup.cfg`.
pub(super) struct SetupCfg;

impl Reader for SetupCfg {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Pypi]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "setup.cfg"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        let (mut section, mut key) = ("", "");
        for (number, line) in (1u32..).zip(manifest.text.lines()) {
            let text = line.trim();
            if text.starts_with(['#', ';']) || text.is_empty() {
                continue;
            }
            if let Some(name) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
                (section, key) = (name, "");
                continue;
            }
            let value = if line.starts_with([' ', '\t']) {
                text
            } else {
                let (name, value) = line.split_once(['=', ':']).unwrap_or((line, ""));
                key = name.trim();
                value.trim()
            };
            let (name, dev) = match (section, key) {
                ("metadata", "name") => {
                    found.makes.push((Ecosystem::Pypi, value.to_owned()));
                    continue;
                }
                ("options", "python_requires") => {
                    found.runtime("python", Some(value), number);
                    continue;
                }
                ("options", "install_requires") => ("dependencies", false),
                ("options", "tests_require" | "setup_requires") => (key, true),
                ("options.extras_require", extra) => (extra, is_dev(extra)),
                _ => continue,
            };
            for part in value.split(',').filter(|_| !value.contains(['<', '>', '=', '~'])).chain(
                // a comma inside a specifier does not end it
                Some(value).filter(|value| value.contains(['<', '>', '=', '~'])),
            ) {
                found.requirements.extend(requirement(part, number).map(|one| one.section(name, dev)));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, read_in, shown};
    use super::*;

    #[test]
    fn standard_tables_and_uv() {
        let text = "[project]\nname = 'app'\nrequires-python = '>=3.10'\ndependencies = [\n  'fastapi[standard]>=0.114.2,<1.0.0',\n  \
                    'pywin32 >=1.0 ; platform_system == \"Windows\"',\n  'fork @ git+https://x.dev/fork.git@v1',\n 'own',\n]\n\
                    [project.optional-dependencies]\npg = ['psycopg']\ntest = ['pytest']\n[dependency-groups]\nsources = ['impyla']\ndev = ['ruff==0.5', \
                    {include-group = 'test'}]\n[tool.uv.sources]\nown = { workspace = true }\n[build-system]\nrequires = ['hatchling']\n";
        let inventory = read(&Pyproject, "pyproject.toml", text);
        assert_eq!(
            shown(&inventory),
            [
                "pypi fastapi >=0.114.2,<1.0.0",
                "pypi pywin32 >=1.0",
                "pypi fork v1 from https://x.dev/fork.git",
                "pypi own - own",
                "pypi psycopg -",
                "pypi pytest - dev",
                "pypi impyla -",
                "pypi ruff ==0.5 dev",
                "pypi hatchling - dev",
            ]
        );
    }

    #[test]
    fn poetry_tables() {
        let text = "[tool.poetry]\nname = 'app'\n[tool.poetry.dependencies]\npython = '^3.10'\nsqlmodel = '^0.0.19'\n\
                    jose = {extras = ['x'], version = '^3.3'}\nown = {path = '../own'}\n[tool.poetry.group.dev.dependencies]\nmypy = '^1'\n";
        let inventory = read(&Pyproject, "pyproject.toml", text);
        assert_eq!(
            shown(&inventory),
            ["pypi sqlmodel ^0.0.19", "pypi jose ^3.3", "pypi own - own", "pypi mypy ^1 dev"]
        );
        assert_eq!(inventory.runtimes[0].version, "^3.10");
    }

    #[test]
    fn requirement_files() {
        let text = "# comment\n-r base.txt\n-e .\n--index-url https://x.dev\nflask==3.1.3 # why\nrequests>=2 ; python_version < '3'\n\
                    a==1 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb\n-e git+https://x.dev/b@v2#egg=b\n./local\nhttps://x.dev/c.whl\n";
        assert_eq!(
            shown(&read(&Requirements, "requirements.txt", text)),
            ["pypi flask ==3.1.3", "pypi requests >=2", "pypi a ==1", "pypi b v2 from https://x.dev/b"]
        );
        assert_eq!(shown(&read(&Requirements, "requirements/dev.txt", "a\n")), ["pypi a - dev"]);
    }

    #[test]
    fn compiled_requirements_are_locks() {
        let compiled = "#\n# This file is autogenerated by pip-compile with Python 3.12\n#\nflask==3.1.3\n";
        assert!(shown(&read(&Requirements, "requirements.txt", compiled)).is_empty());
        let beside = [("a/requirements.txt", "flask==3.1.3\n"), ("a/requirements.in", "flask\n")];
        assert!(shown(&read_in(&Requirements, &beside)).is_empty());
    }

    #[test]
    fn pipfile_and_setup_cfg() {
        let text = "[packages]\nflask = '*'\nown = {path = '.'}\n[dev-packages]\npytest = '~=8'\n[requires]\npython_version = '3.12'\n";
        assert_eq!(
            shown(&read(&Pipfile, "Pipfile", text)),
            ["pypi flask *", "pypi own - own", "pypi pytest ~=8 dev"]
        );
        let text = "[metadata]\nname = app\n[options]\ninstall_requires =\n    flask>=2,<3\n    click\n[options.extras_require]\ntest = \
                    pytest\n";
        assert_eq!(
            shown(&read(&SetupCfg, "setup.cfg", text)),
            ["pypi flask >=2,<3", "pypi click -", "pypi pytest - dev"]
        );
    }
}
