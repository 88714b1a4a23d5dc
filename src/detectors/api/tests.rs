//! What descriptions of interfaces promise no longer, and when nothing is said.

use serde_json::json;

use super::super::testing::{added, change, deleted, modified, run, run_among};
use super::*;
use crate::finding::Finding;

const SCHEMA: &str = "type Query {\n  a: Int\n  b: Int @deprecated(reason: \"Use `a`.\")\n}\n";

fn facts(report: &Report) -> Vec<(&str, Level, u32)> {
    let line = |finding: &Finding| finding.evidence[0].line.unwrap_or_default();
    report.findings.iter().map(|finding| (finding.rule.as_str(), finding.level, line(finding))).collect()
}

#[test]
fn says_what_goes_and_where_it_was() {
    let after = SCHEMA.replace("  b: Int @deprecated(reason: \"Use `a`.\")\n", "");
    let report = run(&Api::default(), vec![modified("schema.graphql", Role::Contract, SCHEMA, &after)]);
    assert_eq!(facts(&report), [("api.operation_removed", Level::TalkFirst, 3)]);
    let Facts::Api(facts) = &report.findings[0].facts else { panic!("no api finding") };
    assert_eq!((facts.announced, facts.advice.as_deref()), (true, Some("Use `a`.")));
}

#[test]
fn test_data_copies_of_others_and_pure_renames_are_quiet() {
    let quiet = [
        vec![deleted("tests/schema.graphql", Role::Test, SCHEMA)],
        vec![deleted("vendor/schema.graphql", Role::Vendored, SCHEMA)],
        change(&[("a/schema.graphql", "b/schema.graphql", Role::Contract, SCHEMA)]),
        vec![modified("q.graphql", Role::Source, "query A { a }", "query A { b }")],
        vec![modified("values.yaml", Role::Config, "swagger: true\n", "swagger: false\n")],
    ];
    for files in quiet {
        let report = run(&Api::default(), files);
        assert_eq!(facts(&report), []);
        assert!(report.could_not_check.is_empty());
    }
}

#[test]
fn what_is_sent_and_what_is_read_go_in_two_sentences() {
    let old = "type Query { a(b: Int): C }\ntype C { d: Int e: Int }\n";
    let new = "type Query { a: C }\ntype C { d: Int }\n";
    let report = run(&Api::default(), vec![modified("schema.graphql", Role::Contract, old, new)]);
    let lines = lines(&report.findings.iter().collect::<Vec<_>>());
    let said: Vec<_> = lines.iter().map(|line| (line.shape.as_str(), line.findings.len())).collect();
    assert_eq!(said, [("api/field_removed", 1), ("api/field_removed", 1)]);
}

#[test]
fn an_unreadable_side_is_said_and_proves_nothing() {
    let file = modified("schema.graphql", Role::Contract, SCHEMA, "type Query { a: ");
    let report = run(&Api::default(), vec![file]);
    assert_eq!((facts(&report), report.could_not_check.len()), (vec![], 1));
}

#[test]
fn a_part_is_judged_through_the_contract_that_refers_to_it() {
    let part = |field: &str| {
        format!(
            "get:\n  responses:\n    '200':\n      content:\n        application/json:\n          schema:\n            properties:\n              {field}: {{type: string}}\n"
        )
    };
    let root = "openapi: 3.0.0\npaths:\n  /a:\n    $ref: paths/a.yaml\n";
    let file = modified("api/paths/a.yaml", Role::Contract, &part("x"), &part("y"));
    let report = run_among(&Api::default(), vec![file], &[("api/openapi.yaml", root)]);
    assert_eq!(
        facts(&report),
        [("api.field_removed", Level::TalkFirst, 8), ("api.field_added", Level::Routine, 8)]
    );
}

#[test]
fn a_copy_for_each_version_brings_and_takes_nothing() {
    let spec = |more: &str| {
        let paths: String = (0..5).map(|at| format!("  /{at}:\n    get:\n      responses: {{}}\n")).collect();
        format!("openapi: 3.0.0\npaths:\n{paths}{more}")
    };
    let copy = || added("docs/v2/api.yaml", Role::Contract, &spec(""));
    let report = run_among(&Api::default(), vec![copy()], &[("docs/master/api.yaml", &spec(""))]);
    assert_eq!(facts(&report), []);
    let gone = deleted("docs/v1/api.yaml", Role::Contract, &spec("  /old: {get: {}}\n"));
    let report = run_among(&Api::default(), vec![gone], &[("docs/master/api.yaml", &spec(""))]);
    assert_eq!(facts(&report), [("api.operation_removed", Level::TalkFirst, 18)]);
    let report = run_among(&Api::default(), vec![copy()], &[("docs/other.yaml", &spec(""))]);
    assert_eq!(facts(&report).len(), 5);
}

#[test]
fn experiments_and_copies() {
    let proto = |name: &str| {
        format!(
            "syntax = \"proto3\";\npackage shop.v1beta1;\nservice S {{ rpc {name}(M) returns (M); }}\nmessage M {{}}\n"
        )
    };
    let (old, new) = (proto("Do"), proto("Go"));
    let files = ["a/shop.proto", "b/shop.proto"].map(|path| modified(path, Role::Contract, &old, &new));
    let report = run(&Api::default(), files.to_vec());
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.level, finding.evidence.len())).collect();
    assert_eq!(found, [(Level::WorthALook, 2), (Level::WorthALook, 2)]);
}

#[test]
fn a_login_no_longer_asked_for_ranks_at_the_top() {
    let spec = "openapi: 3.0.0\nsecurity: [{key: []}]\npaths:\n  /export:\n    get:\n      responses: {}\n";
    let file = modified("openapi.yaml", Role::Contract, spec, &spec.replace("security: [{key: []}]\n", ""));
    let report = run(&Api::default(), vec![file]);
    assert_eq!(facts(&report), [("access.login_removed", Level::TalkFirst, 4)]);
}

#[test]
fn messages_that_no_operation_takes_are_data() {
    let stored =
        |more: &str| format!("syntax = \"proto3\";\npackage kept;\nmessage Kept {{ string a = 1;{more} }}\n");
    let service = |import: &str| {
        format!("syntax = \"proto3\";\n{import}service S {{ rpc Do(M) returns (M); }}\nmessage M {{}}\n")
    };
    let said = |others: &[(&str, &str)]| {
        let file = modified("proto/kept.proto", Role::Contract, &stored(" string b = 2;"), &stored(""));
        let report = run_among(&Api::default(), vec![file], others);
        let lines = lines(&report.findings.iter().collect::<Vec<_>>());
        lines.into_iter().map(|line| line.shape).collect::<Vec<_>>()
    };
    let (alone, imported) = (service(""), service("import \"proto/kept.proto\";\n"));
    assert_eq!(said(&[("proto/api.proto", &alone)]), ["api/form_stricter"]);
    assert_eq!(said(&[("proto/api.proto", &imported)]), ["api/field_removed"]);
    // Where no operation is described at all, nothing can be told from that.
    assert_eq!(said(&[]), ["api/field_removed"]);
}

#[test]
fn a_call_and_the_address_made_from_it_are_one_operation() {
    let proto = "syntax = \"proto3\";\npackage shop.v1;\nservice Orders {\n  rpc List(M) returns (M) {\n    option \
                     (google.api.http) = { get: \"/v1/{parent=shops/*}/orders\" additional_bindings { get: \"/orders\" } };\n  }\n}\nmessage M {}\n";
    let spec = |paths: &[&str]| {
        let paths: String =
            paths.iter().map(|path| format!("  {path}:\n    get: {{responses: {{}}}}\n")).collect();
        format!("openapi: 3.0.0\npaths:\n{paths}")
    };
    for paths in
        [["/v1/shops/{shop}/orders", "/orders", "/carts"], ["/v1/{parent}/orders", "/orders", "/carts"]]
    {
        let files = vec![
            added("shop.proto", Role::Contract, proto),
            added("openapi.yaml", Role::Contract, &spec(&paths)),
        ];
        let report = run(&Api::default(), files);
        let lines = lines(&report.findings.iter().collect::<Vec<_>>());
        assert_eq!(lines[0].facts["names"], json!(["GET /carts", "Orders.List"]));
    }
}

#[test]
fn one_line_a_shape_and_names_without_packages() {
    let file = added(
        "shop.proto",
        Role::Contract,
        "syntax = \"proto3\";\npackage shop.v1;\nservice Cart { rpc Add(M) returns (M); rpc Empty(M) returns (M); }\nmessage M {}\n",
    );
    let report = run(&Api::default(), vec![file]);
    let findings: Vec<&Finding> = report.findings.iter().collect();
    let lines = lines(&findings);
    assert_eq!(
        lines.iter().map(|line| line.shape.as_str()).collect::<Vec<_>>(),
        ["api/added", "api/type_added"]
    );
    assert_eq!(lines[0].facts["names"], json!(["Cart.Add", "Cart.Empty"]));
    assert_eq!(lines[0].facts["only_additions"], json!(true));
}
