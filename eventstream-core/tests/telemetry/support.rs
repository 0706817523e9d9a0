use eventstream_core::{
    Consumer, Envelope, Error, Event, EventStream, EventTypes, Handler, HandlerError, Identity,
    Parcel, Result,
};
use eventstream_memory::MemoryStream;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

/// The trace and the span in which the second event says that it was recorded.
pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const SPAN: &str = "00f067aa0ba902b7";

pub(crate) fn shop() -> Identity {
    Identity::new("shop", "0b6b8a1e")
}

/// Three events of an order; the second one has a trace context.
pub(crate) fn stream() -> Result<MemoryStream> {
    let stream = MemoryStream::new(shop());
    for (id, traceparent) in [
        ("m-1", None),
        ("m-2", Some(format!("00-{TRACE}-{SPAN}-01"))),
        ("m-3", Some("nonsense".to_owned())),
    ] {
        let envelope = Envelope {
            source_handler: Some(Identity::new("orders", "5d2f")),
            source_instance_id: "order-4711".to_owned(),
            attributes: traceparent
                .map(|value| ("traceparent".to_owned(), value))
                .into_iter()
                .collect(),
            ..Envelope::new(id, shop(), "order.placed", "text/plain")
        };
        stream.append_one(Parcel::seal(envelope)?)?;
    }
    Ok(stream)
}

/// Fails once with the second event, and is done after the third.
pub(crate) struct Orders {
    next: u64,
    failed: bool,
    done: CancellationToken,
}

impl Handler for Orders {
    async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
        Ok(self.next)
    }

    async fn handle_event(&mut self, _offset: u64, event: Event) -> Result<(), HandlerError> {
        if event.offset == 1 && !std::mem::replace(&mut self.failed, true) {
            return Err(HandlerError::Retry("told to fail".into()));
        }
        self.next = event.offset + 1;
        if self.next == 3 {
            self.done.cancel();
        }
        Ok(())
    }
}

/// Runs a consumer of the three events on this thread, in batches of up to so many.
pub(crate) fn consume(batch: usize) -> Result<()> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| Error::backend("starting a runtime", false, error))?;
    let done = CancellationToken::new();
    let orders = Orders { next: 0, failed: false, done: done.clone() };
    let stream = stream()?;
    assert_eq!(stream.application(), &shop());
    let consumer =
        Consumer::new(stream, EventTypes::any(), orders).name("billing").measured().batch(batch);
    runtime.block_on(consumer.run(done))?;
    Ok(())
}
