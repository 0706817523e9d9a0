//! The cases of the suites are those that the documentation of the traits names, and their rules
//! are what it says there.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use eventstream_streamtest::{Case, handler_cases, repository_cases, store_cases, stream_cases};

/// The cases of a suite, and the documentation of its traits, in which each rule names its cases.
struct Suite {
    name: &'static str,
    cases: &'static [Case],
    docs: &'static [&'static str],
}

fn suites() -> [Suite; 4] {
    let (common, store) = store_cases().split_at(repository_cases().len());
    assert_eq!(common, repository_cases());
    [
        Suite {
            name: "streams",
            cases: stream_cases(),
            docs: &[
                include_str!("../../eventstream-core/src/stream/event_stream.rs"),
                include_str!("../../eventstream-core/src/stream/cursor.rs"),
            ],
        },
        Suite {
            name: "repositories",
            cases: common,
            docs: &[
                include_str!("../../eventstream-core/src/store/event_repository.rs"),
                include_str!("../../eventstream-core/src/store/event_query.rs"),
            ],
        },
        Suite {
            name: "stores",
            cases: store,
            docs: &[include_str!("../../eventstream-core/src/store/event_store.rs")],
        },
        Suite {
            name: "handlers",
            cases: handler_cases(),
            docs: &[include_str!("../../eventstream-core/src/handler/handler.rs")],
        },
    ]
}

#[test]
fn each_case_is_listed_once() {
    for cases in [stream_cases(), repository_cases(), store_cases(), handler_cases()] {
        let names: BTreeSet<_> = cases.iter().map(Case::name).collect();
        assert_eq!(names.len(), cases.len());
    }
}

#[test]
fn each_case_is_named_by_a_rule_and_each_name_is_a_case() {
    for suite in suites() {
        let documented = documented(&suite);
        let named: BTreeSet<_> = documented.keys().map(String::as_str).collect();
        let cases: BTreeSet<_> = suite.cases.iter().map(Case::name).collect();
        let unnamed: Vec<_> = cases.difference(&named).collect();
        let missing: Vec<_> = named.difference(&cases).collect();
        assert!(
            unnamed.is_empty() && missing.is_empty(),
            "{}: cases that no rule names: {unnamed:?}; names of cases that there are not: \
             {missing:?}",
            suite.name
        );
    }
}

#[test]
fn the_rule_of_a_case_is_one_that_names_it() {
    for suite in suites() {
        let documented = documented(&suite);
        for case in suite.cases {
            let rules = documented.get(case.name()).map(Vec::as_slice).unwrap_or_default();
            assert!(
                rules.iter().any(|rule| rule.contains(case.rule())),
                "the rule of {} is: {}\nbut the documentation has: {rules:#?}",
                case.name(),
                case.rule()
            );
        }
    }
}

/// The names of cases in the documentation of the traits, and the rules that they stand in.
fn documented(suite: &Suite) -> BTreeMap<String, Vec<String>> {
    let mut cases = BTreeMap::<_, Vec<_>>::new();
    for rule in suite.docs.iter().flat_map(|source| rules(source)) {
        // Every second piece stands between backticks.
        for name in rule.split('`').skip(1).step_by(2) {
            if is_case(name) {
                cases.entry(name.to_owned()).or_default().push(plain(&rule));
            }
        }
    }
    cases
}

/// The paragraphs and the items of lists, each in one line.
fn rules(source: &str) -> Vec<String> {
    let mut rules = vec![String::new()];
    for line in source.lines() {
        let Some(text) = line.trim().strip_prefix("///") else {
            rules.push(String::new());
            continue;
        };
        if text.trim().is_empty() || text.starts_with(" - ") {
            rules.push(String::new());
        }
        let rule = rules.last_mut().unwrap();
        *rule = format!("{rule} {}", text.trim().trim_start_matches("- "));
    }
    rules
}

/// `group::case`, and no path of Rust, which has a capital in it or begins with a crate.
fn is_case(text: &str) -> bool {
    text.split_once("::").is_some_and(|(group, case)| {
        [group, case].iter().all(|part| {
            part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
        })
    })
}

/// Text without its links: `[x](y)` is `x`, and `[x]` too.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let (label, after) = link.split_once(']').unwrap();
        plain = plain + before + label;
        rest = after.strip_prefix('(').map_or(after, |target| target.split_once(')').unwrap().1);
    }
    plain + rest
}
