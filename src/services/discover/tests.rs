//! Cases in which services are found, and cases in which something looks like one and is none.

use super::*;
use crate::change::{Content, MemorySnapshot, RepoPath};

fn found(files: &[(&str, &str)]) -> Found {
    let files = files.iter().map(|(path, text)| (RepoPath::new(path), Content::from_text(text)));
    discover(&MemorySnapshot::new(files), Side::After)
}

/// `name rule folder`, each service in a line.
fn services(files: &[(&str, &str)]) -> Vec<String> {
    let line = |one: &Sighting| format!("{} {} {}", one.name, one.rule, one.folder.as_deref().unwrap_or("-"));
    found(files).services.iter().map(line).collect()
}

fn calls(files: &[(&str, &str)]) -> Vec<String> {
    let found = found(files);
    let all = found
        .services
        .iter()
        .flat_map(|one| one.calls.iter().map(move |call| format!("{} {} {}", one.name, call.to, call.how)));
    all.collect()
}

const CART: (&str, &str) = ("src/cart/main.go", "package main");
const PAY: (&str, &str) = ("src/pay/main.go", "package main");

#[test]
fn compose_says_what_runs_and_where_its_code_lies() {
    let compose = "services:\n  cart:\n    build: {context: ., dockerfile: src/cart/src/Dockerfile}\n  pay:\n    image: ${IMAGE}/acme-pay:1\n  \
                   watch:\n    image: grafana/grafana\n    volumes: ['./src/watch/a.ini:/a.ini']\n  db:\n    image: postgres:18\n";
    let files =
        [("compose.yaml", compose), CART, ("src/acme-pay/go.mod", "module p"), ("src/watch/a.ini", "")];
    assert_eq!(
        services(&files),
        ["cart compose src/cart", "db compose -", "pay compose src/acme-pay", "watch compose src/watch"]
    );
    let kinds: Vec<ServiceKind> = found(&files).services.iter().map(|one| one.kind).collect();
    // A folder without code holds settings of somebody else's program.
    assert_eq!(kinds, [ServiceKind::Product, ServiceKind::Store, ServiceKind::Support, ServiceKind::Support]);
}

#[test]
fn what_only_tests_builds_or_runs_once_is_no_service() {
    let compose = "services:\n  web:\n    build: ./web\n  worker:\n    build: ./web\n  migrate:\n    build: ./web\n  e2e:\n    build: ./e2e\n  \
                   webTests:\n    build: {context: ., dockerfile: web/Dockerfile.cypress}\n";
    let files = [
        ("docker-compose.yml", compose),
        ("docker-compose.test.yml", "services:\n  fake:\n    build: ./fake\n"),
        ("web/a.py", ""),
        ("web/Dockerfile", ""),
        ("e2e/a.py", ""),
        ("tools/gen/Dockerfile", ""),
        ("examples/shop/Dockerfile", ""),
        ("tools/gen/go.mod", "module gen"),
        ("tools/gen/main.go", ""),
    ];
    assert_eq!(services(&files), ["web compose web"]);
}

#[test]
fn calls_come_from_waiting_and_from_addresses() {
    let compose = "services:\n  cart:\n    build: src/cart\n    depends_on: {db: {condition: service_started}}\n    environment:\n      - PAY_ADDR\n      \
                   - CACHE_URL=redis://user:secret@cache:6379/0\n      - POSTGRES_DB=pay\n      - API_URL=https://pay.example.com\n      \
                   - QUEUE=queue:${QUEUE_PORT:-5672}\n      - OTEL_SERVICE_NAME=pay\n";
    let files = [("compose.yaml", compose), (".env", "PAY_ADDR=${PAY_HOST}:80\nPAY_HOST=pay\n"), CART];
    assert_eq!(
        calls(&files),
        ["cart db compose", "cart pay environment", "cart cache environment", "cart queue environment"]
    );
}

#[test]
fn values_that_name_each_other_end() {
    let files = [
        ("compose.yaml", "services:\n  a:\n    image: x\n    environment: ['A_URL=http://${B}']\n"),
        (".env", "B=${C}\nC=${B}\n"),
    ];
    assert!(calls(&files).len() <= 1);
}

#[test]
fn kubernetes_and_skaffold() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  template:\n    metadata:\n      labels: {app: cart}\n    spec:\n      \
                      containers:\n      - image: registry/cart:1\n        env:\n        - {name: PAY_ADDR, value: 'pay.shop.svc.cluster.local:80'}\n---\n\
                      apiVersion: v1\nkind: Service\nmetadata:\n  name: cart-api\nspec:\n  selector: {app: cart}\n";
    let skaffold = "build:\n  artifacts:\n  - image: pay\n    context: src/pay\n";
    let files = [
        ("k8s/cart.yaml", deployment),
        ("skaffold.yaml", skaffold),
        CART,
        PAY,
        ("tests/k8s/x.yaml", deployment),
    ];
    assert_eq!(services(&files), ["cart kubernetes src/cart", "pay skaffold src/pay"]);
    assert_eq!(calls(&files), ["cart pay kubernetes"]);
    assert_eq!(found(&files).services[0].aliases, ["cart-api"]);
}

#[test]
fn one_service_named_by_several_sources_is_one() {
    let catalogue = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: cart, title: Shopping cart}\nspec:\n  type: service\n  owner: group:default/shop\n  \
                     dependsOn: ['component:default/pay', 'resource:default/orders']\n---\nkind: Resource\nmetadata: {name: orders}\nspec: {type: database}\n---\n\
                     kind: Component\nmetadata: {name: money}\nspec: {type: library}\n";
    let files = [
        ("src/cart/catalog-info.yaml", catalogue),
        ("compose.yaml", "services:\n  cart:\n    build: src/cart\n  pay:\n    build: src/pay\n"),
        ("src/cart/Dockerfile", ""),
        ("helm/cart/Chart.yaml", "name: cart\n"),
        CART,
        PAY,
    ];
    assert_eq!(services(&files), ["cart backstage src/cart", "orders backstage -", "pay compose src/pay"]);
    let cart = found(&files).services.remove(0);
    assert_eq!((cart.title.as_deref(), cart.owners), (Some("Shopping cart"), vec!["shop".to_owned()]));
}

#[test]
fn other_catalogues() {
    let files = [
        ("cart/service.datadog.yaml", "dd-service: cart\nteam: shop\n"),
        ("pay/opslevel.yml", "service:\n  name: pay\n  owner: money\n  dependencies: [{alias: cart}]\n"),
        (
            "ship/cortex.yaml",
            "info:\n  title: Shipping\n  x-cortex-tag: ship\n  x-cortex-owners: [{name: logistics}]\n",
        ),
        ("cart/a.go", ""),
        ("pay/a.go", ""),
        ("ship/a.go", ""),
    ];
    assert_eq!(services(&files), ["cart datadog cart", "pay opslevel pay", "ship cortex ship"]);
    assert_eq!(calls(&files), ["pay cart catalog"]);
}

#[test]
fn programs_of_workspaces() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("apps/web/package.json", r#"{"name":"web"}"#), ("apps/web/a.ts", "")], "web workspace apps/web"),
        (
            &[
                (
                    "shop/package.json",
                    r#"{"name":"shop","scripts":{"start":"x"},"dependencies":{"next":"1"}}"#,
                ),
                ("shop/a.ts", ""),
            ],
            "shop npm shop",
        ),
        (&[("api/go.mod", "module a"), ("api/cmd/api/main.go", "")], "api go api"),
        (&[("mail/Cargo.toml", "[package]\nname='mail'"), ("mail/src/main.rs", "")], "mail cargo mail"),
        (
            &[
                (
                    "pay/pom.xml",
                    "<project><artifactId>pay</artifactId><build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>",
                ),
                ("pay/A.java", ""),
            ],
            "pay maven pay",
        ),
        (
            &[("pay/build.gradle.kts", "plugins {\n id(\"org.springframework.boot\")\n}"), ("pay/A.kt", "")],
            "pay gradle pay",
        ),
        (
            &[("src/Shop/Shop.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\"/>"), ("src/Shop/A.cs", "")],
            "Shop dotnet src/Shop",
        ),
        (
            &[("apps/pay/mix.exs", "def application do\n [\n mod: {Pay, []}\n ]"), ("apps/pay/a.ex", "")],
            "pay elixir apps/pay",
        ),
        (
            &[("shop/project.json", r#"{"name":"shop","projectType":"application"}"#), ("shop/a.ts", "")],
            "shop nx shop",
        ),
        (
            &[("services/mail/pyproject.toml", "[project]\nname='mail'"), ("services/mail/a.py", "")],
            "mail workspace services/mail",
        ),
    ];
    for (files, expected) in cases {
        assert_eq!(services(files), [*expected]);
    }
}

#[test]
fn libraries_are_shared_code() {
    let files = [
        ("apps/web/package.json", r#"{"name":"web","dependencies":{"@acme/ui":"*"}}"#),
        ("apps/admin/package.json", r#"{"name":"admin","dependencies":{"@acme/ui":"*"}}"#),
        (
            "packages/ui/package.json",
            r#"{"name":"@acme/ui","scripts":{"dev":"x"},"peerDependencies":{"react":"*"},"dependencies":{"@acme/money":"*"}}"#,
        ),
        ("packages/money/package.json", r#"{"name":"@acme/money"}"#),
        ("apps/web/a.ts", ""),
        ("apps/admin/a.ts", ""),
    ];
    let found = found(&files);
    let shared: Vec<_> =
        found.shared.iter().map(|one| format!("{}: {}", one.folder, one.used_by.join(" "))).collect();
    assert_eq!(shared, ["packages/money: admin web", "packages/ui: admin web"]);
    assert_eq!(found.services.len(), 2);
}

#[test]
fn a_single_application_is_named_by_what_lies_at_the_root() {
    let files = [
        ("docker-compose.yml", "services:\n  shop-1:\n    build: .\n  shop-2:\n    build: .\n"),
        ("package.json", r#"{"name":"@acme/shop"}"#),
        ("Dockerfile", ""),
        ("src/a.ts", ""),
    ];
    assert_eq!(services(&files), ["shop compose "]);
    assert!(services(&[("Dockerfile", ""), ("src/a.ts", "")]).is_empty());
}

#[test]
fn broken_files_are_no_services() {
    for text in ["{{- if .Values }}", "services: [", "services: 3", "services:\n  a: 3\n  b:\n", ""] {
        for path in [
            "compose.yaml",
            "k8s/a.yaml",
            "skaffold.yaml",
            "catalog-info.yaml",
            "Cargo.toml",
            "pom.xml",
            "a.csproj",
            "package.json",
        ] {
            assert!(services(&[(path, text)]).len() <= 2, "{path}: {text}");
        }
    }
}

#[test]
fn overrides_add_and_never_invent() {
    let files = [
        (
            "docker-compose.override.yml",
            "services:\n  cartdb:\n    environment: [A=1]\n  lost:\n    ports: ['1:1']\n",
        ),
        (
            "docker-compose.yml",
            "services:\n  cartdb:\n    image: postgres\n  cart:\n    build: src/cart\n  client:\n    extends: {file: a.yml}\n",
        ),
        CART,
    ];
    let kinds: Vec<(String, ServiceKind)> =
        found(&files).services.into_iter().map(|one| (one.name, one.kind)).collect();
    let expected = [
        ("cart".to_owned(), ServiceKind::Product),
        ("cartdb".to_owned(), ServiceKind::Store),
        ("client".to_owned(), ServiceKind::Support),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn several_programs_from_one_recipe() {
    let compose = "services:\n  gate:\n    build: {context: rust}\n  relay:\n    build: {context: rust}\n";
    let files = [
        ("compose.yaml", compose),
        ("rust/Dockerfile", ""),
        ("rust/gate/Cargo.toml", "[package]\nname = \"gate\""),
        ("rust/gate/src/main.rs", ""),
        ("rust/relay/Cargo.toml", "[package]\nname = \"relay\""),
        ("rust/relay/src/main.rs", ""),
    ];
    assert_eq!(services(&files), ["gate compose rust/gate", "relay compose rust/relay"]);
    let alone = [
        ("compose.yaml", "services:\n  memo:\n    build: .\n"),
        ("cmd/memo/main.go", ""),
        ("store/a.go", ""),
    ];
    assert_eq!(services(&alone), ["memo compose "]);
    let by_image = [("compose.yaml", "services:\n  memo:\n    image: acme/memo\n"), alone[1], alone[2]];
    assert_eq!(services(&by_image), ["memo compose "]);
}

#[test]
fn the_build_of_all_is_the_build_of_the_only_one() {
    let files = [
        (
            "docker-compose.yml",
            "services:\n  shop:\n    image: ghcr.io/acme/shop\n    depends_on: [db]\n  db:\n    image: postgres\n",
        ),
        ("package.json", r#"{"name":"shop"}"#),
        ("apps/web/package.json", r#"{"name":"web"}"#),
        ("apps/web/a.ts", ""),
        ("packages/ui/a.ts", ""),
    ];
    assert_eq!(services(&files), ["db compose -", "web workspace apps/web"]);
    assert_eq!(calls(&files), ["web db compose"]);
}

#[test]
fn addresses_in_sets_of_settings() {
    let deployment = |name: &str, from: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n    spec:\n      containers:\n      - image: {name}\n{from}"
        )
    };
    let cart = deployment("cart-deployment", "        envFrom:\n        - configMapRef: {name: all}\n");
    let pay = deployment(
        "pay",
        "        env:\n        - name: A\n          valueFrom: {configMapKeyRef: {name: some, key: CART_ADDR}}\n",
    );
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: all}\ndata:\n  PAY_ADDR: pay:80\n  DB_URI: postgres://u:p@accounts-db:5432/a\n";
    let generated =
        "configMapGenerator:\n- name: some\n  literals: [CART_ADDR=cart:80, OTHER_ADDR=accounts-db:1]\n";
    let db = deployment("accounts-db", "");
    let files = [
        ("k8s/cart.yaml", cart.as_str()),
        ("k8s/pay.yaml", pay.as_str()),
        ("k8s/db.yaml", db.as_str()),
        ("k8s/map.yaml", map),
        ("k8s/kustomization.yaml", generated),
        CART,
        PAY,
        ("src/accounts-db/Dockerfile", ""),
    ];
    assert_eq!(calls(&files), ["cart pay kubernetes", "cart accounts-db kubernetes", "pay cart kubernetes"]);
    assert_eq!(found(&files).services[0].kind, ServiceKind::Store);
}

#[test]
fn an_application_host_says_who_is_given_what() {
    let host = "using A;\nvar builder = DistributedApplication.CreateBuilder(args);\nvar cache = builder.AddRedis(\"cache\");\n\
                var db = builder.AddPostgres(\"pg\").AddDatabase(\"cart\");\nvar pass = builder.AddParameter(\"pass\");\n\
                var pay = builder.AddProject<Projects.Pay_API>(\"pay-api\").WithReference(db);\n\
                var url = pay.GetEndpoint(\"http\");\n\
                if (x)\n{\n    builder.AddProject<Projects.Cart>(\"cart\").WithReference(cache).WaitFor(cache)\n        \
                .WithEnvironment(\"Pay__Url\", url).WithEnvironment(\"Password\", pass);\n}\n\
                builder.AddNpmApp(\"web\", \"../Web\").WithReference(pay);\npay.WithEnvironment(\"CallBackUrl\", pay.GetEndpoint(\"http\"));\n";
    let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>";
    let files = [
        ("src/Shop.AppHost/Program.cs", host),
        ("src/Pay.API/Pay.API.csproj", web),
        ("src/Pay.API/a.cs", ""),
        ("src/Cart/Cart.csproj", web),
        ("src/Cart/a.cs", ""),
        ("src/Web/package.json", "{}"),
        ("src/Web/a.ts", ""),
    ];
    assert_eq!(
        services(&files),
        [
            "cache aspire -",
            "cart aspire src/Cart",
            "pay-api aspire src/Pay.API",
            "pg aspire -",
            "web aspire src/Web"
        ]
    );
    assert_eq!(
        calls(&files),
        [
            "cart cache aspire",
            "cart cache aspire",
            "cart pay-api aspire",
            "pay-api pg aspire",
            "web pay-api aspire"
        ]
    );
    let broken = [("src/Shop.AppHost/Program.cs", "DistributedApplication ((((")];
    assert!(services(&broken).is_empty());
}

#[test]
fn clients_of_what_exactly_one_serves() {
    let compose =
        "services:\n  cart:\n    build: src/cart\n  pay:\n    build: src/pay\n  ship:\n    build: src/ship\n";
    let files = [
        ("compose.yaml", compose),
        ("protos/shop.proto", "service PayService {\n}\nservice Health {\n}\n"),
        (
            "src/cart/main.go",
            "func main() {\n\tc := pb.NewPayServiceClient(conn)\n\th := pb.NewHealthClient(conn)\n}\n",
        ),
        (
            "src/pay/server.py",
            "pb.add_PayServiceServicer_to_server(x, server)\nadd_HealthServicer_to_server(x, s)\n",
        ),
        ("src/pay/client_test.py", "PayServiceStub(channel)\n"),
        (
            "src/ship/Main.java",
            "class A extends HealthGrpc.HealthImplBase {}\nPayServiceGrpc.newBlockingStub(c);\n",
        ),
        ("src/ship/PayServiceGrpc.java", "class PayServiceImplBase {}\n"),
    ];
    assert_eq!(calls(&files), ["cart pay contract", "ship pay contract"]);
}

#[test]
fn charts_add_addresses_and_stores() {
    let chart =
        "name: shop\ndependencies:\n  - name: postgresql\n    version: 1\n  - name: common\n    version: 1\n";
    let values = "shop:\n  env:\n    - name: PAY_ADDR\n      value: pay:80\npay:\n  url: http://db.example.com\ningress:\n  hosts: [pay]\n";
    let files = [
        ("shop/Dockerfile", ""),
        ("shop/a.py", ""),
        ("pay/Dockerfile", ""),
        ("pay/a.py", ""),
        ("deploy/chart/Chart.yaml", chart),
        ("deploy/chart/values.yaml", values),
        ("deploy/chart/templates/a.yaml", "{{ .Values.x }}: ["),
    ];
    assert_eq!(services(&files), ["pay dockerfile pay", "postgresql helm -", "shop dockerfile shop"]);
    let mut found = calls(&files);
    found.sort();
    found.dedup();
    assert_eq!(found, ["shop pay helm", "shop postgresql helm"]);
    let compose = ("compose.yaml", "services:\n  db:\n    image: postgres\n");
    assert_eq!(services(&[&files[..], &[compose]].concat())[0], "db compose -");
    assert_eq!(services(&[&files[..], &[compose]].concat()).len(), 3);
}

#[test]
fn kustomize_says_which_folders_run() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  template:\n    spec:\n      containers:\n        - image: acme/cart\n";
    let with =
        [("base/cart.yaml", deployment), ("base/kustomization.yaml", "resources: [cart.yaml]\n"), CART];
    assert_eq!(services(&with), ["cart kubernetes src/cart"]);
    assert!(services(&[with[0], CART]).iter().all(|one| !one.contains("kubernetes")));
}

#[test]
fn one_image_for_several_commands_is_one_service() {
    let compose = "services:\n  base:\n    build: .\n    image: shop:dev\n  web:\n    image: shop:dev\n  worker:\n    image: shop:dev\n  db:\n    image: postgres\n";
    let files = [("compose.yaml", compose), ("shop/a.py", ""), ("Dockerfile", "")];
    assert_eq!(services(&files), ["db compose -", "shop compose "]);
}

#[test]
fn a_recipe_without_code_and_a_site_of_documentation_are_no_products() {
    let boot = "plugins {\n  id 'org.springframework.boot'\n}\n";
    let next = r#"{"name":"guide","dependencies":{"next":"1","@next/mdx":"1"},"scripts":{"dev":"x"}}"#;
    let files = [
        ("core/build.gradle", boot),
        ("core/A.java", ""),
        ("custom/docker/build.gradle", boot),
        ("custom/acme/A.java", ""),
        ("www/guide/package.json", next),
        ("www/guide/a.tsx", ""),
        ("util/seed/go.mod", "module seed"),
        ("util/seed/main.go", ""),
    ];
    assert_eq!(services(&files), ["core gradle core", "guide documentation www/guide"]);
    let kinds: Vec<ServiceKind> = found(&files).services.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [ServiceKind::Product, ServiceKind::Support]);
}

#[test]
fn the_whole_beside_its_helpers_and_beside_others() {
    let files = [
        ("Dockerfile", ""),
        ("src/a.py", ""),
        ("go.mod", "module acme/shop"),
        ("collector/go.mod", "module c"),
        ("collector/main.go", ""),
    ];
    assert_eq!(services(&files), ["collector go collector", "shop dockerfile "]);
    let express = r#"{"name":"chat","dependencies":{"express":"1"},"scripts":{"start":"x"}}"#;
    let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>";
    let files = [
        ("package.json", express),
        ("src/a.ts", ""),
        ("extra/Admin/Admin.csproj", web),
        ("extra/Admin/a.cs", ""),
    ];
    assert_eq!(services(&files), ["Admin dotnet extra/Admin", "chat npm "]);
    assert!(services(&files[..2]).is_empty());
    let rust = "[workspace]\nmembers = [\"gate\", \"relay\"]\n";
    let files = [
        ("compose.yaml", "services:\n  gate:\n    build: rust\n"),
        ("rust/Cargo.toml", rust),
        ("rust/gate/Cargo.toml", "[package]\nname = \"gate\"\n"),
        ("rust/gate/src/main.rs", ""),
        ("rust/relay/server/Cargo.toml", "[package]\nname = \"relay\"\n"),
        ("rust/relay/server/src/main.rs", ""),
    ];
    assert_eq!(services(&files), ["gate compose rust/gate", "relay cargo rust/relay/server"]);
    // the image of the whole, and what only extends it
    let compose = "services:\n  shop-worker:\n    extends:\n      file: base.yml\n      service: shop\n";
    let deployment = "kind: Deployment\nmetadata:\n  name: shop-server\nspec:\n  template:\n    spec:\n      containers:\n        - image: acme/shop:1\n";
    let files = [
        ("settings.gradle", "rootProject.name = 'shop'\n"),
        ("compose.yaml", compose),
        ("k8s/shop.yaml", deployment),
        ("provider/build.gradle", "apply plugin: 'war'\nplugins {\n  id 'org.springframework.boot'\n}\n"),
        ("provider/A.java", ""),
    ];
    assert_eq!(services(&files), ["provider gradle provider"]);
}

#[test]
fn one_name_is_one_service() {
    let boot = "<project><groupId>acme.transport</groupId><artifactId>mail</artifactId><build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>";
    let recipe = [
        ("transport/mail/pom.xml", boot),
        ("transport/mail/src/Main.java", ""),
        ("msa/mail/docker/Dockerfile", "FROM java"),
        ("msa/mail/pom.xml", "<project><artifactId>mail</artifactId></project>"),
        ("cart/Dockerfile", ""),
        ("cart/a.py", ""),
    ];
    assert_eq!(services(&recipe), ["cart dockerfile cart", "mail maven transport/mail"]);
    assert_eq!(found(&recipe).parts, [("mail".to_owned(), "msa/mail".to_owned())]);
    let packed = [
        ("gate/Dockerfile", "FROM java"),
        (
            "gate/pom.xml",
            "<project><groupId>a</groupId><artifactId>gate</artifactId><dependencies><dependency><groupId>a</groupId><artifactId>doors</artifactId></dependency></dependencies></project>",
        ),
        ("doors/pom.xml", "<project><groupId>a</groupId><artifactId>doors</artifactId></project>"),
        ("doors/A.java", ""),
        ("cart/Dockerfile", ""),
        ("cart/a.py", ""),
    ];
    assert!(found(&packed).services.iter().all(|one| one.kind == ServiceKind::Product));
    let store = |name: &str| format!("services:\n  {name}:\n    image: mongo:8\n");
    let stores = [("compose.yaml", &*store("mongo")), ("deploy/docker-compose.yml", &*store("mongodb"))];
    assert_eq!(services(&stores), ["mongo compose -"]);
    let packed = "services:\n  database:\n    build: {context: ., dockerfile: Dockerfile.postgres}\n  web:\n    build: ../web\n";
    let library = [
        ("docker/docker-compose.yml", packed),
        ("libs/database/package.json", "{\"name\": \"database\"}"),
        ("libs/database/a.ts", ""),
        ("web/a.ts", ""),
    ];
    assert_eq!(services(&library), ["database compose -", "web compose web"]);
    let two = [
        ("jobs/mail/Dockerfile", ""),
        ("jobs/mail/a.py", ""),
        ("front/mail/Dockerfile", ""),
        ("front/mail/a.py", ""),
    ];
    assert_eq!(services(&two), ["front/mail dockerfile front/mail", "jobs/mail dockerfile jobs/mail"]);
}

#[test]
fn only_what_becomes_a_part_of_the_code_is_a_use_of_it() {
    let boot = |group: &str, name: &str, needs: &str| {
        format!(
            "<project><parent><groupId>{group}</groupId></parent><artifactId>{name}</artifactId><dependencies>{needs}</dependencies>\
             <build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>"
        )
    };
    let need = |group: &str, more: &str| {
        format!("<dependency><groupId>{group}</groupId><artifactId>pay</artifactId>{more}</dependency>")
    };
    let maven = |needs: &str| {
        calls(&[
            ("cart/pom.xml", &boot("acme", "cart", needs)),
            ("cart/A.java", ""),
            ("pay/pom.xml", &boot("acme", "pay", "")),
            ("pay/A.java", ""),
        ])
    };
    assert_eq!(maven(&need("acme", "")), ["cart pay workspace"]);
    assert_eq!(maven(&need("${project.groupId}", "")), ["cart pay workspace"]);
    for quiet in
        [need("acme.common", ""), need("acme", "<type>pom</type>"), need("acme", "<scope>test</scope>")]
    {
        assert!(maven(&quiet).is_empty(), "{quiet}");
    }
    let dotnet = |reference: &str| {
        let web = |inner: &str| {
            format!("<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup>{inner}</ItemGroup></Project>")
        };
        calls(&[
            ("src/Cart/Cart.csproj", &web(reference)),
            ("src/Cart/A.cs", ""),
            ("src/Pay/Pay.csproj", &web("")),
            ("src/Pay/A.cs", ""),
        ])
    };
    assert_eq!(dotnet("<ProjectReference Include=\"..\\Pay\\Pay.csproj\" />"), ["Cart Pay workspace"]);
    assert!(
        dotnet("<ProjectReference Include=\"..\\Pay\\Pay.csproj\" ReferenceOutputAssembly=\"false\" />")
            .is_empty()
    );
    let gradle = |line: &str| {
        calls(&[
            ("cart/build.gradle", &format!("apply plugin: 'org.springframework.boot'\n{line}\n")),
            ("cart/A.java", ""),
            ("pay/build.gradle", "apply plugin: 'org.springframework.boot'\n"),
            ("pay/A.java", ""),
        ])
    };
    assert_eq!(gradle("implementation project(':pay')"), ["cart pay workspace"]);
    assert!(gradle("testImplementation(project(':pay'))").is_empty());
}

#[test]
fn signs_of_a_template_inside_a_value_are_the_values_own() {
    let deployment = |name: &str, more: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      containers:\n      - image: {name}\n{more}"
        )
    };
    let script = deployment("watch", "        args:\n        - |\n          sed 's/{{PLACE}}/here/'\n");
    let named = deployment("'{{ .Values.name }}'", "");
    let template = format!("{{{{- if .Values.on }}}}\n{}{{{{- end }}}}\n", deployment("pay", ""));
    let files = [
        ("k8s/watch.yaml", script.as_str()),
        ("k8s/named.yaml", named.as_str()),
        ("k8s/pay.yaml", template.as_str()),
    ];
    assert_eq!(services(&files), ["watch kubernetes -"]);
}
