//! The router.

mod arguments;
mod consumer;
mod routes;
mod settings;

use std::sync::{Arc, Mutex};

use eventstream_core::{Apply, Event, HandlerError};

use crate::support::parcel;

/// What functions have noted, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn event(event_type: &str, data: &str) -> Event {
    Event::new(5, parcel(event_type, "text/plain", data))
}

fn paid(amount: u32) -> Event {
    event("order.paid", &amount.to_string())
}

/// Applies an event, to the end.
fn apply<C>(router: &mut impl Apply<C>, context: C, event: Event) -> Result<(), HandlerError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(router.apply(context, event))
}
