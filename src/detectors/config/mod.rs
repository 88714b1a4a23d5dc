//! Settings: added, removed and changed, compared file by file over both trees; environment variables that code starts
//! or ceases to read.

mod code;
mod say;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use crate::formats::settings::code::is_code;
pub(super) use code::has_word;
pub use say::lines;

use super::{Context, Detector, Report};
use crate::change::{FileChange, Role};
use crate::config::ServiceKind;
use crate::finding::{ConfigFacts, Evidence, Facts, Level, SettingChange};
use crate::formats::settings::{self, Inventory, Setting, Source, secrets};
use crate::formats::settings::{flags, schedules};

/// More findings than this are a new file of settings, not news.
const MOST: usize = 200;

/// So many new keys of one part are named one by one.
const FEW: usize = 3;

/// Its options.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Keys that are never reported, as written in reports.
    ignore: BTreeSet<String>,
}

/// One setting of one file at both sides.
struct Difference {
    key: String,
    from: Option<String>,
    to: Option<String>,
    change: SettingChange,
    environment: Option<String>,
    scope: Option<String>,
    secret: bool,
    counts_in_production: bool,
    evidence: Evidence,
}

impl Detector for Config {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let mut differences = Vec::new();
        for file in cx.changes.files() {
            if matches!(file.role, Role::Config | Role::Infra | Role::Docs | Role::Source)
                && !file.path.is_example()
            {
                compare(file, report, &mut differences);
            }
        }
        differences.retain(|difference| !self.ignore.contains(&difference.key));
        drop_moved(&mut differences);
        let mut groups = grouped(differences);
        code::add_reads(cx, &self.ignore, &mut groups);
        for mut group in groups.into_iter().take(MOST) {
            group.quieten_support(cx);
            group.report(cx, report);
        }
    }
}

/// A setting with all places that say the same of it.
struct Group {
    rule: &'static str,
    level: Level,
    facts: ConfigFacts,
    evidence: Vec<Evidence>,
    scopes: BTreeSet<String>,
}

impl Group {
    /// What only helps to run or watch the product asks for no look.
    fn quieten_support(&mut self, cx: &Context<'_>) {
        let is_support = |place: &Evidence| {
            cx.catalog.service_of(&place.path).is_some_and(|service| service.kind == ServiceKind::Support)
        };
        if self.rule == "config.production" && self.evidence.iter().all(is_support) {
            (self.rule, self.level) = (plain_rule(self.facts.change), Level::Routine);
        }
    }

    fn report(self, cx: &Context<'_>, report: &mut Report) {
        let subject = format!("{}\0{}", self.facts.key, self.facts.environment.as_deref().unwrap_or(""));
        let services: BTreeSet<String> =
            self.scopes.iter().filter_map(|scope| service_named(cx, scope)).collect();
        report.push(cx, self.rule, self.level, &subject, self.evidence, Facts::Config(self.facts));
        // a shared file belongs to none of the services that it sets
        if let (Some(finding), false) = (report.findings.last_mut(), services.is_empty()) {
            finding.services = services.into_iter().collect();
        }
    }
}

/// The service that a container or a part of a shared file stands for, by name alone.
pub(super) fn service_named(cx: &Context<'_>, scope: &str) -> Option<String> {
    let plain = |name: &str| {
        let name: String =
            name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let short = name.strip_suffix("service").or(name.strip_suffix("svc")).unwrap_or(&name).to_owned();
        if short.is_empty() { name } else { short }
    };
    let wanted = plain(scope);
    let mut services = cx.catalog.services().iter();
    services.find(|service| plain(&service.name) == wanted).map(|service| service.name.clone())
}

fn compare(file: &FileChange, report: &mut Report, differences: &mut Vec<Difference>) {
    let read = |path, text: Option<&str>| text.and_then(|text| settings::read(path, text));
    let is_other = |path, text: Option<&str>| {
        text.is_some_and(|text| flags::read(path, text).is_some() || schedules::is_list(path, text))
    };
    if is_other(file.old_path(), file.before_text()) || is_other(&file.path, file.after_text()) {
        return;
    }
    let (before, after) = (read(file.old_path(), file.before_text()), read(&file.path, file.after_text()));
    let (before, after) = match (before, after) {
        (None, None) => return,
        (Some(Err(_)), None) => return,
        (_, Some(Err(broken))) => {
            report.could_not_check(&file.path, broken.reason);
            return;
        }
        // a side that cannot be read would make every key of the other new
        (Some(Err(_)), Some(Ok(_))) => return,
        (before, after) => (before.and_then(Result::ok), after.and_then(Result::ok)),
    };
    if before.is_none() && file.before().is_some() || after.is_none() && file.after().is_some() {
        return;
    }
    let source =
        after.as_ref().or(before.as_ref()).map(|inventory| inventory.source).unwrap_or(Source::Application);
    let environment = settings::environment_of(&file.path);
    let (before, after) = (by_key(before, environment), by_key(after, environment));
    let sample =
        ["sample", "example", "dist", "template"].iter().any(|word| file.path.file_name().contains(word));
    let deployed = matches!(source, Source::Helm | Source::Kubernetes | Source::Application) && !sample;
    let mut seen = BTreeSet::new();
    let is_new = |id: &Id, setting: &Setting| {
        !before.contains_key(id) && !comes_along(id, &before) && !is_part_of(id, setting, &before)
    };
    for (id, setting) in after.iter().filter(|(id, setting)| is_new(id, setting)) {
        let key = root_of(source, id, &after, &before);
        if seen.insert((id.0.clone(), id.1.clone(), key.clone())) {
            let value = (key == id.2).then(|| setting.value.clone()).flatten();
            let evidence = Evidence::after(&file.path, setting.line);
            differences.push(difference(
                id,
                key,
                None,
                value,
                SettingChange::Added,
                deployed,
                setting,
                evidence,
            ));
        }
    }
    for (id, setting) in &before {
        match after.get(id) {
            None if comes_along(id, &after) || is_part_of(id, setting, &after) => {}
            None => {
                let key = root_of(source, id, &before, &after);
                if seen.insert((id.0.clone(), id.1.clone(), key.clone())) {
                    let value = (key == id.2).then(|| setting.value.clone()).flatten();
                    let evidence = Evidence::before(file.old_path(), setting.line);
                    differences.push(difference(
                        id,
                        key,
                        value,
                        None,
                        SettingChange::Removed,
                        deployed,
                        setting,
                        evidence,
                    ));
                }
            }
            Some(now) if now.value != setting.value && !is_version(&id.2) && !is_schedule(setting, now) => {
                let evidence = Evidence::after(&file.path, now.line);
                let (from, to) = (setting.value.clone(), now.value.clone());
                differences.push(difference(
                    id,
                    id.2.clone(),
                    from,
                    to,
                    SettingChange::Changed,
                    deployed,
                    now,
                    evidence,
                ));
            }
            Some(_) => {}
        }
    }
}

/// Environment, scope and key.
type Id = (Option<String>, Option<String>, String);

fn by_key(inventory: Option<Inventory>, environment: Option<&'static str>) -> BTreeMap<Id, Setting> {
    let settings = inventory.map(|inventory| inventory.settings).unwrap_or_default();
    settings
        .into_iter()
        .map(|setting| {
            let environment = setting.environment.clone().or(environment.map(str::to_owned));
            ((environment, setting.scope.clone(), setting.key.clone()), setting)
        })
        .filter(|((environment, ..), setting)| {
            environment.as_deref() != Some("test") && !flags::is_flag(&setting.key, setting.value.as_deref())
        })
        .collect()
}

/// Whether an empty part only gets its first keys, or keeps its name after the last of them.
fn is_part_of(id: &Id, setting: &Setting, other: &BTreeMap<Id, Setting>) -> bool {
    let (environment, scope, key) = id;
    let below = format!("{key}.");
    setting.value.is_none()
        && other
            .range((environment.clone(), scope.clone(), below.clone())..)
            .next()
            .is_some_and(|((e, s, k), _)| e == environment && s == scope && k.starts_with(&below))
}

/// Whether a whole container comes or goes with a setting that others have anyway, or with its room: told as a service.
fn comes_along(id: &Id, other: &BTreeMap<Id, Setting>) -> bool {
    let (_, scope, key) = id;
    let stays = scope.is_none() || other.keys().any(|(_, known, _)| known == scope);
    let is_room = key.starts_with("deploy.") || key.starts_with("resources.") || key.starts_with("mem_");
    // a file that is new as a whole has nothing to compare with
    !stays && (is_room || other.keys().any(|(_, _, known)| known == key))
}

/// The highest part of a key's path that the other side has nothing of: forty keys below a new part are one setting.
fn root_of(source: Source, id: &Id, own: &BTreeMap<Id, Setting>, other: &BTreeMap<Id, Setting>) -> String {
    let (environment, scope, key) = id;
    if !matches!(source, Source::Application | Source::Helm) {
        return key.clone();
    }
    let known = |part: &str| {
        let below = format!("{part}.");
        let start = (environment.clone(), scope.clone(), below.clone());
        let inside = other
            .range(start..)
            .next()
            .is_some_and(|((e, s, k), _)| e == environment && s == scope && k.starts_with(&below));
        inside || other.contains_key(&(environment.clone(), scope.clone(), part.to_owned()))
    };
    let mut ends = key.match_indices('.').map(|(at, _)| &key[..at]);
    let root = if other.is_empty() {
        // a whole new file: its first two levels name what it is about
        ends.nth(1)
    } else {
        ends.find(|part| !known(part))
    };
    let below = |root: &str| {
        let below = format!("{root}.");
        own.range((environment.clone(), scope.clone(), below.clone())..)
            .take_while(|((.., k), _)| k.starts_with(&below))
            .take(FEW + 1)
            .count()
    };
    root.filter(|root| below(root) > FEW).unwrap_or(key).to_owned()
}

/// Versions of packages and images are told elsewhere, with what they are versions of.
fn is_version(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
    matches!(
        last.as_str(),
        "tag" | "imagetag" | "image" | "version" | "appversion" | "digest" | "imageversion" | "sha"
    ) || last.ends_with("_version")
        || last.ends_with("_image")
        || last.ends_with("_tag")
}

fn is_schedule(before: &Setting, after: &Setting) -> bool {
    [before, after].iter().all(|setting| setting.value.as_deref().is_some_and(schedules::is_cron))
}

#[expect(
    clippy::too_many_arguments,
    reason = "one call site for each side; a struct would say the same twice"
)]
fn difference(
    id: &Id,
    key: String,
    from: Option<String>,
    to: Option<String>,
    change: SettingChange,
    deployed: bool,
    setting: &Setting,
    evidence: Evidence,
) -> Difference {
    let (environment, scope, _) = id.clone();
    let hidden =
        |value: &Option<String>| value.as_deref().is_some_and(|value| secrets::is_hidden(&key, value));
    let secret = setting.secret || hidden(&from) || hidden(&to) || secrets::is_hidden(&key, "");
    let scope = scope.or_else(|| key.split_once('.').map(|(first, _)| first.to_owned()));
    let counts_in_production =
        environment.as_deref() == Some("production") || deployed && environment.is_none();
    let shown = |value: Option<String>| value.filter(|_| !secret);
    let (from, to) = (shown(from), shown(to));
    Difference { key, from, to, change, environment, scope, secret, counts_in_production, evidence }
}

/// What goes in one file and comes in another with the same value has moved.
fn drop_moved(differences: &mut Vec<Difference>) {
    let of = |wanted: SettingChange,
              differences: &[Difference]|
     -> BTreeSet<(String, Option<String>, Option<String>)> {
        let all = differences.iter().filter(|one| one.change == wanted);
        all.map(|one| (one.key.clone(), one.scope.clone(), one.from.clone().or(one.to.clone()))).collect()
    };
    let (added, removed) = (of(SettingChange::Added, differences), of(SettingChange::Removed, differences));
    let moved: BTreeSet<_> = added.intersection(&removed).cloned().collect();
    differences.retain(|one| {
        one.change == SettingChange::Changed
            || !moved.contains(&(one.key.clone(), one.scope.clone(), one.from.clone().or(one.to.clone())))
    });
}

/// One group for each key and what happens to it: several places of one fact.
fn grouped(differences: Vec<Difference>) -> Vec<Group> {
    let mut groups: BTreeMap<_, Vec<Difference>> = BTreeMap::new();
    for one in differences {
        // new and removed settings are one fact whatever their values; a change is one for each pair of values
        let values = (one.change == SettingChange::Changed).then(|| (one.from.clone(), one.to.clone()));
        let change = one.change as u8;
        groups.entry((one.key.clone(), change, values)).or_default().push(one);
    }
    let mut groups: Vec<Group> = groups.into_values().filter_map(group).collect();
    groups.sort_by(|a, b| a.evidence.cmp(&b.evidence));
    groups
}

fn plain_rule(change: SettingChange) -> &'static str {
    match change {
        SettingChange::Added => "config.added",
        SettingChange::Removed => "config.removed",
        SettingChange::Changed => "config.changed",
    }
}

/// Whether only the version inside an address changes: the same thing in another edition.
fn is_step(difference: &Difference) -> bool {
    let (Some(from), Some(to)) = (&difference.from, &difference.to) else { return false };
    let without = |text: &str| {
        let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '+'));
        let is_number = |part: &str| part.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
        parts.filter(|part| !(is_number(part) && part.contains('.'))).collect::<Vec<_>>().join("/")
    };
    from.contains("://") && without(from) == without(to)
}

fn group(differences: Vec<Difference>) -> Option<Group> {
    let first = differences.first()?;
    let same = |of: fn(&Difference) -> &Option<String>| {
        differences.iter().all(|one| of(one) == of(first)).then(|| of(first).clone()).flatten()
    };
    let environments: BTreeSet<&str> =
        differences.iter().filter_map(|one| one.environment.as_deref()).collect();
    let changed = first.change != SettingChange::Added;
    let in_production = differences
        .iter()
        .any(|one| one.environment.as_deref() == Some("production") || changed && one.counts_in_production);
    let (rule, level) = if in_production && !differences.iter().all(is_step) {
        ("config.production", Level::WorthALook)
    } else {
        (plain_rule(first.change), Level::Routine)
    };
    let places: BTreeSet<String> = differences.iter().map(|one| one.evidence.path.to_string()).collect();
    Some(Group {
        rule,
        level,
        facts: ConfigFacts {
            key: first.key.clone(),
            from: same(|one| &one.from),
            to: same(|one| &one.to),
            change: first.change,
            environment: (!environments.is_empty())
                .then(|| environments.into_iter().collect::<Vec<_>>().join(", ")),
            places: places.into_iter().collect(),
            secret: differences.iter().any(|one| one.secret),
        },
        scopes: differences.iter().filter_map(|one| one.scope.clone()).collect(),
        evidence: differences.into_iter().map(|one| one.evidence).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{added, deleted, modified, run, run_among};
    use super::*;

    fn found(files: Vec<FileChange>) -> Vec<String> {
        texts(&run(&Config::default(), files))
    }

    fn texts(report: &Report) -> Vec<String> {
        let findings = report.findings.iter().map(|finding| match &finding.facts {
            Facts::Config(facts) => format!(
                "{} {} {}>{} {:?}",
                finding.rule,
                facts.key,
                facts.from.as_deref().unwrap_or("-"),
                facts.to.as_deref().unwrap_or("-"),
                facts.places.len()
            ),
            other => panic!("{other:?}"),
        });
        findings.collect()
    }

    #[test]
    fn old_to_new_where_it_counts() {
        let files = vec![
            modified("chart/values.yaml", Role::Infra, "cart:\n  memory: 64Mi\n", "cart:\n  memory: 128Mi\n"),
            modified(".env.example", Role::Config, "A=1\nB=2\n", "B=2\nC=3\nA=1\n"),
            modified("config/app-dev.yml", Role::Config, "a: 1\n", "a: 2\n"),
        ];
        assert_eq!(
            found(files),
            ["config.added C ->3 1", "config.production cart.memory 64Mi>128Mi 1", "config.changed a 1>2 1",]
        );
    }

    #[test]
    fn several_places_of_one_fact_are_one_finding() {
        let files = vec![
            modified("config/production.yml", Role::Config, "a: 1\n", "a: 1\nb: 2\n"),
            modified("config/staging.yml", Role::Config, "a: 1\n", "a: 1\nb: 3\n"),
        ];
        let report = run(&Config::default(), files);
        assert_eq!(texts(&report), ["config.production b ->- 2"]);
    }

    #[test]
    fn a_new_part_is_one_setting() {
        let files = vec![modified(
            "config/database.yml",
            Role::Config,
            "production:\n  main:\n    pool: 1\n",
            "production:\n  main:\n    pool: 1\n  cache:\n    a: 2\n    b: x\n    c: 1\n    d: 1\n    e: 1\n",
        )];
        assert_eq!(found(files), ["config.production cache ->- 1"]);
    }

    #[test]
    fn secrets_keep_their_values() {
        let url = "postgres://me:hunter2@db/x";
        let files =
            vec![modified(".env", Role::Config, "A=1\n", &format!("A=1\nAPI_TOKEN=hunter2\nDB={url}\n"))];
        let report = run(&Config::default(), files);
        assert!(!format!("{:?}", report.findings).contains("hunter2"));
        assert_eq!(texts(&report), ["config.added API_TOKEN ->- 1", "config.added DB ->- 1"]);
    }

    #[test]
    fn quiet_where_nothing_is_set_anew() {
        let moved = vec![deleted("a/.env", Role::Config, "A=1\n"), added("b/.env", Role::Config, "A=1\n")];
        assert!(found(moved).is_empty());
        let filled = [("a:\n", "a:\n  b: 1\n"), ("a:\n  b: 1\n", "a:\n")];
        let filled = filled
            .map(|(before, after)| found(vec![modified("config/app.yml", Role::Config, before, after)]));
        let plugins = |version: &str| format!("a:\n  plugins: [https://x.io/cache-{version}.zip]\n");
        let step = vec![modified("chart/values.yaml", Role::Infra, &plugins("9.6.0"), &plugins("9.6.1"))];
        assert!(found(step)[0].starts_with("config.changed"));
        let other = vec![modified(
            "chart/values.yaml",
            Role::Infra,
            &plugins("9.6.0"),
            "a:\n  plugins: [https://y.io/cache-9.6.0.zip]\n",
        )];
        assert!(found(other)[0].starts_with("config.production"));
        assert_eq!(filled, [["config.added a.b ->1 1"], ["config.production a.b 1>- 1"]]);
        assert!(found(vec![modified(".env", Role::Config, "A=1\nB=2", "# x\nB=2\nA=1")]).is_empty());
        assert!(found(vec![modified("tests/.env", Role::Test, "A=1", "A=2")]).is_empty());
        assert!(
            found(vec![modified("chart/values.yaml", Role::Infra, "image:\n  tag: 1", "image:\n  tag: 2")])
                .is_empty()
        );
    }

    #[test]
    fn variables_that_code_starts_to_read() {
        let reads = |line: &str| vec![modified("src/a.ts", Role::Source, "x", line)];
        let others = [("src/b.ts", "process.env.KNOWN"), (".env.example", "NAMED=1\n")];
        let run = |line: &str| texts(&run_among(&Config::default(), reads(line), &others));
        assert_eq!(run("process.env.NEW_ONE"), ["config.needed NEW_ONE ->- 1"]);
        assert_eq!(run("process.env.NEW_ONE ?? 'a'"), ["config.read NEW_ONE ->- 1"]);
        assert!(run("process.env.KNOWN").is_empty());
        assert!(run("spawn(x, {\n  env: { NEW_ONE: lockFile },\n})\nprocess.env.NEW_ONE").is_empty());
        assert_eq!(run("type Env = { NEW_ONE: string }\nprocess.env.NEW_ONE").len(), 1);
        assert!(run("process.env.NAMED").is_empty());
        // what is run by hand needs nothing of the release
        for path in ["lib/tasks/bench.rake", "scripts/copy.ts", "app/benchmarks/a.ts", "playwright.config.ts"]
        {
            let asks = |line: &str| vec![modified(path, Role::Source, "x", line)];
            assert!(found(asks("ENV['NEW_ONE'] process.env.NEW_ONE")).is_empty(), "{path}");
        }
        let both = vec![modified("src/a.ts", Role::Source, "x", "process.env.NEW_ONE")];
        let others = [("scripts/copy.ts", "process.env.NEW_ONE")];
        assert_eq!(texts(&run_among(&Config::default(), both, &others)).len(), 1);
        let gone = vec![modified("src/a.ts", Role::Source, "process.env.OLD_ONE", "x")];
        assert_eq!(found(gone), ["config.no_longer_read OLD_ONE ->- 1"]);
    }
}
