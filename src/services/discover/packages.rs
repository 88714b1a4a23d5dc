//! Packages of workspaces: which of them are shipped on their own, and which are code that several share.

use std::collections::{BTreeMap, BTreeSet};

use super::{Call, Kind, Shared, Sighting, Tree, is_inside, words};
use crate::change::RepoPath;
use crate::config::ServiceKind;
use crate::formats::document::{self, Node};

/// One package of the repository.
pub(super) struct Package {
    path: RepoPath,
    name: String,
    /// What others write for it, where that is not its name.
    known_as: Vec<String>,
    /// Names of packages, or folders of the repository.
    needs: Vec<Need>,
    /// The tool that says that it is shipped, where one does.
    shipped: Option<&'static str>,
}

enum Need {
    Name(String),
    Folder(String),
    /// The name of a package that only building and testing need: of a library it may be all there is, of another
    /// service it says nothing.
    Tool(String),
}

/// The rule that finds what only shows how the product is used.
const DOCUMENTATION: &str = "documentation";

/// Reads every manifest that the tree index holds.
pub(super) fn read(tree: &Tree<'_>) -> Vec<Package> {
    let has_main: BTreeSet<&str> = tree.files(Kind::Main).iter().map(|path| path.folder()).collect();
    let mut packages = Vec::new();
    for path in tree.files(Kind::Package) {
        let Some(text) = tree.read(path) else { continue };
        let package = match path.file_name() {
            "Cargo.toml" => cargo(tree, path, &text),
            "package.json" => npm(path, &text),
            "go.mod" => go(path, &text, &has_main),
            "pom.xml" => maven(path, &text),
            "build.gradle" | "build.gradle.kts" => Some(gradle(path, &text)),
            "settings.gradle" | "settings.gradle.kts" => root_project(path, &text),
            "mix.exs" => Some(mix(path, &text)),
            "pyproject.toml" => python(path, &text),
            "project.json" => nx(path, &text),
            name if name.ends_with(".csproj") => csharp(path, &text),
            _ => None,
        };
        packages.extend(package);
    }
    packages
}

/// In `apps/` and `services/` each child is deployed, unless its own name says otherwise.
fn is_child_of_container(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    parts.next().is_some_and(|name| !words::is_test(name)) && parts.next().is_some_and(words::is_container)
}

/// Packages that are shipped on their own.
pub(super) fn deployables(tree: &Tree<'_>, packages: &[Package]) -> Vec<Sighting> {
    // Beside a Go program at the root, modules deep inside are its tools.
    let go_root = packages.iter().any(|one| one.shipped == Some("go") && one.path.folder().is_empty());
    packages
        .iter()
        .filter(|package| !(go_root && package.shipped == Some("go") && package.path.folders().count() > 1))
        .filter_map(|package| {
            let folder = words::trimmed(package.path.folder());
            let rule = package.shipped.or(is_child_of_container(folder).then_some("workspace"))?;
            let last = folder.rsplit('/').next().unwrap_or_default();
            let aside = words::is_test(last)
                || words::is_generator(last)
                || package.path.folders().any(words::is_workshop);
            // A recipe without code packs what others hold.
            let empty = !tree.has_code(package.path.folder());
            if aside || empty || folder.is_empty() {
                return None;
            }
            let above = folder.rsplit('/').nth(1).filter(|above| words::is_telling(above));
            let name = above.filter(|_| words::is_generic(last)).unwrap_or(last);
            Some(Sighting {
                name: name.to_owned(),
                title: None,
                folder: Some(folder.to_owned()),
                kind: if rule == DOCUMENTATION {
                    ServiceKind::Support
                } else {
                    words::kind(name, None, true)
                },
                rule,
                place: tree.at(&package.path, 1),
                owners: Vec::new(),
                aliases: Vec::new(),
                calls: Vec::new(),
            })
        })
        .collect()
}

/// The program whose code lies at the root.
pub(super) fn at_root(tree: &Tree<'_>, packages: &[Package]) -> Option<Sighting> {
    let is_program = |one: &&Package| one.shipped.is_some_and(|rule| rule != DOCUMENTATION);
    let package = packages.iter().filter(|one| one.path.folder().is_empty()).find(is_program)?;
    let name = package.name.rsplit('/').next().filter(|name| !name.is_empty())?;
    ["src", "app", "cmd", "server"].iter().any(|top| tree.has_code(top)).then(|| Sighting {
        name: name.to_owned(),
        title: None,
        folder: Some(String::new()),
        kind: words::kind(name, None, true),
        rule: package.shipped.unwrap_or("package"),
        place: tree.at(&package.path, 1),
        owners: Vec::new(),
        aliases: Vec::new(),
        calls: Vec::new(),
    })
}

/// The names of what lies at the root, by which its own image is known.
pub(super) fn own_names(packages: &[Package]) -> Vec<String> {
    let at_root = packages.iter().filter(|package| package.path.folder().is_empty());
    // The end of a Go module's path may be its version.
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    let parts = at_root
        .flat_map(|package| package.name.rsplit('/').filter(|part| !is_version(part)).take(2))
        .map(|part| part.trim_start_matches('@'));
    let plain = |name: &&str| {
        !name.is_empty() && !name.contains('.') && !matches!(*name, "root" | "app" | "monorepo" | "workspace")
    };
    parts.filter(plain).map(str::to_owned).collect()
}

/// Code that is in no service's folder, with the services that use it; what only one uses, by its name and folder; and
/// calls from one service to another's code.
pub(super) fn shared(
    packages: &[Package],
    services: &mut [Sighting],
) -> (Vec<Shared>, Vec<(String, String)>) {
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, package) in packages.iter().enumerate() {
        let names = package.known_as.iter().chain(package.known_as.is_empty().then_some(&package.name));
        by_name.extend(names.map(|name| (name.as_str(), at)));
    }
    let by_folder: BTreeMap<&str, usize> =
        packages.iter().enumerate().map(|(at, package)| (package.path.folder(), at)).collect();
    let needs = |at: usize| {
        packages[at].needs.iter().filter_map(|need| match need {
            Need::Name(name) => Some((*by_name.get(name.as_str())?, false)),
            Need::Tool(name) => Some((*by_name.get(name.as_str())?, true)),
            Need::Folder(folder) => Some((*by_folder.get(folder.as_str())?, false)),
        })
    };
    let owner = |at: usize, services: &[Sighting]| {
        let folder = packages[at].path.folder();
        let holds = |service: &Sighting| {
            service.folder.as_deref().is_some_and(|own| !own.is_empty() && is_inside(folder, own))
        };
        services.iter().position(holds)
    };
    let owners: Vec<Option<usize>> = (0..packages.len()).map(|at| owner(at, services)).collect();
    let mut used: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut calls: BTreeSet<(usize, usize, usize)> = BTreeSet::new();
    for (at, owner) in owners.iter().enumerate() {
        let Some(owner) = owner else { continue };
        let mut seen = BTreeSet::from([at]);
        let mut waiting = vec![at];
        while let Some(from) = waiting.pop() {
            for (to, as_tool) in needs(from) {
                let other = owners[to].filter(|other| other != owner);
                if as_tool && other.is_some() || !seen.insert(to) {
                    continue;
                }
                match owners[to] {
                    Some(other) if other != *owner => {
                        // the list that names it
                        calls.insert((*owner, other, from));
                    }
                    Some(_) => waiting.push(to),
                    None => {
                        used.entry(to).or_default().insert(*owner);
                        waiting.push(to);
                    }
                }
            }
        }
    }
    for (from, to, package) in calls {
        let to = services[to].name.clone();
        let place = crate::finding::Evidence {
            path: packages[package].path.clone(),
            line: None,
            side: services[from].place.side,
        };
        services[from].calls.push(Call { to, how: "workspace", place });
    }
    let mut shared: Vec<Shared> = (0..packages.len())
        .filter(|at| {
            owners[*at].is_none() && used.contains_key(at) && !packages[*at].path.folder().is_empty()
        })
        .map(|at| {
            let mut used_by: Vec<String> = used
                .get(&at)
                .into_iter()
                .flatten()
                .map(|service| &services[*service])
                .filter(|service| service.kind != ServiceKind::Store)
                .map(|service| service.name.clone())
                .collect();
            used_by.sort();
            Shared { name: packages[at].name.clone(), folder: packages[at].path.folder().to_owned(), used_by }
        })
        .collect();
    shared.sort_by(|a, b| a.folder.cmp(&b.folder));
    shared.dedup_by(|a, b| a.folder == b.folder);
    // Scripts of Gradle name what they use in too many ways to say that nobody else does.
    let is_script = |folder: &str| {
        by_folder.get(folder).is_some_and(|at| packages[*at].path.file_name().starts_with("build.gradle"))
    };
    let (alone, shared): (Vec<Shared>, Vec<Shared>) =
        shared.into_iter().partition(|one| one.used_by.len() == 1 && !is_script(&one.folder));
    let parts = alone.into_iter().filter_map(|mut one| Some((one.used_by.pop()?, one.folder))).collect();
    (shared, parts)
}

fn folder_of(path: &RepoPath, relative: &str) -> Option<Need> {
    path.join(&relative.replace('\\', "/")).map(|folder| Need::Folder(folder.as_str().to_owned()))
}

fn cargo(tree: &Tree<'_>, path: &RepoPath, text: &str) -> Option<Package> {
    let document = document::toml(text).ok()?;
    let name = document.at(&["package", "name"]).text()?;
    let needs = ["dependencies", "build-dependencies"].iter().flat_map(|section| {
        document.get(section).entries().filter_map(|(name, node)| match node.text_of("path") {
            Some(relative) => folder_of(path, relative),
            None => Some(Need::Name(node.text_of("package").unwrap_or(name).to_owned())),
        })
    });
    let program = document.get("bin").is_some()
        || path.join("src/main.rs").is_some_and(|main| tree.snapshot.has(&main));
    let helper = name
        .split(['-', '_'])
        .any(|word| matches!(word, "cli" | "tool" | "tools" | "xtask" | "bench" | "gen" | "fuzz"));
    Some(Package {
        name: name.to_owned(),
        known_as: Vec::new(),
        needs: needs.collect(),
        shipped: (program && !helper).then_some("cargo"),
        path: path.clone(),
    })
}

fn npm(path: &RepoPath, text: &str) -> Option<Package> {
    /// What only programs with users of their own need.
    const FRAMEWORKS: &[&str] = &[
        "next",
        "nuxt",
        "gatsby",
        "astro",
        "@remix-run/serve",
        "@react-router/serve",
        "@sveltejs/kit",
        "react-native",
        "expo",
        "electron",
        "@nestjs/core",
        "express",
        "fastify",
        "koa",
        "@hapi/hapi",
        "hono",
        "react-scripts",
        "@angular/core",
    ];
    /// What sites of documentation are made with.
    const DOCS: &[&str] = &[
        "@docusaurus/core",
        "@next/mdx",
        "nextra",
        "vitepress",
        "vuepress",
        "@astrojs/starlight",
        "fumadocs-core",
        "mintlify",
        "contentlayer",
        "next-contentlayer",
        "storybook",
        "@11ty/eleventy",
    ];
    let document = document::json(text).ok()?;
    let name = document.text_of("name").unwrap_or_default();
    let dependencies = || document.get("dependencies").entries();
    let framework = dependencies().any(|(name, _)| FRAMEWORKS.contains(&name));
    let scripts = document.get("scripts");
    // A library has an entry for others; a program has a script that starts it.
    let starts = scripts.get("start").is_some()
        || scripts.get("dev").is_some() && document.get("exports") == &Node::default();
    let docs = dependencies().any(|(name, _)| DOCS.contains(&name));
    let library = document.get("exports").is_some() || document.get("peerDependencies").is_some();
    // what a bundle is made of often stands among the tools
    let tools = document.get("devDependencies").entries();
    let needs = dependencies()
        .map(|(name, _)| Need::Name(name.to_owned()))
        .chain(tools.map(|(name, _)| Need::Tool(name.to_owned())));
    Some(Package {
        path: path.clone(),
        name: name.to_owned(),
        known_as: Vec::new(),
        needs: needs.collect(),
        shipped: if docs { Some(DOCUMENTATION) } else { (framework && starts && !library).then_some("npm") },
    })
}

fn go(path: &RepoPath, text: &str, has_main: &BTreeSet<&str>) -> Option<Package> {
    let name = text.lines().find_map(|line| line.trim().strip_prefix("module "))?.trim().to_owned();
    let needs = text.lines().filter_map(|line| {
        let line =
            line.split("//").next()?.trim().trim_start_matches("require ").trim_start_matches("replace ");
        match line.split_once("=>") {
            Some((_, to)) if to.trim().starts_with('.') => folder_of(path, to.trim()),
            Some(_) => None,
            None => Some(Need::Name(line.split_whitespace().next()?.to_owned())),
        }
    });
    let folder = path.folder();
    let commands = format!("{folder}/cmd");
    let program = has_main.iter().any(|main| *main == folder || is_inside(main, &commands));
    Some(Package {
        path: path.clone(),
        name,
        known_as: Vec::new(),
        needs: needs.collect(),
        shipped: program.then_some("go"),
    })
}

fn maven(path: &RepoPath, text: &str) -> Option<Package> {
    let document = roxmltree::Document::parse(text).ok()?;
    let root = document.root_element();
    let child = |node: roxmltree::Node<'_, '_>, name: &str| {
        let found = node.children().find(|child| child.tag_name().name() == name)?;
        Some(found.text().unwrap_or_default().trim().to_owned())
    };
    let dependencies = root
        .children()
        .filter(|node| node.tag_name().name() == "dependencies")
        .flat_map(|node| node.children().filter(|node| node.is_element()));
    // What is only built before it, put into a package with it or used by its tests is no part of its code.
    let is_code = |node: &roxmltree::Node<'_, '_>| {
        child(*node, "type").is_none_or(|kind| kind == "jar" || kind == "war" || kind == "bundle")
            && child(*node, "scope").is_none_or(|scope| scope != "test" && scope != "import")
    };
    let parent = root.children().find(|node| node.tag_name().name() == "parent");
    let group = child(root, "groupId").or_else(|| child(parent?, "groupId")).unwrap_or_default();
    // parts of one product often have the same name in different groups
    let full = |group: &str, artifact: &str| format!("{group}:{artifact}");
    let needs = dependencies.filter(is_code).filter_map(|node| {
        let artifact = child(node, "artifactId")?;
        let of = child(node, "groupId").unwrap_or_default();
        let own = of.starts_with("${") && of.ends_with("groupId}");
        Some(Need::Name(full(if own { &group } else { &of }, &artifact)))
    });
    let needs = needs.collect();
    let name = child(root, "artifactId")?;
    let plugin = root.descendants().filter(|node| node.tag_name().name() == "artifactId").any(|node| {
        matches!(
            node.text().map(str::trim),
            Some(
                "spring-boot-maven-plugin"
                    | "quarkus-maven-plugin"
                    | "jib-maven-plugin"
                    | "micronaut-maven-plugin"
                    | "wildfly-maven-plugin"
            )
        )
    });
    let war = child(root, "packaging").is_some_and(|packaging| packaging == "war" || packaging == "ear");
    Some(Package {
        path: path.clone(),
        known_as: vec![full(&group, &name)],
        name,
        needs,
        shipped: (plugin || war).then_some("maven"),
    })
}

/// Groovy and Kotlin scripts: a few plain forms, line by line.
fn gradle(path: &RepoPath, text: &str) -> Package {
    const PLUGINS: &[&str] = &[
        "org.springframework.boot",
        "io.quarkus",
        "com.google.cloud.tools.jib",
        "io.micronaut.application",
        "io.ktor.plugin",
        "com.android.application",
        "id 'application'",
        "id(\"application\")",
        "plugin: 'application'",
        "com.bmuschko.docker",
    ];
    let lines = || {
        text.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.contains("apply false"))
    };
    let is_for_tests = |line: &&str| {
        line.to_ascii_lowercase().split(['(', ' ']).next().is_some_and(|word| word.contains("test"))
    };
    let needs = lines().filter(|line| !is_for_tests(line)).filter_map(|line| {
        let after = line.split_once("project(")?.1;
        let name = after.split(['"', '\'']).nth(1)?;
        Some(Need::Name(name.rsplit(':').next()?.to_owned()))
    });
    let applies = |line: &str| {
        line.starts_with("id")
            || line.starts_with("alias")
            || line.contains("apply plugin")
            || line == "application"
    };
    let shipped = lines().any(|line| {
        applies(line) && (line == "application" || PLUGINS.iter().any(|plugin| line.contains(plugin)))
    });
    let name = path.folder().rsplit('/').next().unwrap_or_default();
    Package {
        name: name.to_owned(),
        known_as: Vec::new(),
        needs: needs.collect(),
        shipped: shipped.then_some("gradle"),
        path: path.clone(),
    }
}

/// The name of the whole, which Gradle keeps apart from its parts.
fn root_project(path: &RepoPath, text: &str) -> Option<Package> {
    let line = text.lines().find(|line| line.trim_start().starts_with("rootProject.name"))?;
    let name = line.split(['"', '\'']).nth(1)?.to_owned();
    Some(Package { path: path.clone(), name, known_as: Vec::new(), needs: Vec::new(), shipped: None })
}

fn mix(path: &RepoPath, text: &str) -> Package {
    let lines = || text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let needs = lines()
        .filter(|line| line.contains("in_umbrella: true"))
        .filter_map(|line| line.split_once("{:")?.1.split([',', ' ']).next())
        .map(|name| Need::Name(name.to_owned()));
    let umbrella = lines().any(|line| line.starts_with("apps_path:"));
    let runs = lines().any(|line| line.starts_with("mod: {") || line.contains(" mod: {"));
    let name = lines().find_map(|line| line.strip_prefix("app: :")).unwrap_or_default().trim_end_matches(',');
    Package {
        name: name.to_owned(),
        known_as: Vec::new(),
        needs: needs.collect(),
        shipped: (runs && !umbrella).then_some("elixir"),
        path: path.clone(),
    }
}

fn python(path: &RepoPath, text: &str) -> Option<Package> {
    let document = document::toml(text).ok()?;
    let name =
        document.at(&["project", "name"]).text().or(document.at(&["tool", "poetry", "name"]).text())?;
    let listed = document.at(&["project", "dependencies"]).items().filter_map(Node::text);
    let names = listed.map(|need| {
        need.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))).next().unwrap_or(need)
    });
    let by_path = document
        .at(&["tool", "uv", "sources"])
        .entries()
        .chain(document.at(&["tool", "poetry", "dependencies"]).entries());
    let by_path = by_path.filter_map(|(_, node)| folder_of(path, node.text_of("path")?));
    Some(Package {
        path: path.clone(),
        name: name.to_owned(),
        known_as: Vec::new(),
        needs: names.map(|name| Need::Name(name.to_owned())).chain(by_path).collect(),
        shipped: None,
    })
}

fn nx(path: &RepoPath, text: &str) -> Option<Package> {
    let document = document::json(text).ok()?;
    let name = document.text_of("name").unwrap_or(path.folder().rsplit('/').next()?);
    let application = document.text_of("projectType") == Some("application");
    let needs = document
        .get("implicitDependencies")
        .items()
        .filter_map(Node::text)
        .map(|name| Need::Name(name.to_owned()));
    Some(Package {
        name: name.to_owned(),
        known_as: Vec::new(),
        needs: needs.collect(),
        shipped: application.then_some("nx"),
        path: path.clone(),
    })
}

fn csharp(path: &RepoPath, text: &str) -> Option<Package> {
    let document = roxmltree::Document::parse(text.trim_start_matches('\u{feff}')).ok()?;
    let root = document.root_element();
    let named = |name: &'static str| root.descendants().filter(move |node| node.tag_name().name() == name);
    let needs =
        // a reference without the assembly only says what is built first
        named("ProjectReference").filter(|node| {
            let own = node.attribute("ReferenceOutputAssembly");
            let child = node.children().find(|child| child.tag_name().name() == "ReferenceOutputAssembly");
            own.or(child.and_then(|child| child.text())).is_none_or(|text| !text.trim().eq_ignore_ascii_case("false"))
        }).filter_map(|node| node.attribute("Include")).filter_map(|project| {
            let project = path.join(&project.replace('\\', "/"))?;
            Some(Need::Folder(project.folder().to_owned()))
        });
    let tests =
        named("PackageReference").any(|node| node.attribute("Include") == Some("Microsoft.NET.Test.Sdk"));
    let mobile = named("UseMaui").any(|node| node.text() == Some("true"));
    let library = named("OutputType").all(|node| node.text() != Some("Exe"));
    let web = root.attribute("Sdk").is_some_and(|sdk| sdk.ends_with(".Web") || sdk.ends_with(".Worker"));
    let needs = needs.collect();
    Some(Package {
        name: path.file_name().trim_end_matches(".csproj").to_owned(),
        known_as: Vec::new(),
        needs,
        shipped: ((web || mobile && !library) && !tests).then_some("dotnet"),
        path: path.clone(),
    })
}
