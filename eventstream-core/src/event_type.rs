use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The portable name of a type of event, such as `order.placed`. Cheap to clone.
///
/// # Examples
///
/// ```
/// use eventstream_core::EventType;
///
/// let placed = EventType::new("order.placed");
/// assert_eq!(placed.as_str(), "order.placed");
/// assert_eq!(placed, EventType::from("order.placed"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct EventType(Arc<str>);

impl EventType {
    /// Names an event type.
    pub fn new(portable_name: impl Into<Arc<str>>) -> Self {
        Self(portable_name.into())
    }

    /// The portable name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for EventType {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for EventType {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for EventType {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for EventType {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl From<EventType> for String {
    fn from(event_type: EventType) -> Self {
        event_type.0.as_ref().to_owned()
    }
}
