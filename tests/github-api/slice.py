#!/usr/bin/env python3
"""Cuts the part of GitHub's OpenAPI description that the tests check against.

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
    npm pack @octokit/graphql-schema@15.26.1 && tar xzf octokit-graphql-schema-15.26.1.tgz -C graphql
    ./slice.py package/generated/api.github.com.json graphql/package/schema.graphql

The description is GitHub's, packaged by Octokit under the MIT licence (see LICENSE beside this file). Kept are the
operations below, the payloads of the events that we read, and every component they reach; examples and prose go.
"""
import json
import pathlib
import re
import sys

REPO = "/repos/{owner}/{repo}"
OPERATIONS = {
    REPO: ["get"],
    f"{REPO}/issues/{{issue_number}}": ["get"],
    f"{REPO}/issues/{{issue_number}}/comments": ["get", "post"],
    f"{REPO}/issues/comments/{{comment_id}}": ["get", "patch", "delete"],
    f"{REPO}/pulls": ["get"],
    f"{REPO}/pulls/{{pull_number}}": ["get"],
    f"{REPO}/pulls/{{pull_number}}/files": ["get"],
    f"{REPO}/pulls/{{pull_number}}/commits": ["get"],
    f"{REPO}/compare/{{basehead}}": ["get"],
    f"{REPO}/labels": ["get", "post"],
    f"{REPO}/issues/{{issue_number}}/labels": ["get", "post"],
    f"{REPO}/issues/{{issue_number}}/labels/{{name}}": ["delete"],
    f"{REPO}/releases": ["get", "post"],
    f"{REPO}/releases/tags/{{tag}}": ["get"],
    f"{REPO}/releases/{{release_id}}": ["get", "patch"],
    f"{REPO}/check-runs": ["post"],
    f"{REPO}/check-runs/{{check_run_id}}": ["patch"],
    f"{REPO}/commits/{{ref}}/check-runs": ["get"],
}
FIELDS = {"Query": ["repository"], "Repository": ["pullRequest"], "PullRequest": ["body", "updatedAt"]}
EVENTS = ["pull-request-opened", "pull-request-reopened", "pull-request-synchronize",
          "pull-request-ready-for-review", "pull-request-closed", "pull-request-labeled", "push",
          "merge-group-checks-requested", "workflow-run-completed", "release-published", "release-created",
          "workflow-dispatch"]
PROSE = {"description", "summary", "externalDocs", "example", "examples", "x-github", "x-githubEnterpriseCloudOnly",
         "tags", "title", "x-github-breaking-changes", "x-octokit", "x-webhooks"}


def bare(node, in_names=False):
    """Drops prose. A property may well be called `title`: names directly below `properties` stay."""
    if isinstance(node, dict):
        return {key: bare(value, key in ("properties", "schemas", "responses", "parameters"))
                for key, value in node.items() if in_names or key not in PROSE}
    return [bare(item) for item in node] if isinstance(node, list) else node


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def with_components(document, part):
    kept, todo = {}, set(references(part))
    while todo:
        reference = todo.pop()
        _, _, kind, name = reference.split("/")
        component = bare(document["components"][kind][name])
        if name not in kept.setdefault(kind, {}):
            kept[kind][name] = component
            todo |= set(references(component))
    return {**part, "components": kept}


def lines(node):
    """JSON with one line for each operation and component: a new version of the description shows what changed."""
    def dump(value):
        return json.dumps(value, sort_keys=True, separators=(",", ":"))

    def block(name, entries):
        return f'{dump(name)}:{{\n' + ",\n".join(f"{dump(key)}:{dump(entries[key])}" for key in sorted(entries)) + "}"
    blocks = [block(name, node[name]) for name in sorted(node) if name != "components"]
    blocks.append('"components":{\n' + ",\n".join(block(kind, node["components"][kind])
                                                 for kind in sorted(node["components"])) + "}")
    return "{" + ",\n".join(blocks) + "}\n"


def fields(schema):
    """The GraphQL types with the fields that we ask for, as the schema writes them but for its prose."""
    bare_schema = re.sub(r'"{3}.*?"{3}\s*', "", schema, flags=re.S)
    for name, wanted in FIELDS.items():
        body = re.search(rf"^type {name} .*?{{\n(.*?)^}}", bare_schema, flags=re.S | re.M)[1]
        found = [re.search(rf"^ *{field}(?:\([^)]*\))?: .*$", body, flags=re.M)[0].split() for field in wanted]
        yield f"type {name} {{\n" + "".join("  " + " ".join(field) + "\n" for field in found) + "}\n"


def main():
    document = json.load(open(sys.argv[1], encoding="utf-8"))
    here = pathlib.Path(__file__).parent
    paths = {}
    for path, methods in OPERATIONS.items():
        item = document["paths"][path]
        paths[path] = {key: bare(item[key]) for key in (*methods, "parameters") if key in item}
        for method in methods:
            kept = ("operationId", "parameters", "requestBody", "responses")
            operation = {key: value for key, value in paths[path][method].items() if key in kept}
            operation["responses"] = {code: response for code, response in operation["responses"].items()
                                      if code.startswith("2")}
            paths[path][method] = operation
    (here / "slice.json").write_text(lines(with_components(document, {"paths": paths})), encoding="utf-8")
    events = {}
    for name in EVENTS:
        content = document["x-webhooks"][name]["post"]["requestBody"]["content"]["application/json"]
        events[name] = bare(content["schema"])
    (here / "slice.graphql").write_text("\n".join(fields(open(sys.argv[2], encoding="utf-8").read())), encoding="utf-8")
    (here / "webhooks.json").write_text(lines(with_components(document, {"events": events})), encoding="utf-8")


main()
