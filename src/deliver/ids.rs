//! What a comment remembers: which findings stood in this version, and in the one before.

/// The hidden second line of a comment: which findings stood in this version, and in the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) head: String,
    pub(super) now: Vec<String>,
    pub(super) before: Vec<String>,
}

impl Ids {
    pub(super) fn line(&self) -> String {
        format!(
            "<!-- plainly:ids head={} now={} before={} -->",
            self.head,
            self.now.join(","),
            self.before.join(",")
        )
    }

    /// Reads a line that `line` wrote.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut fields =
            line.trim_end().strip_prefix("<!-- plainly:ids head=")?.strip_suffix(" -->")?.split(' ');
        let head = fields.next()?.to_owned();
        let list = |field: Option<&str>, name: &str| -> Option<Vec<String>> {
            let ids = field?.strip_prefix(name)?.split(',').filter(|id| !id.is_empty());
            Some(ids.map(str::to_owned).collect())
        };
        Some(Self { head, now: list(fields.next(), "now=")?, before: list(fields.next(), "before=")? })
    }

    /// What this version is compared with: a second run on the same head compares with what the first one did, so
    /// that it writes the same bytes.
    pub(super) fn earlier(&self, head: &str) -> &[String] {
        if self.head == head { &self.before } else { &self.now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_ids_are_read_as_written() {
        let ids = Ids { head: "a".repeat(40), now: vec!["schema:12345678".into()], before: Vec::new() };
        assert_eq!(Ids::parse(&ids.line()), Some(ids.clone()));
        assert_eq!(ids.earlier(&"a".repeat(40)), &[] as &[String]);
        assert_eq!(ids.earlier(&"b".repeat(40)), &["schema:12345678".to_owned()]);
        assert_eq!(Ids::parse("<!-- plainly:ids -->"), None);
    }
}
