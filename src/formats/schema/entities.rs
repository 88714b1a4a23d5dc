//! Classes marked as stored: JPA and its kin in Java and Kotlin, TypeORM and MikroORM in TypeScript.
//!
//! The marks on classes and fields are read, and nothing is resolved: where they do not say a type, none is compared.

use std::collections::HashSet;
use std::ops::Range;

use super::{Column, DeclaredReader, Inventory, Table};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::words::{Family, Kind, Words, words};

/// Larger files are no classes that people write.
const MAX_BYTES: usize = 1 << 19;

/// Entities of JPA, Hibernate and Spring Data's documents.
pub struct Jpa;

/// Decorated entities of TypeORM and MikroORM.
pub struct Decorated;

impl DeclaredReader for Jpa {
    fn style(&self) -> &'static str {
        "models"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        matches!(path.extension().as_str(), "java" | "kt")
            && CLASSES.iter().any(|mark| text.contains(&format!("@{mark}")))
            && ["persistence.", "org.springframework.data.mongodb"].iter().any(|from| text.contains(from))
    }

    fn is_model(&self) -> bool {
        true
    }

    fn read(&self, path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        let is_kotlin = path.extension() == "kt";
        read(Family::Typed, text, |class| {
            let is_stored = class.marks.iter().any(|mark| CLASSES.contains(&mark.name));
            is_stored.then(|| if is_kotlin { class.kotlin() } else { class.java() })
        })
    }
}

impl DeclaredReader for Decorated {
    fn style(&self) -> &'static str {
        "models"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        matches!(path.extension().as_str(), "ts" | "mts")
            && !path.file_name().ends_with(".d.ts")
            && ["typeorm", "@mikro-orm/"].iter().any(|library| text.contains(library))
            && DECORATED.iter().any(|mark| text.contains(&format!("@{mark}(")))
    }

    fn is_model(&self) -> bool {
        true
    }

    fn read(&self, _path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        read(Family::Script, text, |class| Some(class.script()))
    }
}

/// Marks that make a class of Java or Kotlin a stored one, or a part of one.
const CLASSES: [&str; 4] = ["Entity", "MappedSuperclass", "Embeddable", "Document"];

/// Marks that give a field of TypeScript a place in its table.
const DECORATED: [&str; 14] = [
    "Column",
    "PrimaryColumn",
    "PrimaryGeneratedColumn",
    "CreateDateColumn",
    "UpdateDateColumn",
    "DeleteDateColumn",
    "VersionColumn",
    "JoinColumn",
    "JoinTable",
    "Property",
    "PrimaryKey",
    "Enum",
    "ManyToOne",
    "Embedded",
];

/// Marks of JPA that stand on what is stored: a field, or the method that reads it.
const STORED: [&str; 12] = [
    "Id",
    "EmbeddedId",
    "Column",
    "JoinColumn",
    "ManyToOne",
    "OneToOne",
    "Embedded",
    "Enumerated",
    "Lob",
    "Temporal",
    "Version",
    "ElementCollection",
];

/// Marks of JPA that keep a field out of the table.
const UNSTORED: [&str; 5] = ["Transient", "Formula", "OneToMany", "ManyToAny", "Autowired"];

/// `@Column(name = "a")`: a mark with its arguments.
struct Mark<'a> {
    name: &'a str,
    arguments: Vec<Range<usize>>,
}

/// A class, as far as its words show it.
struct Class<'a, 'w> {
    words: &'w Words<'a>,
    closings: &'w [usize],
    marks: Vec<Mark<'a>>,
    /// What stands between the brackets behind its name: Kotlin's fields.
    head: Range<usize>,
    body: Range<usize>,
}

/// Reads every class of a file that `fields` says is stored.
fn read<'a>(
    family: Family,
    text: &'a str,
    fields: impl Fn(&Class<'a, '_>) -> Option<Vec<Column>>,
) -> Result<Inventory, Unreadable> {
    if text.len() > MAX_BYTES {
        return Err(Unreadable { reason: "too_large".to_owned() });
    }
    let words = Words(words(family, text));
    let closings = words.closings();
    let mut inventory = Inventory::default();
    let (mut at, mut marks) = (0, Vec::new());
    while at < words.0.len() {
        let start = at;
        at += 1;
        if let Some((mark, behind)) = mark(&words, &closings, start) {
            marks.push(mark);
            at = behind;
        } else if words.name(start) == Some("class")
            && let Some(name) = words.name(at)
            && !start.checked_sub(1).is_some_and(|before| words.is(before, '.') || words.is(before, ':'))
        {
            let (head, body) = extent(&words, &closings, at + 1);
            at = if body.is_empty() { head.end.max(at) } else { body.start };
            let marks = std::mem::take(&mut marks);
            let class = Class { words: &words, closings: &closings, marks, head, body };
            let mut columns = fields(&class).unwrap_or_default();
            // a link and the plain field beside it share a column
            let mut seen = HashSet::new();
            columns.retain(|column| seen.insert(column.name.clone()));
            if !columns.is_empty() {
                let line = words.line(start);
                let part = !class.marks.iter().any(|mark| matches!(mark.name, "Entity" | "Document"));
                inventory.tables.push(Table {
                    name: name.to_owned(),
                    line,
                    columns,
                    part,
                    ..Table::default()
                });
            }
        } else if [';', '{', '}'].iter().any(|mark| words.is(start, *mark)) {
            marks.clear();
        }
    }
    Ok(inventory)
}

/// The mark that begins at a position, and where it ends. A mark's package, and Kotlin's `@field:`, say nothing here.
fn mark<'a>(words: &Words<'a>, closings: &[usize], at: usize) -> Option<(Mark<'a>, usize)> {
    if !words.is(at, '@') {
        return None;
    }
    let (mut name, mut end) = (words.name(at + 1)?, at + 2);
    while (words.is(end, '.') || words.is(end, ':'))
        && let Some(next) = words.name(end + 1)
    {
        (name, end) = (next, end + 2);
    }
    // `@interface` declares a mark
    if name == "interface" {
        return None;
    }
    let mut arguments = Vec::new();
    if words.is(end, '(')
        && let Some(close) = closings.get(end).filter(|close| **close > end)
    {
        arguments = words.arguments(end).map(|(arguments, _)| arguments).unwrap_or_default();
        end = close + 1;
    }
    Some((Mark { name, arguments }, end))
}

/// The brackets behind a class's name, and its body; empty where it has none.
fn extent(words: &Words<'_>, closings: &[usize], from: usize) -> (Range<usize>, Range<usize>) {
    let (mut head, mut at) = (from..from, from);
    while at < words.0.len() {
        match words.0[at].kind {
            Kind::Mark('{') => return (head, at + 1..closings[at]),
            Kind::Mark('(') => {
                if head.is_empty() {
                    head = at + 1..closings[at];
                }
                at = closings[at];
            }
            // what begins the next declaration ends a class without a body
            Kind::Mark(';' | '}' | '@') => break,
            Kind::Name("class" | "fun" | "object" | "val" | "var") => break,
            _ => {}
        }
        at += 1;
    }
    (head, at..at)
}

impl<'a> Class<'a, '_> {
    /// The fields of Java: those declared, or the methods that are marked where no field is.
    fn java(&self) -> Vec<Column> {
        let (words, mut fields, mut methods) = (self.words, Vec::new(), Vec::new());
        let mut is_marked = false;
        let mut at = self.body.start;
        while at < self.body.end {
            let (marks, start) = self.marks_at(at);
            // what is declared ends before its value, its arguments or its body
            let end = (start..self.body.end)
                .find(|at| matches!(words.0[*at].kind, Kind::Mark(';' | '=' | '(' | '{')))
                .unwrap_or(self.body.end);
            at = self.behind(end);
            let declared: Vec<&str> = (start..end).filter_map(|at| words.name(at)).collect();
            let has = |word: &str| declared.contains(&word);
            if ["static", "transient", "class", "enum", "interface", "record"].iter().any(|word| has(word)) {
                continue;
            }
            let Some(name) = end.checked_sub(1).and_then(|last| words.name(last)) else { continue };
            let line = words.line(end.saturating_sub(1));
            let is_method = words.is(end, '(');
            let marked = marks.iter().any(|mark| STORED.contains(&mark.name));
            if marks.iter().any(|mark| UNSTORED.contains(&mark.name)) || self.is_mapped_by(&marks) {
                continue;
            }
            const MODIFIERS: [&str; 5] = ["private", "protected", "public", "final", "volatile"];
            let type_: String = (start..end.saturating_sub(1))
                .filter_map(|at| match words.0[at].kind {
                    Kind::Name(name) => (!MODIFIERS.contains(&name)).then(|| name.to_owned()),
                    Kind::Mark(mark) => Some(mark.to_string()),
                    Kind::Text(_) => None,
                })
                .collect();
            match is_method {
                true if marked => {
                    let bare = name.strip_prefix("get").or(name.strip_prefix("is")).unwrap_or(name);
                    methods.push(self.jpa(&marks, bare, &type_, line));
                }
                false if !type_.is_empty() && !words.is(end, '{') => {
                    is_marked |= marked;
                    fields.push(self.jpa(&marks, name, &type_, line));
                }
                _ => {}
            }
        }
        if is_marked || methods.is_empty() { fields } else { methods }
    }

    /// The fields of Kotlin: `val` and `var` behind the class's name and in its body, those that are worked out aside.
    fn kotlin(&self) -> Vec<Column> {
        let words = self.words;
        let mut fields = Vec::new();
        for range in [&self.head, &self.body] {
            let (mut at, mut marks) = (range.start, Vec::new());
            while at < range.end {
                let (more, start) = self.marks_at(at);
                marks.extend(more);
                at = start + 1;
                match words.0.get(start).map(|word| &word.kind) {
                    Some(Kind::Mark('(' | '[' | '{')) => at = self.closings[start].max(start) + 1,
                    Some(Kind::Name("fun" | "class" | "object" | "init" | "constructor")) => marks.clear(),
                    Some(Kind::Name("val" | "var")) => {
                        let own = std::mem::take(&mut marks);
                        let (Some(name), true) = (words.name(at), words.is(at + 1, ':')) else { continue };
                        let line = words.line(at);
                        let mut end = at + 2;
                        // the type ends with its line
                        while end < range.end
                            && words.line(end) == line
                            && !matches!(words.0[end].kind, Kind::Mark('=' | ',' | ')' | '@' | '{'))
                            && !matches!(words.name(end), Some("get" | "set" | "by"))
                        {
                            end += 1;
                        }
                        let type_: String = (at + 2..end)
                            .filter_map(|at| match words.0[at].kind {
                                Kind::Name(name) => Some(name.to_owned()),
                                Kind::Mark('?') | Kind::Text(_) => None,
                                Kind::Mark(mark) => Some(mark.to_string()),
                            })
                            .collect();
                        at = end;
                        let is_worked_out = matches!(words.name(end), Some("get" | "by"));
                        let is_aside = own.iter().any(|mark| UNSTORED.contains(&mark.name));
                        if !is_worked_out && !is_aside && !self.is_mapped_by(&own) {
                            fields.push(self.jpa(&own, name, &type_, line));
                        }
                    }
                    _ => {}
                }
            }
        }
        fields
    }

    /// The marked fields of TypeScript.
    fn script(&self) -> Vec<Column> {
        let words = self.words;
        let mut fields = Vec::new();
        let mut at = self.body.start;
        while at < self.body.end {
            let (marks, start) = self.marks_at(at);
            let end = (start..self.body.end)
                .find(|at| matches!(words.0[*at].kind, Kind::Mark(';' | '=' | '(' | '{' | ':' | '@')))
                .unwrap_or(self.body.end);
            // `name?: type`
            let name = (start..end).filter_map(|at| words.name(at)).next_back();
            let type_start = if words.is(end, ':') { end + 1 } else { end };
            let type_end = (type_start..self.body.end)
                .find(|at| {
                    matches!(words.0[*at].kind, Kind::Mark(';' | '=' | '(' | '{' | '@'))
                        || words.line(*at) != words.line(type_start.saturating_sub(1))
                })
                .unwrap_or(self.body.end);
            let type_ = (type_start..type_end).filter_map(|at| match words.0[at].kind {
                Kind::Name(name) => Some(name.to_owned()),
                Kind::Mark(mark) => Some(mark.to_string()),
                Kind::Text(_) => None,
            });
            let type_: String = type_.collect();
            at = match words.0.get(type_end).map(|word| &word.kind) {
                // the next field's mark, or the next line
                Some(Kind::Mark('@')) => type_end,
                Some(Kind::Mark(';' | '=' | '(' | '{')) => self.behind(type_end),
                _ => type_end,
            }
            .max(at + 1);
            // teams wrap decorators in their own
            let is_stored =
                marks.iter().any(|mark| DECORATED.contains(&mark.name) || mark.name.ends_with("Column"));
            let (Some(name), true) = (name, is_stored && !self.is_mapped_by(&marks)) else { continue };
            if self.option(&marks, &["persist"]) == Some("false") {
                continue;
            }
            fields.push(self.decorated(&marks, name, &type_, words.line(end)));
        }
        fields
    }

    /// The marks that begin at a position, and what stands behind them.
    fn marks_at(&self, from: usize) -> (Vec<Mark<'a>>, usize) {
        let (mut marks, mut at) = (Vec::new(), from);
        while let Some((mark, behind)) =
            mark(self.words, self.closings, at).filter(|_| at < self.body.end.max(self.head.end))
        {
            marks.push(mark);
            at = behind;
        }
        (marks, at)
    }

    /// Where the next declaration of a body begins, from where what is declared here ends.
    fn behind(&self, end: usize) -> usize {
        let mut at = end;
        while at < self.body.end {
            match self.words.0[at].kind {
                Kind::Mark(';') => return at + 1,
                // where no sign ends a line, the next mark does
                Kind::Mark('@') if at > end && self.words.line(at) > self.words.line(at - 1) => return at,
                // a body ends what it belongs to; a list of values does not
                Kind::Mark('{') => {
                    let is_value = at.checked_sub(1).is_some_and(|at| !self.words.is(at, ')'))
                        && (end..at).any(|at| self.words.is(at, '='));
                    at = self.closings[at].max(at);
                    if !is_value {
                        return at + 1;
                    }
                }
                Kind::Mark('(' | '[') => at = self.closings[at].max(at),
                _ => {}
            }
            at += 1;
        }
        self.body.end
    }

    /// Whether the other side of a link keeps it.
    fn is_mapped_by(&self, marks: &[Mark<'a>]) -> bool {
        marks.iter().any(|mark| {
            mark.arguments
                .iter()
                .any(|range| range.clone().any(|at| matches!(self.words.name(at), Some("mappedBy"))))
        })
    }

    /// What a mark says under a name, as one word: `length = 20`, `{ length: 20 }`.
    fn option(&self, marks: &[Mark<'a>], names: &[&str]) -> Option<&'a str> {
        let words = self.words;
        let inside = marks.iter().flat_map(|mark| mark.arguments.iter()).flat_map(Clone::clone);
        inside.into_iter().find_map(|at| {
            let is_named = words.name(at).is_some_and(|name| names.contains(&name))
                && (words.is(at + 1, '=') || words.is(at + 1, ':'));
            if !is_named {
                return None;
            }
            words.text(at + 2).or_else(|| {
                // `Names.NAME` is known by its last part
                let mut end = at + 2;
                while words.is(end + 1, '.') && words.name(end + 2).is_some() {
                    end += 2;
                }
                words.name(end)
            })
        })
    }

    /// A field as the marks of JPA and its type in code describe it.
    fn jpa(&self, marks: &[Mark<'a>], name: &str, type_: &str, line: u32) -> Column {
        let has = |wanted: &str| marks.iter().any(|mark| mark.name == wanted);
        let places: Vec<&Mark<'a>> = marks
            .iter()
            .filter(|mark| matches!(mark.name, "Column" | "JoinColumn" | "JoinTable" | "Field"))
            .collect();
        let of_place = |names: &[&str]| {
            places.iter().find_map(|mark| {
                let arguments = mark.arguments.clone();
                self.option(&[Mark { name: mark.name, arguments }], names)
            })
        };
        let length = of_place(&["length"]).unwrap_or_default();
        let type_ = if ["ManyToOne", "OneToOne", "ManyToMany"].iter().any(|link| has(link)) {
            None
        } else if has("Enumerated") {
            let is_text = marks.iter().filter(|mark| mark.name == "Enumerated").any(|mark| {
                mark.arguments.iter().flat_map(Clone::clone).any(|at| self.words.name(at) == Some("STRING"))
            });
            Some(if is_text { format!("text({length})") } else { "number of a choice".to_owned() })
        } else if ["Convert", "Type", "JdbcTypeCode", "Basic"].iter().any(|mark| has(mark)) {
            None
        } else {
            basic(type_).map(|type_| format!("{type_}({length})"))
        };
        Column {
            name: bare(of_place(&["name"]).unwrap_or(name)),
            type_,
            nullable: Some(of_place(&["nullable"]) != Some("false")),
            default: None,
            line,
        }
    }

    /// A field as its decorators and its type in code describe it.
    fn decorated(&self, marks: &[Mark<'a>], name: &str, type_: &str, line: u32) -> Column {
        const LINKS: [&str; 6] =
            ["ManyToOne", "OneToOne", "OneToMany", "ManyToMany", "JoinColumn", "JoinTable"];
        let is_link = marks.iter().any(|mark| LINKS.contains(&mark.name));
        // `@Column("text")`
        let first = marks
            .iter()
            .find_map(|mark| mark.arguments.first().and_then(|range| self.words.text(range.start)));
        let said = self.option(marks, &["type", "columnType"]).or(first);
        // a link is kept as what it points to, which stands elsewhere
        let type_ = if is_link {
            None
        } else {
            let type_ = said.unwrap_or(type_.split(['|', '[']).next().unwrap_or_default());
            basic(type_).map(str::to_owned)
        };
        Column {
            name: bare(self.option(marks, &["name", "fieldName"]).unwrap_or(name)),
            type_,
            nullable: Some(self.option(marks, &["nullable"]) == Some("true")),
            default: None,
            line,
        }
    }
}

/// Names that differ in case and `_` alone name the same column in one way of naming or another.
fn bare(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}

/// What is stored for a type of the language, in one word; nothing for types that others define.
fn basic(type_: &str) -> Option<&'static str> {
    Some(match type_.rsplit('.').next()? {
        "String" | "string" | "varchar" | "CharSequence" => "text",
        "text" => "long text",
        "int" | "Integer" | "Int" | "integer" | "number" => "whole number",
        "long" | "Long" | "bigint" => "large number",
        "short" | "Short" | "smallint" => "small number",
        "boolean" | "Boolean" | "bool" => "yes or no",
        "double" | "Double" | "float" | "Float" => "number",
        "BigDecimal" | "decimal" | "numeric" => "exact number",
        "UUID" | "uuid" => "id",
        "LocalDate" | "date" => "day",
        "Instant" | "LocalDateTime" | "OffsetDateTime" | "ZonedDateTime" | "Timestamp" | "Date"
        | "timestamp" | "timestamptz" | "datetime" => "moment",
        "json" | "jsonb" | "simple-json" => "json",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::schema::difference;

    /// What differs between two texts, `op class.field` one a step.
    fn differs(reader: &dyn DeclaredReader, path: &str, before: &str, after: &str) -> Vec<String> {
        let path = RepoPath::new(path);
        assert!(reader.reads(&path, before) && reader.reads(&path, after), "{after}");
        let read = |text| reader.read(&path, text).expect("it can be read");
        let (steps, _) = difference(&read(before), &read(after));
        let told = steps.iter().map(|(step, _)| {
            format!("{:?} {}.{}", step.op, step.table, step.column.as_deref().unwrap_or_default())
        });
        told.collect()
    }

    fn java(fields: &str) -> String {
        format!(
            "import jakarta.persistence.*;\n@Entity\n@Table(name = \"orders\")\npublic class Order extends Base<Long> {{\n  private static final long X = 1L;\n  @Id private Long id;\n{fields}\n  public Order(String a) {{ this.a = a; }}\n  public String getA() {{ return a; }}\n}}\nclass Helper {{ private String b; }}\n"
        )
    }

    #[test]
    fn fields_of_java_are_read() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("", "private String note;", &["AddColumn Order.note"]),
            (
                "",
                "@Column(name = \"a_b\", nullable = false) private BigDecimal c = new BigDecimal(\"1\");",
                &["AddColumn Order.ab"],
            ),
            ("@Lob String a;", "", &["DropColumn Order.a"]),
            (
                "@Column(name=\"a\") String a;",
                "@Column(nullable = false, name=\"a\") String a;",
                &["ChangeNullability Order.a"],
            ),
            ("@Column(length = 20) String a;", "@Column(length = 50) String a;", &["ChangeType Order.a"]),
            ("@Enumerated(EnumType.STRING) A a;", "@Enumerated A a;", &["ChangeType Order.a"]),
            ("String a;", "@Enumerated(EnumType.STRING) A a;", &[]),
            ("Long a_id;", "@OneToOne @JoinColumn(name = \"a_id\") A a;", &[]),
            ("int a;", "@Column(name = \"a\") private Integer a = 0;", &[]),
            ("private String a;", "@NotNull @Size(max = 3) protected String a;", &[]),
            ("@ManyToOne private Shop shop;", "@ManyToOne(fetch = FetchType.LAZY) private Store shop;", &[]),
            ("", "@Transient private String a;", &[]),
            ("", "@OneToMany(mappedBy = \"order\") private List<Item> items = new ArrayList<>();", &[]),
            ("", "@OneToOne(mappedBy = \"order\") private Item item;", &[]),
            (
                "",
                "public void b() { int c = 1; String d; }\n static class E { String f; }\n enum G { H, I }",
                &[],
            ),
            ("Date a;", "private LocalDateTime a;", &[]),
            ("List<String> a;", "Set<String> a;", &[]),
        ];
        for (before, after, expected) in cases {
            assert_eq!(&differs(&Jpa, "src/Order.java", &java(before), &java(after)), expected, "{after}");
        }
        let by_method = |methods: &str| {
            format!(
                "import javax.persistence.*;\n@Entity class A {{ private Long id; private String c;\n @Id public Long getId() {{ return id; }}\n{methods} }}"
            )
        };
        assert_eq!(
            differs(
                &Jpa,
                "A.java",
                &by_method(""),
                &by_method("@Column(name = \"b\") public String getC() { return c; }")
            ),
            ["AddColumn A.b"]
        );
        let plain = "import jakarta.persistence.Id;\n// @Entity once\nclass A { @Id Long id; }\n";
        assert_eq!(Jpa.read(&RepoPath::new("A.java"), plain).expect("it can be read").tables, []);
    }

    #[test]
    fn fields_of_kotlin_are_read() {
        let class = |fields: &str| {
            format!(
                "import jakarta.persistence.*\n@Entity\nclass Order(\n  @Id val id: Long = 0,\n{fields}\n) : Base() {{\n  val total: Int\n    get() = 1\n  fun a(b: String) {{ val c: Int = 1 }}\n}}\n"
            )
        };
        let of = |before: &str, after: &str| differs(&Jpa, "Order.kt", &class(before), &class(after));
        assert_eq!(of("", "  var note: String? = null,"), ["AddColumn Order.note"]);
        assert_eq!(of("var a: Int,", "var a: String,"), ["ChangeType Order.a"]);
        assert!(of("var a: Int,", "@Column(name = \"a\") var a: Int? = null,").is_empty());
        assert!(of("", "@OneToMany(mappedBy = \"order\") val items: List<Item> = listOf(),").is_empty());
    }

    #[test]
    fn decorated_fields_are_read() {
        let class = |fields: &str| {
            format!(
                "import {{ Entity, Column }} from 'typeorm';\n@Entity('orders')\nexport class Order {{\n  @PrimaryGeneratedColumn()\n  id: number;\n{fields}\n  @BeforeInsert()\n  make() {{ this.id = 1; }}\n  helper = {{ a: 1 }};\n}}\n"
            )
        };
        let cases: &[(&str, &str, &[&str])] = &[
            ("", "  @Column({ nullable: true })\n  note?: string;", &["AddColumn Order.note"]),
            (
                "",
                "  @Column() a: string\n  @Column() b: number\n",
                &["AddColumn Order.a", "AddColumn Order.b"],
            ),
            ("", "  @Column() a = 'x'\n  @Column() b: number\n", &["AddColumn Order.a", "AddColumn Order.b"]),
            ("@Column() a: string;", "@Column({ type: 'varchar' }) a!: string;", &[]),
            ("@Column() a: string;", "@Column('jsonb') a: Thing;", &["ChangeType Order.a"]),
            (
                "@Column() a: string;",
                "@Column({ nullable: true }) a: string;",
                &["ChangeNullability Order.a"],
            ),
            ("@Column() aB: string;", "@Column({ name: 'a_b' }) c: string;", &[]),
            ("", "@OneToMany(() => Item, (item) => item.order)\n  items: Item[];", &[]),
            (
                "",
                "@ManyToOne(() => Shop, { onDelete: 'CASCADE' })\n  shop: Relation<Shop>;",
                &["AddColumn Order.shop"],
            ),
            ("@Column() @ToText a: number;", "@Column() a: number;", &[]),
            ("@OwnColumn() a: string;", "@PrimaryColumn() a: string;", &[]),
            ("@ManyToOne(() => Shop) shop: Shop;", "@ManyToOne(() => Store) shop: Store;", &[]),
            (
                "",
                "@Column() shop_id: string;\n@JoinColumn({ name: 'shop_id' }) @ManyToOne(() => Shop) shop: Shop;",
                &["AddColumn Order.shopid"],
            ),
            ("", "@Property({ persist: false }) a: string;", &[]),
            ("", "  other: string;", &[]),
        ];
        for (before, after, expected) in cases {
            assert!(differs(&Decorated, "order.ts", &class(after), &class(after)).is_empty(), "{after}");
            assert_eq!(&differs(&Decorated, "order.ts", &class(before), &class(after)), expected, "{after}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(@Entity|@Column|class |A|\\{|\\}|\\(|\\)|;|=|:|val |@|\n|\"|<){0,40}") {
            for (reader, path) in [(&Jpa as &dyn DeclaredReader, "A.java"), (&Jpa, "A.kt"), (&Decorated, "a.ts")] {
                let _ = reader.read(&RepoPath::new(path), &text);
            }
        }
    }
}
