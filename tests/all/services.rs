//! The map that the program shows of a real repository, and the configuration that it writes.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::repo::TestRepo;

const PLAINLY: &str = env!("CARGO_BIN_EXE_plainly");

fn shop() -> TestRepo {
    let repo = TestRepo::new();
    repo.write(
        "compose.yaml",
        "services:\n  cart:\n    build: cart\n    depends_on: [pay]\n  pay:\n    build: pay\n",
    );
    repo.write("cart/main.go", "package main\n");
    repo.write("pay/main.go", "package main\n");
    repo.write("CODEOWNERS", "/pay/ @acme/money\n");
    repo.commit("Start the shop");
    repo
}

fn plainly(repo: &TestRepo, arguments: &[&str]) -> Output {
    repo.command(PLAINLY).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_map_as_json_as_text_and_as_a_drawing() {
    let repo = shop();
    let listing: Value =
        serde_json::from_str(&stdout(&plainly(&repo, &["services", "pay/main.go", "--format", "json"])))
            .unwrap();
    let schema: Value = serde_json::from_str(&stdout(&plainly(&repo, &["schema", "services"]))).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&listing), "{listing:#}");
    assert_eq!(listing["paths"][0]["service"], "pay");
    assert_eq!(listing["paths"][0]["owners"][0], "@acme/money");
    assert_eq!(listing["connections"][0]["rule"], "compose");
    let text = stdout(&plainly(&repo, &["services"]));
    assert!(text.contains("cart, cart/. Calls pay. Found by compose (compose.yaml:2)."), "{text}");
    let drawing = stdout(&plainly(&repo, &["services", "--format", "mermaid"]));
    assert!(
        drawing.starts_with("flowchart LR\n")
            && drawing.contains("accTitle: ")
            && drawing.contains("n0 --> n1"),
        "{drawing}"
    );
}

#[test]
fn init_writes_once() {
    let repo = shop();
    let said = stdout(&plainly(&repo, &["init"]));
    assert!(said.contains("No owner is set for cart."), "{said}");
    let written = fs::read_to_string(repo.dir().join("plainly.toml")).unwrap();
    assert!(
        written.contains("name = \"cart\"") && written.contains("owners = [\"@acme/money\"]"),
        "{written}"
    );
    let again = plainly(&repo, &["init"]);
    assert_eq!(again.status.code(), Some(2));
    assert_eq!(fs::read_to_string(repo.dir().join("plainly.toml")).unwrap(), written);
}

#[test]
fn a_stale_pattern_is_named() {
    let repo = shop();
    repo.write("plainly.toml", "[[service]]\nname = \"cart\"\npaths = [\"carts/\"]\n");
    let text = stdout(&plainly(&repo, &["services"]));
    assert!(text.contains("line 3: the pattern `carts/` matches no file"), "{text}");
}
