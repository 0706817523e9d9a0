//! Names and the keys that follow from them.

use std::str::FromStr;

use eventstream_core::{Identity, IdentityRef};
use uuid::Uuid;

/// The key of what is known by its name alone: the `UUIDv5` of the name in the URL namespace.
pub(crate) fn key_of(name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

/// What stands for an application where a URI is asked for.
pub(crate) fn uri_of(application: IdentityRef<'_>) -> String {
    if Uuid::try_parse(application.key).is_ok() {
        format!("urn:uuid:{}", application.key)
    } else {
        application.name.to_owned()
    }
}

/// An application as it is named on the command line: `NAME`, or `NAME:KEY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Application(pub(crate) Identity);

impl Application {
    /// Whether it is this one that is meant: by its key, or by its name where no key is given.
    pub(crate) fn means(&self, identity: &Identity) -> bool {
        let Self(named) = self;
        named.key == identity.key || named.name == identity.name && named.key == key_of(&named.name)
    }
}

impl FromStr for Application {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The last colon: a name may have some, a key of Dogma's has none.
        let identity = match text.rsplit_once(':') {
            Some((name, key)) => Identity::new(name, key),
            None => Identity::new(text, key_of(text)),
        };
        if identity.name.trim().is_empty() {
            return Err("it has no name: NAME or NAME:KEY is expected".to_owned());
        }
        if identity.key.is_empty() || identity.key.contains(char::is_whitespace) {
            return Err("a key can't be empty or have white space: NAME:KEY is expected".to_owned());
        }
        Ok(Self(identity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_follows_from_a_name() {
        // As `uuidgen --sha1 --namespace @url --name shop` has it.
        assert_eq!(key_of("shop"), "d9c72703-fb7e-533a-8299-1e5a2ddcf171");
    }

    #[test]
    fn an_application_is_a_name_and_perhaps_a_key() {
        let parse = |text: &str| text.parse::<Application>().map(|Application(it)| it);
        assert_eq!(parse("shop"), Ok(Identity::new("shop", key_of("shop"))));
        assert_eq!(parse("shop:k-1"), Ok(Identity::new("shop", "k-1")));
        assert_eq!(parse("a:b:k-1"), Ok(Identity::new("a:b", "k-1")));
        for wrong in ["", " ", ":k-1", "shop:", "shop:two words"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_application_is_known_by_its_key_or_by_its_name_alone() {
        let means = |text: &str, name: &str, key: &str| {
            text.parse::<Application>().unwrap().means(&Identity::new(name, key))
        };
        assert!(means("shop", "shop", "k-1"));
        assert!(means("shop:k-1", "shop", "k-1"));
        assert!(means("shop:k-1", "renamed", "k-1"));
        assert!(!means("shop:k-1", "shop", "k-2"));
        assert!(!means("shop", "bank", "k-1"));
    }

    #[test]
    fn an_application_has_a_uri() {
        let uri = |key| uri_of(Identity::new("shop", key).as_ref());
        assert_eq!(
            uri("d9c72703-fb7e-533a-8299-1e5a2ddcf171"),
            "urn:uuid:d9c72703-fb7e-533a-8299-1e5a2ddcf171"
        );
        assert_eq!(uri("k-1"), "shop");
    }
}
