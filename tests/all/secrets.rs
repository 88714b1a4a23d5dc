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
        &["release-notes", range, "--audience", "internal", "--format", "html"],
        &["release-notes", range, "--format", "json"],
        &["digest", "--since", "2000-01-01", "--format", "html"],
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

/// A key of each provider's own form, put together here so that no such text stands in a file.
fn keys(letter: char) -> Vec<String> {
    let some =
        |length: usize| format!("{letter}1B2c3D4").repeat(length).chars().take(length).collect::<String>();
    vec![
        format!("AKIA{}", some(16).to_uppercase().replace('1', "7")),
        format!("ghp_{}", some(36)),
        format!("github_pat_{}", some(60)),
        format!("glpat-{}", some(20)),
        format!("xoxb-123456789012-{}", some(24)),
        format!("https://hooks.slack.com/services/T{0}/B{0}/{1}", some(9).to_uppercase(), some(24)),
        format!("sk_live_{}", some(24)),
        format!("AIza{}", some(35)),
        format!("sk-ant-{}", some(40)),
        format!("sk-proj-{}", some(48)),
        format!("SG.{}.{}", some(22), some(43)),
        format!("npm_{}", some(36)),
    ]
}

/// Places whose names say nothing of a secret, and texts that reports quote.
fn quoted_places(key: &mut dyn FnMut() -> String) -> Vec<(&'static str, String)> {
    vec![
        (".env", format!("MAIL_FROM={}\n", key())),
        ("config/production.yml", format!("mail:\n  from: {}\n", key())),
        ("appsettings.json", format!("{{\"Mail\": {{\"From\": \"{}\"}}}}\n", key())),
        ("chart/values.yaml", format!("cart:\n  hosts: [a, {}]\n", key())),
        ("locales/en.json", format!("{{\"greeting\": \"Hello {}\"}}\n", key())),
        ("locales/de.yml", format!("de:\n  greeting: Hallo {}\n", key())),
        ("src/main.ts", format!("export const word = '{}';\n", key())),
        ("src/app.py", format!("import os\nWORD = os.environ.get('WORD', '{}')\n", key())),
        (
            "db/migrations/1_add.up.sql",
            format!("ALTER TABLE carts ADD COLUMN word text DEFAULT '{}';\n", key()),
        ),
        (
            "openapi.yaml",
            format!(
                "openapi: 3.0.0\ninfo: {{title: a, version: '1'}}\npaths:\n  /carts:\n    get:\n      parameters:\n      - name: word\n        in: query\n        \
                 schema: {{type: string, default: {0}, enum: [{0}, b]}}\n      responses: {{'200': {{description: ok}}}}\n",
                key()
            ),
        ),
        ("schema.graphql", format!("type Query {{ cart(word: String = \"{}\"): String }}\n", key())),
        (
            "package.json",
            format!("{{\"dependencies\": {{\"left\": \"git+https://{}@example.com/left.git\"}}}}\n", key()),
        ),
        ("requirements.txt", format!("left @ git+https://{}@example.com/left.git@v1\n", key())),
        ("Dockerfile", format!("FROM node:20\nENV WORD={}\n", key())),
        (
            "demo.flagd.json",
            format!(
                "{{\"flags\": {{\"a\": {{\"state\": \"ENABLED\", \"variants\": {{\"on\": \"{0}\", \"off\": \"b\"}}, \"defaultVariant\": \"on\"}}}}}}\n",
                key()
            ),
        ),
        ("src/routes.js", format!("app.get('/hooks/{}', hook);\n", key())),
        (
            "compose.yaml",
            format!("services:\n  cart:\n    image: cart\n    environment:\n      MAIL_FROM: {}\n", key()),
        ),
        (
            ".github/workflows/ci.yml",
            format!(
                "on: push\njobs:\n  a:\n    runs-on: x\n    env:\n      WORD: {}\n    steps:\n    - run: make\n",
                key()
            ),
        ),
    ]
}

#[test]
fn no_key_of_a_provider_stands_in_any_output() {
    let all: Vec<String> = ['a', 'z'].into_iter().flat_map(keys).collect();
    let repo = TestRepo::new();
    repo.commit("Start the shop");
    for (turn, subject) in ["Add the words", "Change the words"].into_iter().enumerate() {
        let mut next = turn * 7;
        let mut key = || {
            next += 1;
            all[next % all.len()].clone()
        };
        for (path, text) in quoted_places(&mut key) {
            repo.write(path, &text);
        }
        repo.commit(subject);
    }
    for (path, _) in quoted_places(&mut String::new) {
        repo.git(&["rm", "--quiet", path]);
    }
    repo.commit("Drop the words");
    let mut leaks = Vec::new();
    for range in ["HEAD~3..HEAD~2", "HEAD~2..HEAD~1", "HEAD~1..HEAD"] {
        for (command, text) in said(&repo, range) {
            let told = |line: &&str| all.iter().any(|key| line.contains(key.as_str()));
            leaks.extend(text.lines().filter(told).map(|line| format!("{command}: {}", line.trim())));
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}
