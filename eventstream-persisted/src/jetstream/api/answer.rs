use serde::{Deserialize, de::DeserializeOwned};

use crate::jetstream::error::{JetStreamError, Result};

/// What the server says if it refuses something.
#[derive(Clone, Debug, Deserialize)]
struct ApiError {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

impl ApiError {
    fn refused(self, action: &'static str) -> JetStreamError {
        let Self { code: status, err_code: code, description } = self;
        JetStreamError::Refused { action, status, code, description }
    }
}

#[derive(Deserialize)]
struct Refusal {
    error: Option<ApiError>,
}

/// Reads an answer.
pub(in crate::jetstream) fn decode<T: DeserializeOwned>(
    action: &'static str,
    answer: &[u8],
) -> Result<T> {
    let bad =
        |error: serde_json::Error| JetStreamError::BadAnswer { action, problem: error.to_string() };
    if let Some(error) = serde_json::from_slice::<Refusal>(answer).map_err(bad)?.error {
        return Err(error.refused(action));
    }
    serde_json::from_slice(answer).map_err(bad)
}
