use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::{Message, Name};
use prost_types::Any;

use super::{Code, MAX_TEXT, percent, shortened};
use crate::proto::google::rpc;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// Written without padding, read with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Many clients take 8 KiB of headers. Of these the details have at most 4.7 KiB, as base64 makes 4
/// bytes of 3; the message beside them 1.4 KiB, and once more by itself 1 KiB, where it is cut.
pub(crate) const MAX_DETAILS: usize = 3_584;

/// How a call has ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Status {
    pub(crate) code: Code,
    pub(crate) message: String,
    details: Vec<Any>,
}

impl Status {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let mut message = message.into();
        let end = shortened(&message).len();
        message.truncate(end);
        // It may have been much longer.
        message.shrink_to_fit();
        Self { code, message, details: Vec::new() }
    }

    pub(crate) fn ok() -> Self {
        Self::new(Code::Ok, "")
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// Adds a detail, unless there are so many that they would not arrive: then it is left out.
    #[must_use]
    pub(crate) fn with(mut self, detail: &impl Name) -> Self {
        self.add(detail);
        self
    }

    /// Adds details, until there is one for which there is no room: there may be many.
    #[must_use]
    pub(crate) fn with_all<M: Name>(mut self, mut details: impl Iterator<Item = M>) -> Self {
        while details.next().is_some_and(|detail| self.add(&detail)) {}
        self
    }

    /// Whether there was room for it.
    fn add(&mut self, detail: &impl Name) -> bool {
        // One that is too large is not even encoded.
        if detail.encoded_len() > MAX_DETAILS {
            return false;
        }
        let any = Any { type_url: type_url_of(detail), value: detail.encode_to_vec() };
        let held: usize = self.details.iter().map(Message::encoded_len).sum();
        let fits = held + any.encoded_len() <= MAX_DETAILS;
        if fits {
            self.details.push(any);
        }
        fits
    }

    /// The first detail of a type.
    pub(crate) fn detail<M: Name + Default>(&self) -> Option<M> {
        self.details_of().next()
    }

    /// All details of a type. What can't be decoded is no such detail.
    pub(crate) fn details_of<M: Name + Default>(&self) -> impl Iterator<Item = M> {
        self.details.iter().filter_map(|any| any.to_msg().ok())
    }

    /// As `google.rpc.Status`.
    pub(crate) fn to_rpc(&self) -> rpc::Status {
        rpc::Status {
            code: self.code.number(),
            message: self.message.clone(),
            details: self.details.clone(),
        }
    }

    pub(crate) fn from_rpc(status: rpc::Status) -> Self {
        let rpc::Status { code, message, details } = status;
        Self { details, ..Self::new(Code::from_number(code), message) }
    }

    /// As headers, or behind the body.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap) {
        headers.insert(GRPC_STATUS, HeaderValue::from(self.code.number()));
        if !self.message.is_empty() {
            let message = percent::encode(&self.message, MAX_TEXT);
            // All of it is printable ASCII.
            if let Ok(message) = HeaderValue::from_str(&message) {
                headers.insert(GRPC_MESSAGE, message);
            }
        }
        if !self.details.is_empty() {
            let status = self.to_rpc().encode_to_vec();
            if let Ok(details) = HeaderValue::from_str(&BASE64.encode(status)) {
                headers.insert(DETAILS, details);
            }
        }
    }

    /// `None` if they don't say how the call has ended.
    pub(crate) fn read_from(headers: &HeaderMap) -> Option<Self> {
        let number = headers.get(GRPC_STATUS)?.to_str().ok();
        let code = number.and_then(|number| number.parse().ok()).map(Code::from_number);
        let message = headers.get(GRPC_MESSAGE).map(|text| percent::decode(text.as_bytes()));
        let details = headers
            .get(DETAILS)
            .and_then(|encoded| BASE64.decode(encoded).ok())
            .and_then(|bytes| rpc::Status::decode(bytes.as_slice()).ok())
            .map(|status| status.details);
        Some(Self {
            code: code.unwrap_or(Code::Unknown),
            message: message.unwrap_or_default(),
            details: details.unwrap_or_default(),
        })
    }
}

/// `Any::from_msg`, for a message that can't fail to be encoded.
fn type_url_of<M: Name>(_: &M) -> String {
    M::type_url()
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.code)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Status {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::eventstream::v1::{PastTheEnd, Truncated};

    #[test]
    fn a_status_comes_back_out_of_headers() {
        let status = Status::new(Code::OutOfRange, "weg: 100 % ü")
            .with(&Truncated { requested: 1, oldest: 7 })
            .with(&Truncated { requested: 2, oldest: 8 });
        let mut headers = HeaderMap::new();
        status.write_to(&mut headers);
        let read = Status::read_from(&headers).unwrap();
        assert_eq!(read, status);
        assert_eq!(read.detail(), Some(Truncated { requested: 1, oldest: 7 }));
        assert_eq!(read.details_of::<Truncated>().count(), 2);
        assert_eq!(read.detail::<PastTheEnd>(), None);
    }

    #[test]
    fn headers_that_say_nothing_are_no_status() {
        let mut headers = HeaderMap::new();
        assert_eq!(Status::read_from(&headers), None);
        headers.insert(GRPC_STATUS, HeaderValue::from_static("no number"));
        headers.insert(DETAILS, HeaderValue::from_static("***"));
        assert_eq!(Status::read_from(&headers), Some(Status::new(Code::Unknown, "")));
    }

    #[test]
    fn neither_details_nor_text_grow_without_bound() {
        let mut status = Status::invalid("ü".repeat(100_000));
        for offset in 0..10_000 {
            status = status.with(&Truncated { requested: offset, oldest: u64::MAX });
        }
        let mut headers = HeaderMap::new();
        status.write_to(&mut headers);
        // As HTTP/2 counts them; others come besides.
        let size: usize =
            headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(size < 7_800, "{size}");
        let read = Status::read_from(&headers).unwrap();
        assert_eq!(read.detail(), Some(Truncated { requested: 0, oldest: u64::MAX }));
    }
}
