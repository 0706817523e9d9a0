//! The suite passes on handlers that are right, and on those that do what is left open to them.

mod support;

use std::{collections::BTreeSet, env, process::Command};

use eventstream_streamtest::{Case, handler_cases, handler_suite};
use support::{
    free_handler::{HandlerFreedom, Plain},
    handler::{InMemory, Right},
};

handler_suite!(mod handler: InMemory(Right));
handler_suite!(mod plain: InMemory(Plain));
handler_suite!(mod one_by_one: InMemory(HandlerFreedom::HandlesOneByOne));
handler_suite!(mod skips_halfway: InMemory(HandlerFreedom::SkipsHalfway));
handler_suite!(mod never_skips: InMemory(HandlerFreedom::NeverSkips));
handler_suite!(mod rejects_starts: InMemory(HandlerFreedom::RejectsStarts));
handler_suite!(mod takes_its_time: InMemory(HandlerFreedom::TakesItsTime));
handler_suite!(mod takes_turns: InMemory(HandlerFreedom::takes_turns()));

#[test]
fn the_macro_makes_a_test_of_each_case() {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--list", "--format", "terse"])
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let cases: BTreeSet<_> = handler_cases().iter().map(Case::name).collect();
    for module in ["handler::", "plain::"] {
        let tests: BTreeSet<_> = listed
            .lines()
            .filter_map(|line| line.strip_prefix(module)?.strip_suffix(": test"))
            .collect();
        assert_eq!(tests, cases);
    }
}
