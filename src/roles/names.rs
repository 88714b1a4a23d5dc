//! What the path of a file says: folders, names and endings that everybody uses in the same way.
//!
//! For generated and vendored files linguist is the reference. Left out of it on purpose: names that are ordinary
//! words in a team's own code (`cache/`, `env/`, `effects.js`, hand-written `*.d.ts`), and what has a role of its own
//! here (`.github/`, test data, settings of tools).

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::change::RepoPath;

type Words = HashSet<String>;

/// The long lists, as `names.toml` holds them, all in lower case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    code: Words,
    settings: Words,
    vendored_folders: Words,
    copies_folders: Words,
    copies_beside: Words,
    vendored_names: Words,
    browser_libraries: Words,
    browser_families: Words,
    locks: Words,
    generated_endings: Words,
    generated_folders: Words,
    generated_names: Words,
    prose: Words,
    prose_names: Words,
    docs_tools: Words,
    changelog_folders: Words,
    manifests: Words,
    infra_names: Words,
    infra_folders: Words,
    pipeline_roots: Words,
    deployment_folders: Words,
    deployment_roots: Words,
    not_deployed: Words,
    test_folders: Words,
    test_names: Words,
    migration_endings: Words,
    contracts: Words,
    translation_folders: Words,
    translations: Words,
    assets: Words,
    tooling: Words,
}

fn lists() -> &'static Lists {
    static LISTS: LazyLock<Lists> = LazyLock::new(|| {
        toml::from_str(include_str!("names.toml"))
            .expect("a list built into the program, read by every test of roles")
    });
    &LISTS
}

/// A path taken apart once.
pub(super) struct File<'p> {
    pub(super) path: &'p str,
    /// The file's name as it is.
    pub(super) real_name: &'p str,
    /// The file's name in lower case.
    pub(super) name: String,
    /// What stands after the last dot, in lower case.
    pub(super) extension: String,
    /// The names of the folders in lower case, outermost first.
    pub(super) folders: Vec<String>,
}

impl<'p> File<'p> {
    pub(super) fn new(path: &'p RepoPath) -> Self {
        Self {
            path: path.as_str(),
            real_name: path.file_name(),
            name: path.file_name().to_ascii_lowercase(),
            extension: path.extension(),
            folders: path.folders().map(str::to_ascii_lowercase).collect(),
        }
    }

    fn in_folder(&self, names: &[&str]) -> bool {
        self.folders.iter().any(|folder| names.contains(&folder.as_str()))
    }

    fn in_any(&self, names: &Words) -> bool {
        self.folders.iter().any(|folder| names.contains(folder))
    }

    fn ends_in(&self, endings: &Words) -> bool {
        endings.iter().any(|ending| self.name.ends_with(ending.as_str()))
    }

    /// Whether `inner` follows `outer` directly among the folders.
    fn in_nested(&self, outer: &str, inner: &[&str]) -> bool {
        self.folders.windows(2).any(|pair| pair[0] == outer && inner.contains(&pair[1].as_str()))
    }

    fn ends(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.name.ends_with(ending))
    }

    fn has_extension(&self, extensions: &[&str]) -> bool {
        extensions.contains(&self.extension.as_str())
    }

    fn stem(&self) -> &str {
        self.name.split_once('.').map_or(self.name.as_str(), |(stem, _)| stem)
    }

    pub(super) fn is_code(&self) -> bool {
        lists().code.contains(&self.extension)
    }

    pub(super) fn is_yaml(&self) -> bool {
        self.has_extension(&["yml", "yaml"])
    }

    /// `text` tells a copy of a browser library from a file of the team that only has its name.
    pub(super) fn is_vendored(&self, text: Option<&str>) -> bool {
        let at_root =
            self.folders.first().is_some_and(|folder| matches!(folder.as_str(), "deps" | "dependencies"));
        at_root
            || self.in_any(&lists().vendored_folders)
            || self.is_in_copies()
            || self.in_nested("wwwroot", &["lib"])
            || self.in_nested(".yarn", &["releases", "plugins", "sdks", "versions", "unplugged"])
            || self.in_nested("gradle", &["wrapper"])
            || self.in_nested(".mvn", &["wrapper"])
            || self.in_nested("inst", &["extdata"])
            || self.in_nested("tiny_mce", &["langs", "plugins", "themes", "utils"])
            || self
                .folders
                .iter()
                .any(|folder| folder.ends_with(".framework") || folder.ends_with(".xctemplate"))
            || self.is_unpacked_nuget()
            || self.has_extension(&["js", "css", "scss", "less", "sass", "styl"])
                && self.is_browser_library(text)
            || lists().vendored_names.contains(&self.name)
    }

    /// `vendor/` and `external/` hold copies, but for those who deal with vendors and external partners: below a
    /// program's own folders they are parts of the program (`src/modules/vendor/`), unless they lie where copies lie.
    fn is_in_copies(&self) -> bool {
        const PROGRAM: &[&str] = &[
            "src",
            "app",
            "main",
            "modules",
            "components",
            "features",
            "domain",
            "pages",
            "containers",
            "views",
            "controllers",
            "models",
            "api",
            "routes",
            "packages",
            "apps",
            "services",
            "crates",
            "templates",
        ];
        let real = self.path.split('/');
        self.folders.iter().zip(real).enumerate().any(|(depth, (folder, real))| {
            if !lists().copies_folders.contains(folder) || folder != real {
                return false;
            }
            let above = &self.folders[..depth];
            let beside = above.last().is_some_and(|parent| lists().copies_beside.contains(parent))
                && folder.starts_with("vendor");
            beside
                || self.folders.get(depth + 1).is_some_and(|inner| inner.contains('.'))
                || !above.iter().any(|outer| PROGRAM.contains(&outer.as_str()))
        })
    }

    /// `packages/Name.1.2.3/…`, as NuGet unpacks them.
    fn is_unpacked_nuget(&self) -> bool {
        self.folders.windows(2).any(|pair| {
            pair[0] == "packages"
                && pair[1]
                    .rsplit('.')
                    .take(2)
                    .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
                && pair[1].contains('.')
        })
    }

    /// Well-known libraries for browsers, kept as a file: `jquery-3.6.0.js`, `bootstrap.css`, `app.min.js`. Without a
    /// version the name may be the team's own: then the banner that such a library carries decides.
    fn is_browser_library(&self, text: Option<&str>) -> bool {
        if self.ends(&[".min.js", "-min.js", ".min.css", "-min.css", "-vsdoc.js", ".intellisense.js"]) {
            return true;
        }
        let stem = self.stem();
        let has_version = lists().browser_libraries.iter().any(|library| {
            // `knockout-3.4.js`, `d3.v7.js`.
            let rest = self
                .name
                .strip_prefix(library.as_str())
                .unwrap_or_default()
                .trim_start_matches(['-', '.', 'v']);
            rest.starts_with(|c: char| c.is_ascii_digit())
        });
        let has_name = lists().browser_libraries.contains(stem) && (stem != "jquery" || self.name.matches('.').count() == 1)
            || lists().browser_families.iter().any(|family| self.name.starts_with(family.as_str()))
            // script.aculo.us
            || self.in_folder(&["javascripts"]) && matches!(stem, "effects" | "controls" | "dragdrop")
            || self.in_folder(&["codemirror"]) && self.in_folder(&["lib", "mode", "theme", "addon", "keymap"]);
        has_version || has_name && self.name == self.real_name && text.is_none_or(super::content::has_banner)
    }

    pub(super) fn is_lock(&self) -> bool {
        lists().locks.contains(&self.name)
            // Whatever it pins, packages or translations, a tool keeps it.
            || self.extension == "lock"
            || (self.name.starts_with("pylock.") && self.extension == "toml")
            || self.in_nested("gradle", &["dependency-locks"])
            || self.in_folder(&["gradle"]) && self.name == "verification-metadata.xml"
            || self.extension == "toml"
                && ["Manifest.toml", "Manifest-v", "JuliaManifest"]
                    .iter()
                    .any(|name| self.real_name.starts_with(name))
    }

    pub(super) fn is_generated(&self) -> bool {
        const MARKS: &[&str] = &[".gen.", ".generated.", "_generated.", "-generated.", ".autogen."];
        self.ends_in(&lists().generated_endings)
            || self.ends(&["_gen.go", "_gen.ts", "_gen.dart"])
            // What `buf` makes is generated; the list of what it makes is not.
            || MARKS.iter().any(|mark| self.name.contains(mark)) && self.stem() != "buf"
                && (self.is_code() || lists().settings.contains(&self.extension))
            || self.in_any(&lists().generated_folders)
            || self.in_nested("drizzle", &["meta"])
            || self.name == "_journal.json"
            || self.name.starts_with(".snapshot-") && self.extension == "json"
            || lists().generated_names.contains(&self.name)
            || self.name.starts_with(".pnp.")
            || self.name.starts_with("zz_generated")
            || self.in_folder(&[".sqlx"]) && self.name.starts_with("query-")
            || self.in_folder(&["ent"]) && self.path.contains("/ent/migrate/schema.go")
    }

    pub(super) fn is_prose(&self) -> bool {
        if lists().prose.contains(&self.extension)
            || lists().docs_tools.contains(&self.name)
            || self.in_any(&lists().changelog_folders) && !self.is_code()
            || self.in_nested("changelogs", &["fragments", "unreleased"])
        {
            return true;
        }
        let is_plain = !self.name.contains('.') || self.has_extension(&["txt", "html", "bib", "cff", "old"]);
        is_plain && lists().prose_names.contains(self.stem())
    }

    pub(super) fn is_manifest(&self) -> bool {
        lists().manifests.contains(&self.name) && (self.name != "description" || self.real_name == "DESCRIPTION")
            || self.ends(&[".gemspec", ".csproj", ".fsproj", ".vbproj", ".podspec", ".cabal", ".nimble", ".rockspec", ".gemfile", ".opam", ".sbt"])
            || self.has_extension(&["txt", "in", "pip"]) && self.is_requirements()
            || self.in_folder(&["project"]) && matches!(self.name.as_str(), "plugins.sbt" | "dependencies.scala")
            || self.in_folder(&["buildsrc"]) && self.name.contains("versions")
            // Shared Gradle scripts that hold the versions of many projects.
            || self.in_folder(&["gradle"]) && self.extension == "gradle"
    }

    fn is_requirements(&self) -> bool {
        let (stem, in_folder) =
            (self.stem(), self.folders.last().is_some_and(|folder| folder == "requirements"));
        in_folder
            || stem.starts_with("requirements")
            || stem.ends_with("requirements")
            || stem == "constraints"
    }

    pub(super) fn is_infra(&self) -> bool {
        if self.has_extension(&["png", "jpg", "jpeg", "gif", "svg", "webp"]) || self.name.starts_with(".env")
        {
            return false;
        }
        lists().infra_names.contains(&self.name)
            || matches!(self.real_name, "BUILD" | "WORKSPACE")
            || self.name.starts_with("dockerfile") && !self.is_code()
            || self.name.starts_with("containerfile")
            || self.name.starts_with("jenkinsfile")
            || self.name.starts_with('.') && self.name.ends_with("cloudignore")
            || self.ends(&[".tf.json", ".tfvars.json", ".bicepparam"])
            || self.in_nested("config", &["deploy"])
            || self.has_extension(&[
                "dockerfile",
                "tf",
                "tfvars",
                "hcl",
                "bicep",
                "nomad",
                "mk",
                "cmake",
                "bzl",
                "pp",
            ])
            || self.is_yaml()
                && ([
                    "docker-compose",
                    "compose.",
                    "compose-",
                    "azure-pipelines",
                    "values.",
                    "values-",
                    "pulumi.",
                    "skaffold",
                    "helmfile",
                    "cloudbuild",
                ]
                .iter()
                .any(|start| self.name.starts_with(start))
                    || self.name.contains("docker-compose")
                    || self.ends(&[".values.yaml", ".values.yml", ".gitlab-ci.yml"]))
            || self.in_any(&lists().infra_folders)
            || self.folders.first().is_some_and(|folder| lists().pipeline_roots.contains(folder))
            || self.folders.first().is_some_and(|folder| folder == "debian")
            || !self.is_code() && self.is_in_deployment()
            || self.is_below_deployment_root()
            || self.is_script()
    }

    /// Folders that hold what is deployed, when no program lives in them.
    fn is_in_deployment(&self) -> bool {
        let is_part = |folder: &String| lists().deployment_folders.contains(folder);
        // Below a program's own folders the same words name parts of the program (`src/main/resources/charts/`).
        let program = self.folders.iter().position(|folder| {
            ["main", "resources", "components", "static", "public"].contains(&folder.as_str())
        });
        self.folders[..program.unwrap_or(self.folders.len())].iter().any(is_part)
            && !lists().not_deployed.contains(&self.extension)
    }

    /// A folder at the root that holds nothing else: programs for such tools and their data too.
    fn is_below_deployment_root(&self) -> bool {
        self.folders.first().is_some_and(|first| {
            lists().deployment_roots.contains(first)
                && (!self.is_code() || first != "infrastructure" && first != "infra")
        }) && self.extension != "sql"
            && !lists().assets.contains(&self.extension)
    }

    /// Scripts for shells build, ship and run; where the product itself is a shell program they lie in `lib` or `src`.
    fn is_script(&self) -> bool {
        self.has_extension(&["sh", "bash", "zsh", "fish", "ps1", "psm1", "bat", "cmd"])
            && !self.in_folder(&["lib", "libexec"])
            && !is_tooling(self.path)
    }

    pub(super) fn is_in_tests(&self) -> bool {
        let is_spec = |folder: &str| matches!(folder, "spec" | "specs");
        let contract_like =
            self.has_extension(&["yml", "yaml", "json", "proto", "graphql", "graphqls", "raml"]);
        let real = self.path.split('/');
        self.folders.iter().zip(real).enumerate().any(|(depth, (folder, real))| {
            let below = |outer: &str| depth > 0 && self.folders[depth - 1] == outer;
            // The check that a Helm chart carries is deployed with it.
            lists().test_folders.contains(folder) && !below("templates")
                // `Shop.Tests/`, `shop-tests/`, `shop_test/`; a `spec` folder may hold specifications too.
                || [".tests", ".test", "-tests", "_tests", ".unittests", ".integrationtests", "-e2e", ".specs"]
                    .iter()
                    .any(|ending| folder.ends_with(ending))
                || folder.contains("e2e-tests")
                // `ShopUITests/`, `src/jvmTest/`
                || real.len() > 5 && real.ends_with("Tests")
                || below("src") && ends_as_word(real, "Test")
                || is_spec(folder)
                    && (!contract_like || self.folders[depth..].iter().any(|inner| inner == "fixtures" || inner == "cassettes"))
                    && !(folder == "specs" && lists().prose.contains(&self.extension))
                || below("features") && matches!(folder.as_str(), "step_definitions" | "support") && self.is_code()
        })
    }

    pub(super) fn is_test(&self) -> bool {
        let (stem, _) = self.name.rsplit_once('.').unwrap_or((&self.name, ""));
        let real_stem = self.real_name.rsplit_once('.').map_or(self.real_name, |(stem, _)| stem);
        self.is_code()
            && (stem.ends_with("_test")
                || stem.ends_with("_spec")
                || stem.ends_with(".test")
                || stem.ends_with(".spec")
                || stem.ends_with(".cy")
                || stem.ends_with("-test")
                || stem.ends_with("-spec")
                || stem.ends_with(".e2e")
                || stem.ends_with("_unittest")
                || stem.starts_with("test_")
                || lists().test_names.contains(stem)
                || self
                    .has_extension(&["java", "kt", "groovy", "scala", "cs", "php", "swift", "vb", "fs", "m"])
                    && ["Test", "Tests", "TestCase", "IT", "ITCase", "Spec", "Specs", "TestBase"]
                        .iter()
                        .any(|ending| real_stem.len() > ending.len() && ends_as_word(real_stem, ending)))
            || self.has_extension(&["bats", "feature", "snap", "hurl"])
            || self.has_extension(&["yml", "yaml", "json"]) && stem.ends_with("_test")
            || self.name.contains(".snap.")
            || self.in_folder(&["fixtures"]) && self.in_folder(&["cassettes", "vcr_cassettes"])
    }

    pub(super) fn is_migration(&self) -> bool {
        let numbered = self.name.starts_with(|c: char| c.is_ascii_digit());
        let flyway = matches!(self.name.as_bytes().first(), Some(b'v' | b'r' | b'u' | b'b'))
            && self.name.contains("__");
        (lists().migration_endings.contains(&self.extension) || self.extension == "edgeql")
            && (self.in_nested("db", &["migrate", "migration", "migrations", "changelog"])
                || self.in_nested("alembic", &["versions"])
                || self.in_nested("database", &["migrations"])
                || self.in_nested("migrations", &["versions"]) && self.extension == "py"
                || self.folders.iter().any(|folder| {
                    ["migrations", "migrate", "migration", "dbmigrations"].contains(&folder.as_str())
                        && (self.extension == "sql" || numbered || flyway || self.extension != "go")
                })
                || self.extension == "sql" && (flyway || self.ends(&[".up.sql", ".down.sql"])))
            || self.extension == "prisma"
            || self.name.starts_with("db.changelog")
            || matches!(self.name.as_str(), "schema.sql" | "init.sql" | "schema.hcl" | "schema.dbml")
            || self.extension == "sql"
                && self.in_folder(&["schema", "schemas", "ddl", "initdb.d", "docker-entrypoint-initdb.d"])
    }

    pub(super) fn is_contract(&self) -> bool {
        lists().contracts.contains(&self.extension)
            || self.has_extension(&["yml", "yaml", "json"])
                && (["openapi", "swagger", "asyncapi"].iter().any(|word| self.name.contains(word))
                    || self.name.ends_with(".schema.json")
                    || self.in_folder(&["openapi", "swagger", "asyncapi"]))
    }

    pub(super) fn is_translation(&self) -> bool {
        let (stem, _) = self.name.rsplit_once('.').unwrap_or((&self.name, ""));
        lists().translations.contains(&self.extension)
            || self.in_any(&lists().translation_folders)
                && self.has_extension(&["json", "json5", "yml", "yaml", "properties", "toml", "php", "ini"])
            || self.in_any(&lists().translation_folders)
                && self.has_extension(&["ts", "js"])
                && is_language(stem)
            || self.name == "strings.xml"
                && self.folders.last().is_some_and(|folder| folder.starts_with("values"))
            || self.extension == "properties" && (stem == "messages" || stem.starts_with("messages_"))
            || self.in_folder(&["messages"]) && self.extension == "json" && is_language(stem)
    }

    pub(super) fn is_in_docs(&self) -> bool {
        const DOCS: &[&str] =
            &["docs", "doc", "documentation", "wiki", "adr", "adrs", "rfcs", "javadoc", "groovydoc"];
        // Below a program's own folder, `doc` names a part of the program.
        self.folders
            .iter()
            .take_while(|folder| !["src", "app", "lib", "pkg", "internal", "cmd"].contains(&folder.as_str()))
            .any(|folder| DOCS.contains(&folder.as_str()))
            && !(self.extension == "go" || self.extension == "java")
    }

    pub(super) fn is_config(&self) -> bool {
        let environments = self.in_nested("config", &["environments"]);
        self.name.starts_with(".env")
            || self.name.starts_with('.') && !self.is_code()
            || lists().settings.contains(&self.extension) && !self.is_data()
            || self.is_code()
                && (self.stem().ends_with("rc") && self.name.starts_with('.')
                    || self.name.contains(".config."))
            || self.has_extension(&["exs"]) && self.folders.last().is_some_and(|folder| folder == "config")
            || self.extension == "rb" && environments
            || is_tooling(self.path)
    }

    /// Data that the product shows or starts with, rather than settings.
    fn is_data(&self) -> bool {
        self.has_extension(&["json", "xml", "plist"])
            && self.in_folder(&["data", "seeds", "seed", "public", "static", "assets", "images", "icons"])
    }

    pub(super) fn is_asset(&self) -> bool {
        lists().assets.contains(&self.extension) || self.is_data() || self.name == "robots.txt"
    }
}

/// Whether a file lies where a build machine looks for its steps: at the root of the repository and nowhere else.
pub fn is_pipeline(path: &RepoPath) -> bool {
    path.folders().next().is_some_and(|folder| lists().pipeline_roots.contains(&folder.to_ascii_lowercase()))
}

/// Whether a file only configures the tools of developers: such a change is no change of a service.
pub fn is_tooling(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    lists().tooling.iter().any(|start| name.starts_with(start.as_str()))
        || path.split('/').any(|folder| {
            [
                ".husky",
                ".vscode",
                ".idea",
                ".githooks",
                ".cursor",
                ".changeset",
                ".claude",
                ".agents",
                ".codex",
                ".gemini",
                ".specify",
                ".run",
            ]
            .contains(&folder)
                || folder.starts_with("renovate")
        })
}

/// `CartTest`, but not `Latest`: the ending begins a word of its own.
fn ends_as_word(name: &str, ending: &str) -> bool {
    name.strip_suffix(ending).is_some_and(|rest| {
        rest.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    })
}

/// `de`, `pt-BR`, `zh_Hans`.
fn is_language(stem: &str) -> bool {
    let (language, region) = stem.split_once(['-', '_']).unwrap_or((stem, ""));
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && region.len() <= 4
}
