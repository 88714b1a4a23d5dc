//! A GraphQL endpoint for pull requests: questions are checked against the slice of GitHub's own schema.

use apollo_parser::Parser;
use apollo_parser::cst::{
    CstNode, Definition, FieldDefinition, OperationDefinition, Selection, SelectionSet, Type,
};
use serde_json::{Map, Value, json};

/// The answer, and what is wrong with the question.
pub(crate) fn answer(body: &Value, pulls: &[Value]) -> (Value, Vec<String>) {
    let mut check = Check { variables: &body["variables"], pulls, wrong: Vec::new(), missing: Vec::new() };
    let tree = Parser::new(body["query"].as_str().unwrap_or_default()).parse();
    check.wrong.extend(tree.errors().map(|error| error.message().to_owned()));
    let operation = tree.document().definitions().find_map(|definition| match definition {
        Definition::OperationDefinition(operation) => Some(operation),
        _ => None,
    });
    let data = match operation.as_ref().and_then(OperationDefinition::selection_set) {
        Some(set) => check.object("Query", &set, &Value::Null),
        None => Value::Null,
    };
    let errors: Vec<Value> = check
        .missing
        .iter()
        .map(|path| json!({"type": "NOT_FOUND", "path": path, "message": "Could not resolve to a PullRequest"}))
        .collect();
    let answer = match errors.is_empty() {
        true => json!({"data": data}),
        false => json!({"data": data, "errors": errors}),
    };
    (answer, check.wrong)
}

struct Check<'a> {
    variables: &'a Value,
    pulls: &'a [Value],
    wrong: Vec<String>,
    missing: Vec<Vec<String>>,
}

impl Check<'_> {
    fn object(&mut self, type_: &str, set: &SelectionSet, object: &Value) -> Value {
        let mut answer = Map::new();
        for selection in set.selections() {
            let Selection::Field(field) = selection else {
                self.wrong.push(format!("{type_}: only fields are known here"));
                continue;
            };
            let name = field.name().map(|name| name.text().to_string()).unwrap_or_default();
            let Some(definition) = field_of(type_, &name) else {
                self.wrong.push(format!("{type_} has no {name}"));
                continue;
            };
            let mut given = Map::new();
            for argument in field.arguments().into_iter().flat_map(|all| all.arguments().collect::<Vec<_>>())
            {
                let key = argument.name().map(|name| name.text().to_string()).unwrap_or_default();
                let text = argument.value().map(|value| value.source_string()).unwrap_or_default();
                let text = text.trim();
                let value = match text.strip_prefix('$') {
                    Some(variable) => self.variables[variable].clone(),
                    None => serde_json::from_str(text).unwrap_or(Value::Null),
                };
                given.insert(key, value);
            }
            self.arguments(&format!("{type_}.{name}"), &definition, &given);
            let alias = field.alias().and_then(|alias| alias.name()).map(|name| name.text().to_string());
            let key = alias.unwrap_or_else(|| name.clone());
            let value = match (name.as_str(), field.selection_set()) {
                ("repository", Some(set)) => self.object("Repository", &set, &Value::Null),
                ("pullRequest", Some(set)) => {
                    let number = given.get("number").unwrap_or(&Value::Null);
                    match self.pulls.iter().find(|pull| pull["number"] == *number).cloned() {
                        Some(pull) => self.object("PullRequest", &set, &pull),
                        None => {
                            self.missing.push(vec!["repository".to_owned(), key.clone()]);
                            Value::Null
                        }
                    }
                }
                ("updatedAt", None) => object["updated_at"].clone(),
                // REST has null where GraphQL has no text
                (_, None) => json!(object[&name].as_str().unwrap_or_default()),
                _ => Value::Null,
            };
            if value.is_null() && matches!(definition.ty(), Some(Type::NonNullType(_))) {
                self.wrong.push(format!("{type_}.{name} is null"));
            }
            answer.insert(key, value);
        }
        Value::Object(answer)
    }

    fn arguments(&mut self, name: &str, definition: &FieldDefinition, given: &Map<String, Value>) {
        let known: Vec<(String, String, bool)> = definition
            .arguments_definition()
            .into_iter()
            .flat_map(|all| all.input_value_definitions().collect::<Vec<_>>())
            .filter_map(|input| {
                let type_ = input.ty()?.source_string().trim().to_owned();
                Some((input.name()?.text().to_string(), type_, input.default_value().is_some()))
            })
            .collect();
        for (key, type_, has_default) in &known {
            let fits = match (given.get(key), type_.trim_end_matches('!')) {
                (None, _) => *has_default || !type_.ends_with('!'),
                (Some(value), "Int") => value.is_u64(),
                (Some(value), "String") => value.is_string(),
                (Some(value), "Boolean") => value.is_boolean(),
                _ => false,
            };
            if !fits {
                self.wrong.push(format!("{name}: {key} is {:?}, not {type_}", given.get(key)));
            }
        }
        let unknown = given.keys().filter(|key| known.iter().all(|(name, ..)| name != *key));
        self.wrong.extend(unknown.map(|key| format!("{name} takes no {key}")));
    }
}

fn field_of(type_: &str, name: &str) -> Option<FieldDefinition> {
    let slice = include_str!("../../github-api/slice.graphql");
    Parser::new(slice).parse().document().definitions().find_map(|definition| {
        let Definition::ObjectTypeDefinition(object) = definition else { return None };
        if object.name()?.text() != type_ {
            return None;
        }
        object
            .fields_definition()?
            .field_definitions()
            .find(|field| field.name().is_some_and(|own| own.text() == name))
    })
}

#[test]
fn wrong_questions_are_found() {
    let ask = |query: &str| answer(&json!({"query": query, "variables": {"o": "a"}}), &[]).1;
    let pull = |rest: &str| {
        ask(&format!("query($o: String!) {{ repository(owner: $o, name: \"b\") {{ {rest} }} }}"))
    };
    assert_eq!(pull("pullRequest(number: 1) { body }"), Vec::<String>::new());
    assert_eq!(pull("pullRequest(number: 1) { text }"), Vec::<String>::new(), "there is none to look at");
    assert_eq!(pull("pullRequest { body }").len(), 1);
    assert_eq!(pull("pullRequest(number: \"1\") { body }").len(), 1);
    assert_eq!(pull("pullRequest(number: 1, id: 2) { body }").len(), 1);
    assert_eq!(pull("issue(number: 1) { body }").len(), 1);
    assert_eq!(ask("{ repository(owner: $o) { id } }").len(), 2);
    let (_, wrong) = answer(
        &json!({"query": "{ repository(owner: \"a\", name: \"b\") { pullRequest(number: 1) { text } } }"}),
        &[json!({"number": 1})],
    );
    assert_eq!(wrong, ["PullRequest has no text"]);
}
