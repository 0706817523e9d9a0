//! How a case is run: what is waived, what panics, what hangs, and what the failure says.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    env,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use eventstream_core::{BoxError, Parcel};
use eventstream_streamtest::{
    CaseFailure, Profile, StreamEnv, StreamHarness, Timing, check_stream, stream_cases,
};
use support::{
    faulty::{Fault, FaultyHarness},
    quick,
    reference::Reference,
};

fn harness(fault: impl Into<Option<Fault>>) -> FaultyHarness {
    FaultyHarness::new(fault.into(), quick())
}

fn failure(harness: impl StreamHarness, case: &str) -> CaseFailure {
    check_stream(harness, case).unwrap_err()
}

fn assert_says(failure: &CaseFailure, texts: &[&str]) {
    for text in texts {
        assert!(failure.happened().contains(text), "no {text:?}: {failure}");
    }
}

#[test]
fn a_failure_says_which_case_what_happened_and_which_rule_is_broken() {
    let failure = failure(harness(Fault::SwapsTwo), "next::delivers_in_order");
    assert_eq!(failure.case(), "next::delivers_in_order");
    assert!(failure.rule().starts_with("Events come in the order"));
    assert_says(&failure, &["opened at 0 for any must deliver event 3", "has delivered event 4"]);

    let text = failure.to_string();
    for part in [failure.case(), failure.happened(), failure.rule()] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_waived_case_may_fail() {
    let profile = Profile::full().without("payload::empty", "there are no empty payloads");
    let harness = harness(Fault::DropsEmptyPayloads).profile(profile);
    check_stream(harness, "payload::empty").unwrap();
}

#[test]
fn a_waived_case_may_not_pass() {
    let profile = Profile::full().without("payload::empty", "there are no empty payloads");
    let failure = failure(harness(None).profile(profile), "payload::empty");
    assert_says(&failure, &["stale waiver", "there are no empty payloads"]);
}

#[test]
fn a_waiver_is_for_one_case() {
    let profile = Profile::full().without("payload::empty", "there are no empty payloads");
    let harness = harness(Fault::CutsPayloads).profile(profile);
    check_stream(harness, "payload::one_mebibyte").unwrap_err();
}

#[test]
fn a_waiver_must_name_a_case() {
    let profile = Profile::full().without("payload::emtpy", "there are no empty payloads");
    let failure = failure(harness(None).profile(profile), "next::delivers_in_order");
    assert_says(&failure, &["payload::emtpy", "no such case"]);
}

#[test]
fn a_panic_is_a_failure() {
    let case = "close::a_source_that_goes_away_is_not_a_close";
    let failure = failure(harness(Fault::SourcePanics), case);
    assert_says(&failure, &["panic while waiting", "the source has gone away"]);
}

#[test]
fn a_name_must_be_that_of_a_case() {
    let failure = failure(harness(None), "next::delivers");
    assert_says(&failure, &["no case of this name"]);
    assert_eq!(failure.case(), "next::delivers");
}

/// An environment that does not start, or does nothing more than that, and says when it has ended.
struct Minimal {
    appends: Append,
    ended: Arc<AtomicBool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Append {
    /// There is no environment that could.
    NotAtAll,
    Waits,
    /// And keeps each thread of the runtime from doing anything else.
    Blocks,
}

struct MinimalEnv {
    stream: Reference,
    appends: Append,
    ended: Arc<AtomicBool>,
}

impl Minimal {
    fn new(appends: Append) -> Self {
        Self { appends, ended: Arc::default() }
    }
}

impl StreamHarness for Minimal {
    type Env = MinimalEnv;

    async fn start(&self) -> Result<MinimalEnv, BoxError> {
        if self.appends == Append::NotAtAll {
            return Err("the disk is full".into());
        }
        Ok(MinimalEnv {
            stream: Reference::declaring(0),
            appends: self.appends,
            ended: Arc::clone(&self.ended),
        })
    }

    fn timing(&self) -> Timing {
        Timing::default().deadline(Duration::from_millis(200))
    }
}

impl StreamEnv for MinimalEnv {
    type Stream = Reference;

    fn stream(&self) -> &Reference {
        &self.stream
    }

    async fn append(&self, _parcels: Vec<Parcel>) -> Result<(), BoxError> {
        if self.appends == Append::Blocks {
            let block = || thread::sleep(Duration::from_secs(1));
            tokio::spawn(async move { block() });
            block();
        }
        std::future::pending().await
    }

    async fn truncate(&self, _before: u64) -> Result<(), BoxError> {
        Ok(())
    }
}

impl Drop for MinimalEnv {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

#[test]
fn what_hangs_comes_to_its_deadline_and_is_cleaned_up() {
    for appends in [Append::Waits, Append::Blocks] {
        let harness = Minimal::new(appends);
        let ended = Arc::clone(&harness.ended);
        let failure = failure(harness, "next::delivers_in_order");
        assert_says(&failure, &["deadline of 200ms", "while appending 25 events at 0"]);
        assert!(ended.load(Ordering::SeqCst));
    }
}

#[test]
fn an_environment_that_does_not_start_is_a_failure() {
    let failure = failure(Minimal::new(Append::NotAtAll), "next::delivers_in_order");
    assert_says(&failure, &["the harness could not start", "the disk is full"]);
}

#[test]
fn an_environment_that_can_not_begin_elsewhere_has_to_be_waived() {
    let failure = failure(Minimal::new(Append::Waits), "offsets::near_the_largest");
    assert_says(&failure, &["start_at says None", "waive this case"]);
}

/// [`a_seed_repeats_what_the_model_does`] runs it again in processes of their own.
#[test]
fn model_of_a_stream_with_a_fault() {
    let failure = failure(harness(Fault::SkipsSome), "model::random_operations");
    println!("FAILURE {}", failure.happened());
}

#[test]
fn a_seed_repeats_what_the_model_does() {
    let run = |seed: &str, operations: &str| {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("model_of_a_stream_with_a_fault")
            .env("EVENTSTREAM_SEED", seed)
            .env("EVENTSTREAM_MODEL_OPS", operations)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, failure) = text.split_once("FAILURE ").expect(&text);
        failure.lines().next().unwrap().to_owned()
    };
    // What is left of it when the messages, which are new each time, are gone.
    let operations = |failure: &str| failure.split_once("; operation ").unwrap().1.to_owned();

    let failure = run("7", "5000");
    assert!(failure.ends_with("EVENTSTREAM_SEED=7 does the same again"), "{failure}");
    assert_eq!(operations(&failure), operations(&run("7", "5000")));
    assert_ne!(operations(&failure), operations(&run("8", "5000")));
    assert_eq!(run("seven", "5000"), "EVENTSTREAM_SEED is \"seven\", but must be a number");
    assert!(run("7", "-1").starts_with("EVENTSTREAM_MODEL_OPS is"));
}

#[test]
fn cases_are_listed_in_the_order_of_their_groups() {
    let cases = stream_cases();
    assert_eq!(cases[0].name(), "offsets::are_gapless");
    assert_eq!(cases.last().unwrap().name(), "model::random_operations");
}
