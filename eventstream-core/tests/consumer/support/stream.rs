use std::{
    collections::{BTreeMap, VecDeque},
    future::{pending, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use eventstream_core::{
    CloseHandle, Cursor, Envelope, Error, Event, EventStream, EventTypes, Identity, Incarnation,
    Parcel, Result,
};
use tokio::{sync::Notify, time::Instant};

/// The name and key of the application whose stream it is, and of another one.
pub(crate) const SHOP: (&str, &str) = ("shop", "0b6b8a1e");
pub(crate) const OTHER: (&str, &str) = ("other", "77c1d0aa");

pub(crate) fn identity((name, key): (&str, &str)) -> Identity {
    Identity::new(name, key)
}

pub(crate) fn parcel(application: (&str, &str), id: usize, event_type: &str) -> Parcel {
    let application = identity(application);
    let envelope = Envelope::new(id.to_string(), application, event_type, "text/plain");
    Parcel::seal(envelope).expect("the envelope is valid")
}

/// Where the stream waits for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hang {
    EventTypes,
    Open,
    End,
    Read,
}

/// What a cursor says, once, before it goes on.
#[derive(Debug)]
pub(crate) enum Fake {
    Event(Event),
    Error(Error),
}

/// A stream in memory that does as it is told. Clones are the same stream.
#[derive(Clone)]
pub(crate) struct FakeStream(Arc<Shared>);

struct Shared {
    application: Identity,
    appended: Notify,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) produced: EventTypes,
    pub(crate) incarnation: Option<Incarnation>,
    pub(crate) events: Vec<Parcel>,
    /// What cursors say when they come to an offset.
    pub(crate) fakes: BTreeMap<u64, VecDeque<Fake>>,
    /// How often these still fail.
    pub(crate) types_fail: u32,
    pub(crate) open_fails: u32,
    pub(crate) next_fails: u32,
    pub(crate) end_fails: u32,
    pub(crate) ends_asked: u32,
    /// How long it takes to say where it ends.
    pub(crate) end_takes: Duration,
    /// Whether cursors pass over what the stream does not declare.
    pub(crate) hides_undeclared: bool,
    /// Whether it can tell where it ends.
    pub(crate) tells_end: bool,
    /// The oldest offset that is still there.
    pub(crate) oldest: u64,
    pub(crate) hang: Option<Hang>,
    /// A read takes so many steps, and begins anew when it is dropped.
    pub(crate) steps: (u32, Duration),
    pub(crate) types_asked: u32,
    /// Offset, types and time of each opening that did not fail.
    pub(crate) opened: Vec<(u64, EventTypes, Instant)>,
    pub(crate) cursors: Vec<CloseHandle>,
    /// How often a read was polled.
    pub(crate) polls: u64,
}

impl FakeStream {
    /// An empty stream of the shop that produces the types `a`, `b` and `c`.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            application: identity(SHOP),
            appended: Notify::new(),
            state: Mutex::new(State {
                produced: EventTypes::from_iter(["a", "b", "c"]),
                incarnation: None,
                events: Vec::new(),
                fakes: BTreeMap::new(),
                types_fail: 0,
                open_fails: 0,
                next_fails: 0,
                end_fails: 0,
                ends_asked: 0,
                end_takes: Duration::ZERO,
                hides_undeclared: false,
                tells_end: true,
                oldest: 0,
                hang: None,
                steps: (0, Duration::ZERO),
                types_asked: 0,
                opened: Vec::new(),
                cursors: Vec::new(),
                polls: 0,
            }),
        }))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no test panics under the lock")
    }

    /// Appends an event for each letter, which is its type.
    pub(crate) fn append(&self, types: &str) {
        let mut state = self.state();
        for event_type in types.chars() {
            let id = state.events.len();
            state.events.push(parcel(SHOP, id, &event_type.to_string()));
        }
        drop(state);
        self.0.appended.notify_waiters();
    }

    /// Appends an event of a type, recorded at a time.
    pub(crate) fn append_recorded(&self, event_type: &str, at: &str) {
        let mut state = self.state();
        let envelope = Envelope {
            created_at: at.parse().expect("a time"),
            ..parcel(SHOP, state.events.len(), event_type).to_envelope()
        };
        state.events.push(Parcel::seal(envelope).expect("the envelope is valid"));
        drop(state);
        self.0.appended.notify_waiters();
    }

    /// Wakes those that wait, for nothing.
    pub(crate) fn wake(&self) {
        self.0.appended.notify_waiters();
    }

    /// Has the next cursor that comes to `at` say this first.
    pub(crate) fn fake(&self, at: u64, fake: Fake) {
        self.state().fakes.entry(at).or_default().push_back(fake);
        self.0.appended.notify_waiters();
    }

    /// The offsets that the stream was opened at.
    pub(crate) fn opened_at(&self) -> Vec<u64> {
        self.state().opened.iter().map(|opened| opened.0).collect()
    }

    pub(crate) fn opened_when(&self) -> Vec<Instant> {
        self.state().opened.iter().map(|opened| opened.2).collect()
    }

    pub(crate) fn open_cursors(&self) -> usize {
        let state = self.state();
        state.cursors.iter().filter(|c| !c.is_closed()).count()
    }
}

fn fail(times: &mut u32, operation: &'static str) -> Result<()> {
    if *times == 0 {
        return Ok(());
    }
    *times -= 1;
    Err(Error::backend(operation, true, "told to fail"))
}

impl EventStream for FakeStream {
    type Cursor = FakeCursor;

    fn application(&self) -> &Identity {
        &self.0.application
    }

    async fn event_types(&self) -> Result<EventTypes> {
        let hang = self.state().hang;
        if hang == Some(Hang::EventTypes) {
            pending::<()>().await;
        }
        let mut state = self.state();
        state.types_asked += 1;
        fail(&mut state.types_fail, "asking for the types")?;
        Ok(state.produced.clone())
    }

    async fn incarnation(&self) -> Result<Option<Incarnation>> {
        Ok(self.state().incarnation)
    }

    async fn end(&self) -> Result<Option<u64>> {
        let hang = self.state().hang;
        let takes = self.state().end_takes;
        if hang == Some(Hang::End) {
            pending::<()>().await;
        }
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        let mut state = self.state();
        state.ends_asked += 1;
        fail(&mut state.end_fails, "asking for the end")?;
        Ok(state.tells_end.then_some(state.events.len() as u64))
    }

    async fn open(&self, offset: u64, types: EventTypes) -> Result<FakeCursor> {
        let hang = self.state().hang;
        if hang == Some(Hang::Open) {
            pending::<()>().await;
        }
        let mut state = self.state();
        fail(&mut state.open_fails, "opening")?;
        types.check_supported_by(&state.produced)?;
        if offset < state.oldest {
            return Err(Error::Truncated { requested: offset, oldest: state.oldest });
        }
        let close = CloseHandle::new();
        state.opened.push((offset, types.clone(), Instant::now()));
        state.cursors.push(close.clone());
        Ok(FakeCursor { stream: self.clone(), position: offset, types, close })
    }
}

pub(crate) struct FakeCursor {
    stream: FakeStream,
    position: u64,
    types: EventTypes,
    close: CloseHandle,
}

impl FakeCursor {
    async fn read(&mut self) -> Result<Event> {
        loop {
            self.close.check()?;
            let (steps, step) = self.stream.state().steps;
            for _ in 0..steps {
                tokio::time::sleep(step).await;
            }
            let stream = self.stream.clone();
            // Made before the events are looked at: an append in between is not missed.
            let appended = stream.0.appended.notified();
            if let Some(result) = self.look() {
                return result;
            }
            let wait = async {
                appended.await;
                Ok(())
            };
            self.close.guard(wait).await?;
        }
    }

    fn look(&mut self) -> Option<Result<Event>> {
        let mut state = self.stream.0.state.lock().expect("not poisoned");
        if state.hang == Some(Hang::Read) {
            return None;
        }
        if let Err(error) = fail(&mut state.next_fails, "reading") {
            return Some(Err(error));
        }
        loop {
            let fakes = state.fakes.get_mut(&self.position);
            match fakes.and_then(VecDeque::pop_front) {
                Some(Fake::Event(event)) => return Some(Ok(event)),
                Some(Fake::Error(error)) => return Some(Err(error)),
                None => {}
            }
            let offset = self.position;
            let index = usize::try_from(offset).ok()?;
            let parcel = state.events.get(index)?.clone();
            self.position += 1;
            let hidden = state.hides_undeclared && !state.produced.contains(parcel.event_type());
            if self.types.contains(parcel.event_type()) && !hidden {
                return Some(Ok(Event::new(offset, parcel)));
            }
        }
    }
}

impl Cursor for FakeCursor {
    async fn next(&mut self) -> Result<Event> {
        let stream = self.stream.clone();
        let mut read = pin!(self.read());
        poll_fn(|cx| {
            let polls = {
                let mut state = stream.state();
                state.polls += 1;
                state.polls
            };
            assert!(polls < 100_000, "the consumer spins");
            read.as_mut().poll(cx)
        })
        .await
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn close_handle(&self) -> CloseHandle {
        self.close.clone()
    }
}
