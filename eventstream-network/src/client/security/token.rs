use std::sync::Arc;

use http::HeaderValue;

use super::options::TokenSource;
use crate::{client::NetworkError, files::Watched, token_byte::is_token_byte};

/// What is sent with each call.
#[derive(Clone)]
pub(in crate::client) enum Token {
    Given(HeaderValue),
    File(Arc<Watched<HeaderValue>>),
}

impl Token {
    pub(super) fn of(source: &TokenSource) -> Result<Self, NetworkError> {
        match source {
            TokenSource::Given(token) => {
                header_of(token).map(Self::Given).ok_or(NetworkError::InvalidToken)
            }
            TokenSource::File(path) => {
                let watched = Watched::new(vec![path.clone()], |loaded| {
                    let text = std::str::from_utf8(&loaded[0].bytes).ok();
                    text.and_then(|text| header_of(text.trim())).ok_or_else(|| {
                        loaded[0].invalid(
                            "it has to have one token, of letters, digits and -._~+/=, and \
                             nothing else",
                        )
                    })
                });
                Ok(Self::File(Arc::new(watched?)))
            }
        }
    }

    /// The header, as it is now.
    pub(in crate::client) fn header(&self) -> HeaderValue {
        match self {
            Self::Given(header) => header.clone(),
            Self::File(watched) => HeaderValue::clone(&watched.get()),
        }
    }
}

fn header_of(token: &str) -> Option<HeaderValue> {
    if token.is_empty() || !token.bytes().all(is_token_byte) {
        return None;
    }
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    // So that it is neither shown nor kept in tables of HTTP/2.
    header.set_sensitive(true);
    Some(header)
}
