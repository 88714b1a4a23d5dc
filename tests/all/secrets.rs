//! No secret's value stands in any output, whatever file it was in and whatever happens to it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::repo::TestRepo;

const PLAINLY: &str = env!("CARGO_BIN_EXE_plainly");

/// Files of every format that a reader of settings knows, each with the value in the places where people put it.
fn files(value: &str) -> Vec<(&'static str, String)> {
    let address = format!("postgres://app:{value}@db:5432/shop");
    vec![
        (".env", format!("PLAIN=1\nDB_PASSWORD={value}\nDATABASE_URL={address}\n")),
        (".env.example", format!("API_TOKEN='{value}'\n")),
        (
            "compose.yaml",
            format!(
                "services:\n  cart:\n    build: {{context: cart, args: {{NPM_TOKEN: {value}}}}}\n    environment:\n      - DB_PASSWORD={value}\n      \
                 - DATABASE_URL={address}\n  pay:\n    build: pay\n    environment:\n      CLIENT_SECRET: \"{value}\"\n"
            ),
        ),
        (
            "k8s/cart.yaml",
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  template:\n    spec:\n      containers:\n      - image: cart\n        \
                 env:\n        - name: DB_PASSWORD\n          value: {value}\n        - name: DB_URI\n          value: {address}\n"
            ),
        ),
        (
            "k8s/secret.yaml",
            format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: cart\nstringData:\n  word: {value}\n"),
        ),
        (
            "k8s/map.yaml",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cart\ndata:\n  DB_PASSWORD: {value}\n"
            ),
        ),
        ("chart/Chart.yaml", "name: cart\nversion: 1.0.0\n".to_owned()),
        ("chart/values.yaml", format!("cart:\n  password: {value}\n  url: {address}\n")),
        ("src/main/resources/application.properties", format!("spring.datasource.password={value}\n")),
        ("src/main/resources/application.yml", format!("spring:\n  mail:\n    password: {value}\n")),
        ("appsettings.json", format!("{{\"Mail\": {{\"ApiKey\": \"{value}\", \"Url\": \"{address}\"}}}}\n")),
        ("config/production.toml", format!("[mail]\nsecret_key = \"{value}\"\n")),
        ("config/settings.ini", format!("[mail]\npassword = {value}\n")),
        ("infra/terraform.tfvars", format!("db_password = \"{value}\"\n")),
        ("Dockerfile", format!("FROM node:20\nENV API_KEY={value}\nARG DB_PASSWORD={value}\n")),
        (
            ".github/workflows/ci.yml",
            format!(
                "on: push\nenv:\n  API_TOKEN: {value}\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: deploy --password {value}\n"
            ),
        ),
        (
            "cart/settings.py",
            format!("import os\nSECRET_KEY = '{value}'\nTOKEN = os.environ.get('API_TOKEN', '{value}')\n"),
        ),
        ("pay/settings.ts", format!("export const API_SECRET = process.env.API_SECRET ?? '{value}';\n")),
        ("flags.json", format!("{{\"flags\": {{\"password\": \"{value}\"}}}}\n")),
    ]
}

/// Everything that the program says of a range.
fn said(repo: &TestRepo, range: &str) -> Vec<(String, String)> {
    let run = |arguments: &[&str]| {
        let output = repo.command(PLAINLY).args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (arguments.join(" "), String::from_utf8_lossy(&text).into_owned())
    };
    let mut all: Vec<_> = [
        &["preview", range, "--format", "markdown"][..],
        &["preview", range, "--format", "terminal"],
        &["preview", range, "--format", "json"],
        &["release-notes", range, "--audience", "internal"],
        &["release-notes", range, "--format", "json"],
        &["services", "--format", "json"],
        &["replay", "2"],
    ]
    .into_iter()
    .map(run)
    .collect();
    let report: Value = serde_json::from_str(all[2].1.trim_start_matches(|c| c != '{')).unwrap_or_default();
    let ids: BTreeSet<String> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|finding| finding["id"].as_str().map(str::to_owned))
        .collect();
    assert!(ids.len() > 5, "{report:#}");
    all.extend(ids.iter().map(|id| run(&["explain", id, range])));
    all
}

#[test]
fn no_secret_stands_in_any_output() {
    let (old, new) = ("Zebra-Quartz-77", "Otter-Basalt-42");
    let repo = TestRepo::new();
    repo.write("cart/main.go", "package main\n");
    repo.write("pay/main.go", "package main\n");
    repo.commit("Start the shop");
    let write = |value: &str| {
        for (path, text) in files(value) {
            repo.write(path, &text);
        }
    };
    write(old);
    repo.commit("Add the settings");
    write(new);
    // one place keeps the old value: what was left behind is told, never what it was
    repo.write("pay/old.ts", format!("export const API_SECRET = '{old}';\n"));
    repo.commit("Change the settings");
    for (path, _) in files(new) {
        repo.git(&["rm", "--quiet", path]);
    }
    repo.commit("Drop the settings");
    let mut leaks = Vec::new();
    for range in ["HEAD~3..HEAD~2", "HEAD~2..HEAD~1", "HEAD~1..HEAD"] {
        for (command, text) in said(&repo, range) {
            for line in text.lines().filter(|line| line.contains(old) || line.contains(new)) {
                leaks.push(format!("{command}: {}", line.trim()));
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}
