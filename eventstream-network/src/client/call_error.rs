use std::{error::Error, sync::Arc, time::Duration};

use eventstream_core::{BoxError, Error as StreamError, EventTypes};

use super::{NetworkError, Protocol, endpoint::Endpoint};
use crate::{
    grpc::{Code, Status},
    proto::{
        dogma::{interop::v1::eventstream as a, messaging::v1 as b},
        eventstream::v1::{
            BackendFailure, DuplicateMessage, InvalidEnvelope, OffsetConflict, PastTheEnd,
            StreamEnded, Truncated, UnsupportedEventTypes,
        },
    },
    wire::Malformed,
};

/// What verity says of a truncated stream, with the code `UNKNOWN`.
const TRUNCATED: &str = "can not open cursor, stream is truncated";

/// How a call has failed. It can be said again and again, as cursors have to.
#[derive(Clone, Debug)]
pub(super) enum CallError {
    Connect(Arc<dyn Error + Send + Sync>),
    Untrusted(Arc<dyn Error + Send + Sync>),
    Lost(Arc<dyn Error + Send + Sync>),
    Timeout(Duration),
    Status(Status),
    Protocol(String),
    /// The server does not declare these, as was found out before it was asked.
    UnsupportedEventTypes(EventTypes),
    NotCarried {
        what: &'static str,
        protocol: Protocol,
    },
}

impl CallError {
    pub(super) fn lost(error: impl Into<BoxError>) -> Self {
        Self::Lost(Arc::from(error.into()))
    }

    pub(super) fn connect(error: impl Into<BoxError>) -> Self {
        let error = error.into();
        if is_about_trust(&*error) {
            return Self::Untrusted(Arc::from(error));
        }
        Self::Connect(Arc::from(error))
    }

    pub(super) fn protocol(problem: impl Into<String>) -> Self {
        Self::Protocol(problem.into())
    }

    /// Whether the same call may well succeed later.
    pub(super) fn is_retryable(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Lost(_) | Self::Timeout(_) => true,
            Self::Protocol(_)
            | Self::Untrusted(_)
            | Self::UnsupportedEventTypes(_)
            | Self::NotCarried { .. } => false,
            Self::Status(status) => match status.detail() {
                Some(BackendFailure { retryable }) => retryable,
                None => matches!(
                    status.code,
                    Code::Unavailable | Code::DeadlineExceeded | Code::Aborted | Code::Cancelled
                ),
            },
        }
    }

    pub(super) fn is_unimplemented(&self) -> bool {
        matches!(self, Self::Status(Status { code: Code::Unimplemented, .. }))
    }

    /// Where a stream was that the server has ended.
    pub(super) fn ended_at(&self) -> Option<u64> {
        let Self::Status(status) = self else { return None };
        status.detail().map(|StreamEnded { position }| position)
    }

    /// Whether the server was asked and has said no, so that it has done nothing.
    fn is_answer(&self) -> bool {
        let Self::Status(status) = self else {
            return matches!(self, Self::Connect(_) | Self::Untrusted(_));
        };
        // What a backend that has failed, or a server that went away, has done is not known.
        status.detail::<BackendFailure>().is_none()
            && !matches!(
                status.code,
                Code::Unavailable
                    | Code::DeadlineExceeded
                    | Code::Cancelled
                    | Code::Unknown
                    | Code::Internal
            )
    }

    pub(super) fn into_network_error(self, endpoint: &Endpoint) -> NetworkError {
        let endpoint = endpoint.to_string();
        match self {
            Self::Connect(source) => NetworkError::Connect { endpoint, source: Box::new(source) },
            Self::Untrusted(source) => {
                NetworkError::Untrusted { endpoint, source: Box::new(source) }
            }
            Self::Lost(source) => NetworkError::Lost { endpoint, source: Box::new(source) },
            Self::Timeout(timeout) => NetworkError::Timeout { endpoint, timeout },
            Self::Status(Status { code, message, .. }) => {
                NetworkError::Refused { endpoint, code: code.number(), message }
            }
            Self::Protocol(problem) => NetworkError::Protocol { endpoint, problem },
            Self::UnsupportedEventTypes(types) => {
                let problem = StreamError::UnsupportedEventTypes { types }.to_string();
                NetworkError::Protocol { endpoint, problem }
            }
            Self::NotCarried { what, protocol } => NetworkError::NotCarried { what, protocol },
        }
    }

    /// As the traits say it. `position` is where reading was, or what was asked for.
    pub(super) fn into_error(
        self,
        endpoint: &Endpoint,
        operation: &'static str,
        position: u64,
    ) -> StreamError {
        if let Self::Status(status) = &self
            && let Some(error) = typed(status, position)
        {
            return error;
        }
        if let Self::UnsupportedEventTypes(types) = self {
            return StreamError::UnsupportedEventTypes { types };
        }
        let retryable = self.is_retryable();
        StreamError::backend(operation, retryable, self.into_network_error(endpoint))
    }

    /// Of an append: whether it is stored may not be known.
    pub(super) fn into_append_error(self, endpoint: &Endpoint) -> StreamError {
        if self.is_answer() {
            return self.into_error(endpoint, "append", 0);
        }
        let retryable = self.is_retryable();
        let error = self.into_network_error(endpoint);
        StreamError::backend("append", retryable, NetworkError::OutcomeUnknown(Box::new(error)))
    }
}

impl From<Malformed> for CallError {
    fn from(malformed: Malformed) -> Self {
        Self::protocol(malformed.to_string())
    }
}

/// Whether it is not the network, but TLS that has failed.
fn is_about_trust(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some()
}

/// Those errors that have a type of their own.
fn typed(status: &Status, position: u64) -> Option<StreamError> {
    if let Some(Truncated { requested, oldest }) = status.detail() {
        return Some(StreamError::Truncated { requested, oldest });
    }
    if let Some(PastTheEnd { requested, next }) = status.detail() {
        return Some(StreamError::PastTheEnd { requested, next });
    }
    if let Some(OffsetConflict { expected, actual }) = status.detail() {
        return Some(StreamError::OffsetConflict { expected, actual });
    }
    if let Some(DuplicateMessage { message_id, offset }) = status.detail() {
        return Some(StreamError::DuplicateMessage { message_id, offset });
    }
    if let Some(InvalidEnvelope { field, problem }) = status.detail() {
        return Some(StreamError::invalid(known_field(&field), problem));
    }
    let unsupported: EventTypes = status
        .details_of::<UnsupportedEventTypes>()
        .flat_map(|detail| detail.portable_names)
        .chain(status.details_of::<a::UnrecognizedEventType>().map(|detail| detail.portable_name))
        .chain(status.details_of::<b::UnrecognizedMessage>().map(|detail| detail.name))
        .collect();
    if !unsupported.is_empty() {
        return Some(StreamError::UnsupportedEventTypes { types: unsupported });
    }
    let truncated = status.code == Code::OutOfRange
        || status.code == Code::Unknown && status.message.contains(TRUNCATED);
    // Where the stream begins now is not said: it is further on.
    truncated
        .then(|| StreamError::Truncated { requested: position, oldest: position.saturating_add(1) })
}

/// The names of the fields that an envelope has; of any other it is only known that it is not one.
fn known_field(name: &str) -> &'static str {
    const FIELDS: [&str; 15] = [
        "message_id",
        "causation_id",
        "correlation_id",
        "source_application",
        "source_handler",
        "source_instance_id",
        "created_at",
        "scheduled_for",
        "description",
        "portable_name",
        "media_type",
        "data",
        "source_site",
        "attributes",
        "envelope",
    ];
    FIELDS.into_iter().find(|field| *field == name).unwrap_or("envelope")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(status: Status) -> StreamError {
        let endpoint = Endpoint::parse("http://127.0.0.1:1").unwrap();
        CallError::Status(status).into_error(&endpoint, "read", 7)
    }

    #[test]
    fn truncation_is_known_in_all_its_forms() {
        let detailed =
            Status::new(Code::OutOfRange, "").with(&Truncated { requested: 9, oldest: 12 });
        assert!(matches!(error_of(detailed), StreamError::Truncated { requested: 9, oldest: 12 }));
        let verity = Status::new(Code::Unknown, "can not open cursor, stream is truncated");
        for status in [Status::new(Code::OutOfRange, "gone"), verity] {
            assert!(matches!(error_of(status), StreamError::Truncated { requested: 7, oldest: 8 }));
        }
        let unknown = error_of(Status::new(Code::Unknown, "something else"));
        assert!(matches!(unknown, StreamError::Backend { retryable: false, .. }));
    }

    #[test]
    fn the_outcome_of_an_append_is_known_only_from_an_answer() {
        let endpoint = Endpoint::parse("http://127.0.0.1:1").unwrap();
        let is_unknown = |error: CallError| {
            let error = error.into_append_error(&endpoint);
            let source = Error::source(&error);
            let source = source.and_then(|source| source.downcast_ref::<NetworkError>());
            matches!(source, Some(NetworkError::OutcomeUnknown(_)))
        };
        assert!(is_unknown(CallError::lost("reset")));
        assert!(is_unknown(CallError::Timeout(Duration::from_secs(1))));
        assert!(is_unknown(CallError::Status(Status::new(Code::Unavailable, ""))));
        assert!(!is_unknown(CallError::connect("refused")));
        assert!(!is_unknown(CallError::Status(Status::new(Code::PermissionDenied, ""))));
    }
}
