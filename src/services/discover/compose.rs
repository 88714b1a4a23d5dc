//! Docker Compose: what runs together, what it is built from, whom it waits for and whose address it is given.

use std::collections::HashMap;

use super::{Call, Kind, Sighting, Tree, words};
use crate::change::RepoPath;
use crate::formats::document::{self, Node};

/// What runs together: services whole, and parts that only add to what another file says in whole.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) whole: Vec<Sighting>,
    pub(super) parts: Vec<Sighting>,
}

/// Values inside values inside values.
const MOST_NESTED: usize = 8;

pub(super) fn sightings(tree: &Tree<'_>) -> Seen {
    let mut seen = Seen::default();
    for path in tree.files(Kind::Compose) {
        let Some(text) = tree.read(path) else { continue };
        // Templates and half-written files are no Compose file.
        let Ok(documents) = document::yaml(&text) else { continue };
        let values =
            path.join(".env").and_then(|env| tree.read(&env)).map(|text| env_file(&text)).unwrap_or_default();
        let entries = || documents.iter().flat_map(|document| document.get("services").entries());
        let builds = entries().filter(|(_, node)| node.get("build").is_some()).count();
        let file = File { tree, path, values, builds };
        let mut whole = Vec::new();
        // what is built here under a name is what runs wherever that name is the image
        let mut built: HashMap<String, Option<String>> = HashMap::new();
        for (name, node) in entries().filter(|(_, node)| node.get("build").is_some()) {
            if let (Some(image), Some(sighting)) = (node.text_of("image"), file.service(name, node)) {
                built.entry(file.filled(image, 0)).or_insert(sighting.folder);
            }
        }
        for (name, node) in entries() {
            let Some(mut sighting) = file.service(name, node) else { continue };
            let image = node.text_of("image").map(|image| file.filled(image, 0));
            if let (Some(Some(folder)), false) =
                (image.and_then(|image| built.get(&image)), node.get("build").is_some())
            {
                sighting.kind = words::kind(name, None, true);
                sighting.folder = Some(folder.clone());
            }
            // An override names neither image nor recipe: what it adds to was read, or will be.
            let is_part = ["image", "build", "extends"].iter().all(|key| !node.get(key).is_some());
            if is_part { &mut seen.parts } else { &mut whole }.push(sighting);
        }
        apart(tree, &mut whole);
        seen.whole.append(&mut whole);
    }
    seen
}

/// Several programs from one recipe: each is the folder of its name inside, where there is one.
fn apart(tree: &Tree<'_>, services: &mut [Sighting]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for folder in services.iter().filter_map(|service| service.folder.clone()) {
        *counts.entry(folder).or_default() += 1;
    }
    for service in services {
        let Some(folder) = service.folder.as_deref().filter(|folder| counts[*folder] > 1) else { continue };
        if let Some(inner) = tree.folder_inside(folder, &service.name) {
            service.folder = Some(inner);
        }
    }
}

fn env_file(text: &str) -> HashMap<String, String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.trim().trim_start_matches("export ").split_once('='))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().trim_matches(['"', '\'']).to_owned()))
        .collect()
}

struct File<'f> {
    tree: &'f Tree<'f>,
    path: &'f RepoPath,
    values: HashMap<String, String>,
    /// How many programs the file builds.
    builds: usize,
}

impl File<'_> {
    fn service(&self, name: &str, node: &Node) -> Option<Sighting> {
        let image = node.text_of("image").map(|image| self.filled(image, 0));
        let build = node.get("build");
        let dockerfile = build.text_of("dockerfile").map(|file| self.filled(file, 0));
        if words::is_test(name) || dockerfile.as_deref().is_some_and(words::is_test) {
            return None;
        }
        let mut calls: Vec<Call> = ["depends_on", "links"]
            .iter()
            .flat_map(|key| {
                let node = node.get(key);
                let listed = node
                    .items()
                    .filter_map(|item| Some((item.text()?.split(':').next()?.to_owned(), item.line)));
                listed.chain(node.entries().map(|(to, node)| (to.to_owned(), node.line))).collect::<Vec<_>>()
            })
            .map(|(to, line)| Call { to, how: "compose", place: self.tree.at(self.path, line) })
            .collect();
        let environment = node.get("environment");
        let listed = environment.items().filter_map(|item| {
            let text = item.text()?;
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            Some((key.to_owned(), value.to_owned(), item.line))
        });
        let mapped = environment
            .entries()
            .map(|(key, node)| (key.to_owned(), node.text().unwrap_or_default().to_owned(), node.line));
        for (key, value, line) in listed.chain(mapped) {
            let value =
                if value.is_empty() { self.values.get(&key).cloned().unwrap_or_default() } else { value };
            for to in hosts(&key, &self.filled(&value, 0)) {
                calls.push(Call { to, how: "environment", place: self.tree.at(self.path, line) });
            }
        }
        let folder = self.folder(name, image.as_deref(), build, dockerfile.as_deref(), node);
        let extended = node.at(&["extends", "service"]).text().or(node.text_of("extends"));
        let own = [Some(name), extended].into_iter().flatten().any(|name| self.tree.is_own_name(name))
            || image.as_deref().is_some_and(|image| self.tree.is_own_name(last_part(image)));
        let built = build.is_some() || own || self.named(name, image.as_deref()).is_some();
        let folder = folder.or(own.then(String::new));
        let called = node.text_of("container_name").map(|name| self.filled(name, 0));
        // The whole that is built at the root has the name of its image, where the file calls it by what it is.
        let at_root = build.is_some() && folder.as_deref() == Some("") && words::is_generic(name);
        let whole = image.as_deref().map(last_part).filter(|image| at_root && !words::is_generic(image));
        let aliases = called.into_iter().chain(whole.map(|_| name.to_owned()));
        let own_name = whole.unwrap_or(name);
        Some(Sighting {
            name: own_name.to_owned(),
            title: None,
            folder,
            kind: words::kind(name, image.as_deref(), built),
            rule: "compose",
            place: self.tree.at(self.path, node.line),
            owners: Vec::new(),
            aliases: aliases.filter(|alias| alias != own_name).collect(),
            calls,
        })
    }

    /// Where its code lies: what it is built from, else a folder of its name, else what is mounted into it.
    fn folder(
        &self,
        name: &str,
        image: Option<&str>,
        build: &Node,
        dockerfile: Option<&str>,
        node: &Node,
    ) -> Option<String> {
        if build.is_some() {
            let context = build.text().or(build.text_of("context")).unwrap_or(".");
            let context = self.path.join(&self.filled(context, 0))?;
            let file =
                RepoPath::new("").join(&format!("{context}/{}", dockerfile.unwrap_or("Dockerfile")))?;
            let folder = words::trimmed(file.folder());
            let folder = if folder.is_empty() { words::trimmed(context.as_str()) } else { folder };
            if !folder.is_empty() {
                // Of a workspace, one recipe builds each program in turn: the folder has the program's name.
                let inner =
                    self.tree.is_workspace(folder).then(|| self.tree.folder_inside(folder, name)).flatten();
                let folder = inner.unwrap_or_else(|| folder.to_owned());
                return Some(folder).filter(|folder| !folder.split('/').any(words::is_aside));
            }
            // One recipe at the root for several programs: the folder has the program's name. For a single one it is
            // that of the whole.
            // A store is what the recipe packs, never code that has its name.
            if words::kind(name, None, false) == crate::config::ServiceKind::Store {
                return None;
            }
            let several = self.builds > 1 || self.tree.is_workspace("");
            return Some(several.then(|| self.in_tree(&[name])).flatten().unwrap_or_default());
        }
        self.named(name, image).or_else(|| {
            let names =
                [Some(name), image.map(last_part)].map(|name| words::letters(name.unwrap_or_default()));
            node.get("volumes").items().find_map(|item| {
                let from = item.text().and_then(|text| text.split(':').next()).or(item.text_of("source"))?;
                let from = self.filled(from, 0);
                let from = self.path.join(&from).filter(|_| from.starts_with('.'))?;
                // The folder that has the service's name, somewhere above what is mounted.
                let parts: Vec<&str> = from.as_str().split('/').collect();
                let is_its_own = |part: &&str| names.iter().any(|name| is_akin(&words::letters(part), name));
                let at = parts.iter().rposition(is_its_own)?;
                Some(parts[..=at].join("/")).filter(|folder| self.tree.holds(folder))
            })
        })
    }

    /// The folder that has the name of the service or of its image.
    fn named(&self, name: &str, image: Option<&str>) -> Option<String> {
        let names: Vec<&str> = image.map(last_part).into_iter().chain([name]).collect();
        self.is_own(image).then(|| self.in_tree(&names)).flatten()
    }

    /// The folder of a name. Alone, a command of a Go module is only the entry of what lies at the root.
    fn in_tree(&self, names: &[&str]) -> Option<String> {
        let folder = self.tree.folder_named(names)?;
        Some(if self.builds < 2 && folder.starts_with("cmd/") { String::new() } else { folder })
    }

    /// An image without a public maker's well-known name may be the repository's own.
    fn is_own(&self, image: Option<&str>) -> bool {
        image.is_none_or(|image| words::kind("", Some(image), false) != crate::config::ServiceKind::Store)
    }

    /// `${KEY}`, `${KEY:-else}` and `$KEY` filled in from the file beside it.
    fn filled(&self, text: &str, depth: usize) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$').filter(|_| depth < MOST_NESTED && out.len() < 4096) {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (key, default, end) = match after.strip_prefix('{') {
                Some(inner) => {
                    let Some(close) = inner.find('}') else { break };
                    let body = &inner[..close];
                    let end_of_key =
                        body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
                    let default = body[end_of_key..].trim_start_matches([':', '-']);
                    let is_default = body[end_of_key..].trim_start_matches(':').starts_with('-');
                    (&body[..end_of_key], if is_default { default } else { "" }, close + 2)
                }
                None => {
                    let end =
                        after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                    (&after[..end], "", end)
                }
            };
            match self.values.get(key) {
                Some(value) => out.push_str(&self.filled(value, depth + 1)),
                None => out.push_str(default),
            }
            rest = &after[end..];
        }
        out.push_str(rest);
        out
    }
}

/// `registry/owner/name:tag` is `name`.
fn last_part(image: &str) -> &str {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split([':', '@']).next().unwrap_or(last)
}

/// The same, or one in the other, as `postgres` in `postgresql`; short words prove nothing.
fn is_akin(part: &str, name: &str) -> bool {
    let short = part.len().min(name.len());
    part == name && short > 0 || short > 4 && (part.contains(name) || name.contains(part))
}

/// Words of keys whose value is an address.
const ADDRESSES: &[&str] = &[
    "addr",
    "address",
    "addresses",
    "url",
    "urls",
    "uri",
    "uris",
    "host",
    "hosts",
    "hostname",
    "endpoint",
    "endpoints",
    "server",
    "servers",
    "broker",
    "brokers",
    "upstream",
    "upstreams",
    "bootstrap",
    "nodes",
    "peers",
    "baseurl",
];

/// Whether a setting of this name holds an address: `PAY_ADDR`, `Identity__Url`, `IdentityUrl`.
pub(super) fn is_address(key: &str) -> bool {
    let mut spaced = String::new();
    let mut was_lower = false;
    for c in key.chars() {
        if c.is_ascii_uppercase() && was_lower {
            spaced.push(' ');
        }
        was_lower = c.is_ascii_lowercase();
        spaced.push(if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    spaced.split(' ').any(|word| ADDRESSES.contains(&word)) && !spaced.ends_with(" name")
}

/// The hosts that the value of an address setting names.
pub(super) fn hosts(key: &str, value: &str) -> Vec<String> {
    let names_address = is_address(key);
    let mut found: Vec<String> = Vec::new();
    let mut addresses = value.split("://").skip(1).peekable();
    if addresses.peek().is_some() {
        for address in addresses {
            // `user:password@host:port,host:port/path?query`
            let authority = address.split(['/', '?', '#', ' ', '"', '\'']).next().unwrap_or_default();
            let hosts = authority.rsplit('@').next().unwrap_or_default();
            found.extend(hosts.split([',', ';']).filter_map(host));
        }
    } else {
        for part in value.split([',', ';', ' ']) {
            let part = part.trim();
            match part.split_once('=') {
                Some((key, value)) if ADDRESSES.contains(&key.to_ascii_lowercase().as_str()) => {
                    found.extend(host(value));
                }
                Some(_) => {}
                // `name:port` is an address whatever its key is called.
                None if names_address || has_port(part) => found.extend(host(part)),
                None => {}
            }
        }
    }
    found.dedup();
    found
}

fn has_port(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(_, port)| (2..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit()))
}

/// A name inside the product's own network: `cart`, `cart:7070`, `cart.shop.svc.cluster.local`.
fn host(text: &str) -> Option<String> {
    let name = text.trim().split([':', '/']).next()?;
    let (first, domain) = name.split_once('.').unwrap_or((name, ""));
    let inner = domain.is_empty()
        || domain.split('.').any(|part| part == "svc")
        || domain.ends_with("local")
        || domain.ends_with("internal");
    let is_name = first.len() > 1
        && first.contains(|c: char| c.is_ascii_alphabetic())
        && first.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    (inner && is_name).then(|| first.to_owned())
}
