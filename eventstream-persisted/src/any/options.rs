//! What is said of a store behind the `?` of its URL, and is none of what its engine reads there.

use super::{AnyStoreError, StoreLocation};
use crate::percent::decoded;

/// The URL without our options, and those.
pub(super) struct Options {
    pub(super) url: String,
    found: Vec<(String, String)>,
}

impl Options {
    /// Takes the options with these names out of a URL.
    pub(super) fn take(url: &str, names: &[&str]) -> Self {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut found, mut rest) = (Vec::new(), Vec::new());
        for option in query.split('&').filter(|it| !it.is_empty()) {
            match option.split_once('=') {
                Some((name, value)) if names.contains(&name) => {
                    found.push((name.to_owned(), value.to_owned()));
                }
                _ => rest.push(option),
            }
        }
        let separator = if rest.is_empty() { "" } else { "?" };
        Self { url: format!("{address}{separator}{}", rest.join("&")), found }
    }

    /// What an option says, if it is there, and what this makes of it.
    pub(super) fn get<T>(
        &self,
        location: &StoreLocation,
        name: &str,
        read: impl FnOnce(String) -> Result<T, String>,
    ) -> Result<Option<T>, AnyStoreError> {
        let Some((_, value)) = self.found.iter().find(|(it, _)| it == name) else {
            return Ok(None);
        };
        let read = decoded(value).and_then(read);
        read.map(Some).map_err(|problem| AnyStoreError::InvalidOption {
            location: location.to_string(),
            option: name.to_owned(),
            problem,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_stays() {
        let location = StoreLocation::from("postgres://h/d");
        let text = |options: &Options, name| options.get(&location, name, Ok).unwrap();
        let options = Options::take("postgres://h/d?a=1&schema=x%20y&b=2", &["schema", "pooler"]);
        assert_eq!(options.url, "postgres://h/d?a=1&b=2");
        assert_eq!(text(&options, "schema").as_deref(), Some("x y"));
        assert_eq!(text(&options, "pooler"), None);
        let options = Options::take("postgres://h/d?schema=%zz", &["schema"]);
        assert_eq!(options.url, "postgres://h/d");
        let error = options.get(&location, "schema", Ok).unwrap_err().to_string();
        assert!(error.contains("schema") && error.contains("percent-encoded"), "{error}");
        assert_eq!(Options::take("nats://h/S", &["replicas"]).url, "nats://h/S");
    }
}
