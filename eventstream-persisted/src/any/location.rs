use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use super::Engine;

/// Where a store is.
///
/// | location | what is there |
/// |---|---|
/// | `postgres://…`, `postgresql://…` | a PostgreSQL database |
/// | `nats://HOST:PORT/NAME`, `tls://HOST:PORT/NAME` | the stream `NAME` of NATS JetStream |
/// | anything else | a directory of this machine |
///
/// What looks like another URL is no directory: a store there is refused when it is opened. A
/// directory with such a name is meant by `./` before it, or as a [`Path`].
///
/// How it is shown leaves out users, passwords and options.
///
/// # Examples
///
/// ```
/// use eventstream_persisted::{Engine, StoreLocation};
///
/// let location = StoreLocation::from("postgres://me:secret@db.example/shop?sslmode=require");
/// assert_eq!(location.engine(), Some(Engine::Postgres));
/// assert_eq!(location.to_string(), "postgres://db.example/shop");
/// assert_eq!(StoreLocation::from("./shop").engine(), Some(Engine::Embedded));
/// assert_eq!(StoreLocation::from("mysql://db.example/shop").engine(), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoreLocation(pub(super) Place);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    Directory(PathBuf),
    /// A URL whose scheme is known, in small letters.
    Url(Engine, String),
    Unknown {
        scheme: String,
    },
}

impl StoreLocation {
    /// What keeps the events there, if it is known. It may have been left out of this program.
    #[must_use]
    pub fn engine(&self) -> Option<Engine> {
        match &self.0 {
            Place::Directory(_) => Some(Engine::Embedded),
            Place::Url(engine, _) => Some(*engine),
            Place::Unknown { .. } => None,
        }
    }

    /// The directory, if it is one.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        match &self.0 {
            Place::Directory(path) => Some(path),
            _ => None,
        }
    }
}

/// A directory, whatever its name is.
impl From<PathBuf> for StoreLocation {
    fn from(path: PathBuf) -> Self {
        Self(Place::Directory(path))
    }
}

/// A directory, whatever its name is.
impl From<&Path> for StoreLocation {
    fn from(path: &Path) -> Self {
        path.to_owned().into()
    }
}

impl From<&str> for StoreLocation {
    fn from(text: &str) -> Self {
        let Some((scheme, rest)) = text.split_once("://").filter(|(it, _)| is_scheme(it)) else {
            return PathBuf::from(text).into();
        };
        let scheme = scheme.to_ascii_lowercase();
        let engine = match &*scheme {
            "postgres" | "postgresql" => Engine::Postgres,
            "nats" | "tls" => Engine::JetStream,
            _ => return Self(Place::Unknown { scheme }),
        };
        Self(Place::Url(engine, format!("{scheme}://{rest}")))
    }
}

impl From<String> for StoreLocation {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

/// What is no text is a directory.
impl From<OsString> for StoreLocation {
    fn from(text: OsString) -> Self {
        match text.into_string() {
            Ok(text) => text.into(),
            Err(name) => PathBuf::from(name).into(),
        }
    }
}

impl From<&StoreLocation> for StoreLocation {
    fn from(location: &StoreLocation) -> Self {
        location.clone()
    }
}

fn is_scheme(text: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_good)
}

/// Without secrets.
impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Directory(path) => write!(f, "{}", path.display()),
            Place::Url(_, url) => f.write_str(&without_secrets(url)),
            Place::Unknown { scheme } => write!(f, "{scheme}://…"),
        }
    }
}

/// Without secrets.
impl fmt::Debug for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreLocation").field(&self.to_string()).finish()
    }
}

/// What stands between the scheme and the last `@` is who we are; passwords have any characters.
/// Options may have them, too; where there is an `@` behind a `?`, either may be either.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    if rest.split_once('?').is_some_and(|(_, options)| options.contains('@')) {
        return format!("{scheme}://…");
    }
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}://{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_follows_from_the_scheme() {
        for (text, engine) in [
            ("postgres://h/d", Some(Engine::Postgres)),
            ("PostgreSQL://h/d", Some(Engine::Postgres)),
            ("nats://h/S", Some(Engine::JetStream)),
            ("tls://h:4222/S", Some(Engine::JetStream)),
            ("mysql://h/d", None),
            ("http://h:7440", None),
            ("file:///tmp/store", None),
            ("./a", Some(Engine::Embedded)),
            ("/a/b", Some(Engine::Embedded)),
            ("C:\\a", Some(Engine::Embedded)),
            ("./nats://x", Some(Engine::Embedded)),
            ("", Some(Engine::Embedded)),
        ] {
            assert_eq!(StoreLocation::from(text).engine(), engine, "{text}");
        }
        assert!(StoreLocation::from(Path::new("nats://h/S")).directory().is_some());
    }

    #[test]
    fn no_secret_is_shown() {
        for (text, shown) in [
            ("postgres://u:secret@h:5432/d", "postgres://h:5432/d"),
            ("postgres://u:se/cr?secret@x@h/d?password=secret", "postgres://…"),
            ("postgres://h/d?user=u&password=secret", "postgres://h/d"),
            ("postgres://u:se/cr@secret@h/d?password=secret", "postgres://h/d"),
            ("postgres://h/d?password=x@secret", "postgres://…"),
            ("nats://h/S?token=x@secret", "nats://…"),
            ("nats://secret@a:1,b:2/S", "nats://a:1,b:2/S"),
            ("tls://u:secret@h/S?credentials=/secret", "tls://h/S"),
            ("mysql://u:secret@h/d", "mysql://…"),
        ] {
            let location = StoreLocation::from(text);
            assert_eq!(location.to_string(), shown);
            assert!(!format!("{location:?}").contains("secret"), "{location:?}");
        }
    }
}
