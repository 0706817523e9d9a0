use serde::{Serialize, de::DeserializeOwned};

/// What an event says, as a Rust type.
///
/// [`Marshaler`](crate::Marshaler) turns messages into payloads and back, [`Packer`](crate::Packer)
/// puts them into parcels, and [`Router`](crate::Router) hands them to functions.
///
/// # Contract
///
/// - [`TYPE`](Self::TYPE) never changes: it is stored with every event.
/// - What was serialized once can be deserialized for ever. New fields need a default.
///
/// # Examples
///
/// ```
/// use eventstream_core::Message;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct OrderPlaced {
///     order: u64,
/// }
///
/// impl Message for OrderPlaced {
///     const TYPE: &'static str = "order.placed";
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    note = "a message implements `Serialize`, `DeserializeOwned` and `eventstream_core::Message`, \
            which names its event type"
)]
pub trait Message: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The portable name of its type: the [event type](crate::EventType) of events that carry it.
    const TYPE: &'static str;
}
