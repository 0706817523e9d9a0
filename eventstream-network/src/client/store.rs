use std::{fmt, ops::Range, sync::Arc};

use eventstream_core::{
    Error, EventRepository, EventStore, EventTypes, Expect, Identity, Incarnation, Parcel, Result,
};

use super::{
    NetworkQuery, Protocol, appender::Appender, call_error::CallError, channel::Channel,
    request_body::RequestBody,
};
use crate::{
    grpc::whole,
    proto::eventstream::v1::{
        AppendResponse, EventTypes as NamedTypes, LoadRequest, TruncateRequest, TruncateResponse,
        WaitForRequest, WaitForResponse,
        load_request::{BySource, ByType, Query},
    },
    wire::encode_append,
};

/// The store behind a stream that a server hosts, by our own protocol. Cheap to clone.
///
/// - What it promises is what the store does that the server was given.
/// - An append whose answer did not come may be stored or not: the error's source is then
///   [`NetworkError::OutcomeUnknown`](super::NetworkError::OutcomeUnknown). Append the same parcels
///   again, as with any store: a repetition stores nothing.
/// - Each [`wait_for`](EventRepository::wait_for) that waits is a call that is under way.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Envelope, EventStore, Expect, Identity, Parcel};
/// use eventstream_network::NetworkClient;
/// # use eventstream_core::EventTypes;
/// # use eventstream_network::NetworkServer;
/// # use eventstream_persisted::EmbeddedStore;
/// # use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("store");
/// # let kept = EmbeddedStore::builder(path).create_for(shop.clone()).open().await?;
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let endpoint = format!("http://{}", listener.local_addr()?);
/// # let stream = kept.stream(EventTypes::any());
/// # let server = NetworkServer::builder().host_with_store(stream, kept).build()?;
/// # let serving = tokio::spawn(server.serve(listener, std::future::pending()));
/// let store = NetworkClient::connect(&endpoint).await?.store(shop.clone());
/// let placed = Envelope::new("m-1", shop, "order.placed", "application/json");
/// let offsets = store.append(vec![Parcel::seal(placed)?], Expect::Any).await?;
/// assert_eq!(offsets, 0..1);
/// # serving.abort();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct NetworkStore {
    channel: Arc<Channel>,
    application: Identity,
    /// Sends the appends, unless each is a call.
    appender: Option<Arc<Appender>>,
}

impl NetworkStore {
    pub(super) fn new(channel: Arc<Channel>, application: Identity) -> Self {
        Self { channel, application, appender: None }
    }

    /// The application whose events the store keeps.
    #[must_use]
    pub fn application(&self) -> &Identity {
        &self.application
    }

    /// Sends appends over one stream, rather than by a call each, which is many times as fast where
    /// there are many at a time. They are begun in the order in which they are called for, and each
    /// is acknowledged. The stream is opened when it is needed, and again when it is lost.
    #[must_use]
    pub fn streaming(self) -> Self {
        Self { appender: Some(Arc::new(Appender::new(self.channel.clone()))), ..self }
    }

    async fn send(&self, parcels: &[Parcel], expect: Expect) -> Result<Range<u64>, CallError> {
        let key = &self.application.key;
        if let Some(appender) = &self.appender {
            return appender.append(key, parcels, expect).await;
        }
        let live = self.channel.live().await?;
        let frame = encode_append(key, parcels, expect);
        let response = live.call_frame("/eventstream.v1.EventStream/Append", frame).await?;
        let AppendResponse { first_offset, next_offset } = response;
        Ok(first_offset..next_offset)
    }

    fn key(&self) -> String {
        self.application.key.clone()
    }

    async fn load(&self, query: Query, position: u64) -> Result<NetworkQuery> {
        let request = LoadRequest { application_key: self.key(), query: Some(query) };
        let opened = async {
            let live = self.channel.live().await?;
            let path = "/eventstream.v1.EventStream/Load";
            let responses = live.open(path, RequestBody::new(whole(&request))).await?;
            let mut query = NetworkQuery::new(self.channel.clone(), responses, position);
            query.begin().await?;
            Ok::<_, CallError>(query)
        };
        opened.await.map_err(|error| error.into_error(&self.channel.endpoint, "read", position))
    }

    async fn describe(&self) -> Result<super::describe::Description> {
        let described = async {
            let live = self.channel.live().await?;
            live.describe(Protocol::Ours, &self.application.key).await
        };
        described.await.map_err(self.channel.failed("describe"))
    }
}

impl EventRepository for NetworkStore {
    type Query = NetworkQuery;

    async fn next_offset(&self) -> Result<u64> {
        let end = self.describe().await?.end;
        end.ok_or_else(|| {
            Error::backend("read", false, "the server can't tell where the stream ends")
        })
    }

    async fn load_by_type(&self, types: EventTypes, offset: u64) -> Result<NetworkQuery> {
        let names = types.names().unwrap_or_default().iter();
        let event_types = Some(NamedTypes {
            any: types.is_any(),
            portable_names: names.map(|name| name.as_str().to_owned()).collect(),
        });
        self.load(Query::ByType(ByType { offset, event_types }), offset).await
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<NetworkQuery> {
        let (handler_key, instance_id) = (handler_key.to_owned(), instance_id.to_owned());
        self.load(Query::BySource(BySource { handler_key, instance_id }), 0).await
    }

    async fn wait_for(&self, offset: u64) -> Result<u64> {
        let request = WaitForRequest { application_key: self.key(), offset };
        let waited = async {
            let live = self.channel.live().await?;
            live.wait("/eventstream.v1.EventStream/WaitFor", whole(&request)).await
        };
        let response: Result<WaitForResponse, CallError> = waited.await;
        Ok(response.map_err(self.channel.failed("watch"))?.next_offset)
    }

    async fn incarnation(&self) -> Result<Option<Incarnation>> {
        Ok(self.describe().await?.incarnation)
    }
}

impl EventStore for NetworkStore {
    async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let appended = self.send(&parcels, expect).await;
        appended.map_err(|error| error.into_append_error(&self.channel.endpoint))
    }

    async fn truncate(&self, before: u64) -> Result<()> {
        let request = TruncateRequest { application_key: self.key(), before };
        let truncated = async {
            let live = self.channel.live().await?;
            live.call("/eventstream.v1.EventStream/Truncate", &request).await
        };
        let response: Result<TruncateResponse, CallError> = truncated.await;
        response.map(drop).map_err(self.channel.failed("truncate"))
    }
}

impl fmt::Debug for NetworkStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkStore")
            .field("server", &self.channel.endpoint)
            .field("application", &self.application)
            .field("streaming", &self.appender.is_some())
            .finish_non_exhaustive()
    }
}
