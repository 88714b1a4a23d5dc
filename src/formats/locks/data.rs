//! Lock files in JSON, TOML and YAML.

use super::{Locked, Packages};
use crate::formats::Unreadable;
use crate::formats::document::{self, Node};

/// A file whose root is a map, as in all of these formats; a mere text or nothing is no lock file.
fn rooted(root: Node) -> Result<Node, Unreadable> {
    if root.is_map() { Ok(root) } else { Err(Unreadable::broken("no map at the root")) }
}

fn json(text: &str) -> Result<Node, Unreadable> {
    rooted(document::json(text)?)
}

fn yaml(text: &str) -> Result<Node, Unreadable> {
    rooted(document::yaml(text)?.into_iter().next().unwrap_or_default())
}

/// `Cargo.lock`
pub(super) fn cargo(text: &str) -> Packages {
    let root = document::toml(text)?;
    // a package without a source is made here
    let packages = root.get("package").items().filter(|package| package.get("source").is_some());
    Ok(packages.filter_map(|package| named(package, package.text_of("checksum"))).collect())
}

fn named(package: &Node, checksum: Option<&str>) -> Option<Locked> {
    Some(Locked::new(package.text_of("name")?, package.text_of("version")?).checksum(checksum))
}

/// `poetry.lock`, `uv.lock`, `pdm.lock`, `pylock.toml`
pub(super) fn python(text: &str) -> Packages {
    let root = document::toml(text)?;
    let packages = root.get("package").items().chain(root.get("packages").items());
    let packages = packages.filter_map(|package| {
        let source = package.get("source");
        let is_own = ["editable", "virtual", "workspace", "directory", "path"]
            .iter()
            .any(|key| source.get(key).is_some())
            || source.text_of("type") == Some("directory")
            || package.get("directory").is_some()
            || package.get("path").is_some();
        // a wheel for one more system is no new content, so only the source's checksum speaks for the package
        named(package, package.at(&["sdist", "hash"]).text()).filter(|_| !is_own)
    });
    Ok(packages.collect())
}

/// `Pipfile.lock`
pub(super) fn pipfile(text: &str) -> Packages {
    let root = json(text)?;
    let groups = root.entries().filter(|(group, _)| *group != "_meta");
    let packages = groups.flat_map(|(_, packages)| packages.entries()).filter_map(|(name, package)| {
        let version = package.text_of("version").map(|version| version.trim_start_matches('='));
        let commit = package.text_of("ref");
        Some(Locked::new(name, version.or(commit.map(|_| ""))?).commit(commit))
    });
    Ok(unique(packages.collect()))
}

/// `composer.lock`
pub(super) fn composer(text: &str) -> Packages {
    let root = json(text)?;
    let packages = root.get("packages").items().chain(root.get("packages-dev").items());
    let packages = packages.filter_map(|package| {
        let licence = package.get("license").items().filter_map(Node::text).collect::<Vec<_>>().join(" or ");
        let checksum = package.at(&["dist", "shasum"]).text().filter(|sum| !sum.is_empty());
        Some(Locked { licence: Some(licence).filter(|text| !text.is_empty()), ..named(package, checksum)? })
    });
    Ok(packages.collect())
}

/// `packages.lock.json`
pub(super) fn nuget(text: &str) -> Packages {
    let root = json(text)?;
    let packages = root.get("dependencies").entries().flat_map(|(_, framework)| framework.entries());
    let packages = packages.filter(|(_, package)| package.text_of("type") != Some("Project"));
    let packages = packages.filter_map(|(name, package)| {
        Some(Locked::new(name, package.text_of("resolved")?).checksum(package.text_of("contentHash")))
    });
    Ok(unique(packages.collect()))
}

/// `flake.lock`
pub(super) fn flake(text: &str) -> Packages {
    let root = json(text)?;
    let nodes = root.get("nodes").entries().filter_map(|(name, node)| {
        let locked = node.get("locked");
        let commit = locked.text_of("rev").or(locked.text_of("narHash"))?;
        Some(Locked::new(name, "").commit(Some(commit)))
    });
    Ok(nodes.collect())
}

/// `pubspec.lock`
pub(super) fn pubspec(text: &str) -> Packages {
    let root = yaml(text)?;
    let outside = |package: &Node| !matches!(package.text_of("source"), Some("path" | "sdk"));
    let packages = root.get("packages").entries().filter(|(_, package)| outside(package));
    let packages = packages.filter_map(|(name, package)| {
        let description = package.get("description");
        let commit = description.text_of("resolved-ref");
        Some(
            Locked::new(name, package.text_of("version")?)
                .commit(commit)
                .checksum(description.text_of("sha256")),
        )
    });
    Ok(packages.collect())
}

/// `Podfile.lock`
pub(super) fn podfile(text: &str) -> Packages {
    let root = yaml(text)?;
    let pods = root.get("PODS").items().filter_map(|pod| {
        let written = pod.text().or_else(|| pod.entries().next().map(|(name, _)| name))?;
        let (name, version) = written.split_once(" (")?;
        Some(Locked::new(name, version.trim_end_matches(')')))
    });
    Ok(pods.collect())
}

/// `Package.resolved`, versions 1 to 3
pub(super) fn swift(text: &str) -> Packages {
    let root = json(text)?;
    let pins = root.get("pins").items().chain(root.at(&["object", "pins"]).items());
    let pins = pins.filter_map(|pin| {
        let state = pin.get("state");
        let address = pin.text_of("location").or(pin.text_of("repositoryURL"))?;
        let name = address.trim_start_matches("https://").trim_end_matches(".git");
        Some(
            Locked::new(name, state.text_of("version").unwrap_or_default()).commit(state.text_of("revision")),
        )
    });
    Ok(pins.collect())
}

/// `Chart.lock`
pub(super) fn chart(text: &str) -> Packages {
    let root = yaml(text)?;
    Ok(root.get("dependencies").items().filter_map(|chart| named(chart, None)).collect())
}

/// `conan.lock`, versions 1 and 2
pub(super) fn conan(text: &str) -> Packages {
    let root = json(text)?;
    let lists = ["requires", "build_requires", "python_requires", "config_requires"];
    let later = lists.iter().flat_map(|list| root.get(list).items()).filter_map(Node::text);
    let nodes = root.at(&["graph_lock", "nodes"]).entries();
    // the node that asks for the others is our own: the first, or the one with a path
    let first = nodes
        .filter(|(key, node)| *key != "0" && !node.get("path").is_some())
        .filter_map(|(_, node)| node.text_of("ref").or(node.text_of("pref")));
    let packages = later.chain(first).filter_map(|reference| {
        // name/version@user/channel#revision
        let (name, rest) = reference.split('#').next()?.split_once('/')?;
        Some(Locked::new(name, rest.split(['@', ':']).next()?))
    });
    Ok(unique(packages.collect()))
}

/// `renv.lock`
pub(super) fn renv(text: &str) -> Packages {
    let root = json(text)?;
    let packages = root.get("Packages").entries().filter_map(|(name, package)| {
        let named = package.text_of("Package").unwrap_or(name);
        Some(Locked::new(named, package.text_of("Version")?).checksum(package.text_of("Hash")))
    });
    Ok(packages.collect())
}

/// `stack.yaml.lock`
pub(super) fn stack(text: &str) -> Packages {
    let root = yaml(text)?;
    let packages = root.get("packages").items().filter_map(|package| {
        let completed = package.get("completed");
        if let Some(hackage) = completed.text_of("hackage") {
            let (named, checksum) = hackage.split_once('@').unwrap_or((hackage, ""));
            let (name, version) = named.rsplit_once('-')?;
            let checksum = checksum.split(',').next().filter(|text| !text.is_empty());
            return Some(Locked::new(name, version).checksum(checksum));
        }
        Some(Locked::new(completed.text_of("name")?, completed.text_of("version")?))
    });
    Ok(packages.collect())
}

/// `deno.lock`
pub(super) fn deno(text: &str) -> Packages {
    let root = json(text)?;
    let holders = [&root, root.get("packages")];
    let mut found = Vec::new();
    for (key, package) in
        holders.iter().flat_map(|holder| ["npm", "jsr"].map(|list| holder.get(list))).flat_map(Node::entries)
    {
        // older files nest the packages once more
        if key == "packages" {
            continue;
        }
        let at = key[usize::from(key.starts_with('@'))..]
            .find('@')
            .map(|at| at + usize::from(key.starts_with('@')));
        if let Some(at) = at {
            let version = key[at + 1..].split('_').next().unwrap_or_default();
            found.push(Locked::new(&key[..at], version).checksum(package.text_of("integrity")));
        }
    }
    Ok(found)
}

/// A package that several groups list is one.
fn unique(mut packages: Vec<Locked>) -> Vec<Locked> {
    packages.sort();
    packages.dedup_by(|a, b| a.name == b.name && a.version == b.version);
    packages
}
