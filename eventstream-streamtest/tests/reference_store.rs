//! The suites pass on a store that is right, by its own harness and as a repository.

mod support;

use std::{collections::BTreeSet, env, process::Command};

use eventstream_streamtest::{Case, repository_cases, repository_suite, store_cases, store_suite};
use support::store::{Bare, Memory};

store_suite!(mod store: Memory(Bare));
repository_suite!(mod repository: Memory(Bare));

#[test]
fn the_macros_make_a_test_of_each_case() {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--list", "--format", "terse"])
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    for (module, cases) in [("store::", store_cases()), ("repository::", repository_cases())] {
        let cases: BTreeSet<_> = cases.iter().map(Case::name).collect();
        let tests: BTreeSet<_> = listed
            .lines()
            .filter_map(|line| line.strip_prefix(module)?.strip_suffix(": test"))
            .collect();
        assert_eq!(tests, cases);
    }
}
