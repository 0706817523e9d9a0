//! Conformance suites for implementations of `eventstream`.
//!
//! The rules that a stream has to keep stand in the documentation of
//! [`EventStream`](eventstream_core::EventStream) and [`Cursor`](eventstream_core::Cursor), and
//! each names the *cases* that prove it. To test a stream of your own, write a [`StreamHarness`]
//! and one line, and get a test for each case:
//!
//! ```text
//! test memory::next::delivers_in_order ... ok
//! test memory::next::wakes_on_append ... ok
//! test memory::close::wakes_a_pending_next ... ok
//! ```
//!
//! A test that fails says what happened, and which rule is broken:
//!
//! ```text
//! case next::delivers_in_order failed
//!     happened: the cursor opened at 0 for any must deliver event 3 (…), but has delivered event 4 (…)
//!     rule:     Events come in the order of their offsets, each once, none left out.
//! ```
//!
//! A stream that can't keep a rule *waives* its cases, with a reason: see [`Profile`].
//!
//! [Repositories](#repositories), [stores](#stores) and [handlers](#handlers) have suites of their
//! own, which work in the same way.
//!
//! # How to begin
//!
//! 1. Add two lines to the `Cargo.toml` of your stream:
//!
//!    ```toml
//!    [dev-dependencies]
//!    eventstream-core = "0.1"
//!    eventstream-streamtest = "0.1"
//!    ```
//!
//!    The suite needs nothing else: each test makes its own runtime.
//! 2. Make a file `tests/suite.rs`. In it, implement [`StreamEnv`] for a running stream and
//!    [`StreamHarness`] for what starts one; then add [`stream_suite!`]. The [example](#examples)
//!    below is such a file, with the stream itself above the harness.
//! 3. Run `cargo test --test suite`.
//!
//! # Variables
//!
//! `model::random_operations` compares a stream or a repository with a plain list, over randomly
//! drawn operations, and one of the same name does so with a handler; `store_model::random_operations`
//! does so with a store. The failure names the seed.
//!
//! - `EVENTSTREAM_SEED` makes it draw the same operations again.
//! - `EVENTSTREAM_MODEL_OPS` is the number of operations: 2,000 if it is not set. The deadline
//!   applies to every 2,000 of them.
//!
//! # Examples
//!
//! A tiny stream, and its harness. It is the stream that uses `tokio`, with its feature `sync`; a
//! harness does not have to.
//!
//! ```
//! use eventstream_core::{
//!     BoxError, CloseHandle, Cursor, Error, Event, EventStream, EventTypes, Identity, Parcel, Result,
//! };
//! use eventstream_streamtest::{Profile, StreamEnv, StreamHarness, stream_suite};
//! use tokio::sync::watch;
//!
//! /// Keeps everything, and is open for any type of event.
//! struct Tiny {
//!     application: Identity,
//!     log: watch::Sender<Log>,
//! }
//!
//! #[derive(Default)]
//! struct Log {
//!     oldest: u64,
//!     parcels: Vec<Parcel>,
//! }
//!
//! impl Log {
//!     fn check(&self, offset: u64) -> Result<()> {
//!         if offset < self.oldest {
//!             return Err(Error::Truncated { requested: offset, oldest: self.oldest });
//!         }
//!         Ok(())
//!     }
//! }
//!
//! impl EventStream for Tiny {
//!     type Cursor = TinyCursor;
//!
//!     fn application(&self) -> &Identity {
//!         &self.application
//!     }
//!
//!     async fn event_types(&self) -> Result<EventTypes> {
//!         Ok(EventTypes::any())
//!     }
//!
//!     async fn open(&self, offset: u64, types: EventTypes) -> Result<TinyCursor> {
//!         types.check_supported_by(&EventTypes::any())?;
//!         self.log.borrow().check(offset)?;
//!         let (log, close) = (self.log.subscribe(), CloseHandle::new());
//!         Ok(TinyCursor { log, types, position: offset, close })
//!     }
//! }
//!
//! struct TinyCursor {
//!     log: watch::Receiver<Log>,
//!     types: EventTypes,
//!     position: u64,
//!     close: CloseHandle,
//! }
//!
//! impl TinyCursor {
//!     fn look(&mut self) -> Result<Option<Event>> {
//!         let log = self.log.borrow_and_update();
//!         log.check(self.position)?;
//!         while self.position < log.parcels.len() as u64 {
//!             let offset = self.position;
//!             self.position += 1;
//!             let parcel = &log.parcels[offset as usize];
//!             if self.types.contains(parcel.event_type()) {
//!                 return Ok(Some(Event::new(offset, parcel.clone())));
//!             }
//!         }
//!         Ok(None)
//!     }
//! }
//!
//! impl Cursor for TinyCursor {
//!     async fn next(&mut self) -> Result<Event> {
//!         loop {
//!             self.close.check()?;
//!             if let Some(event) = self.look()? {
//!                 return Ok(event);
//!             }
//!             let changed = async {
//!                 let changed = self.log.changed().await;
//!                 changed.map_err(|error| Error::backend("read", false, error))
//!             };
//!             self.close.guard(changed).await?;
//!         }
//!     }
//!
//!     fn position(&self) -> u64 {
//!         self.position
//!     }
//!
//!     fn close_handle(&self) -> CloseHandle {
//!         self.close.clone()
//!     }
//! }
//!
//! struct TinyHarness;
//!
//! impl StreamHarness for TinyHarness {
//!     type Env = Tiny;
//!
//!     async fn start(&self) -> Result<Tiny, BoxError> {
//!         let application = Identity::new("tiny", "1f3c7a52-6b1e-4a53-8a8e-0e4d8f6c2b90");
//!         Ok(Tiny { application, log: watch::Sender::default() })
//!     }
//!
//!     fn profile(&self) -> Profile {
//!         Profile::full().without("offsets::near_the_largest", "it keeps all events from 0 on")
//!     }
//! }
//!
//! impl StreamEnv for Tiny {
//!     type Stream = Self;
//!
//!     fn stream(&self) -> &Self {
//!         self
//!     }
//!
//!     async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
//!         self.log.send_modify(|log| log.parcels.extend(parcels));
//!         Ok(())
//!     }
//!
//!     async fn truncate(&self, before: u64) -> Result<(), BoxError> {
//!         self.log.send_modify(|log| log.oldest = log.oldest.max(before));
//!         Ok(())
//!     }
//! }
//!
//! stream_suite!(mod tiny: TinyHarness);
//! #
//! # // What the tests would do, as there are none in an example.
//! # fn main() {
//! #     for case in eventstream_streamtest::stream_cases() {
//! #         eventstream_streamtest::check_stream(TinyHarness, case.name()).unwrap();
//! #     }
//! # }
//! ```
#![doc = include_str!("store/example.md")]
#![doc = include_str!("handler/example.md")]

mod case;
mod events;
mod failure;
mod hand;
mod handler;
mod model;
mod parcels;
mod payloads;
mod profile;
mod race;
mod record;
mod repository;
mod run;
mod scene;
mod store;
mod stream;
mod suite;
mod tasks;
mod timing;

pub use case::Case;
pub use failure::CaseFailure;
pub use handler::{HandlerEnv, HandlerHarness, check_handler, handler_cases};
pub use parcels::{Parcels, event_types};
pub use profile::Profile;
pub use repository::{RepositoryEnv, RepositoryHarness, check_repository, repository_cases};
pub use store::{SlowAppend, StoreEnv, StoreHarness, check_store, store_cases};
pub use stream::{
    RETAINED_BYTES, RETAINED_EVENTS, StreamEnv, StreamHarness, check_stream, stream_cases,
};
pub use timing::Timing;
#[doc(hidden)]
pub use {
    handler::__test_handler, repository::__test_repository, store::__test_store,
    stream::__test_stream,
};
