//! Each rule for words can fail: a small text that breaks it, and the fault that is found.

use serde_json::json;

use super::said::*;

const GOOD: &str = "### Worth a look: \"Move it\" — adds `a`\n\n**Why:** we found no stated reason.\n\
    - **New:** one thing, `a` (`x:1`).\n\n<details><summary>More</summary>\n\n- **Size:** one file.\n\n</details>\n\
    <sub>Made by rules.</sub>\n";

#[test]
fn a_good_comment_has_no_fault() {
    assert_eq!(faults_of_form(GOOD, "worth_a_look"), Vec::<String>::new());
    assert_eq!(faults_of_words(GOOD, &[NEVER, JARGON]), Vec::<String>::new());
}

#[test]
fn each_rule_of_form_can_fail() {
    let long = format!("- {}.", vec!["word"; 26].join(" "));
    let even = format!("- {}.", vec!["word"; 24].join(" "));
    for (added, fault) in [
        (long.as_str(), "26 words"),
        (even.as_str(), "words a sentence"),
        ("- **Twice:** `a`.\n- **Twice:** `a`.", "said twice"),
        ("- A thing  here.", "`  ` in"),
        ("- A thing .", "` .` in"),
        ("- 2 file(s).", "`(s)` in"),
        ("- No end", "no full stop"),
        ("- One — two.", "dashes"),
        ("- a.\n- b.\n- c.\n- d.\n- e.\n- f.\n- g.", "lines in view"),
    ] {
        let comment = GOOD.replace("- **New:** one thing, `a` (`x:1`).", added);
        let comment = if fault == "words a sentence" { added.to_owned() } else { comment };
        let faults = faults_of_form(&comment, "worth_a_look");
        assert!(faults.iter().any(|found| found.contains(fault)), "{fault}: {faults:?}");
    }
    let wordy = ["- A few words in one line."; 9].join("\n");
    assert!(faults_of_form(&wordy, "routine").iter().any(|fault| fault.contains("words in view")));
}

#[test]
fn words_count_outside_quotations_and_code_only() {
    for (line, word) in [
        ("- This is safe.", Some("safe")),
        ("- Two endpoints go.", Some("endpoint")),
        ("- The author says \"this is safe\" (`safe:1`).", None),
        ("- `endpoint` goes.", None),
        ("- A copy from just before release, slow, wrong or down.", None),
        ("- It is just so.", Some("just")),
        ("- unsafe, safety, adjust.", None),
    ] {
        let found = faults_of_words(line, &[NEVER, JARGON]);
        assert_eq!(!found.is_empty(), word.is_some(), "{line}: {found:?}");
    }
}

#[test]
fn quotations_and_code_are_one_word() {
    assert_eq!(own("**A:** says \"a b `c` d\" and `e f`, twice (`p:1`)."), "A: says it and it, twice.");
    assert_eq!(own("see [the list](https://x.y/z) now"), "see the list now");
    assert_eq!(own("such as \"It is.\" Then"), "such as it. Then");
    assert_eq!(sentences("One 1.2. Two? Three").len(), 3);
    assert_eq!(words("it — a b"), 3);
}

#[test]
fn each_rule_of_a_report_can_fail() {
    let good = json!({
        "level": "talk_first", "headline": "adds it", "files": [{}], "ask": [],
        "findings": [{"id": "1", "rule": "schema.x", "evidence": [{"path": "a", "line": 2, "side": "after"}]}],
        "lines": [{"text": "It.", "findings": ["1"], "in_view": true}],
    });
    let read = |side: &str, path: &str| (side == "after" && path == "a").then(|| "one\ntwo\n".to_owned());
    assert_eq!(faults_of_report(&good, &read), Vec::<String>::new());
    for (pointer, value, fault) in [
        ("/lines/0/findings", json!([]), "no finding behind"),
        ("/lines/0/findings", json!(["2"]), "no finding \"2\""),
        ("/findings/0/evidence", json!([]), "has no evidence"),
        ("/findings/0/evidence/0/line", json!(3), "has no line 3"),
        ("/findings/0/evidence/0/side", json!("before"), "does not exist before"),
        ("/headline", json!("Adds it."), "ends with a full stop"),
        ("/ask", json!([{"findings": ["1"]}, {"findings": ["1"]}, {"findings": ["1"]}]), "two questions"),
        ("/lines", json!(vec![good["lines"][0].clone(); 7]), "7 findings in view"),
    ] {
        let mut report = good.clone();
        *report.pointer_mut(pointer).unwrap() = value;
        let faults = faults_of_report(&report, &read);
        assert!(faults.iter().any(|found| found.contains(fault)), "{fault}: {faults:?}");
    }
}
