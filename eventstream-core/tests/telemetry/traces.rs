use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;

use crate::support::{SPAN, TRACE, consume};

/// The spans of a name that a consumer makes.
fn spans(name: &str, batch: usize) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let subscriber = tracing_subscriber::registry().with(layer);
    with_default(subscriber, || consume(batch).expect("it runs"));
    provider.force_flush().expect("it flushes");
    let spans = exporter.get_finished_spans().expect("they are there");
    spans.into_iter().filter(|span| span.name == name).collect()
}

fn links(span: &SpanData) -> Vec<(String, String)> {
    span.links
        .iter()
        .map(|link| {
            let context = &link.span_context;
            assert!(context.is_remote());
            (context.trace_id().to_string(), context.span_id().to_string())
        })
        .collect()
}

#[test]
fn an_events_span_is_linked_to_the_one_in_which_it_was_recorded() {
    let spans = spans("handle_event", 1);
    // The second one was handled twice.
    assert_eq!(spans.len(), 4);
    let recorded = (TRACE.to_owned(), SPAN.to_owned());
    let linked: Vec<_> = spans.iter().map(links).collect();
    assert_eq!(linked, [vec![], vec![recorded.clone()], vec![recorded], vec![]]);
}

#[test]
fn a_batchs_span_is_linked_to_those_of_its_events() {
    let spans = spans("handle_batch", 10);
    assert!(!spans.is_empty());
    assert_eq!(links(&spans[0]), [(TRACE.to_owned(), SPAN.to_owned())]);
}
