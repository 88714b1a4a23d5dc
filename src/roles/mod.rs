//! What each file of a change is for: one role a file, the first that fits of the ordered list of roles.

mod attributes;
mod content;
mod names;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::change::{Content, RepoPath, Role, Snapshot};
use crate::config::Config;

pub use attributes::is_attributes_file;
use attributes::{Attributes, Mark};
pub use content::is_freemarker;
pub use names::{is_pipeline, is_tooling};

/// The rules that give a file its role, compiled once: the team's own marks first, then what everybody does.
#[derive(Debug, Default)]
pub struct Roles {
    attributes: Attributes,
    generated: GlobSet,
    vendored: GlobSet,
}

impl Roles {
    /// Takes `[files]` of the configuration and each `.gitattributes` with the folder that holds it.
    /// Globs that cannot be compiled are left out: reading the configuration reports them.
    pub fn new<'t>(config: &Config, attributes: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        Self {
            attributes: Attributes::new(attributes),
            generated: glob_set(&config.files.generated),
            vendored: glob_set(&config.files.vendored),
        }
    }

    /// Takes `[files]` of the configuration and every `.gitattributes` of a tree.
    pub fn of_tree(config: &Config, tree: &dyn Snapshot) -> Self {
        let files = tree.paths().iter().filter(|path| is_attributes_file(path.as_str()));
        let texts: Vec<(&str, Content)> =
            files.filter_map(|path| tree.read(path).map(|content| (path.folder(), content))).collect();
        Self::new(
            config,
            texts.iter().filter_map(|(folder, content)| content.text().map(|text| (*folder, text))),
        )
    }

    /// The role as far as the name says it.
    pub fn by_name(&self, path: &RepoPath) -> Role {
        self.role(path, None)
    }

    /// The role of one file. `text` is what it holds now (before, for a deletion), where it could be read:
    /// with it come marks in headers, minified code, and kinds of YAML, SQL and GraphQL.
    pub fn role(&self, path: &RepoPath, text: Option<&str>) -> Role {
        let file = names::File::new(path);
        let marked = self.attributes.of(path.as_str());
        if decided(marked.vendored, || self.vendored.is_match(path.as_str()) || file.is_vendored(text)) {
            return Role::Vendored;
        }
        if file.is_lock() || text.is_some_and(|text| content::is_pinned_requirements(&file.name, text)) {
            return Role::Lock;
        }
        if decided(marked.generated, || {
            self.generated.is_match(path.as_str())
                || file.is_generated()
                || text.is_some_and(|text| content::is_generated(&file, text))
        }) {
            return Role::Generated;
        }
        let in_tests = file.is_in_tests();
        if decided(marked.documentation, || file.is_prose() && !in_tests) {
            return Role::Docs;
        }
        if file.is_manifest() {
            return Role::Manifest;
        }
        if !in_tests && (file.is_infra() || text.is_some_and(|text| content::is_deployed(&file, text))) {
            return Role::Infra;
        }
        if in_tests || file.is_test() {
            return Role::Test;
        }
        if file.is_migration() || text.is_some_and(|text| content::is_migration(&file, text)) {
            return Role::Migration;
        }
        match text.and_then(|text| content::is_contract(&file, text)) {
            Some(true) => return Role::Contract,
            None if file.is_contract() => return Role::Contract,
            _ => {}
        }
        let is_template = file.extension == "ftl" && text.is_some_and(is_freemarker);
        if !is_template && file.is_translation() {
            return Role::Translation;
        }
        if marked.documentation != Mark::Unset && file.is_in_docs() {
            return Role::Docs;
        }
        if file.is_config() {
            return Role::Config;
        }
        if file.is_asset() {
            return Role::Asset;
        }
        Role::Source
    }
}

/// A mark of the team decides, either way; without one the rule does.
fn decided(mark: Mark, rule: impl FnOnce() -> bool) -> bool {
    match mark {
        Mark::Set => true,
        Mark::Unset => false,
        Mark::Unspecified => rule(),
    }
}

fn glob_set(globs: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        // A folder stands for all below it, as everywhere in the configuration.
        let glob = match glob.trim_start_matches('/') {
            folder if !folder.contains(['*', '?', '[', '{']) => {
                format!("{}{{,/**}}", folder.trim_end_matches('/'))
            }
            glob => glob.to_owned(),
        };
        if let Ok(glob) = GlobBuilder::new(&glob).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::FilesConfig;

    fn role(path: &str, text: Option<&str>) -> Role {
        Roles::default().role(&path.into(), text)
    }

    #[test]
    fn one_role_by_path_alone() {
        use Role::*;
        let cases = [
            ("node_modules/left-pad/index.js", Vendored),
            ("vendor/github.com/pkg/errors/errors.go", Vendored),
            ("third_party/zlib/zlib.h", Vendored),
            ("public/js/jquery-3.6.0.js", Vendored),
            ("web/vendor/github.com/a/b/c.go", Vendored),
            ("src/vendor/chart.js", Vendored),
            ("src/modules/Vendors/list.ts", Source),
            ("src/main/java/com/acme/event/external/Api.java", Source),
            ("services/vendor/main.go", Source),
            ("app/vendors/page.tsx", Source),
            ("src/styles/Skeleton.scss", Source),
            ("public/app.min.js", Vendored),
            ("src/cache/store.go", Source),
            ("Cargo.lock", Lock),
            ("api/go.sum", Lock),
            ("web/pnpm-lock.yaml", Lock),
            ("gems/rails_7.gemfile.lock", Lock),
            ("pb/demo.pb.go", Generated),
            ("pb/demo_pb2_grpc.py", Generated),
            ("web/src/routeTree.gen.ts", Generated),
            ("db/structure.sql", Generated),
            ("src/migrations/.snapshot-shop.json", Generated),
            ("buf.gen.yaml", Config),
            ("tools/load_gen.py", Source),
            ("gradlew", Generated),
            ("src/__generated__/query.graphql.ts", Generated),
            ("drizzle/meta/0001_snapshot.json", Generated),
            ("README.md", Docs),
            ("src/cart/CHANGELOG.md", Docs),
            ("LICENSE", Docs),
            ("docs/pictures/flow.png", Docs),
            (".github/PULL_REQUEST_TEMPLATE.md", Docs),
            ("test/README.md", Test),
            ("specs/0001-cart.md", Docs),
            ("mkdocs.yml", Docs),
            ("changelogs/unreleased/12.yml", Docs),
            ("package.json", Manifest),
            ("requirements/base.txt", Manifest),
            ("requirements-dev.txt", Manifest),
            ("app/build.gradle.kts", Manifest),
            ("gradle/libs.versions.toml", Manifest),
            ("src/Shop/Shop.csproj", Manifest),
            (".github/workflows/ci.yml", Infra),
            (".woodpecker/test.yaml", Infra),
            (".github/dependabot.yml", Infra),
            ("src/cart/Dockerfile", Infra),
            ("frontend/Dockerfile.playwright", Infra),
            ("docker-compose.override.yml", Infra),
            ("compose.tests.yaml", Infra),
            ("infra/main.tf", Infra),
            ("helm/cart/values.yaml", Infra),
            ("scripts/release.sh", Infra),
            (".dockerignore", Infra),
            ("infra/main.parameters.json", Infra),
            ("cdk/lib/stack.ts", Infra),
            ("images.tf.json", Infra),
            ("charts/cart/templates/tests/connection.yaml", Infra),
            ("src/chart/editor.less", Source),
            ("src/infra/mail.ts", Source),
            ("docker/.env.example", Config),
            ("Makefile", Infra),
            ("src/cart_test.go", Test),
            ("app/models/story_spec.rb", Test),
            ("web/src/button.test.tsx", Test),
            ("src/test/java/com/acme/CartTest.java", Test),
            ("src/Latest.java", Source),
            ("pkg/parser/testdata/input.json", Test),
            ("test/tracing/run.bash", Test),
            ("Shop.Tests/Fixture.cs", Test),
            ("ShopUITests/Screens.swift", Test),
            ("src/jvmTest/kotlin/Cart.kt", Test),
            ("src/cart/fixtures/full.json", Test),
            ("checks/health_test.yaml", Test),
            ("src/setupTests.ts", Test),
            ("features/support/world.js", Test),
            ("db/migrate/20250101000000_add_x.rb", Migration),
            ("shop/migrations/0002_price.py", Migration),
            ("prisma/schema.prisma", Migration),
            ("src/main/resources/db/migration/V1__init.sql", Migration),
            ("priv/repo/migrations/2021_x.exs", Migration),
            ("pb/demo.proto", Contract),
            ("api/openapi.yaml", Contract),
            ("config/locales/de.yml", Translation),
            ("src/main/resources/messages_de.properties", Translation),
            ("locale/de/LC_MESSAGES/django.po", Translation),
            (".env.example", Config),
            ("src/main/resources/application.yml", Config),
            ("tsconfig.json", Config),
            (".gitignore", Config),
            ("web/public/logo.svg", Asset),
            ("src/main.rs", Source),
            ("app/views/index.html.erb", Source),
            ("config/routes.rb", Source),
            ("src/docs/render.rs", Source),
        ];
        for (path, expected) in cases {
            assert_eq!(role(path, None), expected, "{path}");
        }
    }

    #[test]
    fn what_the_text_says() {
        use Role::*;
        let long_line = "var a=1;".repeat(60);
        let cases = [
            ("mail/hello.ftl", "<#if user??>\nname = ${user}\n</#if>\n", Source),
            ("locales/de/main.ftl", "hello = Hallo { $user }\n", Translation),
            ("a.go", "// Code generated by mockgen. DO NOT EDIT.\npackage a\n", Generated),
            ("a.rs", "// @generated automatically by Diesel CLI.\n", Generated),
            (
                "db/a.sql",
                "--\n-- PostgreSQL database dump\n--\n\nSET a = 0;\nCREATE TABLE a (b int);\n",
                Generated,
            ),
            ("db/a.sql", "-- MariaDB dump 10.19  Distrib 10.6\n--\nCREATE TABLE a (b int);\n", Generated),
            ("db/a.sql", "-- restore a dump first\nCREATE TABLE a (b int);\n", Migration),
            ("a.rs", "fn mail() { send(\"me@generated.example\") }\n", Source),
            ("a.py", "# Handles automatically generated ids.\n", Source),
            ("a.ts", "// This file is auto-generated by @hey-api/openapi-ts\n", Generated),
            ("a.js", long_line.as_str(), Generated),
            (
                "a.ts",
                "/*\n * Licensed to Acme\n */\n\n/*\n * NOTE: This class is auto generated.\n * Do not edit.\n */",
                Generated,
            ),
            ("A.java", "import a;\n@jakarta.annotation.Generated(\"acme\")\nclass A {}\n", Generated),
            ("js/bootstrap.js", "/*! Bootstrap v4.6.0 */\n", Vendored),
            ("js/bootstrap.js", "import './a';\n", Source),
            ("a.cs", "//----\n// <auto-generated>\n", Generated),
            (
                "db/schema.rb",
                "# This file is auto-generated from the current state of the database.\n",
                Generated,
            ),
            ("requirements.txt", "#\n# This file is autogenerated by pip-compile\nflask==1\n", Lock),
            ("requirements.txt", "flask==1\n", Manifest),
            ("ops/cart.yaml", "apiVersion: apps/v1\nkind: Deployment\n", Infra),
            ("ops/cart.yaml", "kind: fruit\n", Config),
            ("ops/patch.yaml", "# adds\n---\n- op: add\n  path: /spec\n", Infra),
            ("ops/stack.yml", "services:\n  a:\n    image: b\n", Infra),
            ("config/services.yaml", "services:\n  _defaults:\n    autowire: true\n", Config),
            ("ci.yml", "trigger:\n- main\nstages:\n- stage: a\n", Infra),
            ("spec/api.json", "{\n  \"components\": {\n  },\n  \"openapi\": \"3.0.3\"\n}", Contract),
            ("db/init.sql", "CREATE TABLE a (b int);\n", Migration),
            ("queries/find.sql", "SELECT 1;\n", Source),
            ("a.graphql", "query Find { a }\n", Source),
            ("a.graphql", "# the shop\ntype Query { a: Int }\n", Contract),
            ("api/shop.yaml", "openapi: 3.1.0\n", Contract),
            (
                "spec/orders/list.yml",
                "operationId: list\nsummary: All\nresponses:\n  '200':\n    $ref: a.yml\n",
                Contract,
            ),
            (
                "spec/orders.yml",
                "get:\n  tags: [a]\n  responses:\n    '200': {}\npost:\n  responses: {}\n",
                Contract,
            ),
            ("spec/order.yml", "type: object\nproperties:\n  id:\n    type: string\n", Contract),
            (
                "spec/reply.yml",
                "description: d\ncontent:\n  application/json:\n    schema:\n      $ref: order.yml\n",
                Contract,
            ),
            ("jobs/report.yml", "type: object\nname: a\n", Config),
            ("shop/settings.yml", "get: a\ncontent: b\nsummary: c\n", Config),
            ("alembic/versions/1_x.py", "revision = '1'\n", Migration),
        ];
        for (path, text, expected) in cases {
            assert_eq!(role(path, Some(text)), expected, "{path}: {text}");
        }
    }

    #[test]
    fn marks_of_the_team_win() {
        let config = Config {
            files: FilesConfig {
                generated: vec!["api/".into(), "**/*.out.ts".into()],
                vendored: vec!["lib/copy".into()],
            },
            ..Config::default()
        };
        let attributes = [
            (
                "",
                "*.js linguist-vendored\n*.pb.go -linguist-generated\napi/kept.ts linguist-generated=false\n/vendor/** !linguist-vendored\n",
            ),
            (
                "web",
                "*.txt linguist-documentation\ncopy/** linguist-vendored=true\nmade.ts linguist-generated\n",
            ),
        ];
        let roles = Roles::new(&config, attributes);
        let cases = [
            ("a.pb.go", Role::Source),
            ("api/client.ts", Role::Generated),
            ("api/kept.ts", Role::Source),
            ("web/x.out.ts", Role::Generated),
            ("lib/copy/a.rs", Role::Vendored),
            ("lib/copyright.rs", Role::Source),
            ("vendor/a.go", Role::Vendored),
            ("src/app.js", Role::Source),
            ("web/notes.txt", Role::Docs),
            ("web/copy/deep/a.js", Role::Vendored),
            ("web/made.ts", Role::Generated),
            ("made.ts", Role::Source),
        ];
        for (path, expected) in cases {
            assert_eq!(roles.role(&path.into(), None), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(path in "\\PC{0,60}", text in "(?s).{0,200}") {
            role(&path, Some(&text));
            Attributes::new([("", text.as_str())]).of(&path);
        }
    }
}
