//! What names say: of folders that stand aside, of things that only test or build, of stores, of what supports.

use crate::config::ServiceKind;

/// A name reduced to its letters and digits: `Cart-Service` and `cart_service` are the same.
pub(crate) fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

fn words(name: &str) -> impl Iterator<Item = String> {
    // `frontendTests`: a capital begins a word.
    let mut spaced = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            spaced.push(' ');
        }
        spaced.push(if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    spaced.split_whitespace().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Folders whose files tell nothing about the product.
pub(super) fn is_aside(folder: &str) -> bool {
    const ASIDE: &[&str] = &[
        "node_modules",
        "vendor",
        "third_party",
        "dist",
        "target",
        "examples",
        "example",
        "samples",
        "sample",
        "docs",
        "doc",
        "test",
        "tests",
        "testdata",
        "fixtures",
        "e2e",
        ".github",
        ".devcontainer",
        "benchmark",
        "benchmarks",
        "bench",
        "benches",
        "templates",
        "scaffolds",
        "__tests__",
        "spec",
        "specs",
        "cypress",
        "playwright",
        "playground",
        "playgrounds",
        "sandbox",
        "quickstart",
        "quickstarts",
        "quick-start",
        "quick-setup",
        "getting-started",
        "starters",
        "storybook",
        "integration-tests",
        "integration_tests",
        "testing",
        "demo",
        "demos",
        "tutorial",
        "tutorials",
        "archive",
        "legacy",
        "fuzz",
        "xtask",
        "generators",
        "cookiecutter",
        ".gitlab",
        "hack",
        "mocks",
        "stubs",
        ".cargo",
        "docker-tests",
    ];
    ASIDE.contains(&folder)
        || folder.starts_with('.')
        || folder.ends_with("-e2e")
        || folder.ends_with(".Tests")
}

/// Names that say what part something is, and never of what.
pub(super) fn is_generic(name: &str) -> bool {
    matches!(
        name,
        "base"
            | "app"
            | "web"
            | "server"
            | "backend"
            | "api"
            | "main"
            | "default"
            | "dev"
            | "latest"
            | "application"
    )
}

/// Whether a folder's name tells what is inside: `relay` of `rust/relay/server` does, `rust` and `apps` do not.
pub(super) fn is_telling(folder: &str) -> bool {
    const LAYOUT: &[&str] = &[
        "src", "modules", "projects", "rust", "go", "java", "kotlin", "swift", "python", "js", "ts", "node",
        "dotnet", "elixir", "ruby", "php", "cmd", "internal", "extra", "deploy", "docker",
    ];
    !is_generic(folder) && !is_container(folder) && !is_workshop(folder) && !LAYOUT.contains(&folder)
}

/// Folders of what builds, checks and helps, never of what runs for customers.
pub(super) fn is_workshop(folder: &str) -> bool {
    const WORKSHOP: &[&str] = &[
        "tools",
        "tool",
        "util",
        "utils",
        "utilities",
        "scripts",
        "script",
        "ci",
        ".ci",
        "build-tools",
        "builder",
        "dev",
        "devtools",
        "hack",
        "internal-tools",
        "buildsrc",
        "lint",
        "codegen",
        "magefiles",
        "contrib",
        "release",
        "images",
        "base-image",
        "base-images",
        "packaging",
        "pkg",
        "debian",
        "oss",
        "rpm",
        "lib",
        "libs",
        "assets",
        "static",
        "public",
        "packages",
        "crates",
    ];
    WORKSHOP.contains(&folder.to_ascii_lowercase().as_str())
}

/// Folders that hold what a cluster is told to run.
pub(crate) fn is_deployment(folder: &str) -> bool {
    const DEPLOYMENT: &[&str] = &[
        "k8s",
        "kube",
        "kubernetes",
        "kubernetes-manifests",
        "manifests",
        "manifest",
        "deploy",
        "deployment",
        "deployments",
        "kustomize",
        "overlays",
        "gitops",
        "argocd",
        "clusters",
        "openshift",
        "infra",
        "infrastructure",
        "ops",
        "flux",
        "apps-config",
        "helm",
        "helm-chart",
        "helm-charts",
        "charts",
        "istio-manifests",
    ];
    DEPLOYMENT.contains(&folder)
}

/// Folders whose children are deployed one by one, by their name.
pub(super) fn is_container(folder: &str) -> bool {
    matches!(folder, "apps" | "services" | "microservices" | "svc" | "functions" | "lambdas" | "workers")
}

/// A folder without the last parts that only say how code is laid out: `src/cart/src` is `src/cart`.
pub(super) fn trimmed(folder: &str) -> &str {
    let mut folder = folder;
    while let Some(last) = folder.rsplit('/').next()
        && matches!(last, "src" | "docker" | ".docker" | "build" | "deploy" | "container" | "deployment")
    {
        folder = folder.rsplit_once('/').map_or("", |(outer, _)| outer);
    }
    folder
}

/// What only tests.
pub(super) fn is_test(name: &str) -> bool {
    words(name).any(|word| {
        matches!(
            word.as_str(),
            "test"
                | "tests"
                | "testing"
                | "e2e"
                | "cypress"
                | "playwright"
                | "selenium"
                | "ci"
                | "integrationtest"
                | "tracetest"
                | "bench"
                | "benchmark"
        )
    })
}

/// What writes code while the product is built.
pub(super) fn is_generator(name: &str) -> bool {
    name.starts_with("protoc-gen-") || words(name).any(|word| word == "codegen")
}

/// What runs once and ends.
pub(super) fn is_one_off(name: &str) -> bool {
    words(name).any(|word| {
        matches!(
            word.as_str(),
            "migrate"
                | "migration"
                | "migrations"
                | "migrator"
                | "seed"
                | "seeder"
                | "init"
                | "setup"
                | "prestart"
                | "bootstrap"
                | "provision"
                | "provisioner"
                | "codegen"
                | "builder"
                | "lint"
        )
    })
}

/// The one name of a store that people call by several.
pub(super) fn store(letters: String) -> String {
    match letters.as_str() {
        "mongo" => "mongodb".to_owned(),
        "pg" | "postgresql" => "postgres".to_owned(),
        _ => letters,
    }
}

/// What a service is for, as far as its name and image say; `built` where the repository holds its code.
pub(in crate::services) fn kind(name: &str, image: Option<&str>, built: bool) -> ServiceKind {
    const STORES: &[&str] = &[
        "postgres",
        "postgresql",
        "pgvector",
        "postgis",
        "timescaledb",
        "pgbouncer",
        "mysql",
        "mariadb",
        "percona",
        "mongo",
        "mongodb",
        "redis",
        "valkey",
        "keydb",
        "dragonfly",
        "memcached",
        "kafka",
        "redpanda",
        "zookeeper",
        "rabbitmq",
        "activemq",
        "artemis",
        "nats",
        "pulsar",
        "mosquitto",
        "elasticsearch",
        "opensearch",
        "meilisearch",
        "typesense",
        "solr",
        "clickhouse",
        "cassandra",
        "scylla",
        "scylladb",
        "cockroach",
        "cockroachdb",
        "mssql",
        "sqlserver",
        "oracle",
        "minio",
        "etcd",
        "neo4j",
        "influxdb",
        "dynamodb",
        "couchdb",
        "couchbase",
        "qdrant",
        "weaviate",
        "milvus",
        "db",
        "database",
        "rethinkdb",
        "surrealdb",
        "arangodb",
        "tidb",
        "spanner",
        "immudb",
        "foundationdb",
        "questdb",
        "seaweedfs",
        "documentdb",
        "cosmosdb",
        "azuresqledge",
        "garnet",
    ];
    const SUPPORT: &[&str] = &[
        "grafana",
        "prometheus",
        "jaeger",
        "zipkin",
        "tempo",
        "loki",
        "otel",
        "collector",
        "opentelemetry",
        "envoy",
        "nginx",
        "traefik",
        "haproxy",
        "caddy",
        "proxy",
        "load",
        "loadgenerator",
        "loadgen",
        "loadtest",
        "locust",
        "k6",
        "mailhog",
        "mailpit",
        "mailcatcher",
        "maildev",
        "adminer",
        "pgadmin",
        "phpmyadmin",
        "kafdrop",
        "swagger",
        "flagd",
        "unleash",
        "vault",
        "consul",
        "localstack",
        "wiremock",
        "mock",
        "fluentd",
        "fluentbit",
        "kibana",
        "cadvisor",
        "exporter",
        "watchtower",
        "portainer",
        "dozzle",
        "chrome",
        "browserless",
        "promtail",
        "alertmanager",
        "sentry",
        "opamp",
        "profiler",
        "ngrok",
        "certbot",
        "debezium",
        "autoheal",
        "tracing",
        "docs",
        "documentation",
        "loki",
        "pyroscope",
        "firepit",
    ];
    // `registry/maker/name`: for `mssql/server` the maker's part tells, too.
    let parts = |image: &str| -> Vec<String> {
        let image = image.split('@').next().unwrap_or(image);
        let parts = image.rsplit('/').take(2).map(|part| part.split(':').next().unwrap_or(part));
        parts.filter(|part| !part.contains('.')).map(str::to_owned).collect()
    };
    let is = |list: &[&str], name: &str| {
        let all = letters(name);
        list.contains(&all.as_str())
            || words(name).any(|word| list.contains(&word.as_str()))
            || list.iter().any(|known| known.len() > 6 && all.starts_with(known))
    };
    let image_is = |list: &[&str]| image.is_some_and(|image| parts(image).iter().any(|part| is(list, part)));
    // Words that programs are called by, too.
    let without = words(name).any(|word| matches!(word.as_str(), "no" | "without"));
    let is_store_at_heart = !without
        && words(name).last().is_some_and(|last| {
            let ends = |known: &&str| known.len() > 4 && last.ends_with(*known) || *known == last;
            !matches!(last.as_str(), "oracle" | "dragonfly" | "spanner" | "percona" | "database")
                && STORES.iter().any(ends)
        });
    let interface =
        words(name).any(|word| matches!(word.as_str(), "ui" | "gui" | "exporter" | "admin" | "connect"));
    if !built && image_is(STORES) && !interface
        || is(STORES, name) && !interface && (!built || words(name).count() == 1)
        || is_store_at_heart && !interface
    {
        ServiceKind::Store
    } else if is(SUPPORT, name)
        || letters(name).contains("loadgenerator")
        || !built && (image.is_some() || image_is(SUPPORT))
    {
        ServiceKind::Support
    } else {
        ServiceKind::Product
    }
}
