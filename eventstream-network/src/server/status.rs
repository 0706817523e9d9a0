use eventstream_core::Error;

use super::dialect::Dialect;
use crate::{
    grpc::{Code, Status, shortened},
    proto::eventstream::v1::{
        BackendFailure, DuplicateMessage, InvalidEnvelope, OffsetConflict, PastTheEnd, StreamEnded,
        Truncated,
    },
};

/// What a client is told of an error. Of a failure of the backend it is not told the causes, which may
/// name files and machines: they are logged.
pub(super) fn status_of(error: &Error, dialect: Dialect) -> Status {
    let text = error.to_string();
    match error {
        Error::Truncated { requested, oldest } => Status::new(Code::OutOfRange, text)
            .with(&Truncated { requested: *requested, oldest: *oldest }),
        Error::NoEventTypes => Status::invalid(text),
        Error::UnsupportedEventTypes { types } => dialect.unsupported_event_types(types),
        Error::InvalidEnvelope { field, problem } => Status::invalid(text).with(&InvalidEnvelope {
            field: (*field).to_owned(),
            problem: shortened(problem).to_owned(),
        }),
        Error::OffsetConflict { expected, actual } => Status::new(Code::FailedPrecondition, text)
            .with(&OffsetConflict { expected: *expected, actual: *actual }),
        Error::PastTheEnd { requested, next } => Status::new(Code::OutOfRange, text)
            .with(&PastTheEnd { requested: *requested, next: *next }),
        Error::DuplicateMessage { message_id, offset } => Status::new(Code::AlreadyExists, text)
            .with(&DuplicateMessage {
                message_id: shortened(message_id).to_owned(),
                offset: *offset,
            }),
        error => {
            tracing::warn!(error = error as &dyn std::error::Error, "a call has failed");
            let retryable = error.is_retryable();
            let code = if retryable { Code::Unavailable } else { Code::Internal };
            Status::new(code, text).with(&BackendFailure { retryable })
        }
    }
}

/// The same, if it came up when events were read: an envelope that is none is then not the client's.
pub(super) fn status_of_reading(error: &Error, dialect: Dialect) -> Status {
    let mut status = status_of(error, dialect);
    if matches!(error, Error::InvalidEnvelope { .. }) {
        tracing::warn!(error = error as &dyn std::error::Error, "what is stored is no envelope");
        status.code = Code::DataLoss;
    }
    status
}

/// The server is going away; a stream can be consumed further from this position on.
pub(super) fn going_away_at(position: u64) -> Status {
    going_away().with(&StreamEnded { position })
}

pub(super) fn going_away() -> Status {
    Status::new(Code::Unavailable, "the server is going away")
}

/// Others may be done in a moment.
pub(super) fn busy() -> Status {
    let text = "the server has as many calls as it takes: try again later";
    Status::new(Code::ResourceExhausted, text).with(&BackendFailure { retryable: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_arrive_however_long_what_they_repeat_is() {
        let message_id = "x".repeat(100_000);
        let error = Error::DuplicateMessage { message_id, offset: 7 };
        let status = status_of(&error, Dialect::Ours);
        assert_eq!(status.detail::<DuplicateMessage>().unwrap().offset, 7);
        // It is kept until it is sent.
        assert!(status.message.capacity() < 2_000);
    }
}
