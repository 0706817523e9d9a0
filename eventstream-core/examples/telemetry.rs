//! Spans and metrics of a consumer: links to where the events were recorded, and OpenTelemetry's
//! names.
//!
//! ```console
//! $ cargo run -p eventstream-core --features metrics,opentelemetry --example telemetry
//! ```

use eventstream_core::{
    BoxError, Consumer, Envelope, Event, EventTypes, Handler, HandlerError, Identity, Parcel,
};
use eventstream_memory::MemoryStream;
use metrics_util::debugging::DebuggingRecorder;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt;

/// Handles one event.
struct Once(u64, CancellationToken);

impl Handler for Once {
    async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
        Ok(self.0)
    }

    async fn handle_event(&mut self, _offset: u64, event: Event) -> Result<(), HandlerError> {
        self.0 = event.offset + 1;
        self.1.cancel();
        Ok(())
    }
}

fn main() -> Result<(), BoxError> {
    // What collects them: a program would send them to where they are looked at.
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("example"));
    let _collecting = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let recorder = DebuggingRecorder::new();
    let measured = recorder.snapshotter();

    let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    let stream = MemoryStream::new(shop.clone());
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    stream.append_one(Parcel::seal(Envelope {
        attributes: [("traceparent".to_owned(), traceparent.to_owned())].into(),
        ..Envelope::new("m-1", shop, "order.placed", "text/plain")
    })?)?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let done = CancellationToken::new();
    let consumer =
        Consumer::new(stream, EventTypes::any(), Once(0, done.clone())).name("billing").measured();
    metrics::with_local_recorder(&recorder, || runtime.block_on(consumer.run(done)))?;

    let spans = spans.get_finished_spans()?;
    let handled = spans.iter().find(|span| span.name == "handle_event").ok_or("no span")?;
    for link in handled.links.iter() {
        println!("handle_event is linked to trace {}", link.span_context.trace_id());
    }
    assert_eq!(handled.links.len(), 1);
    let mut names: Vec<String> = measured
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, ..)| key.key().name().to_owned())
        .collect();
    names.sort();
    names.dedup();
    println!("{}", names.join("\n"));
    assert!(names.contains(&"messaging.client.consumed.messages".to_owned()));
    Ok(())
}
