//! Units of real histories: merges, ports, reverts, people.

use plainly::git::Repository;
use plainly::notes::units::{self, Fate, Units};
use plainly::roles::Roles;

use crate::repo::TestRepo;

fn units(repo: &TestRepo, from: &str, to: &str) -> Units {
    let repository = Repository::open(Some(repo.dir())).expect("a repository");
    let range = repository.between(from, to).expect("a range");
    let units = units::of_range(&repository, &range, &Roles::default()).expect("units");
    let counted = units.merges.len() + units.units.iter().map(|unit| unit.commits.len()).sum::<usize>();
    assert_eq!(counted, units.commits as usize, "every commit in one place");
    units
}

fn titles(units: &Units) -> Vec<&str> {
    units.units.iter().map(|unit| unit.title.as_str()).collect()
}

const LINES: &str = "a\nb\nc\nd\ne\nf\ng\nh\n";

#[test]
fn a_merged_branch_is_one_unit_with_all_its_paths() {
    let repo = TestRepo::new();
    let start = repo.write("a", "1\n").commit("start");
    repo.git(&["checkout", "--quiet", "-b", "tax"]);
    repo.write("src/tax.py", "1\n").commit("wip");
    repo.write("src/till.py", "1\n").commit("more");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&[
        "merge",
        "--quiet",
        "--no-ff",
        "-m",
        "Merge pull request #7 from acme/tax",
        "-m",
        "feat: add tax",
        "tax",
    ]);
    let units = units(&repo, &start, "main");
    assert_eq!(titles(&units), ["add tax"]);
    let unit = &units.units[0];
    assert_eq!((unit.pulls.as_slice(), unit.commits.len()), ([7].as_slice(), 3));
    let paths: Vec<&str> = unit.paths.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["src/tax.py", "src/till.py"]);
}

#[test]
fn a_port_to_a_release_line_is_the_same_change() {
    let repo = TestRepo::new();
    let start = repo.write("src/a.py", LINES).write("src/b.py", LINES).commit("start");
    repo.git(&["branch", "3.1"]);
    // by pull request, by its note, by its patch alone, by its words on the same paths
    repo.write("src/a.py", LINES.replace('b', "B")).commit("Round the total of a cart (#1) (#2)");
    let noted = repo.write("src/b.py", LINES.replace('b', "B")).commit("Send the mail again");
    repo.write("src/a.py", LINES.replace('b', "B").replace('g', "G")).commit("Say how long the refund takes");
    repo.write("src/b.py", "other\n").commit("Show the name of the shop (#9)");
    repo.git(&["checkout", "--quiet", "3.1"]);
    repo.write("src/a.py", LINES.replace('b', "X")).commit("Round the cart (#1)");
    repo.write("src/b.py", LINES.replace('b', "Y"))
        .commit(&format!("Mail\n\n(cherry picked from commit {noted})"));
    repo.write("src/a.py", LINES.replace('b', "X").replace('g', "G")).commit("Refund times…");
    repo.write("src/b.py", "another\n").commit("[3.1] Show the name of the shop (#10)");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "-s", "ours", "-m", "Merge branch '3.1' into main", "3.1"]);
    let units = units(&repo, &start, "main");
    assert_eq!(units.merges.len(), 1);
    let shown: Vec<(&str, usize)> =
        units.units.iter().map(|unit| (unit.title.as_str(), unit.commits.len())).collect();
    assert_eq!(
        shown,
        [
            ("Show the name of the shop", 2),
            ("Say how long the refund takes", 2),
            ("Send the mail again", 2),
            ("Round the total of a cart", 2),
        ]
    );
}

#[test]
fn the_same_words_twice_on_one_line_are_two_changes() {
    let repo = TestRepo::new();
    let start = repo.write("src/a.py", LINES).commit("start");
    repo.write("src/a.py", LINES.replace('b', "B")).commit("Update the texts of mails");
    repo.write("src/a.py", LINES.replace('c', "C")).commit("Update the texts of mails");
    assert_eq!(units(&repo, &start, "main").units.len(), 2);
}

#[test]
fn what_is_taken_back_within_the_range_cancels_out() {
    let repo = TestRepo::new();
    let start = repo.write("src/a.py", "1\n").commit("start");
    let tax = repo.write("src/tax.py", "1\n").commit("Add tax");
    let back = |id: &str| format!("This reverts commit {id}.");
    repo.git(&["rm", "--quiet", "src/tax.py"]);
    let revert = repo.commit(&format!("Revert \"Add tax\"\n\n{}", back(&tax)));
    let k6 = repo.write("src/k6.py", "1\n").commit(&format!("feat: replace the load test\n\n{}", back(&tax)));
    repo.write("src/a.py", "2\n").commit(&format!("Partially revert \"load test\"\n\n{}", back(&k6)));
    repo.write("src/a.py", "3\n").commit(&format!("Revert \"start\"\n\n{}", back(&start)));
    let found = units(&repo, &start, "main");
    let fates: Vec<&Fate> = found.units.iter().map(|unit| &unit.fate).collect();
    assert_eq!(
        fates,
        [
            &Fate::TakesBackEarlier(start.clone()),
            &Fate::Stands,
            &Fate::Stands,
            &Fate::TakesBack(tax),
            &Fate::TakenBack(revert.clone()),
        ]
    );
    // the revert is taken back too: the first change stands again
    repo.write("src/tax.py", "1\n").commit(&format!("Revert \"Revert \"Add tax\"\"\n\n{}", back(&revert)));
    let found = units(&repo, &start, "main");
    assert_eq!(found.units.last().map(|unit| &unit.fate), Some(&Fate::Stands));
}

#[test]
fn first_timers_are_known_by_name_and_are_never_bots() {
    let repo = TestRepo::new();
    repo.write("a", "1\n");
    repo.git(&["add", "."]);
    let by = |name: &str, email: &str, message: &str| {
        let author = format!("{name} <{email}>");
        repo.git(&["commit", "--quiet", "--allow-empty", "--author", &author, "-m", message]);
    };
    by("Ana", "ana@home.example", "start");
    let start = repo.git(&["rev-parse", "HEAD"]);
    by("Ana", "ana@work.example", "Again");
    by("Ben", "ben@example.com", "First\n\nCo-authored-by: Cleo <cleo@example.com>");
    by("helper[bot]", "h@example.com", "Bump");
    let repository = Repository::open(Some(repo.dir())).expect("a repository");
    let range = repository.between(&start, "main").expect("a range");
    let units = units::of_range(&repository, &range, &Roles::default()).expect("units");
    let people = units::contributors(&repository, &range, &units).expect("people");
    let people: Vec<(&str, bool)> =
        people.iter().map(|person| (person.name.as_str(), person.first)).collect();
    assert_eq!(people, [("Ana", false), ("Ben", true), ("Cleo", true)]);
}
