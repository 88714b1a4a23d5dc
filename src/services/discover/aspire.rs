//! .NET Aspire: an application host says in C# what runs together and whose address each part is given.

use std::collections::HashMap;

use super::compose::is_address;
use super::{Call, Kind, Sighting, Tree, words};
use crate::change::RepoPath;
use crate::config::ServiceKind;
use crate::formats::syntax::{self, Expr, Kind as Shape, Language};

pub(super) fn sightings(tree: &Tree<'_>) -> Vec<Sighting> {
    let mut all = Vec::new();
    for path in tree.files(Kind::Host) {
        let Some(text) = tree.read(path).filter(|text| text.contains("DistributedApplication")) else {
            continue;
        };
        let Ok(statements) = syntax::parse(Language::CSharp, &text) else { continue };
        let mut host = Host { tree, path, names: HashMap::new(), parts: Vec::new() };
        statements.iter().for_each(|statement| host.statement(statement));
        all.append(&mut host.parts);
    }
    all
}

struct Host<'h, 'n> {
    tree: &'h Tree<'h>,
    path: &'h RepoPath,
    /// Variables, and which part each stands for.
    names: HashMap<&'n str, usize>,
    parts: Vec<Sighting>,
}

impl<'n> Host<'_, 'n> {
    fn statement(&mut self, statement: &'n Expr<'n>) {
        match &statement.kind {
            Shape::Assign(assigned) => {
                let part = self.part(&assigned.1);
                if let (Some(name), Some(part)) = (assigned.0.name(), part) {
                    self.names.insert(name, part);
                }
            }
            Shape::Body(inner) => inner.iter().for_each(|one| self.statement(one)),
            Shape::Class(class) => class.body.iter().for_each(|one| self.statement(one)),
            Shape::Func(function) => function.body.iter().for_each(|one| self.statement(one)),
            _ => {
                self.part(statement);
            }
        }
    }

    /// The part that a chain of calls makes or speaks of; what it is given on the way becomes its calls.
    fn part(&mut self, chain: &'n Expr<'n>) -> Option<usize> {
        let (root, calls) = chain.chain();
        let root = root.and_then(Expr::name);
        let mut part = root.and_then(|name| self.names.get(name)).copied();
        for (call, line) in calls {
            let given = match call.name {
                "WithReference" | "WaitFor" => call.arg(0),
                "WithEnvironment" => {
                    call.arg(1).filter(|_| call.arg(0).and_then(Expr::literal).is_some_and(is_address))
                }
                name => {
                    // what a part makes, such as a database on a server, stays the part
                    if let (Some(kind), None) = (name.strip_prefix("Add"), part) {
                        part = self.made(kind, call, line);
                    }
                    continue;
                }
            };
            let given = given.and_then(|given| self.part(given)).filter(|given| Some(*given) != part);
            if let (Some(part), Some(given)) = (part, given) {
                let to = self.parts[given].name.clone();
                let place = self.tree.at(self.path, line);
                self.parts[part].calls.push(Call { to, how: "aspire", place });
            }
        }
        part
    }

    /// `AddProject<Projects.Cart_API>("cart")`, `AddRedis("cache")`, `AddNpmApp("web", "../web")`.
    fn made(&mut self, kind: &str, call: &syntax::Call<'_>, line: u32) -> Option<usize> {
        let name = call.arg(0).and_then(Expr::literal)?;
        let place = || self.path.join(call.arg(1)?.literal()?);
        let is_store = words::kind(kind, None, false) == ServiceKind::Store;
        let folder = match kind {
            "Project" => match call.generic {
                Some(project) => self.project(project)?,
                None => place()?.folder().to_owned(),
            },
            _ if is_store => String::new(),
            _ if kind.ends_with("App") || kind == "Dockerfile" => place()?.as_str().to_owned(),
            "Container" => String::new(),
            _ => return None,
        };
        let folder = Some(words::trimmed(&folder).to_owned()).filter(|folder| !folder.is_empty());
        let image = call.arg(1).and_then(Expr::literal).filter(|_| kind == "Container");
        let kind = if is_store { ServiceKind::Store } else { words::kind(name, image, folder.is_some()) };
        self.parts.push(Sighting {
            name: name.to_owned(),
            title: None,
            folder,
            kind,
            rule: "aspire",
            place: self.tree.at(self.path, line),
            owners: Vec::new(),
            aliases: Vec::new(),
            calls: Vec::new(),
        });
        Some(self.parts.len() - 1)
    }

    /// The folder of a project, whose class has its name with `_` for what a name of a class cannot hold.
    fn project(&self, class: &str) -> Option<String> {
        let class = class.rsplit('.').next()?;
        let plain = |name: &str| name.replace(['.', '-', ' '], "_");
        let projects = self.tree.files(Kind::Package).iter();
        let mut projects =
            projects.filter_map(|path| Some((path, path.file_name().strip_suffix(".csproj")?)));
        projects.find(|(_, name)| plain(name) == class).map(|(path, _)| path.folder().to_owned())
    }
}
