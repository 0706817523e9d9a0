use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, Once,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::{Interest, set_global_default},
};

thread_local! {
    /// What this thread records to.
    static CURRENT: RefCell<Option<Capture>> = const { RefCell::new(None) };
}

/// Spans and events as they were recorded: level, name or message, fields.
#[derive(Clone, Default)]
pub(crate) struct Capture(Arc<Mutex<Vec<Record>>>);

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) level: Level,
    pub(crate) is_span: bool,
    pub(crate) name: String,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

/// Installs the subscriber that all tests share. Every one of them has to, before it runs a
/// consumer: with a subscriber for each test, tracing may take it that nobody listens, and keep
/// to that, when one test comes to a call site while another one installs its subscriber.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| set_global_default(Router::default()).expect("there is no other"));
}

/// Ends the recording when it is dropped.
pub(crate) struct Recording;

impl Drop for Recording {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}

impl Capture {
    /// Begins to record what this thread traces.
    pub(crate) fn start() -> (Self, Recording) {
        install();
        let capture = Self::default();
        CURRENT.set(Some(capture.clone()));
        (capture, Recording)
    }

    /// The events at a level.
    pub(crate) fn events(&self, level: Level) -> Vec<Record> {
        self.all(|record| !record.is_span && record.level == level)
    }

    /// The spans of a name.
    pub(crate) fn spans(&self, name: &str) -> Vec<Record> {
        self.all(|record| record.is_span && record.name == name)
    }

    fn all(&self, matches: impl Fn(&Record) -> bool) -> Vec<Record> {
        let records = self.0.lock().expect("not poisoned");
        records.iter().filter(|r| matches(r)).cloned().collect()
    }

    fn note(&self, metadata: &Metadata<'_>, mut fields: Fields) {
        let message = fields.0.remove("message");
        self.0.lock().expect("not poisoned").push(Record {
            level: *metadata.level(),
            is_span: metadata.is_span(),
            name: message.unwrap_or_else(|| metadata.name().to_owned()),
            fields: fields.0,
        });
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

/// Hands everything to the recording of the thread, if there is one.
#[derive(Default)]
struct Router(AtomicU64);

impl Subscriber for Router {
    fn register_callsite(&self, _metadata: &'static Metadata<'static>) -> Interest {
        // Whether anybody listens is another question for each thread.
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("eventstream_core") && CURRENT.with_borrow(Option::is_some)
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        note(attributes.metadata(), fields);
        span::Id::from_u64(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        note(event.metadata(), fields);
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}
    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}
    fn enter(&self, _span: &span::Id) {}
    fn exit(&self, _span: &span::Id) {}
}

fn note(metadata: &Metadata<'_>, fields: Fields) {
    CURRENT.with_borrow(|capture| {
        if let Some(capture) = capture {
            capture.note(metadata, fields);
        }
    });
}
