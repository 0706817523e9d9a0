//! What handlers have of their own in how a case is run: what is optional, what the harness makes,
//! and what a failure says.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use eventstream_core::{BoxError, Event, Handler, HandlerError, Identity, Incarnation, Parcel};
use eventstream_streamtest::{
    Case, HandlerEnv, HandlerHarness, Parcels, Profile, check_handler, handler_cases,
};
use support::{
    faulty_handler::{FaultyHandlers, HandlerFault},
    handler::{InMemory, Make, ReferenceHandler, Right, Table},
    quick,
};

/// Has nothing that is optional, and waives what it is told to.
#[derive(Clone)]
struct Bare(Profile);

struct BareEnv {
    table: Table,
    open: Arc<AtomicUsize>,
}

impl HandlerHarness for Bare {
    type Env = BareEnv;

    async fn start(&self) -> Result<BareEnv, BoxError> {
        Ok(BareEnv { table: Table::default(), open: Arc::default() })
    }

    fn profile(&self) -> Profile {
        self.0.clone()
    }
}

impl HandlerEnv for BareEnv {
    type Handler = Alone;

    async fn handler(&self) -> Result<Alone, BoxError> {
        if self.open.fetch_add(1, Ordering::SeqCst) > 0 {
            self.open.fetch_sub(1, Ordering::SeqCst);
            return Err("the file is locked".into());
        }
        Ok(Alone { inner: Right.handler(&self.table), open: Arc::clone(&self.open) })
    }

    async fn effects(&self, source: &Identity) -> Result<Vec<u64>, BoxError> {
        Ok(self.table.with(|state| state.effects.get(&source.key).cloned()).unwrap_or_default())
    }
}

/// One that can have no replicas.
struct Alone {
    inner: ReferenceHandler,
    open: Arc<AtomicUsize>,
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

#[deny(clippy::missing_trait_methods)]
impl Handler for Alone {
    async fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> Result<(), HandlerError> {
        self.inner.begin(source, incarnation).await
    }

    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        self.inner.next_offset(source).await
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.inner.handle_event(offset, event).await
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        self.inner.handle_batch(offset, events).await
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        self.inner.skip(offset, next).await
    }

    async fn has_begun(&mut self, source: &Identity) -> Result<bool, HandlerError> {
        self.inner.has_begun(source).await
    }

    async fn begin_at(&mut self, source: &Identity, offset: u64) -> Result<(), HandlerError> {
        self.inner.begin_at(source, offset).await
    }

    async fn handle_parked(&mut self, source: &Identity, event: Event) -> Result<(), HandlerError> {
        self.inner.handle_parked(source, event).await
    }
}

/// The cases that need what is optional, and what each has to say without it.
const OPTIONAL: [(&str, &str); 11] = [
    ("together::are_seen_together", "the file is locked"),
    ("replicas::of_two_one_handles_it", "the file is locked"),
    ("replicas::side_by_side_make_each_effect_once", "the file is locked"),
    ("start::of_two_replicas_one_begins", "the file is locked"),
    ("batch::that_fails_has_handled_its_first_events", "failing_parcel says None"),
    ("failure::leaves_no_effect", "failing_parcel says None"),
    ("failure::can_be_tried_again", "failing_parcel says None"),
    ("failure::can_be_passed_over", "failing_parcel says None"),
    ("parked::what_fails_again_has_no_effect", "failing_parcel says None"),
    ("parked::is_made_out_of_turn", "park says false"),
    ("parked::is_made_once", "park says false"),
];

fn waiving_all() -> Bare {
    let profile = OPTIONAL.iter().fold(Profile::full(), |profile, (case, _)| {
        profile.without(*case, "it has nothing that is optional")
    });
    Bare(profile)
}

#[test]
fn what_is_not_there_has_to_be_waived() {
    for (case, text) in OPTIONAL {
        let failure = check_handler(Bare(Profile::full()), case).unwrap_err();
        assert!(failure.happened().contains(text), "{failure}");
        assert!(
            failure.happened().contains("waive this case")
                || failure.happened().contains("the harness could not open"),
            "{failure}"
        );
    }
    // No other case needs any of it.
    for case in handler_cases() {
        check_handler(waiving_all(), case.name()).unwrap();
    }
}

#[test]
fn a_waiver_must_name_a_case_and_be_of_use() {
    let misspelt = Bare(Profile::full().without("failure::leaves_no_efect", "it does"));
    let failure = check_handler(misspelt, "offset::begins_at_zero").unwrap_err();
    assert!(failure.happened().contains("waives failure::leaves_no_efect"), "{failure}");
    let stale = Bare(Profile::full().without("offset::begins_at_zero", "it does not"));
    let failure = check_handler(stale, "offset::begins_at_zero").unwrap_err();
    assert!(failure.happened().contains("stale waiver"), "{failure}");
}

#[test]
fn a_failure_says_what_was_done_and_what_has_come_of_it() {
    let harness = InMemory(FaultyHandlers::new(Some(HandlerFault::StoresTheLast), quick()));
    let failure = check_handler(harness, "offset::is_one_past_the_event").unwrap_err();
    assert_eq!(
        failure.happened(),
        "the handler has handled event 0 at offset 0: the offset of the handler must be 1, but is 0"
    );
    assert!(failure.rule().starts_with("The handler's offset is that of the *next* event"));

    let harness = InMemory(FaultyHandlers::new(Some(HandlerFault::BatchIsReversed), quick()));
    let failure = check_handler(harness, "batch::has_its_effects_in_order").unwrap_err();
    assert_eq!(
        failure.happened(),
        "the handler has handled a batch of events 0, 1, 2 at offset 0: the effects must be those \
         of events 0, 1, 2, but are those of events 2, 1, 0"
    );
}

/// Makes the events, and the application, that its handler wants; and checks that it gets them.
struct Choosy;

struct ChoosyEnv(Table);

struct ChoosyHandler(ReferenceHandler);

fn office() -> Identity {
    Identity::new("office", "6f0e0c7d-4d40-4a9e-8d5e-3f6b0c3f7a10")
}

impl HandlerHarness for Choosy {
    type Env = ChoosyEnv;

    async fn start(&self) -> Result<ChoosyEnv, BoxError> {
        Ok(ChoosyEnv(Table::default()))
    }
}

impl HandlerEnv for ChoosyEnv {
    type Handler = ChoosyHandler;

    async fn handler(&self) -> Result<ChoosyHandler, BoxError> {
        Ok(ChoosyHandler(Right.handler(&self.0)))
    }

    async fn effects(&self, source: &Identity) -> Result<Vec<u64>, BoxError> {
        Ok(self.0.with(|state| state.effects.get(&source.key).cloned()).unwrap_or_default())
    }

    fn application(&self) -> Identity {
        office()
    }

    fn parcel(&self, offset: u64, parcels: &mut Parcels) -> Parcel {
        parcels.make_with("office.letter", offset.to_string())
    }
}

impl Handler for ChoosyHandler {
    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        if *source != office() {
            return Err(format!("there is nothing to be had of {source}").into());
        }
        self.0.next_offset(source).await
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        let parcel = &event.parcel;
        if parcel.event_type() != "office.letter"
            || *parcel.data() != *event.offset.to_string().as_bytes()
        {
            return Err("this is no letter".into());
        }
        self.0.handle_event(offset, event).await
    }
}

#[test]
fn events_are_as_the_harness_makes_them() {
    for case in [
        "offset::moves_over_gaps",
        "conflict::at_a_lower_offset",
        "batch::has_its_effects_in_order",
        "replicas::side_by_side_make_each_effect_once",
        "model::random_operations",
    ] {
        check_handler(Choosy, case).unwrap();
    }
}

#[test]
fn cases_are_listed_in_the_order_of_their_groups() {
    let cases = handler_cases();
    assert_eq!(cases[0].name(), "offset::begins_at_zero");
    assert_eq!(cases.last().map(Case::name), Some("model::random_operations"));
}
