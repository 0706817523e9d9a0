use std::fmt;

use eventstream_core::Event;

/// What is handed to a handler.
#[derive(Clone)]
pub(crate) enum Given {
    /// To `handle_event`.
    Event(Event),
    /// To `handle_batch`.
    Batch(Vec<Event>),
}

impl Given {
    pub(crate) fn events(&self) -> &[Event] {
        match self {
            Self::Event(event) => std::slice::from_ref(event),
            Self::Batch(events) => events,
        }
    }

    pub(crate) fn offsets(&self) -> impl Iterator<Item = u64> + '_ {
        self.events().iter().map(|event| event.offset)
    }

    /// One past the last of the events.
    pub(crate) fn end(&self) -> u64 {
        self.events().last().map_or(0, |event| event.offset + 1)
    }
}

impl From<Event> for Given {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}

impl From<Vec<Event>> for Given {
    fn from(events: Vec<Event>) -> Self {
        Self::Batch(events)
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => write!(f, "event {}", event.offset),
            Self::Batch(_) => {
                let offsets: Vec<_> = self.offsets().collect();
                write!(f, "a batch of {}", list(&offsets))
            }
        }
    }
}

/// Some events, in words.
pub(crate) fn list(offsets: &[u64]) -> String {
    const MOST: usize = 12;

    let texts: Vec<_> = offsets.iter().take(MOST).map(u64::to_string).collect();
    match offsets.len() {
        0 => "no event".to_owned(),
        1 => format!("event {}", texts[0]),
        count if count <= MOST => format!("events {}", texts.join(", ")),
        count => format!("events {}, … ({count} in all)", texts.join(", ")),
    }
}
