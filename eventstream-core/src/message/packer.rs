use std::{fmt, sync::Arc, time::SystemTime};

use uuid::Uuid;

use super::{MarshalError, Marshaler, Message, Payload};
use crate::{Envelope, Error, Identity, Parcel, Timestamp};

/// Puts messages into parcels: gives them an id, a time, and what caused them. Cheap to clone but
/// for the identities.
///
/// # Examples
///
#[cfg_attr(feature = "json", doc = "```")]
#[cfg_attr(not(feature = "json"), doc = "```text")]
/// use eventstream_core::{Identity, MarshalError, Marshaler, Message, Packer};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct OrderPlaced { order: u64 }
///
/// impl Message for OrderPlaced {
///     const TYPE: &'static str = "order.placed";
/// }
///
/// #[derive(Serialize, Deserialize)]
/// struct OrderPaid { order: u64 }
///
/// impl Message for OrderPaid {
///     const TYPE: &'static str = "order.paid";
/// }
///
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let packer = Packer::new(shop, Marshaler::json());
/// let placed = packer.pack(&OrderPlaced { order: 7 })?;
/// let paid = packer.pack_child(&placed, &OrderPaid { order: 7 })?;
/// assert_eq!(paid.causation_id(), placed.message_id());
/// assert_eq!(paid.correlation_id(), placed.message_id());
/// # Ok::<(), MarshalError>(())
/// ```
#[derive(Clone)]
pub struct Packer {
    marshaler: Marshaler,
    application: Identity,
    handler: Option<Identity>,
    instance: String,
    site: Option<Identity>,
    ids: Arc<dyn Fn() -> String + Send + Sync>,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

impl Packer {
    /// For what an application records. Ids are UUIDs of version 7, which are in the order that the
    /// packer gave them in; the time is the system's.
    #[must_use]
    pub fn new(application: Identity, marshaler: Marshaler) -> Self {
        Self {
            marshaler,
            application,
            handler: None,
            instance: String::new(),
            site: None,
            ids: Arc::new(|| Uuid::now_v7().to_string()),
            clock: Arc::new(SystemTime::now),
        }
    }

    /// The handler that records the messages.
    #[must_use]
    pub fn handler(mut self, handler: Identity) -> Self {
        self.handler = Some(handler);
        self
    }

    /// The instance of the handler that records them. It takes a [`handler`](Self::handler), too.
    #[must_use]
    pub fn instance(mut self, id: impl Into<String>) -> Self {
        self.instance = id.into();
        self
    }

    /// The site that the application runs at.
    #[must_use]
    pub fn site(mut self, site: Identity) -> Self {
        self.site = Some(site);
        self
    }

    /// Where message ids come from. They have to be unique, for ever: an event whose id is stored
    /// already is taken for a repetition.
    #[must_use]
    pub fn ids(mut self, ids: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// What tells the time.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Packs a message that nothing caused: its causation and correlation ids are its own id.
    ///
    /// # Errors
    ///
    /// Those of [`Marshaler::marshal`], and [`MarshalError::Seal`] if the envelope breaks a rule.
    pub fn pack<M: Message>(&self, message: &M) -> Result<Parcel, MarshalError> {
        Parcel::seal(self.envelope(message)?).map_err(MarshalError::seal(M::TYPE))
    }

    /// Packs a message that another one caused: its causation id is that one's id, and they have
    /// the same correlation id.
    ///
    /// # Errors
    ///
    /// Those of [`pack`](Self::pack).
    pub fn pack_child<M: Message>(
        &self,
        cause: &Parcel,
        message: &M,
    ) -> Result<Parcel, MarshalError> {
        Parcel::seal(self.child_envelope(cause, message)?).map_err(MarshalError::seal(M::TYPE))
    }

    /// The envelope that [`pack`](Self::pack) would seal, to give it a description or attributes
    /// first.
    ///
    /// # Errors
    ///
    /// Those of [`Marshaler::marshal`], and [`MarshalError::Seal`] if the clock tells a time that
    /// can't be written.
    ///
    /// # Examples
    ///
    #[cfg_attr(feature = "json", doc = "```")]
    #[cfg_attr(not(feature = "json"), doc = "```text")]
    /// # use eventstream_core::{Identity, Marshaler, Message, Packer};
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct OrderPlaced { order: u64 }
    /// # impl Message for OrderPlaced { const TYPE: &'static str = "order.placed"; }
    /// use eventstream_core::{Envelope, Parcel};
    ///
    /// # let packer = Packer::new(Identity::new("shop", "key"), Marshaler::json());
    /// let parcel = Parcel::seal(Envelope {
    ///     description: "order 7 was placed".to_owned(),
    ///     ..packer.envelope(&OrderPlaced { order: 7 })?
    /// })?;
    /// assert_eq!(parcel.description(), "order 7 was placed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn envelope<M: Message>(&self, message: &M) -> Result<Envelope, MarshalError> {
        let Payload { media_type, data } = self.marshaler.marshal(message)?;
        let created_at = Timestamp::try_from((self.clock)())
            .map_err(|error| Error::invalid("created_at", error.to_string()))
            .map_err(MarshalError::seal(M::TYPE))?;
        Ok(Envelope {
            source_handler: self.handler.clone(),
            source_instance_id: self.instance.clone(),
            source_site: self.site.clone(),
            created_at,
            data,
            ..Envelope::new((self.ids)(), self.application.clone(), M::TYPE, media_type)
        })
    }

    /// The envelope that [`pack_child`](Self::pack_child) would seal, to give it a description or
    /// attributes first.
    ///
    /// # Errors
    ///
    /// Those of [`envelope`](Self::envelope).
    pub fn child_envelope<M: Message>(
        &self,
        cause: &Parcel,
        message: &M,
    ) -> Result<Envelope, MarshalError> {
        Ok(Envelope {
            causation_id: cause.message_id().to_owned(),
            correlation_id: cause.correlation_id().to_owned(),
            ..self.envelope(message)?
        })
    }
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packer")
            .field("application", &self.application)
            .field("handler", &self.handler)
            .field("instance", &self.instance)
            .field("site", &self.site)
            .field("marshaler", &self.marshaler)
            .finish_non_exhaustive()
    }
}
