//! What the path of a file says: folders, names and endings that everybody uses in the same way.
//!
//! For generated and vendored files linguist is the reference. Left out of it on purpose: names that are ordinary
//! words in a team's own code (`cache/`, `env/`, `effects.js`, hand-written `*.d.ts`), and what has a role of its own
//! here (`.github/`, test data, settings of tools).

use crate::change::RepoPath;

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

const CODE: &[&str] = &[
    "c", "cc", "clj", "cpp", "cs", "cts", "cxx", "dart", "elm", "erl", "ex", "exs", "fs", "go", "groovy",
    "h", "hpp", "hs", "java", "jl", "js", "jsx", "kt", "kts", "lua", "m", "mjs", "ml", "mts", "nim", "php",
    "pl", "py", "pyi", "r", "rb", "rs", "scala", "svelte", "swift", "ts", "tsx", "vb", "vue", "zig",
];

const SETTINGS: &[&str] = &[
    "yml",
    "yaml",
    "json",
    "json5",
    "jsonc",
    "toml",
    "ini",
    "cfg",
    "conf",
    "cnf",
    "config",
    "properties",
    "env",
    "plist",
    "xml",
    "hocon",
    "cue",
    "dhall",
    "jsonnet",
    "sample",
    "example",
    "tmpl",
    "editorconfig",
];

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
        self.has_extension(CODE)
    }

    pub(super) fn is_yaml(&self) -> bool {
        self.has_extension(&["yml", "yaml"])
    }

    pub(super) fn is_vendored(&self) -> bool {
        const ANYWHERE: &[&str] = &[
            "node_modules",
            "bower_components",
            "jspm_packages",
            "_esy",
            "godeps",
            "vendor",
            "vendors",
            "vendored",
            "dist",
            "third_party",
            "third-party",
            "thirdparty",
            "3rd_party",
            "3rd-party",
            "3rdparty",
            "extern",
            "external",
            "externals",
            "carthage",
            "admin_media",
            "ace-builds",
            "mathjax",
            "extjs",
            "bootstrap-datepicker",
            "sparkle",
            ".google_apis",
            "puphpet",
            "xvba_modules",
            "select2",
            "bourbon",
            ".obsidian",
        ];
        let at_root =
            self.folders.first().is_some_and(|folder| matches!(folder.as_str(), "deps" | "dependencies"));
        at_root
            || self.in_folder(ANYWHERE)
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
            || self.has_extension(&["js", "css", "scss", "less", "sass", "styl"]) && self.is_browser_library()
            || [
                "aclocal.m4",
                "libtool.m4",
                "ltoptions.m4",
                "ltsugar.m4",
                "ltversion.m4",
                "lt~obsolete.m4",
                "config.guess",
                "config.sub",
                "configure",
                "cpplint.py",
                "erlang.mk",
                "dotnet-install.sh",
                "dotnet-install.ps1",
                "waf",
                ".ds_store",
                "activator",
                "activator.bat",
                "run.n",
                "rebar",
                "rebar3",
            ]
            .contains(&self.name.as_str())
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

    /// Well-known libraries for browsers, kept as a file: `jquery-3.6.0.js`, `bootstrap.css`, `app.min.js`.
    fn is_browser_library(&self) -> bool {
        const LIBRARIES: &[&str] = &[
            "angular",
            "animate",
            "bootbox",
            "bootstrap",
            "bulma",
            "ckeditor",
            "cordova",
            "d3",
            "dojo",
            "font-awesome",
            "fontawesome",
            "fontello",
            "foundation",
            "fuelux",
            "html5shiv",
            "jquery",
            "knockout",
            "materialize",
            "mochikit",
            "modernizr",
            "mootools",
            "normalize",
            "octicons",
            "prototype",
            "react",
            "skeleton",
            "slick",
            "sprockets-octicons",
            "tiny_mce",
            "yui",
        ];
        if self.ends(&[".min.js", "-min.js", ".min.css", "-min.css", "-vsdoc.js", ".intellisense.js"]) {
            return true;
        }
        const FAMILIES: &[&str] = &[
            "bootstrap-",
            "fontello-",
            "jquery-",
            "leaflet-src",
            "leaflet.draw",
            "microsoftajax",
            "microsoftmvc",
            "mootools-",
            "tiny_mce_",
            "yahoo-",
            "yuiloader",
            "jquery.ui.",
            "jquery.effects.",
            "jquery.validate",
            "jquery.unobtrusive",
            "jquery.fancybox",
            "jquery.fileupload",
            "jquery.datatables",
            "jquery.fn.gantt",
            "shbrush",
            "shcore",
        ];
        let stem = self.stem();
        LIBRARIES.contains(&stem) && (stem != "jquery" || self.name.matches('.').count() == 1)
            || FAMILIES.iter().any(|family| self.name.starts_with(family))
            || LIBRARIES.iter().any(|library| {
                // With a version: `knockout-3.4.js`, `d3.v7.js`.
                let rest = self.name.strip_prefix(library).unwrap_or_default().trim_start_matches(['-', '.', 'v']);
                rest.starts_with(|c: char| c.is_ascii_digit())
            })
            // script.aculo.us
            || self.in_folder(&["javascripts"]) && matches!(stem, "effects" | "controls" | "dragdrop")
            || self.in_folder(&["codemirror"]) && self.in_folder(&["lib", "mode", "theme", "addon", "keymap"])
    }

    pub(super) fn is_lock(&self) -> bool {
        [
            "cargo.lock",
            "package-lock.json",
            "npm-shrinkwrap.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "bun.lock",
            "bun.lockb",
            "deno.lock",
            "poetry.lock",
            "pdm.lock",
            "uv.lock",
            "pipfile.lock",
            "pixi.lock",
            "conda-lock.yml",
            "go.sum",
            "go.work.sum",
            "gopkg.lock",
            "glide.lock",
            "gemfile.lock",
            "gems.locked",
            "composer.lock",
            "gradle.lockfile",
            "buildscript-gradle.lockfile",
            "packages.lock.json",
            "paket.lock",
            "mix.lock",
            "rebar.lock",
            "pubspec.lock",
            "podfile.lock",
            "cartfile.resolved",
            "package.resolved",
            "flake.lock",
            "module.bazel.lock",
            ".terraform.lock.hcl",
            "chart.lock",
            "requirements.lock",
            "mise.lock",
            "stack.yaml.lock",
            "cabal.project.freeze",
            "conan.lock",
            "shard.lock",
            "renv.lock",
            "buf.lock",
            "dub.selections.json",
            "devbox.lock",
            "berksfile.lock",
            "esy.lock",
        ]
        .contains(&self.name.as_str())
            || self.ends(&[".gemfile.lock", ".esy.lock"])
            || (self.name.starts_with("mise.") && self.extension == "lock")
            || (self.name.starts_with("pylock.") && self.extension == "toml")
            || self.in_nested("gradle", &["dependency-locks"])
            || self.in_folder(&["gradle"]) && self.name == "verification-metadata.xml"
            || self.extension == "toml"
                && ["Manifest.toml", "Manifest-v", "JuliaManifest"]
                    .iter()
                    .any(|name| self.real_name.starts_with(name))
    }

    pub(super) fn is_generated(&self) -> bool {
        const ENDINGS: &[&str] = &[
            ".pb.go",
            ".pb.validate.go",
            ".pb.gw.go",
            ".pb.cc",
            ".pb.h",
            ".pb.c",
            ".pb.swift",
            ".pb.dart",
            ".pb.rs",
            ".pbjson.dart",
            ".pbenum.dart",
            ".pbgrpc.dart",
            "_pb2.py",
            "_pb2.pyi",
            "_pb2_grpc.py",
            "_pb.js",
            "_pb.ts",
            "_pb.d.ts",
            "_pb.rb",
            "_grpc_pb.js",
            "_grpc_pb.d.ts",
            "_services_pb.rb",
            "_connect.ts",
            "_pb_service.js",
            ".g.dart",
            ".freezed.dart",
            ".g.cs",
            ".g.i.cs",
            ".designer.cs",
            ".designer.vb",
            ".feature.cs",
            "modelsnapshot.cs",
            ".zep.c",
            ".zep.h",
            ".zep.php",
            "_tlb.pas",
            ".toml.orig",
            ".nib",
            ".xcworkspacedata",
            ".xcuserstate",
            ".css.map",
            ".js.map",
            ".mjs.map",
            ".secrets.baseline",
            ".deepcopy.go",
            ".tsbuildinfo",
        ];
        const MARKS: &[&str] = &[".gen.", ".generated.", "_generated.", "-generated.", "_gen.", ".autogen."];
        self.ends(ENDINGS)
            || MARKS.iter().any(|mark| self.name.contains(mark))
                && (self.is_code() || self.has_extension(SETTINGS))
            || self.in_folder(&[
                "__generated__",
                "generated",
                "genproto",
                ".idea",
                "htmlcov",
                "pods",
                ".openapi-generator",
                "openapi-generated",
                "__pycache__",
                ".next",
                ".nuxt",
                ".turbo",
            ])
            || self.in_nested("drizzle", &["meta"])
            || self.name == "_journal.json"
            || [
                "gradlew",
                "gradlew.bat",
                "mvnw",
                "mvnw.cmd",
                "structure.sql",
                "openapi.json",
                "swagger.json",
                "next-env.d.ts",
                "atlas.sum",
                "schema.json.gz",
                "importmap.lock",
            ]
            .contains(&self.name.as_str())
            || self.name.starts_with(".pnp.")
            || self.name.starts_with("zz_generated")
            || self.in_folder(&[".sqlx"]) && self.name.starts_with("query-")
            || self.in_folder(&["ent"]) && self.path.contains("/ent/migrate/schema.go")
    }

    pub(super) fn is_prose(&self) -> bool {
        if self.has_extension(&[
            "md", "mdx", "markdown", "mdown", "rst", "adoc", "asciidoc", "textile", "rdoc", "org", "pod",
        ]) {
            return true;
        }
        let is_plain = !self.name.contains('.') || self.has_extension(&["txt", "html", "bib", "cff", "old"]);
        is_plain
            && [
                "readme",
                "changelog",
                "changes",
                "history",
                "news",
                "license",
                "licence",
                "copying",
                "notice",
                "authors",
                "contributors",
                "maintainers",
                "contributing",
                "install",
                "security",
                "todo",
                "code_of_conduct",
                "support",
                "governance",
                "citation",
                "patents",
                "credits",
                "unlicense",
                "license-mit",
                "license-apache",
                "copyright",
                "upgrading",
                "releases",
                "thanks",
            ]
            .contains(&self.stem())
    }

    pub(super) fn is_manifest(&self) -> bool {
        ["cargo.toml", "package.json", "pyproject.toml", "setup.py", "setup.cfg", "pipfile", "environment.yml", "environment.yaml", "go.mod", "go.work", "gemfile", "gems.rb", "composer.json", "pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "libs.versions.toml", "directory.packages.props", "directory.build.props", "directory.build.targets", "packages.config", "global.json", "paket.dependencies", "mix.exs", "pubspec.yaml", "package.swift", "podfile", "cartfile", "build.sbt", "deps.edn", "project.clj", "rebar.config", "conanfile.txt", "conanfile.py", "vcpkg.json", "project.toml", "pnpm-workspace.yaml", "elm.json", "shard.yml", "stack.yaml", "deno.json", "deno.jsonc", "jsr.json", "bower.json", "dub.json", "dub.sdl", "module.bazel", "flake.nix", "description", "cpanfile", "makefile.pl", "npm-package.json", "lerna.json", "bunfig.toml", "build.sc"]
.contains(&self.name.as_str()) && (self.name != "description" || self.real_name == "DESCRIPTION")
            || self.ends(&[".gemspec", ".csproj", ".fsproj", ".vbproj", ".podspec", ".cabal", ".nimble", ".rockspec", ".gemfile"])
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
        if self.has_extension(&["png", "jpg", "jpeg", "gif", "svg", "webp"]) {
            return false;
        }
        [
            ".gitlab-ci.yml",
            ".travis.yml",
            "appveyor.yml",
            ".appveyor.yml",
            "bitbucket-pipelines.yml",
            ".drone.yml",
            ".woodpecker.yml",
            "cloudbuild.yaml",
            "cloudbuild.yml",
            "buildspec.yml",
            "buildspec.yaml",
            "codecov.yml",
            ".codecov.yml",
            "renovate.json",
            "renovate.json5",
            ".renovaterc",
            ".renovaterc.json",
            "dependabot.yml",
            ".mergify.yml",
            ".goreleaser.yml",
            ".goreleaser.yaml",
            "codeowners",
            ".dockerignore",
            ".gcloudignore",
            ".slugignore",
            ".vercelignore",
            ".helmignore",
            ".ebignore",
            ".cfignore",
            "chart.yaml",
            "helmfile.yaml",
            "kustomization.yaml",
            "kustomization.yml",
            "kustomization",
            "skaffold.yaml",
            "tiltfile",
            "vagrantfile",
            "makefile",
            "gnumakefile",
            "cmakelists.txt",
            "build.bazel",
            "workspace.bazel",
            "meson.build",
            "taskfile.yml",
            "taskfile.yaml",
            "justfile",
            "earthfile",
            "procfile",
            "fly.toml",
            "vercel.json",
            "netlify.toml",
            "app.yaml",
            "render.yaml",
            "railway.json",
            "railway.toml",
            "wrangler.toml",
            "wrangler.jsonc",
            "heroku.yml",
            "nixpacks.toml",
            "serverless.yml",
            "serverless.yaml",
            "samconfig.toml",
            "cdk.json",
            "pulumi.yaml",
            "ansible.cfg",
            "docker-bake.hcl",
            "docker-bake.json",
            "garden.yml",
            "devspace.yaml",
            "werf.yaml",
            "dokku.json",
            "captain-definition",
            "apprunner.yaml",
            "copilot.yml",
            "magefile.go",
            "build.xml",
            "release.config.js",
            "nomad.hcl",
            "terragrunt.hcl",
            "okteto.yml",
            "project.nomad",
            "devcontainer.json",
        ]
        .contains(&self.name.as_str())
            || matches!(self.real_name, "BUILD" | "WORKSPACE")
            || self.name.starts_with("dockerfile") && !self.is_code()
            || self.name.starts_with("containerfile")
            || self.name.starts_with("jenkinsfile")
            || self.name.starts_with('.') && self.name.ends_with("cloudignore")
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
                ]
                .iter()
                .any(|start| self.name.starts_with(start))
                    || self.name.contains("docker-compose"))
            || self.in_folder(&[
                ".github",
                ".gitlab",
                ".circleci",
                ".buildkite",
                ".azure-pipelines",
                ".semaphore",
                ".teamcity",
                ".tekton",
                ".devcontainer",
                ".docker",
                ".ci",
                ".woodpecker",
                ".argocd",
                ".kamal",
                ".ebextensions",
                ".do",
            ])
            || self.folders.first().is_some_and(|folder| folder == "debian")
            || !self.is_code() && self.is_in_deployment()
            || self.is_script()
    }

    /// Folders that hold what is deployed, when no program lives in them.
    fn is_in_deployment(&self) -> bool {
        const FOLDERS: &[&str] = &[
            "helm",
            "charts",
            "chart",
            "helm-chart",
            "helm-charts",
            "kustomize",
            "k8s",
            "kube",
            "kubernetes",
            "kubernetes-manifests",
            "manifests",
            "overlays",
            "terraform",
            "ansible",
            "cloudformation",
            "argocd",
            "pulumi",
            "deploy",
            "deployment",
            "deployments",
            "istio-manifests",
            "openshift",
            "docker",
            "ci",
            "nomad",
        ];
        let configures = self.has_extension(&[
            "conf",
            "cnf",
            "sql",
            "json",
            "properties",
            "html",
            "css",
            "csv",
            "png",
            "svg",
        ]);
        let is_part = |folder: &String| FOLDERS.contains(&folder.as_str());
        // Below a program's own folders the same words name parts of the program (`src/main/resources/charts/`).
        let program = self.folders.iter().position(|folder| {
            ["main", "resources", "components", "static", "public"].contains(&folder.as_str())
        });
        self.folders[..program.unwrap_or(self.folders.len())].iter().any(is_part) && !configures
    }

    /// Scripts for shells build, ship and run; where the product itself is a shell program they lie in `lib` or `src`.
    fn is_script(&self) -> bool {
        self.has_extension(&["sh", "bash", "zsh", "fish", "ps1", "psm1", "bat", "cmd"])
            && !self.in_folder(&["lib", "libexec", ".husky", ".githooks"])
    }

    pub(super) fn is_in_tests(&self) -> bool {
        const ANYWHERE: &[&str] = &[
            "test",
            "tests",
            "__tests__",
            "__test__",
            "testing",
            "e2e",
            "e2e-tests",
            "cypress",
            "testdata",
            "test-data",
            "test_data",
            "__mocks__",
            "__snapshots__",
            "__fixtures__",
            "integration-test",
            "integration-tests",
            "integration_test",
            "integration_tests",
            "integrationtest",
            "integtest",
            "unittest",
            "unittests",
            "unit-tests",
            "functional-tests",
            "acceptance-tests",
            "androidtest",
            "testfixtures",
            "test-fixtures",
            "test_fixtures",
            "playwright",
            "sharedtest",
            "testintegration",
            "component-tests",
            "componenttest",
            "spectests",
        ];
        let is_spec = |folder: &str| matches!(folder, "spec" | "specs");
        let contract_like =
            self.has_extension(&["yml", "yaml", "json", "proto", "graphql", "graphqls", "raml"]);
        self.folders.iter().enumerate().any(|(depth, folder)| {
            ANYWHERE.contains(&folder.as_str())
                // `Shop.Tests/`, `shop-tests/`, `shop_test/`; a `spec` folder may hold specifications too.
                || [".tests", ".test", "-tests", "_tests", ".unittests", ".integrationtests", "-e2e", ".specs"]
                    .iter()
                    .any(|ending| folder.ends_with(ending))
                || is_spec(folder)
                    && (!contract_like || self.folders[depth..].iter().any(|inner| inner == "fixtures" || inner == "cassettes"))
                || folder == "fixtures" && depth > 0 && is_spec(&self.folders[depth - 1])
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
                || ["conftest", "tests", "test", "test_helper", "spec_helper", "rails_helper", "testutil"]
                    .contains(&stem)
                || self
                    .has_extension(&["java", "kt", "groovy", "scala", "cs", "php", "swift", "vb", "fs", "m"])
                    && ["Test", "Tests", "TestCase", "IT", "ITCase", "Spec", "Specs", "TestBase"]
                        .iter()
                        .any(|ending| real_stem.len() > ending.len() && ends_as_word(real_stem, ending)))
            || self.has_extension(&["bats", "feature", "snap", "hurl"])
            || self.name.contains(".snap.")
            || self.in_folder(&["fixtures"]) && self.in_folder(&["cassettes", "vcr_cassettes"])
    }

    pub(super) fn is_migration(&self) -> bool {
        const STEPS: &[&str] = &[
            "sql", "rb", "py", "php", "ts", "js", "mjs", "cjs", "cs", "exs", "go", "kt", "java", "scala",
            "xml", "yml", "yaml",
        ];
        let numbered = self.name.starts_with(|c: char| c.is_ascii_digit());
        let flyway = matches!(self.name.as_bytes().first(), Some(b'v' | b'r' | b'u' | b'b'))
            && self.name.contains("__");
        (self.has_extension(STEPS) || self.extension == "edgeql")
            && (self.in_nested("db", &["migrate", "migration", "migrations", "changelog"])
                || self.in_nested("alembic", &["versions"])
                || self.in_nested("database", &["migrations"])
                || self.in_nested("migrations", &["versions"]) && self.extension == "py"
                || self.folders.iter().any(|folder| {
                    ["migrations", "migrate", "migration", "changelogs", "dbmigrations"]
                        .contains(&folder.as_str())
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
        self.has_extension(&[
            "proto", "graphql", "gql", "graphqls", "avsc", "avdl", "avpr", "thrift", "wsdl", "raml",
            "smithy", "fbs", "capnp", "tsp", "wit", "xsd", "webidl",
        ]) || self.has_extension(&["yml", "yaml", "json"])
            && (["openapi", "swagger", "asyncapi"].iter().any(|word| self.name.contains(word))
                || self.name.ends_with(".schema.json")
                || self.in_folder(&["openapi", "swagger", "asyncapi"]))
    }

    pub(super) fn is_translation(&self) -> bool {
        const FOLDERS: &[&str] = &[
            "locales",
            "locale",
            "i18n",
            "lang",
            "langs",
            "languages",
            "translations",
            "translation",
            "l10n",
            "intl",
            "localization",
            "_locales",
            "nls",
        ];
        let (stem, _) = self.name.rsplit_once('.').unwrap_or((&self.name, ""));
        self.has_extension(&[
            "po",
            "pot",
            "xlf",
            "xliff",
            "arb",
            "ftl",
            "resx",
            "strings",
            "stringsdict",
            "xcstrings",
            "qm",
        ]) || self.in_folder(FOLDERS)
            && self.has_extension(&["json", "json5", "yml", "yaml", "properties", "toml", "php", "ini"])
            || self.in_folder(FOLDERS) && self.has_extension(&["ts", "js"]) && is_language(stem)
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
            || self.has_extension(SETTINGS) && !self.is_data()
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
        self.has_extension(&[
            "png",
            "jpg",
            "jpeg",
            "gif",
            "svg",
            "ico",
            "webp",
            "avif",
            "bmp",
            "tiff",
            "icns",
            "woff",
            "woff2",
            "ttf",
            "otf",
            "eot",
            "mp3",
            "mp4",
            "webm",
            "wav",
            "ogg",
            "mov",
            "pdf",
            "psd",
            "ai",
            "sketch",
            "fig",
            "glb",
            "gltf",
            "lottie",
            "zip",
            "gz",
            "tgz",
            "jar",
            "drawio",
            "excalidraw",
            "puml",
            "webmanifest",
            "csv",
            "tsv",
            "parquet",
        ]) || self.is_data()
            || self.name == "robots.txt"
    }
}

/// Whether a file only configures the tools of developers: such a change is no change of a service.
pub fn is_tooling(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    const STARTS: &[&str] = &[
        "tsconfig",
        "jsconfig",
        ".eslintrc",
        "eslint.config.",
        ".prettierrc",
        "prettier.config.",
        ".stylelintrc",
        "stylelint.config.",
        "jest.config.",
        "vitest.config.",
        "vitest.workspace.",
        "playwright.config.",
        "cypress.config.",
        "commitlint.config.",
        ".commitlintrc",
        ".lintstagedrc",
        "lint-staged.config.",
        ".babelrc",
        "babel.config.",
        ".golangci",
        ".pre-commit-config.",
        ".rubocop",
        ".markdownlint",
        "biome.json",
        ".editorconfig",
        ".gitignore",
        ".gitattributes",
        ".gitmodules",
        ".gitkeep",
        ".nvmrc",
        ".node-version",
        ".python-version",
        ".ruby-version",
        ".tool-versions",
        ".npmrc",
        ".yarnrc",
        ".flake8",
        ".pylintrc",
        "pylintrc",
        "mypy.ini",
        "pytest.ini",
        "tox.ini",
        ".coveragerc",
        "ruff.toml",
        ".ruff.toml",
        "rustfmt.toml",
        ".rustfmt.toml",
        "clippy.toml",
        "deny.toml",
        ".credo.exs",
        ".formatter.exs",
        ".lychee",
        ".yamllint",
        ".hadolint",
        ".swiftlint",
        "checkstyle",
        "phpstan",
        "phpunit.xml",
        "psalm.xml",
        ".rspec",
        "sonar-project.",
        ".eslintignore",
        ".prettierignore",
        ".npmignore",
        ".clang-format",
        ".clang-tidy",
        ".browserslistrc",
        ".solhint",
        "brakeman.ignore",
        ".air.toml",
        "nx.json",
        "turbo.json",
        ".husky",
        "lefthook.",
        ".cursorrules",
        ".cspell",
        "cspell.",
        "knip.",
        ".mockery",
        "detekt",
        "nodemon.json",
        ".bazelrc",
        "plainly.toml",
    ];
    STARTS.iter().any(|start| name.starts_with(start))
        || path.split('/').any(|folder| {
            [".husky", ".vscode", ".idea", ".githooks", ".cursor", ".changeset"].contains(&folder)
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
