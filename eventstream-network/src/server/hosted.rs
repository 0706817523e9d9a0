use std::fmt;

use eventstream_core::{DynStore, DynStream, EventStore, EventStream, Identity, Marshaler};

/// An application whose events a server hosts: its stream, and what belongs to it.
///
/// # Media types
///
/// By the protocols, clients can ask for events in some media types. What a type of event can be had
/// in is what was [declared](Self::media_types) and what the [marshaler](Self::marshaler) knows of the
/// type. A client that asks for none of these is refused when it begins. Where neither says anything,
/// the server can't know beforehand: the client is refused at the first event that it can't have.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Identity, Marshaler};
/// use eventstream_memory::MemoryStream;
/// use eventstream_network::{Hosted, NetworkServer};
///
/// # fn main() -> Result<(), eventstream_network::ServeError> {
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let hosted = Hosted::new(MemoryStream::new(shop))
///     .media_types(["application/json"])
///     .marshaler(Marshaler::json());
/// let server = NetworkServer::builder().application(hosted).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Hosted {
    pub(super) application: Identity,
    pub(super) stream: DynStream,
    pub(super) store: Option<DynStore>,
    pub(super) marshaler: Marshaler,
    pub(super) media_types: Vec<String>,
}

impl Hosted {
    /// The application of a stream, which can be consumed.
    pub fn new(stream: impl EventStream) -> Self {
        Self {
            application: stream.application().clone(),
            stream: DynStream::new(stream),
            store: None,
            marshaler: Marshaler::new([]),
            media_types: Vec::new(),
        }
    }

    /// The store behind the stream: clients can append, truncate and query, too.
    pub fn store(self, store: impl EventStore) -> Self {
        Self { store: Some(DynStore::new(store)), ..self }
    }

    /// Transcodes events for clients that ask for other media types than they are stored in. Only
    /// types that are registered with it can be transcoded.
    pub fn marshaler(self, marshaler: Marshaler) -> Self {
        Self { marshaler, ..self }
    }

    /// Declares the media types that events are stored in, all types of events alike.
    pub fn media_types(self, media_types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { media_types: media_types.into_iter().map(Into::into).collect(), ..self }
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted")
            .field("application", &self.application)
            .field("store", &self.store.is_some())
            .field("media_types", &self.media_types)
            .finish_non_exhaustive()
    }
}
