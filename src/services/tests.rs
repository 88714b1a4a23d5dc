//! The map of two trees with a configuration over it.

use super::*;
use crate::change::{Content, MemorySnapshot};

const COMPOSE: (&str, &str) = (
    "compose.yaml",
    "services:\n  cart:\n    build: src/cart\n    depends_on: [pay]\n  pay:\n    build: src/pay\n",
);
const FILES: [(&str, &str); 3] = [COMPOSE, ("src/cart/a.go", ""), ("src/pay/a.go", "")];

fn tree(files: &[(&str, &str)]) -> MemorySnapshot {
    MemorySnapshot::new(files.iter().map(|(path, text)| (RepoPath::new(path), Content::from_text(text))))
}

fn catalog(config: &str, files: &[(&str, &str)]) -> Catalog {
    let (config, problems) = Config::read(config, "plainly.toml");
    assert_eq!(problems, []);
    Catalog::new(&config, &tree(files), &tree(files))
}

fn service_of(catalog: &Catalog, path: &str) -> String {
    catalog.service_of(&path.into()).map_or("-".to_owned(), |service| service.name.clone())
}

#[test]
fn patterns_of_the_configuration_win_and_of_these_the_last() {
    let config = "[[service]]\nname = \"cart\"\npaths = [\"src/cart/\", \"libs/**/*.rs\"]\n\
        [[service]]\nname = \"money\"\npaths = [\"libs/money/\", \"src/*/prices.go\"]\n";
    let catalog = catalog(config, &FILES);
    let cases = [
        ("src/cart/a.go", "cart"),
        ("src/cart/deep/prices.go", "cart"),
        ("src/cart/prices.go", "money"),
        ("libs/a.rs", "cart"),
        ("libs/money/a.rs", "money"),
        ("libs/moneyed/a.go", "-"),
        ("src/pay/a.go", "pay"),
        ("README.md", "-"),
    ];
    for (path, expected) in cases {
        assert_eq!(service_of(&catalog, path), expected, "{path}");
    }
}

#[test]
fn the_configuration_refines_what_was_discovered() {
    let config = "[[service]]\nname = \"Payment\"\ntitle = \"Payments\"\npaths = [\"src/pay/\"]\nowners = [\"@money\"]\nkind = \"support\"\n\
        depends_on = [\"bank\"]\n[[service]]\nname = \"bank\"\n";
    let catalog = catalog(config, &FILES);
    let names: Vec<&str> = catalog.services().iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["Payment", "bank", "cart"]);
    let pay = catalog.named("Payment").expect("a name of the case");
    assert_eq!(
        (pay.title.as_str(), pay.kind, pay.rule.as_str()),
        ("Payments", ServiceKind::Support, "configuration")
    );
    let calls: Vec<String> =
        catalog.connections().iter().map(|one| format!("{} {}", one.from, one.to)).collect();
    assert_eq!(calls, ["Payment bank", "cart Payment"]);
    assert_eq!(service_of(&catalog, "src/pay/a.go"), "Payment");
}

#[test]
fn the_most_specific_owner_is_shown() {
    let catalogue = (
        "src/pay/catalog-info.yaml",
        "kind: Component\nmetadata: {name: pay}\nspec: {type: service, owner: money}\n",
    );
    let files = [
        FILES[0],
        FILES[1],
        FILES[2],
        catalogue,
        ("CODEOWNERS", "* @all\n/src/cart/ @shop\n/src/pay/free/\n"),
    ];
    let config = "[[service]]\nname = \"cart\"\n";
    let owner = |catalog: &Catalog, path: &str| {
        let found = catalog.ownership_of(&path.into());
        format!("{} {} {}", found.owners.join(","), found.rule, found.is_catch_all)
    };
    let plain = catalog("", &files);
    assert_eq!(owner(&plain, "src/cart/a.go"), "@shop codeowners false");
    assert_eq!(owner(&plain, "src/pay/a.go"), "money catalogue false");
    assert_eq!(owner(&plain, "src/pay/free/a.go"), " codeowners false");
    assert_eq!(owner(&plain, "README.md"), "@all codeowners true");
    let configured = catalog(&format!("{config}owners = [\"@cart\"]\n"), &files);
    assert_eq!(owner(&configured, "src/cart/a.go"), "@cart configuration false");
}

#[test]
fn a_library_of_one_service_is_a_part_of_it() {
    let files = [
        ("apps/web/package.json", r#"{"name":"web","dependencies":{"ui":"*","money":"*"}}"#),
        ("apps/till/package.json", r#"{"name":"till","dependencies":{"money":"*"}}"#),
        ("packages/ui/package.json", r#"{"name":"ui"}"#),
        ("packages/money/package.json", r#"{"name":"money"}"#),
        ("apps/web/a.ts", ""),
        ("apps/till/a.ts", ""),
    ];
    let catalog = catalog("[[service]]\nname = \"till\"\ntitle = \"Cash desk\"\n", &files);
    assert_eq!(service_of(&catalog, "packages/ui/a.ts"), "web");
    assert_eq!(service_of(&catalog, "packages/money/a.ts"), "-");
    assert_eq!(catalog.shared().iter().map(|one| one.used_by.join(" ")).collect::<Vec<_>>(), ["till web"]);
}

#[test]
fn a_manifest_belongs_to_what_it_deploys() {
    let files = [
        ("compose.yaml", "services:\n  cart:\n    build: src/cart\n  pay:\n    build: src/pay\n"),
        ("src/cart/a.go", ""),
        ("src/pay/a.go", ""),
    ];
    let catalog = catalog("", &files);
    for (path, service) in [
        ("k8s/cart-deployment.yaml", "cart"),
        ("kustomize/base/pay/deployment.yaml", "pay"),
        ("helm/templates/cart.yaml", "cart"),
        ("helm/values.yaml", "-"),
        ("notes/cart.yaml", "-"),
        ("k8s/cart.md", "-"),
    ] {
        assert_eq!(service_of(&catalog, path), service, "{path}");
    }
}

#[test]
fn what_comes_and_goes() {
    let old = tree(&FILES);
    let compose = "services:\n  basket:\n    build: src/cart\n  bank:\n    build: src/bank\n";
    let new = tree(&[("compose.yaml", compose), ("src/cart/a.go", ""), ("src/bank/a.go", "")]);
    let catalog = Catalog::new(&Config::default(), &old, &new);
    let state =
        |name: &str| catalog.named(name).map(|service| (service.state, service.renamed_from.as_deref()));
    assert_eq!(state("basket"), Some((State::Same, Some("cart"))));
    assert_eq!(state("bank"), Some((State::New, None)));
    assert_eq!(state("pay"), Some((State::Gone, None)));
    let calls: Vec<_> =
        catalog.connections().iter().map(|one| (one.from.as_str(), one.to.as_str(), one.state)).collect();
    assert_eq!(calls, [("cart", "pay", State::Gone)]);
}

#[test]
fn many_paths_services_and_rules_are_no_burden() {
    let paths: Vec<String> = (0..20_000).map(|n| format!("s{}/src/deep/f{n}.go", n % 500)).collect();
    let config: String = (0..500)
        .map(|n| format!("[[service]]\nname = \"s{n}\"\npaths = [\"s{n}/\", \"libs/{n}/*.rs\"]\n"))
        .collect();
    let owners: String = (0..5_000).map(|n| format!("/s{n}/**/x{n}*.go @t{n}\n/s{n}/ @u{n}\n")).collect();
    let mut files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "")).collect();
    files.push(("CODEOWNERS", &owners));
    let catalog = catalog(&config, &files);
    for path in &paths {
        let name = path.split('/').next().unwrap_or_default();
        assert_eq!(service_of(&catalog, path), name);
        assert_eq!(catalog.owners_of(&path.as_str().into()), [format!("@u{}", &name[1..])]);
    }
}
