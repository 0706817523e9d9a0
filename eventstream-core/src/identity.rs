use std::fmt;

use serde::{Deserialize, Serialize};

/// The name and key of an application, a message handler or a site.
///
/// The name is for people and may change; the key identifies, and never changes. Keys are UUIDs
/// in today's Dogma and any text without white space in older ones: both are accepted.
///
/// An `Identity` may hold anything while it is being put together. It is checked where it enters
/// the system: by [`Parcel::seal`](crate::Parcel::seal), by a store that is created for it, or
/// by hand with [`check`](Self::check).
///
/// # Examples
///
/// ```
/// use eventstream_core::Identity;
///
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// assert_eq!(shop.to_string(), "shop (0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10)");
/// assert!(shop.check("application").is_ok());
/// assert!(Identity::new("shop", "two words").check("application").is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// The name that people use. Not empty.
    pub name: String,
    /// The key that identifies. Not empty, without white space.
    pub key: String,
}

impl Identity {
    /// Makes an identity of a name and a key, unchecked.
    pub fn new(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self { name: name.into(), key: key.into() }
    }

    /// The same identity, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> IdentityRef<'_> {
        IdentityRef { name: &self.name, key: &self.key }
    }

    /// Checks that name and key are there and that the key has no white space.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEnvelope`](crate::Error::InvalidEnvelope) that names `field`.
    pub fn check(&self, field: &'static str) -> crate::Result<()> {
        self.as_ref().check(field)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

/// An [`Identity`] that borrows its text, as a [`Parcel`](crate::Parcel) hands it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentityRef<'a> {
    /// The name that people use.
    pub name: &'a str,
    /// The key that identifies.
    pub key: &'a str,
}

impl IdentityRef<'_> {
    /// Copies the text into an [`Identity`].
    #[must_use]
    pub fn to_identity(self) -> Identity {
        Identity::new(self.name, self.key)
    }

    pub(crate) fn check(self, field: &'static str) -> crate::Result<()> {
        let problem = if self.name.is_empty() {
            "has no name"
        } else if self.key.is_empty() {
            "has no key"
        } else if self.key.contains(char::is_whitespace) {
            "has a key with white space in it"
        } else {
            return Ok(());
        };
        Err(crate::Error::invalid(field, problem))
    }
}

impl fmt::Display for IdentityRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.key)
    }
}

impl PartialEq<Identity> for IdentityRef<'_> {
    fn eq(&self, other: &Identity) -> bool {
        *self == other.as_ref()
    }
}
