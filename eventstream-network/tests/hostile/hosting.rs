//! What the server under attack hosts, and how it is limited.

use std::time::Duration;

use eventstream_core::{
    Envelope, EventStore, EventTypes, Expect, Format, Identity, Marshaler, Message, Parcel,
};
use eventstream_memory::MemoryStream;
use eventstream_network::{Hosted, Limits, NetworkServer, NetworkServerBuilder, Tls, Tokens};
use eventstream_persisted::EmbeddedStore;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{
    child,
    support::{application, parcels},
};

pub(crate) const READER: &str = "Bearer reader0123456789";
pub(crate) const WRITER: &str = "Bearer writer0123456789";
pub(crate) const OTHERS: &str = "Bearer others0123456789";
/// What the honest client has.
pub(crate) const HONEST: &str = "honest0123456789";

/// An application with a hundred types, which can be had in two media types each.
pub(crate) const DECLARED: &str = "declared-key";
/// An application with large events.
pub(crate) const LARGE: &str = "large-key";

#[derive(Serialize, Deserialize)]
struct Paid {
    amount: u64,
}

impl Message for Paid {
    const TYPE: &'static str = "type-0";
}

fn tokens() -> Tokens {
    let text = format!(
        "reader0123456789 read *\nwriter0123456789 read,append app-key\n\
         others0123456789 read,append,truncate other-key\n{HONEST} read,append,truncate *\n"
    );
    text.parse().unwrap()
}

/// The limits are those that a server has by itself; only the waiting is shorter.
pub(crate) fn limits() -> Limits {
    Limits::default()
        .handshake_timeout(Duration::from_secs(1))
        .request_timeout(Duration::from_secs(2))
        .keep_alive_interval(Duration::from_secs(3))
        .keep_alive_timeout(Duration::from_secs(3))
}

async fn builder() -> (NetworkServerBuilder, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = EmbeddedStore::builder(path).create_for(application()).open().await.unwrap();
    store.append(parcels(0..100, "a"), Expect::Any).await.unwrap();
    let kept = Hosted::new(store.stream(EventTypes::any())).store(store);

    let names: Vec<_> = (0..100).map(|number| format!("type-{number}")).collect();
    let declared = Identity::new("declared", DECLARED);
    let types: EventTypes = names.iter().map(String::as_str).collect();
    let declared = Hosted::new(MemoryStream::builder(declared).event_types(types).build())
        .media_types(["application/json", "application/cbor"])
        .marshaler(Marshaler::new([Format::Json, Format::Cbor]).message::<Paid>());

    let large = Identity::new("large", LARGE);
    let stream = MemoryStream::builder(large.clone()).buffer_size(1_000).build();
    for id in 0..1_000 {
        let envelope = Envelope {
            data: vec![0; 8 << 10].into(),
            ..Envelope::new(format!("large-{id}"), large.clone(), "large", "text/plain")
        };
        stream.append_one(Parcel::seal(envelope).unwrap()).unwrap();
    }
    // Any type, and the same media type for each.
    let large = Hosted::new(stream).media_types(["text/plain"]);
    let builder = NetworkServer::builder();
    let builder = builder.application(kept).application(declared).application(large);
    (builder.authorizer(tokens()), directory)
}

/// What a child does: `plain`, `few` (connections), `short` (watching), or `tls` with a folder of certificates.
pub(crate) async fn serve(task: &str) {
    let (builder, _directory) = builder().await;
    let builder = match task.split_once(' ') {
        Some(("tls", folder)) => {
            let path = |name: &str| std::path::Path::new(folder).join(name);
            let tls = Tls::from_files(path("server.pem"), path("server.key"));
            builder.limits(limits()).tls(tls.client_ca(path("clients.pem")))
        }
        _ if task == "short" => {
            builder.limits(limits().public_stream_age(Duration::from_millis(100)))
        }
        _ if task == "few" => builder.limits(limits().connections(8)),
        _ => builder.limits(limits()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let until = child::until_the_end(listener.local_addr().unwrap());
    builder.build().unwrap().serve(listener, until).await.unwrap();
}
