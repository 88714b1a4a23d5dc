//! `setup.py`, as far as its lists are literal.

use std::collections::BTreeMap;

use super::python::{is_dev, requirement};
use super::{Ecosystem, Inventory, Manifest, Reader};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::syntax::{self, Call, Expr, Kind, Language};

/// Reads `setup.py`.
pub(super) struct SetupPy;

impl Reader for SetupPy {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Pypi]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "setup.py"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let statements = syntax::parse(Language::Python, manifest.text)?;
        let mut file = File::default();
        statements.iter().for_each(|statement| file.look(statement, 0));
        let mut found = Inventory::default();
        for call in &file.setups {
            if let Some(name) = call.option("name").and_then(|name| file.literal(name)) {
                found.makes.push((Ecosystem::Pypi, name.to_owned()));
            }
            if let Some(python) = call.option("python_requires") {
                found.runtime("python", file.literal(python), python.line);
            }
            for (key, section, dev) in [
                ("install_requires", "dependencies", false),
                ("tests_require", "tests_require", true),
                ("setup_requires", "setup_requires", true),
            ] {
                call.option(key).into_iter().for_each(|list| file.list(list, section, dev, 0, &mut found));
            }
            let extras = call.option("extras_require").map(|extras| file.value(extras));
            for (extra, list) in extras.into_iter().flat_map(Expr::entries) {
                let extra = extra.literal().unwrap_or_default();
                file.list(list, extra, is_dev(extra), 0, &mut found);
            }
        }
        Ok(found)
    }
}

/// Deeper code than this is not written by people.
const DEEPEST: u32 = 40;

/// What a file gives a name, and its calls of `setup`.
#[derive(Default)]
struct File<'a> {
    values: BTreeMap<&'a str, &'a Expr<'a>>,
    setups: Vec<&'a Call<'a>>,
}

impl<'a> File<'a> {
    fn look(&mut self, statement: &'a Expr<'a>, depth: u32) {
        match &statement.kind {
            _ if depth > DEEPEST => {}
            Kind::Assign(parts) => {
                self.values.extend(parts.0.name().map(|name| (name, &parts.1)));
            }
            Kind::Call(call) if call.name == "setup" => self.setups.push(call),
            Kind::Body(parts) => parts.iter().for_each(|part| self.look(part, depth + 1)),
            Kind::Func(function) => function.body.iter().for_each(|part| self.look(part, depth + 1)),
            _ => {}
        }
    }

    /// What an expression stands for, where it is a name that the file gives a value.
    fn value(&self, expr: &'a Expr<'a>) -> &'a Expr<'a> {
        expr.name().and_then(|name| self.values.get(name).copied()).unwrap_or(expr)
    }

    fn literal(&self, expr: &'a Expr<'a>) -> Option<&'a str> {
        self.value(expr).literal()
    }

    /// The packages of a list, of lists that are added up, and of names that stand for lists.
    fn list(&self, expr: &'a Expr<'a>, section: &str, dev: bool, depth: u32, found: &mut Inventory) {
        if depth > DEEPEST {
            return;
        }
        let value = self.value(expr);
        match &value.kind {
            Kind::List(parts) | Kind::Body(parts) => {
                parts.iter().for_each(|part| self.list(part, section, dev, depth + 1, found));
            }
            Kind::Str(_) => {
                let one = value.literal().and_then(|text| requirement(text, value.line));
                found.requirements.extend(one.map(|one| one.section(section, dev)));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn literal_lists_and_names_for_them() {
        let text = "from setuptools import setup, find_packages\nTESTS = ['pytest>=8']\nBASE = [\n    'requests>=2.31',\n]\nEXTRAS = {'dev': TESTS, 'pg': ['psycopg']}\n\
                    def unrelated():\n    return ['no']\nsetup(\n    name='shop',\n    python_requires='>=3.9',\n    install_requires=BASE + ['click'] + read('x'),\n    \
                    extras_require=EXTRAS,\n    tests_require=TESTS,\n    packages=find_packages(),\n)\n";
        let inventory = read(&SetupPy, "setup.py", text);
        assert_eq!(
            shown(&inventory),
            [
                "pypi requests >=2.31",
                "pypi click -",
                "pypi pytest >=8 dev",
                "pypi pytest >=8 dev",
                "pypi psycopg -"
            ]
        );
        assert_eq!((inventory.requirements[0].line, inventory.runtimes[0].version.as_str()), (4, ">=3.9"));
        assert_eq!(inventory.makes, [(Ecosystem::Pypi, "shop".to_owned())]);
    }

    #[test]
    fn what_is_computed_is_not_guessed() {
        let text = "setup(install_requires=open('requirements.txt').read().split(), extras_require=load())\n";
        assert_eq!(shown(&read(&SetupPy, "setup.py", text)), [""; 0]);
        assert_eq!(
            shown(&read(&SetupPy, "setup.py", "BASE = BASE\nsetup(install_requires=BASE)\n")),
            [""; 0]
        );
    }
}
