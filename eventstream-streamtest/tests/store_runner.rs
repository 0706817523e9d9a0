//! What stores have of their own in how a case is run: what is optional, and waivers of either
//! suite.

mod support;

use eventstream_core::{BoxError, Identity};
use eventstream_streamtest::{
    Case, Profile, RepositoryHarness, StoreEnv, StoreHarness, check_repository, check_store,
    repository_cases, store_cases,
};
use support::store::{Data, ReferenceStore};

/// Has nothing that is optional, and waives what it is told to.
#[derive(Clone)]
struct Plain(Profile);

struct PlainEnv(ReferenceStore);

impl StoreHarness for Plain {
    type Env = PlainEnv;

    async fn start(&self) -> Result<PlainEnv, BoxError> {
        Ok(PlainEnv(ReferenceStore::new(Data::starting_at(0))))
    }

    fn profile(&self) -> Profile {
        self.0.clone()
    }
}

impl StoreEnv for PlainEnv {
    type Store = ReferenceStore;

    fn store(&self) -> &ReferenceStore {
        &self.0
    }

    fn application(&self) -> &Identity {
        &self.0.application
    }

    async fn reopen(self) -> Result<Self, BoxError> {
        Ok(self)
    }
}

/// The cases that need what is optional, and what each has to say without it.
const OPTIONAL: [(&str, &str); 7] = [
    ("offsets::near_the_largest", "start_at says None"),
    ("append::fails_if_too_few_offsets_are_left", "start_at says None"),
    ("concurrency::a_late_commit_is_never_stepped_over", "begin_slow_append says None"),
    ("handles::see_each_others_events", "open_another says None"),
    ("handles::wake_each_other", "open_another says None"),
    ("handles::know_each_others_messages", "open_another says None"),
    ("handles::append_side_by_side", "open_another says None"),
];

fn waiving_all() -> Plain {
    let profile = OPTIONAL.iter().fold(Profile::full(), |profile, (case, _)| {
        profile.without(*case, "it has nothing that is optional")
    });
    Plain(profile)
}

#[test]
fn what_is_not_there_has_to_be_waived() {
    for (case, text) in OPTIONAL {
        let failure = check_store(Plain(Profile::full()), case).unwrap_err();
        assert!(failure.happened().contains(text), "{failure}");
        assert!(failure.happened().contains("waive this case"), "{failure}");
        check_store(waiving_all(), case).unwrap();
    }
}

#[test]
fn the_waivers_of_a_store_serve_both_suites() {
    for case in ["offsets::near_the_largest", "offsets::are_dense"] {
        check_store(waiving_all(), case).unwrap();
        check_repository(waiving_all(), case).unwrap();
    }
    let misspelt = Plain(Profile::full().without("handles::see", "it is blind"));
    for result in [
        check_store(misspelt.clone(), "offsets::are_dense"),
        check_repository(misspelt, "offsets::are_dense"),
    ] {
        let failure = result.unwrap_err();
        assert!(failure.happened().contains("waives handles::see"), "{failure}");
    }
}

#[test]
fn a_waiver_of_what_passes_is_stale() {
    let profile = Profile::full().without("reopen::keeps_message_ids", "it forgets");
    let failure = check_store(Plain(profile), "reopen::keeps_message_ids").unwrap_err();
    assert!(failure.happened().contains("stale waiver"), "{failure}");
}

#[test]
fn a_case_of_stores_is_none_of_repositories() {
    fn is_repository(_: &impl RepositoryHarness) {}

    let harness = waiving_all();
    is_repository(&harness);
    let failure = check_repository(harness, "append::returns_its_range").unwrap_err();
    assert!(failure.happened().contains("no case of this name"), "{failure}");
}

#[test]
fn cases_are_listed_in_the_order_of_their_groups() {
    let own = &store_cases()[repository_cases().len()..];
    assert_eq!(store_cases()[0].name(), "offsets::are_dense");
    assert_eq!(own[0].name(), "append::returns_its_range");
    assert_eq!(own.last().map(Case::name), Some("store_model::random_operations"));
}
