//! Pairs of descriptions in every format, and what differs between them.

use proptest::prelude::*;

use super::*;

/// What differs between two texts of one file, as `op what subject: verdict`.
fn differences(path: &str, before: &str, after: &str) -> Vec<String> {
    let path = RepoPath::new(path);
    let document = |text: &str| {
        let format = recognise(&path, text).unwrap_or_else(|| panic!("no contract: {text}"));
        read(format, &path, text, &|_| None).unwrap()
    };
    let (before, after) = (document(before), document(after));
    let found = compare(before.format, &[before], &[after], &Clone::clone);
    let say = |one: &Difference| {
        let verdict = one.breaking.map_or("unsure".to_owned(), |breaking| breaking.to_string());
        format!("{:?} {} {}: {verdict}", one.op, one.what.name(), one.subject)
    };
    let access = found.access.iter().map(|one| format!("access {} {}", one.what, one.subject));
    found.api.iter().map(say).chain(access).collect()
}

#[track_caller]
fn check(path: &str, cases: &[(&str, &str, &[&str])]) {
    for (before, after, expected) in cases {
        assert_eq!(differences(path, before, after), *expected, "\n{before}\n->\n{after}");
        assert!(differences(path, before, before).is_empty(), "{before}");
    }
}

#[test]
fn compares_graphql() {
    let base = "type Query { a(x: Int): Int  b: [String!] }\nenum E { A B }\nunion U = T\ntype T { f: Int }";
    let with = |from: &str, to: &str| base.replace(from, to);
    let cases = [
        (with("  b: [String!]", ""), "OperationRemoved operation Query.b: true"),
        (with("x: Int", "x: Int!"), "TypeChanged input Query.a.x: true"),
        (with("x: Int", "x: Int, y: Int!"), "FieldAdded input Query.a.y: true"),
        (with("x: Int", "x: Int, y: Int! = 1"), "FieldAdded input Query.a.y: unsure"),
        (with("x: Int", "x: Int, y: Int"), "FieldAdded input Query.a.y: false"),
        (with("x: Int", "x: Int = 2"), "DefaultChanged input Query.a.x: unsure"),
        (with("[String!]", "[String!]!"), "TypeChanged operation Query.b: false"),
        (with("[String!]", "[String]"), "TypeChanged operation Query.b: true"),
        (with("A B", "A"), "ValueRemoved value E.B: true"),
        (with("A B", "A B C"), "ValueAdded value E.C: unsure"),
        (with("f: Int", "f: Int @deprecated(reason: \"Use g\")"), "Deprecated field T.f: false"),
        (with("f: Int", "f: Int g: Int"), "FieldAdded field T.g: false"),
        (with("type T ", "type T implements N "), "Other interface T: unsure"),
        (with("enum E { A B }", ""), "Other type E: true"),
        (
            with("a(x: Int)", "a(x: Int) @auth(requires: ADMIN)")
                .replace(" @auth(requires: ADMIN): Int", ": Int @auth(requires: ADMIN)"),
            "NowRequired login Query.a: true",
        ),
    ];
    for (after, expected) in &cases {
        check("a.graphql", &[(base, after, &[expected])]);
    }
    let lists = "type Query { a(by: S): R b(by: B): B }\nenum S { X }\nenum R { X }\nenum B { X }";
    for (name, verdict) in [("S", "false"), ("R", "unsure"), ("B", "unsure")] {
        let after = lists.replace(&format!("enum {name} {{ X"), &format!("enum {name} {{ X Y"));
        let expected = format!("ValueAdded value {name}.Y: {verdict}");
        check("a.graphql", &[(lists, &after, &[&expected])]);
    }
    // A part of a schema does not show who reads its lists.
    let part = "type Query { a(by: S): Elsewhere }\nenum S { X }";
    check("a.graphql", &[(part, &part.replace("{ X", "{ X Y"), &["ValueAdded value S.Y: unsure"])]);
    let roles = "type Query { a: Int @auth(requires: [\"x\"]) }";
    check("a.graphql", &[(roles, &roles.replace("\"x\"", "\"x\", \"y\""), &["Other login Query.a: unsure"])]);
    let guarded = "type Query { a: Int @auth }";
    check("a.graphql", &[(guarded, "type Query { a: Int }", &["access login Query.a"])]);
}

#[test]
fn words_and_order_are_no_change() {
    check(
        "a.graphql",
        &[(
            "type Query { a: Int b: Int }",
            "\"\"\"Words.\"\"\"\ntype Query {\n  # c\n  b: Int,\n  \"A.\" a: Int\n}",
            &[],
        )],
    );
    check(
        "a.proto",
        &[(
            "syntax = \"proto3\";\nmessage M { string a = 1; int32 b = 2; }",
            "syntax = \"proto3\";\n// Words.\nmessage M {\n  int32 b = 2; // b\n  string a = 1;\n}",
            &[],
        )],
    );
    let yaml = "openapi: 3.0.0\npaths:\n  /a/{id}:\n    get:\n      description: one\n      responses: {'200': {description: ok}}\n";
    let json = "{\"openapi\": \"3.1.0\", \"paths\": {\"/a/{key}\": {\"get\": {\"responses\": {\"200\": {\"description\": \"fine\"}}}}}}";
    check("a.yaml", &[(yaml, json, &[])]);
}

#[test]
fn compares_protobuf() {
    let base = "syntax = \"proto3\"; package p; message M { string a = 1; int32 b = 2 [(validate.rules).int32.lte = 9]; } enum E { X = 0; Y = 1; } service S { rpc Do(M) returns (M); }";
    let with = |from: &str, to: &str| base.replace(from, to);
    let cases = [
        (with("rpc Do(M) returns (M);", ""), "OperationRemoved operation p.S.Do: true"),
        (with("Do(M)", "Do(stream M)"), "TypeChanged operation p.S.Do: true"),
        (with("Do(M)", "Do(.p.M)"), ""),
        (with("string a = 1;", ""), "FieldRemoved field p.M.a: true"),
        (with("string a = 1;", "reserved 1; reserved \"a\";"), "FieldRemoved field p.M.a: unsure"),
        (with("string a", "string c"), "Other field p.M.a: true"),
        (with("int32 b", "uint32 b"), "TypeChanged field p.M.b: false"),
        (with("int32 b", "int64 b"), "TypeChanged field p.M.b: true"),
        (with("string a", "repeated string a"), "TypeChanged field p.M.a: true"),
        (with(" [(validate.rules).int32.lte = 9]", ""), "LimitLoosened field p.M.b: false"),
        (with(".lte = 9", " = {lte: 5}"), "LimitTightened field p.M.b: true"),
        (with("Y = 1;", ""), "ValueRemoved value p.E.Y: true"),
        (with("Y = 1;", "Y = 7;"), "Other value p.E.Y: true"),
        (with("string a = 1;", "string a = 8;"), "Other field p.M.a: true"),
        // One goes, and the other one moves up to its number.
        (
            with("string a = 1; int32 b = 2", "int32 b = 1"),
            "FieldRemoved field p.M.a: true|Other field p.M.b: true",
        ),
        (with("Y = 1;", "Y = 1; Z = 2;"), "ValueAdded value p.E.Z: unsure"),
    ];
    for (after, expected) in &cases {
        let expected: Vec<&str> = expected.split('|').filter(|one| !one.is_empty()).collect();
        check("a.proto", &[(base, after, &expected)]);
    }
    let edition =
        base.replace("syntax = \"proto3\"", "edition = \"2023\"").replace("a = 1", "a = 1 [default = \"x\"]");
    assert_eq!(differences("a.proto", &edition, &edition), [""; 0]);
}

const SPEC: &str = "openapi: 3.0.3
paths:
  /orders:
    post:
      security: [{key: [write]}]
      parameters:
        - {name: limit, in: query, schema: {type: integer, maximum: 100}}
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/New'}
      responses:
        '200':
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Order'}
components:
  schemas:
    New: {type: object, required: [name], properties: {name: {type: string}, kind: {enum: [a, b]}}}
    Order: {allOf: [{$ref: '#/components/schemas/New'}, {type: object, required: [total], properties: {total: {type: integer}, self: {$ref: '#/components/schemas/Order'}}}]}
";

#[test]
fn compares_openapi() {
    let with = |from: &str, to: &str| SPEC.replace(from, to);
    let cases: [(String, &[&str]); 14] = [
        (
            with("post:", "put:"),
            &["OperationAdded operation PUT /orders: false", "OperationRemoved operation POST /orders: true"],
        ),
        (with("maximum: 100", "maximum: 50"), &["LimitTightened input POST /orders: limit: true"]),
        (
            with("in: query, ", "in: query, required: true, "),
            &["NowRequired input POST /orders: limit: true"],
        ),
        (with("total: {type: integer}, ", ""), &["FieldRemoved field Order.total: true"]),
        (with("required: [total]", "required: []"), &["NowOptional field Order.total: true"]),
        (with("total: {type: integer}", "total: {type: string}"), &["TypeChanged field Order.total: true"]),
        (
            with("total: {type: integer}", "total: {type: integer, nullable: true}"),
            &["TypeChanged field Order.total: true"],
        ),
        (with("enum: [a, b]", "enum: [a]"), &["ValueRemoved value New.kind.b: true"]),
        (with("enum: [a, b]", "enum: [a, b, c]"), &["ValueAdded value Order.kind.c: unsure"]),
        (with("      security: [{key: [write]}]\n", ""), &["access login POST /orders"]),
        (with("key: [write]", "key: []"), &["access scope POST /orders"]),
        // Either of two permissions was enough before, and one alone is enough now.
        (with("{key: [write]}", "{key: [write]}, {key: [all]}"), &[]),
        (with("key: [write]", "key: [write, admin]"), &["NowRequired login POST /orders: true"]),
        (
            with("'200'", "'201'"),
            &[
                "ValueRemoved response POST /orders: 200: true",
                "ValueAdded response POST /orders: 201: false",
            ],
        ),
    ];
    for (after, expected) in &cases {
        check("a.yaml", &[(SPEC, after, expected)]);
    }
}

#[test]
fn schemas_laid_into_one_add_up() {
    let lists = "kinds: {type: object, properties: {a: {type: string}, b: {enum: [x, y, z]}}}";
    let base = SPEC.replace("kind: {enum: [a, b]}", &format!("kind: {{enum: [a, b]}}, {lists}"));
    // The same field in both parts of an `allOf`: what the first one says of it stays.
    let more = "kinds: {type: object, properties: {c: {type: string}, b: {enum: [x, y]}}}, self:";
    let both = base.replace("self:", more);
    let expected: &[&str] =
        &["ValueRemoved value Order.kinds.b.z: false", "FieldAdded field Order.kinds.c: false"];
    check("a.yaml", &[(&base, &both, expected)]);
}

#[test]
fn kinds_that_only_name_values_are_one_list() {
    let enumerated = SPEC.replace("enum: [a, b]", "type: string, enum: [a, b]");
    let each = |values: &[&str]| {
        let kinds: Vec<String> =
            values.iter().map(|value| format!("{{title: T, type: string, const: {value}}}")).collect();
        SPEC.replace("enum: [a, b]", &format!("oneOf: [{}]", kinds.join(", ")))
    };
    let numbered = |more: &str| {
        let kinds =
            format!("type: integer, oneOf: [{{title: ON, const: 1}}, {{title: OFF, const: 2}}{more}]");
        SPEC.replace("enum: [a, b]", &kinds)
    };
    check(
        "a.yaml",
        &[
            (&enumerated, &each(&["a", "b"]), &[]),
            (&each(&["a"]), &SPEC.replace("enum: [a, b]", "type: string, enum: [a]"), &[]),
            (&each(&["a", "b"]), &each(&["a", "b", "c"]), &["ValueAdded value Order.kind.c: unsure"]),
            // One value alone of a list that grows.
            (
                &numbered("")
                    .replace("type: integer, oneOf", "enum: [1], allOf: [{type: integer, oneOf")
                    .replace("const: 2}]", "const: 2}]}]"),
                &numbered(", {title: HELD, const: 3}")
                    .replace("type: integer, oneOf", "enum: [1], allOf: [{type: integer, oneOf")
                    .replace("const: 3}]", "const: 3}]}]"),
                &[],
            ),
            (
                &numbered(""),
                &numbered(", {title: HELD, const: 3}"),
                &["ValueAdded value Order.kind.HELD: unsure"],
            ),
        ],
    );
}

#[test]
fn another_login_of_the_same_kind_proves_nothing() {
    let schemes = "  securitySchemes: {key: {type: apiKey}, other: {type: apiKey}, token: {type: http}}\n";
    let spec = SPEC.replace("components:\n", &format!("components:\n{schemes}"));
    check(
        "a.yaml",
        &[
            (
                &spec,
                &spec.replace("{key: [write]}", "{other: []}"),
                &["NowRequired login POST /orders: unsure"],
            ),
            (
                &spec,
                &spec.replace("key: [write]", "key: [send]"),
                &["NowRequired login POST /orders: unsure"],
            ),
            (
                &spec.replace("{key: [write]}", "{key: []}, {other: []}"),
                &spec.replace("{key: [write]}", "{other: []}"),
                &["NowRequired login POST /orders: true"],
            ),
            (
                &spec,
                &spec.replace("{key: [write]}", "{token: []}"),
                &["NowRequired login POST /orders: true"],
            ),
        ],
    );
}

#[test]
fn what_all_addresses_have_in_common_may_be_said_by_the_server() {
    let below = SPEC.replace("paths:\n", "servers: [{url: 'https://shop.example/api/'}]\npaths:\n");
    let whole = SPEC.replace("  /orders:", "  /api/orders:");
    check("a.yaml", &[(&below, &whole, &[]), (&whole, &below, &[]), (SPEC, &below, &[])]);
    let other = below.replace("/orders:", "/carts:");
    assert_eq!(differences("a.yaml", &below, &other).len(), 2);
    // The beginning that was said twice made another address.
    let twice = below.replace("/orders:", "/api/orders:");
    assert_eq!(differences("a.yaml", &twice, &below).len(), 2);
}

#[test]
fn a_limit_binds_only_what_it_is_about() {
    let number = SPEC.replace("type: integer, maximum: 100", "type: integer");
    let either = number.replace("schema: {type: integer}}", "schema: {type: [integer, string], pattern: x}}");
    check("a.yaml", &[(&number, &either, &["TypeChanged input POST /orders: limit: false"])]);
}

#[test]
fn a_reference_that_leads_nowhere_proves_nothing() {
    let nowhere = SPEC.replace("self: {$ref: '#/components/schemas/Order'}", "self: {$ref: '#/x/Nobody'}");
    check("a.yaml", &[(&nowhere, SPEC, &["TypeChanged field Order.self: unsure"])]);
}

#[test]
fn a_schema_that_is_renamed_or_inlined_stays_the_same() {
    check(
        "a.yaml",
        &[(SPEC, &SPEC.replace("schemas/New", "schemas/Fresh").replace("    New:", "    Fresh:"), &[])],
    );
    let inline = "{type: object, required: [name], properties: {name: {type: string}, kind: {enum: [a, b]}}}";
    let inlined = SPEC.replacen("{$ref: '#/components/schemas/New'}", inline, 1);
    check("a.yaml", &[(SPEC, &inlined, &[])]);
}

#[test]
fn another_kind_of_type_is_one_fact() {
    let after = SPEC.replace("schema: {$ref: '#/components/schemas/Order'}", "schema: {type: string}");
    let expected = ["TypeChanged body POST /orders: application/json: true"];
    check("a.yaml", &[(SPEC, &after, &expected)]);
}

#[test]
fn a_second_file_that_says_the_same_adds_nothing() {
    let document =
        |path: &str, text: &str| read(Format::OpenApi, &RepoPath::new(path), text, &|_| None).unwrap();
    let after = SPEC.replace("maximum: 100", "maximum: 200");
    let found = compare(
        Format::OpenApi,
        &[document("a.yaml", SPEC)],
        &[document("a.yaml", &after), document("b.yaml", &after)],
        &Clone::clone,
    );
    assert_eq!(found.api.len(), 1);
    let found = compare(
        Format::OpenApi,
        &[document("a.yaml", SPEC), document("b.yaml", SPEC)],
        &[document("a.yaml", SPEC)],
        &Clone::clone,
    );
    assert_eq!(found, Differences::default());
}

#[test]
fn words_beside_a_reference_keep_it_a_reference() {
    let reference = "name: {$ref: '#/components/schemas/Order'}";
    let spec = SPEC.replace("name: {type: string}", reference);
    let wrapped =
        spec.replace(reference, "name: {description: d, allOf: [{$ref: '#/components/schemas/Order'}]}");
    check("a.yaml", &[(&spec, &wrapped, &[])]);
}

#[test]
fn how_a_field_is_typed_in_does_not_travel() {
    let after = SPEC.replace("name: {type: string}", "name: {type: string, format: password}");
    check("a.yaml", &[(SPEC, &after, &[])]);
}

#[test]
fn one_anchor_for_all_operations_is_no_attack() {
    let operations: String =
        (0..300).map(|at| format!("  /{at}:\n    get: {{security: *a, responses: {{}}}}\n")).collect();
    let text = format!("openapi: 3.0.0\nx-a: &a [{{key: []}}]\npaths:\n{operations}");
    let other = text.replacen("key", "token", 1);
    assert_eq!(differences("a.yaml", &text, &text), [""; 0]);
    assert_eq!(differences("a.yaml", &text, &other).len(), 300);
}

#[test]
fn follows_references_into_other_files() {
    let path = RepoPath::new("api/openapi.yaml");
    let root = "openapi: 3.0.0\npaths:\n  /a:\n    $ref: parts/a.yaml\n";
    let part = |field: &str| {
        format!(
            "get:\n  responses:\n    '200':\n      content:\n        application/json:\n          schema: {{type: object, properties: {{{field}: {{type: string}}}}}}\n"
        )
    };
    let of = |field: &str| {
        let text = part(field);
        read(Format::OpenApi, &path, root, &|path| {
            (path.as_str() == "api/parts/a.yaml").then(|| Arc::from(text.as_str()))
        })
        .unwrap()
    };
    let found = compare(Format::OpenApi, &[of("x")], &[of("y")], &Clone::clone);
    let ops: Vec<_> = found.api.iter().map(|one| (one.op, one.place.path.as_str())).collect();
    use crate::finding::ApiOp::{FieldAdded, FieldRemoved};
    assert_eq!(ops, [(FieldRemoved, "api/parts/a.yaml"), (FieldAdded, "api/parts/a.yaml")]);
}

#[test]
fn compares_events() {
    let avro = "{\"type\": \"record\", \"name\": \"R\", \"namespace\": \"n\", \"fields\": [{\"name\": \"a\", \"type\": \"int\"}]}";
    let with = |field: &str| avro.replace("]}", &format!(", {field}]}}"));
    check(
        "a.avsc",
        &[
            (avro, &with("{\"name\": \"b\", \"type\": \"string\"}"), &["FieldAdded field n.R.b: true"]),
            (
                avro,
                &with("{\"name\": \"b\", \"type\": \"string\", \"default\": \"\"}"),
                &["FieldAdded field n.R.b: false"],
            ),
            (avro, &avro.replace("\"int\"", "\"long\""), &["TypeChanged field n.R.a: false"]),
            (avro, &avro.replace("\"a\"", "\"c\", \"aliases\": [\"a\"]"), &[]),
        ],
    );
    let events = "asyncapi: 2.6.0\nchannels:\n  paid:\n    subscribe:\n      message:\n        name: Paid\n        payload: {type: object, properties: {sum: {type: integer}}}\n";
    check(
        "a.yaml",
        &[(
            events,
            &events.replace("sum", "total"),
            &["FieldRemoved field subscribe paid.sum: true", "FieldAdded field subscribe paid.total: false"],
        )],
    );
    let schema = "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"title\": \"Paid\", \"properties\": {\"sum\": {\"type\": \"integer\"}}, \"required\": []}";
    check(
        "paid.json",
        &[(
            schema,
            &schema.replace("\"required\": []", "\"required\": [\"sum\"]"),
            &["NowRequired field Paid.sum: true"],
        )],
    );
}

#[test]
fn a_type_that_moves_to_another_file_is_no_removal() {
    let document =
        |path: &str, text: &str| read(Format::GraphQl, &RepoPath::new(path), text, &|_| None).unwrap();
    let before = [
        document("a.graphql", "type A { x: Int } type B { y: Int }"),
        document("b.graphql", "type C { z: Int }"),
    ];
    let after = [
        document("a.graphql", "type A { x: Int }"),
        document("b.graphql", "type C { z: Int } type B { y: Int }"),
    ];
    assert_eq!(compare(Format::GraphQl, &before, &after, &Clone::clone), Differences::default());
}

#[test]
fn contracts_of_others_and_test_data_do_not_count() {
    let schema = "type Query { a: Int }";
    let cases = [
        ("schema.graphql", true),
        ("vendor/x/schema.graphql", false),
        ("tests/schema.graphql", false),
        ("app/__fixtures__/schema.graphql", false),
        ("spec/schema.graphql", true),
    ];
    for (path, expected) in cases {
        assert_eq!(recognise(&RepoPath::new(path), schema).is_some(), expected, "{path}");
    }
    let proto = "syntax = \"proto3\";\npackage google.api;\n";
    assert_eq!(recognise(&RepoPath::new("protos/http.proto"), proto), None);
}

#[test]
fn knows_an_experiment_by_its_name() {
    for (name, expected) in [
        ("a.v1alpha1", true),
        ("GET /v2beta/x", true),
        ("a.v1", false),
        ("valpha", false),
        ("beta-api", true),
        ("alphabet", false),
    ] {
        assert_eq!(is_experimental(name), expected, "{name}");
    }
}

#[test]
fn broken_and_circular_contracts_end() {
    let path = |path: &str| RepoPath::new(path);
    for (name, text) in [
        ("a.yaml", "openapi: 3.0.0\npaths: [unclosed\n"),
        ("a.proto", "message {"),
        ("a.graphql", "type Query { a: }"),
        ("a.avsc", "{"),
    ] {
        let format = recognise(&path(name), text).unwrap();
        assert!(read(format, &path(name), text, &|_| None).is_err(), "{name}");
    }
    let circle = "openapi: 3.0.0\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          content:\n            application/json:\n              schema: {$ref: '#/components/schemas/A'}\ncomponents:\n  schemas:\n    A: {allOf: [{$ref: '#/components/schemas/B'}]}\n    B: {allOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/nowhere'}], properties: {a: {$ref: '#/components/schemas/B'}}}\n";
    assert_eq!(differences("a.yaml", circle, circle), [""; 0]);
}

/// Texts that are made to take for ever, each with whether it can be read. All of them end soon.
#[test]
fn hostile_contracts_end_soon() {
    let spec = |schemas: &str| {
        format!(
            "openapi: 3.0.0\npaths:\n  /a:\n    get:\n      responses:\n        '200': {{content: {{a/b: {{schema: {{$ref: '#/components/schemas/S0'}}}}}}}}\ncomponents:\n  schemas:\n{schemas}"
        )
    };
    let each = |one: &dyn Fn(usize) -> String| (0..40).map(one).collect::<String>();
    let twice = |list: &str| {
        let one = |at| {
            format!(
                "    S{at}: {{{list}: [{{$ref: '#/components/schemas/S{}'}}, {{$ref: '#/components/schemas/S{}'}}]}}\n",
                at + 1,
                at + 1
            )
        };
        spec(&each(&one))
    };
    let twice_in_place = spec(&each(&|at| {
        let next = format!("{{$ref: '#/components/schemas/S{}'}}", at + 1);
        format!(
            "    S{at}: {{properties: {{x: {{allOf: [{next}, {{properties: {{a: {{allOf: [{next}, {{}}]}}}}}}]}}}}}}\n"
        )
    }));
    let circle = spec(&each(&|at| {
        let next = format!("{{$ref: '#/components/schemas/S{}'}}", (at + 1) % 40);
        format!(
            "    S{at}: {{allOf: [{next}], oneOf: [{next}], anyOf: [{next}], items: {next}, additionalProperties: {next}, properties: {{x: {next}, y: {{allOf: [{next}, {next}]}}}}}}\n"
        )
    }));
    let itself = "openapi: 3.0.0\npaths:\n  /a: {$ref: '#/paths/~1a'}\n  /b: {get: {parameters: [{$ref: '#/paths/~1b/get/parameters/0'}], requestBody: {$ref: '#/paths/~1b/get/requestBody'}, responses: {$ref: '#/nowhere'}}}\n".to_owned();
    let wrong = "openapi: 3.0.0\npaths: [1, {a: b}]\ncomponents: {schemas: [x], securitySchemes: 3}\nsecurity: {a: b}\n".to_owned();
    let wrong_inside = "openapi: 3.0.0\npaths:\n  /a: {get: {parameters: {a: 1}, responses: {'200': [1]}, security: x, requestBody: 4}, post: [], parameters: 2}\n  /b: null\ncomponents: {schemas: {A: {type: {}, enum: 3, required: yes, properties: [1], allOf: 4}}}\n".to_owned();
    let deep_yaml = format!("openapi: 3.0.0\npaths: {}{}\n", "{a: ".repeat(50_000), "}".repeat(50_000));
    let deep_json = format!(
        "{{\"openapi\": \"3.0.0\", \"paths\": {}{}}}",
        "{\"a\": ".repeat(50_000) + "1",
        "}".repeat(50_000)
    );
    let deep_shape = spec(&format!("    S0: {}{{type: string}}{}\n", "{items: ".repeat(80), "}".repeat(80)));
    let schema = "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"allOf\": [{\"$ref\": \"#\"}], \"properties\": {\"a\": {\"$ref\": \"#/properties/a\"}, \"b\": {\"$ref\": \"other.json#/x\"}}}".to_owned();
    let cases = [
            ("a.yaml", twice("allOf"), None),
            ("a.yaml", twice("oneOf"), Some(true)),
            ("a.yaml", twice("anyOf"), Some(true)),
            ("a.yaml", twice_in_place, None),
            ("a.yaml", circle, None),
            ("a.yaml", itself, Some(true)),
            ("a.yaml", wrong, Some(true)),
            ("a.yaml", wrong_inside, Some(true)),
            ("a.yaml", deep_yaml, Some(false)),
            ("a.json", deep_json, Some(false)),
            ("a.yaml", deep_shape, Some(true)),
            ("a.yaml", twice("allOf").replace("openapi: 3.0.0", "asyncapi: 2.0.0\nchannels: {a: {subscribe: {message: {payload: {$ref: '#/components/schemas/S0'}}}}}"), None),
            ("a.yaml", "asyncapi: 3.0.0\nchannels: {a: {$ref: '#/channels/a'}}\noperations: {b: {channel: {$ref: '#/operations/b/channel'}, messages: 3}}\n".to_owned(), Some(true)),
            ("a.schema.json", schema, Some(true)),
            ("a.avsc", format!("{}\"int\"{}", "{\"type\": \"array\", \"items\": ".repeat(50_000), "}".repeat(50_000)), Some(false)),
            ("a.avsc", "{\"type\": \"record\", \"name\": \"R\", \"fields\": {\"a\": 1}, \"aliases\": 3}".to_owned(), Some(true)),
            ("a.proto", format!("{}{}", "message M {".repeat(50_000), "}".repeat(50_000)), Some(false)),
            ("a.proto", format!("message M {{ int32 a = 1 [(o) = {}{}]; }}", "{a: ".repeat(50_000), "}".repeat(50_000)), Some(false)),
            ("a.proto", format!("message M {{ int32 a = 1 [(o) = {{a: {}{}}}]; }}", "[".repeat(50_000), "]".repeat(50_000)), None),
            ("a.proto", format!("message M {{ int32 a = 1 [(o) = {{a {}{}}}]; }}", "<a ".repeat(50_000), ">".repeat(50_000)), None),
            ("a.graphql", format!("type Query {{ a: {}Int{} }}", "[".repeat(50_000), "]".repeat(50_000)), None),
            ("a.graphql", format!("type Query {{ a(x: Int = {}1{}): Int }}", "[".repeat(50_000), "]".repeat(50_000)), None),
            ("a.graphql", "interface A implements B { a: A }\ninterface B implements A { a: A }\nunion U = U\ninput I { i: I! }\ntype Query implements Nobody { a(i: I): U, a: Nowhere }".to_owned(), Some(true)),
        ];
    for (at, (path, text, expected)) in cases.into_iter().enumerate() {
        let path = RepoPath::new(path);
        let started = std::time::Instant::now();
        let format = recognise(&path, &text).unwrap_or_else(|| panic!("no contract: {at}"));
        let sides = [(); 2].map(|()| read(format, &path, &text, &|_| None));
        let is_read = sides[0].is_ok();
        if let [Ok(before), Ok(after)] = sides {
            let found = compare(format, &[before], &[after], &Clone::clone);
            assert!(found.api.is_empty(), "{at}");
        }
        assert!(expected.is_none_or(|expected| expected == is_read), "{at}: read {is_read}");
        // A release build is ten times as fast.
        let took = started.elapsed();
        assert!(took.as_secs() < 5, "{at} took {took:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn never_panics(cut in 0usize..1200, other in 0usize..1200, noise in "[ -~\\n]{0,12}") {
        let graphql = "schema { query: Q }\ntype Q implements I @auth { \"d\" a(x: [Int!]! = [1]): E @deprecated(reason: \"b\") }\nunion U = A | B\ninput N { a: Int = 1 }\nenum E { A B }\ndirective @x(a: Int) repeatable on FIELD | QUERY\n";
        let proto = "syntax = \"proto2\"; package a.b; message M { reserved 4 to 6, 9; reserved \"x\"; oneof o { string s = 1; } map<string, M> m = 2; required int32 r = 3 [deprecated = true, (validate.rules).int32 = {gt: 1}]; } extend M { optional int32 e = 100; }";
        let avro = "{\"type\": \"record\", \"name\": \"R\", \"fields\": [{\"name\": \"a\", \"type\": [\"null\", {\"type\": \"array\", \"items\": \"R\"}], \"default\": null}]}";
        for (path, text, format) in [
            ("a.graphql", graphql, Format::GraphQl), ("a.proto", proto, Format::Protobuf), ("a.avsc", avro, Format::Avro),
            ("a.yaml", SPEC, Format::OpenApi), ("a.yaml", SPEC, Format::AsyncApi), ("a.yaml", SPEC, Format::JsonSchema),
        ] {
            let path = RepoPath::new(path);
            let broken = |at: usize| format!("{}{noise}{}", &text[..at.min(text.len())], &text[(at + 3).min(text.len())..]);
            let sides = [broken(cut), broken(other)].map(|text| {
                recognise(&path, &text);
                read(format, &path, &text, &|_| None)
            });
            if let [Ok(before), Ok(after)] = sides {
                compare(format, &[before], &[after], &Clone::clone);
            }
        }
    }
}
