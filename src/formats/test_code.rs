//! Test code: which tests a file holds, and which of them are switched off.
//!
//! One line scanner for a dozen languages. Each test framework writes the name of a test, and whether it runs, on one
//! line or on the attribute lines right above it; for half of these languages there is no parser to ask.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::change::RepoPath;

/// One test, or one group of tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCase {
    /// Its name: the words in quotes, else the function's name.
    pub name: String,
    /// Whether it only holds others, as `describe` does.
    pub is_group: bool,
    /// Whether it is switched off for good; a skip under a condition is none.
    pub is_off: bool,
    /// Its line, from 1.
    pub line: u32,
    /// Its text below that line, up to the next test, each line trimmed.
    pub body: String,
}

/// How a family of languages writes tests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `it("name", …)`, `test.skip('name', …)`, `xdescribe …`, `test "name" do`.
    Call,
    /// `def test_name`, with decorators above.
    Python,
    /// `func TestName(t *testing.T)`.
    Go,
    /// A function below an attribute that names the framework: `@Test`, `[Fact]`, `#[test]`.
    Attribute,
}

fn styles(path: &RepoPath) -> &'static [Style] {
    use Style::{Attribute, Call, Go, Python};
    match path.extension().as_str() {
        "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts" | "vue" | "svelte" | "dart"
        | "coffee" => &[Call],
        "rb" | "ex" | "exs" | "php" => &[Call, Python],
        "py" => &[Python],
        "go" => &[Go],
        "rs" | "java" | "kt" | "kts" | "groovy" | "scala" | "cs" | "fs" | "vb" | "swift" => &[Attribute],
        _ => &[],
    }
}

/// Whether files of this name can hold test code; else, below a test folder, it is data.
pub fn is_code(path: &RepoPath) -> bool {
    !styles(path).is_empty()
        || matches!(
            path.extension().as_str(),
            "sh" | "bats"
                | "feature"
                | "robot"
                | "lua"
                | "pl"
                | "t"
                | "c"
                | "cc"
                | "cpp"
                | "cxx"
                | "h"
                | "hpp"
                | "m"
                | "mm"
                | "clj"
                | "cljs"
                | "hs"
                | "ml"
                | "erl"
                | "zig"
                | "jl"
                | "r"
                | "sql"
                | "html"
                | "erb"
                | "heex"
        )
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed and its tests run it")
}

static CALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"^(?P<off>x|f)?(?P<word>it|test|describe|context|suite|specify|scenario|feature|testWidgets|group)(?P<more>(?:\.\w+)*)[ (]\s*(?:"(?P<a>(?:[^"\\]|\\.)+)"|'(?P<b>(?:[^'\\]|\\.)+)'|`(?P<c>[^`]+)`)(?P<rest>.*)"#,
    )
});
static PYTHON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:public |static |async )*(?:def|function|class) (?P<name>(?:test|Test)\w*)")
});
static GO: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^func (?:\([^)]*\) )?(?P<name>(?:Test|Benchmark|Fuzz|Example)\w*)\("));
static FUNCTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:fn|fun|func|def)\s+(?:`(?P<ticks>[^`]+)`|(?P<plain>\w+))|\b(?P<typed>\w+)\s*\([^;]*$|\b(?:class|struct)\s+(?P<class>\w+)",
    )
});
static ATTRIBUTES: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:(?:@\w+ :\w+.*|@[\w.]+(?:\([^()]*\))?|#?\[[^\]]*\])\s*)+"));
static TEST_ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:@|\[|#\[)(?:[\w.:]+(?:::|\.))?(?:(?i:test)|ParameterizedTest|RepeatedTest|Property|Fact|Theory|TestMethod|TestCase|DataTestMethod|rstest|test_case|quickcheck|Suite)\b",
    )
});
static OFF_ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:@(?:org\.junit\.)?(?:Disabled|Ignore)\b|#\[ignore\b|\[Ignore\b|.*\bSkip\s*=\s*\S|@(?:pytest\.mark|unittest|tag|moduletag|describetag)[. ]:?skip\b(?:\(| *$)|@skip\b(?:\(| *$)|@pytest\.mark\.skip\b|@Test\(enabled\s*=\s*false)",
    )
});
static OFF_STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"^(?:[tb]\.Skip(?:f|Now)?\(|(?:pytest|self)\.(?:skip|skipTest)\(|skip(?:[( ]["']|\(?\)?$)|pending(?:[( ]["']|$)|\$this->markTestSkipped\(|markTestSkipped\(|throw XCTSkip\()"#,
    )
});

/// The tests of one file, in their order.
pub fn read(path: &RepoPath, text: &str) -> Vec<TestCase> {
    let styles = styles(path);
    let mut cases: Vec<TestCase> = Vec::new();
    if styles.is_empty() {
        return cases;
    }
    // attribute lines wait here for the function below them
    let (mut marked_test, mut marked_off) = (false, false);
    let mut first_statement = false;
    for (number, line) in (1u32..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if line.starts_with("//")
            || (line.starts_with('#') && !line.starts_with("#["))
            || line.starts_with('*')
        {
            continue;
        }
        let rest = ATTRIBUTES.find(line).map_or(line, |attributes| &line[attributes.end()..]);
        let attributes = line[..line.len() - rest.len()].trim();
        if !attributes.is_empty() {
            marked_test |= TEST_ATTRIBUTE.is_match(attributes);
            marked_off |= OFF_ATTRIBUTE.is_match(attributes);
            if rest.is_empty() {
                continue;
            }
        }
        if let Some(mut case) = styles.iter().find_map(|style| declared(*style, rest, marked_test)) {
            case.is_off |= marked_off;
            case.line = number;
            cases.push(case);
            (marked_test, marked_off, first_statement) = (false, false, true);
            continue;
        }
        if !line.starts_with([')', ']', '}', '{']) {
            // an attribute may run over several lines; a statement ends the wait
            if line.ends_with([';', '{']) {
                (marked_test, marked_off) = (false, false);
            }
            if let Some(case) = cases.last_mut() {
                case.is_off |= first_statement && OFF_STATEMENT.is_match(line);
            }
            first_statement = false;
        }
        if let Some(case) = cases.last_mut() {
            case.body.push_str(line);
            case.body.push('\n');
        }
    }
    cases
}

fn declared(style: Style, line: &str, marked_test: bool) -> Option<TestCase> {
    let case = |name: &str, is_group, is_off| TestCase {
        name: name.to_owned(),
        is_group,
        is_off,
        line: 0,
        body: String::new(),
    };
    match style {
        Style::Call => {
            let found = CALL.captures(line.strip_prefix("RSpec.").unwrap_or(line))?;
            let name = ["a", "b", "c"].iter().find_map(|group| found.name(group))?.as_str();
            let rest = found.name("rest").map_or("", |rest| rest.as_str());
            let is_off = found.name("off").is_some_and(|off| off.as_str() == "x")
                || found.name("more").is_some_and(|more| more.as_str().split('.').any(|word| word == "skip"))
                || rest.contains("skip: true")
                || rest.contains(", :skip");
            let is_group = matches!(&found["word"], "describe" | "context" | "suite" | "feature" | "group");
            Some(case(name, is_group, is_off))
        }
        Style::Python => {
            let name = PYTHON.captures(line)?.name("name")?.as_str();
            Some(case(name, line.contains("class "), false))
        }
        Style::Go => Some(case(&GO.captures(line)?["name"], false, false)),
        Style::Attribute if marked_test => {
            let found = FUNCTION.captures(line)?;
            let name =
                ["ticks", "plain", "typed", "class"].iter().find_map(|group| found.name(group))?.as_str();
            Some(case(name, found.name("class").is_some(), false))
        }
        Style::Attribute => None,
    }
}

/// The tests that a code file carries inside itself, as one text; `None` where it has none.
/// Only Rust has the habit; tests in its documentation do not count.
pub fn inside(path: &RepoPath, text: &str) -> Option<String> {
    if path.extension() != "rs" {
        return None;
    }
    let mut found = String::new();
    let mut indent: Option<&str> = None;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        match indent {
            Some(open) => {
                found.push_str(line.trim());
                found.push('\n');
                if trimmed.starts_with('}') && line.len() - trimmed.len() == open.len() {
                    indent = None;
                }
            }
            None if trimmed.starts_with("#[cfg(test)]") || trimmed.starts_with("#[cfg(all(test") => {
                let opens = lines.peek().is_some_and(|next| {
                    let next = next.trim();
                    next.contains("mod ") && next.ends_with('{')
                });
                if opens {
                    indent = Some(&line[..line.len() - trimmed.len()]);
                }
            }
            None => {}
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Whether two tests with different names hold mostly the same lines: the one is the other, renamed.
pub fn is_renamed(old: &TestCase, new: &TestCase) -> bool {
    let lines = |case: &TestCase| -> BTreeSet<String> {
        case.body.lines().filter(|line| line.len() > 3).map(str::to_owned).collect()
    };
    let (old, new) = (lines(old), lines(new));
    let both = old.intersection(&new).count();
    both > 0 && both * 2 >= old.len().max(new.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(path: &str, text: &str) -> Vec<(String, bool)> {
        read(&path.into(), text).into_iter().map(|case| (case.name, case.is_off)).collect()
    }

    type Wanted<'a> = &'a [(&'a str, bool)];

    #[test]
    fn names_and_switches_in_each_language() {
        let cases: &[(&str, &str, Wanted<'_>)] = &[
            (
                "a.test.ts",
                "describe('cart', () => {\n  it.skip(\"adds\", async () => {\n  test(`pays`, () => {",
                &[("cart", false), ("adds", true), ("pays", false)],
            ),
            (
                "a.test.js",
                "xdescribe('cart', function () {\n xit('adds', () => {})\n// it('gone')",
                &[("cart", true), ("adds", true)],
            ),
            (
                "a_spec.rb",
                "RSpec.describe 'cart' do\n  xit 'adds' do\n  it 'pays' do\n    skip 'later'\n",
                &[("cart", false), ("adds", true), ("pays", true)],
            ),
            (
                "test_a.py",
                "@pytest.mark.skip(reason='x')\ndef test_add():\n    pass\n@pytest.mark.skipif(x)\nasync def test_pay():\n  if x:\n    pytest.skip('a')\n",
                &[("test_add", true), ("test_pay", false)],
            ),
            (
                "a_test.go",
                "func TestAdd(t *testing.T) {\n\tt.Skip(\"flaky\")\n}\nfunc TestPay(t *testing.T) {\n\tif testing.Short() {\n\t\tt.Skip()\n\t}\n}",
                &[("TestAdd", true), ("TestPay", false)],
            ),
            (
                "A.java",
                "@Test\n@Disabled(\"later\")\nvoid adds() {\n  cart.add();\n}\n@Test\npublic void pays() {",
                &[("adds", true), ("pays", false)],
            ),
            ("A.kt", "@Test\nfun `adds an item`() {\n", &[("adds an item", false)]),
            (
                "A.cs",
                "[Fact(Skip = \"later\")]\npublic void Adds()\n{\n}\n[Theory]\npublic async Task Pays(int a)",
                &[("Adds", true), ("Pays", false)],
            ),
            (
                "a.rs",
                "#[test]\n#[ignore]\nfn adds() {\n}\n#[tokio::test]\nasync fn pays() {",
                &[("adds", true), ("pays", false)],
            ),
            (
                "a_test.exs",
                "describe \"cart\" do\n  @tag :skip\n  test \"adds\", %{conn: conn} do",
                &[("cart", false), ("adds", true)],
            ),
            ("a.json", "it('adds')", &[]),
            ("helper.rb", "def total\n  1\nend", &[]),
        ];
        for (path, text, wanted) in cases {
            let wanted: Vec<_> = wanted.iter().map(|(name, off)| ((*name).to_owned(), *off)).collect();
            assert_eq!(seen(path, text), wanted, "{path}");
        }
    }

    #[test]
    fn tests_inside_a_code_file() {
        let path = "src/a.rs".into();
        let text =
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {\n    }\n}\nfn b() {}\n";
        assert_eq!(inside(&path, text).unwrap(), "mod tests {\n#[test]\nfn adds() {\n}\n}\n");
        assert_eq!(inside(&path, "#[cfg(test)]\nuse a;\nfn b() {}"), None);
        assert_eq!(inside(&"a.go".into(), text), None);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(?s)[ -~\n#\\[\\]@é]{0,300}", ext in "(ts|rb|py|go|rs|java|exs)") {
            let path = RepoPath::new(format!("a.{ext}"));
            let _ = (read(&path, &text), inside(&path, &text));
        }
    }
}
