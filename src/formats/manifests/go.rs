//! `go.mod`: modules asked for directly; replaced ones come from where they are replaced with.

use std::str::FromStr;

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::Lines;

/// Reads `go.mod`.
pub(super) struct GoMod;

impl Reader for GoMod {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Go]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "go.mod"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let text = manifest.text.replace("\r\n", "\n");
        let parsed = gomod_parser::GoMod::from_str(&text).map_err(Unreadable::broken)?;
        let lines = Lines::of(&text);
        let mut inventory = Inventory::default();
        if !parsed.module.is_empty() {
            inventory.makes.push((Ecosystem::Go, parsed.module.clone()));
        }
        for wanted in parsed.require.iter().filter(|wanted| !wanted.indirect) {
            let module = &wanted.module;
            let line = lines.at(module.path_span.start);
            let replaced = parsed.replace.iter().find(|replace| replace.module_path == module.module_path);
            let source = match replaced.map(|replace| &replace.replacement) {
                Some(gomod_parser::Replacement::FilePath(_)) => Source::Own,
                Some(gomod_parser::Replacement::Module(other)) if other.module_path != module.module_path => {
                    Source::Other(other.module_path.clone())
                }
                _ => Source::Registry,
            };
            inventory.add(
                Requirement::new(Ecosystem::Go, &module.module_path, Some(&module.version), line)
                    .from(source),
            );
        }
        let line_of = |word: &str| {
            let at = text.lines().position(|line| line.split_whitespace().next() == Some(word));
            at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(1)
        };
        inventory.runtime("go", parsed.go.as_deref(), line_of("go"));
        inventory.runtime("go toolchain", parsed.toolchain.as_deref(), line_of("toolchain"));
        Ok(inventory)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn direct_modules_and_replacements() {
        let text = "module github.com/acme/shop\n\ngo 1.24.2\n\nrequire (\n\tgithub.com/IBM/sarama v1.46.0\n\tgolang.org/x/net \
                    v0.1.0 // indirect\n\texample.com/own v0.0.0\n\texample.com/forked v1.0.0\n)\n\nreplace (\n\texample.com/own => \
                    ../own\n\texample.com/forked => github.com/me/forked v1.0.1\n)\n";
        let inventory = read(&GoMod, "go.mod", text);
        assert_eq!(
            shown(&inventory),
            [
                "go github.com/IBM/sarama v1.46.0",
                "go example.com/own v0.0.0 own",
                "go example.com/forked v1.0.0 from github.com/me/forked",
            ]
        );
        assert_eq!((inventory.requirements[0].line, inventory.runtimes[0].version.as_str()), (6, "1.24.2"));
    }
}
