//! `pom.xml`: packages, managed versions, plugins and the parent, with properties of the repository's own files.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::Lines;

/// Reads `pom.xml`.
pub(super) struct Pom;

/// Parents above parents; a cycle ends here too.
const DEEPEST: usize = 8;

impl Reader for Pom {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Maven]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "pom.xml" || path.extension() == "pom"
    }

    fn takes_versions_from(&self, path: &RepoPath) -> bool {
        path.file_name() == "pom.xml"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let document = xml(manifest.text)?;
        let root = document.root_element();
        let mut properties = BTreeMap::new();
        gather(root, manifest.path, manifest, &mut properties, 0);
        let mut reading =
            Reading { lines: Lines::of(manifest.text), properties, found: Inventory::default() };
        let parent = child(root, "parent");
        let group = child_text(root, "groupId").or(parent.and_then(|parent| child_text(parent, "groupId")));
        if let (Some(group), Some(artifact)) = (group, child_text(root, "artifactId")) {
            reading.found.makes.push((Ecosystem::Maven, format!("{group}:{artifact}")));
        }
        if let Some(parent) = parent {
            reading.package(parent, "", "parent", false);
        }
        reading.project(root);
        for profile in children(root, "profiles").filter(|node| node.has_tag_name_of("profile")) {
            reading.project(profile);
        }
        let own = child(root, "properties");
        for key in ["java.version", "maven.compiler.release", "maven.compiler.target"] {
            if let Some(node) = own.and_then(|own| child(own, key)) {
                let line = reading.lines.at(node.range().start);
                reading.found.runtime("java", text(node).filter(|text| !text.contains('$')), line);
                break;
            }
        }
        Ok(reading.found)
    }
}

struct Reading {
    lines: Lines,
    properties: BTreeMap<String, String>,
    found: Inventory,
}

impl Reading {
    /// The lists of a project, or of a profile of it.
    fn project(&mut self, holder: Node<'_, '_>) {
        for node in children(holder, "dependencies") {
            self.package(node, "", "", false);
        }
        let managed = child(holder, "dependencyManagement");
        for node in managed.into_iter().flat_map(|managed| children(managed, "dependencies")) {
            self.package(node, "", "managed", false);
        }
        for build in ["build", "reporting"].into_iter().filter_map(|name| child(holder, name)) {
            let managed = child(build, "pluginManagement");
            for holder in [Some(build), managed].into_iter().flatten() {
                for plugin in children(holder, "plugins").chain(children(holder, "extensions")) {
                    self.package(plugin, "org.apache.maven.plugins", "plugin", true);
                    for node in children(plugin, "dependencies") {
                        self.package(node, "", "plugin", true);
                    }
                }
            }
        }
    }

    fn package(&mut self, node: Node<'_, '_>, usual_group: &str, section: &str, dev: bool) {
        let group = child_text(node, "groupId").unwrap_or(usual_group);
        let (Some(group), Some(artifact)) =
            (self.filled(group), child_text(node, "artifactId").and_then(|text| self.filled(text)))
        else {
            return;
        };
        if group.is_empty() {
            return;
        }
        let version = child_text(node, "version").and_then(|version| self.filled(version));
        let is_test = child_text(node, "scope") == Some("test");
        // the line of the version, where there is one: that is the one that changes
        let place = child(node, "version").or(child(node, "artifactId")).unwrap_or(node);
        let line = self.lines.at(place.range().start);
        let requirement =
            Requirement::new(Ecosystem::Maven, format!("{group}:{artifact}"), version.as_deref(), line);
        let section = if section.is_empty() && is_test { "test" } else { section };
        self.found.add(requirement.section(section, dev || is_test));
    }

    /// A text with its properties filled in; `None` where one of them is given elsewhere.
    fn filled(&self, text: &str) -> Option<String> {
        let mut whole = text.to_owned();
        for _ in 0..DEEPEST {
            let Some(start) = whole.find("${") else { return Some(whole) };
            let end = start + whole[start..].find('}')?;
            let value = self.properties.get(&whole[start + 2..end])?;
            whole = format!("{}{value}{}", &whole[..start], &whole[end + 1..]);
        }
        None
    }
}

/// Properties of this file, then of its parents; the nearest wins.
fn gather(
    root: Node<'_, '_>,
    path: &RepoPath,
    manifest: Manifest<'_>,
    properties: &mut BTreeMap<String, String>,
    depth: usize,
) {
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            properties.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    };
    let profiles = children(root, "profiles").filter_map(|profile| child(profile, "properties"));
    for list in child(root, "properties").into_iter().chain(profiles) {
        for node in list.children().filter(Node::is_element) {
            add(node.tag_name().name(), text(node));
        }
    }
    let parent = child(root, "parent");
    for key in ["groupId", "version", "artifactId"] {
        let inherited = || parent.and_then(|parent| child_text(parent, key));
        add(&format!("project.{key}"), child_text(root, key).or_else(inherited));
        add(&format!("project.parent.{key}"), inherited());
    }
    let Some(parent) = parent.filter(|_| depth < DEEPEST) else { return };
    let relative = child_text(parent, "relativePath").unwrap_or("../pom.xml");
    let relative =
        if relative.ends_with(".xml") { relative.to_owned() } else { format!("{relative}/pom.xml") };
    let Some(above) = path.join(&relative).filter(|above| above != path) else { return };
    let Some(parent_text) = manifest.other(&above) else { return };
    if let Ok(document) = xml(&parent_text) {
        // the parent's own name and version are not this project's
        let is_parent = child_text(document.root_element(), "artifactId") == child_text(parent, "artifactId");
        if is_parent {
            gather(document.root_element(), &above, manifest, properties, depth + 1);
        }
    }
}

/// Parses XML; entities that a document type declares are read within the parser's own limits.
pub(super) fn xml(text: &str) -> Result<Document<'_>, Unreadable> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    Document::parse_with_options(text, options).map_err(Unreadable::broken)
}

pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name_of(name))
}

/// The elements inside a named child.
fn children<'a, 'i: 'a>(node: Node<'a, 'i>, list: &str) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
    child(node, list).into_iter().flat_map(|list| list.children()).filter(Node::is_element)
}

pub(super) fn text<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    node.text().map(str::trim).filter(|text| !text.is_empty())
}

fn child_text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    child(node, name).and_then(text)
}

/// Names without their namespace, which many files leave out.
pub(super) trait Named {
    /// Whether the element has the local name.
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read_in, shown};
    use super::*;

    #[test]
    fn parents_properties_scopes_and_plugins() {
        let parent = "<project><groupId>org.acme</groupId><artifactId>all</artifactId><version>2</version><properties>\
                      <ai.version>1.0-M4</ai.version></properties></project>";
        let text = "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><parent><groupId>org.acme</groupId><artifactId>all</artifactId>\
            <version>2</version></parent><artifactId>shop</artifactId>\n<properties><java.version>21</java.version><own>7</own></properties>\
            <dependencies><dependency><groupId>a.b</groupId><artifactId>c</artifactId></dependency>\n\
            <dependency><groupId>a.b</groupId><artifactId>t</artifactId><version>${own}</version><scope>test</scope></dependency>\
            <dependency><groupId>${project.groupId}</groupId><artifactId>mine</artifactId><version>${nowhere}</version></dependency></dependencies>\
            <dependencyManagement><dependencies><dependency><groupId>ai</groupId><artifactId>bom</artifactId><version>${ai.version}</version>\
            </dependency></dependencies></dependencyManagement>\
            <build><plugins><plugin><artifactId>maven-x</artifactId><version>3</version></plugin></plugins></build>\
            <profiles><profile><build><plugins><plugin><groupId>p</groupId><artifactId>q</artifactId></plugin></plugins></build></profile></profiles>\
            </project>";
        let inventory = read_in(&Pom, &[("shop/pom.xml", text), ("pom.xml", parent)]);
        assert_eq!(
            shown(&inventory),
            [
                "maven org.acme:all 2",
                "maven a.b:c -",
                "maven a.b:t 7 dev",
                "maven org.acme:mine -",
                "maven ai:bom 1.0-M4",
                "maven org.apache.maven.plugins:maven-x 3 dev",
                "maven p:q - dev",
            ]
        );
        assert_eq!(inventory.makes, [(Ecosystem::Maven, "org.acme:shop".to_owned())]);
        assert_eq!((inventory.requirements[2].line, inventory.runtimes[0].version.as_str()), (3, "21"));
    }
}
