use bytes::{BufMut, Bytes, BytesMut};
use eventstream_core::{Error, Expect, Parcel};

use super::{Fields, Malformed, Value, varint};
use crate::grpc::{PREFIX, prefix};

const APPLICATION_KEY: u8 = 1 << 3 | 2;
const EXPECTED_OFFSET: u8 = 2 << 3;
const ENVELOPES: u8 = 3 << 3 | 2;

/// `eventstream.v1.AppendRequest`, as it comes.
#[derive(Debug, Default)]
pub(crate) struct AppendMessage {
    pub(crate) application_key: String,
    pub(crate) expect: Expect,
    pub(crate) parcels: Vec<Parcel>,
}

/// What comes can't be appended.
#[derive(Debug)]
pub(crate) enum AppendMessageError {
    Malformed(Malformed),
    Envelope(Error),
}

impl From<Malformed> for AppendMessageError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl AppendMessage {
    /// Ends at the first envelope that is none, so that many of no bytes don't become many.
    pub(crate) fn decode(message: &Bytes) -> Result<Self, AppendMessageError> {
        let mut fields = Fields::of(message);
        let mut append = Self::default();
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(value)) => {
                    let key = std::str::from_utf8(value).map_err(|_| Malformed)?;
                    key.clone_into(&mut append.application_key);
                }
                (2, Value::Number(offset)) => append.expect = Expect::Offset(offset),
                (3, Value::Bytes(value)) => {
                    let wire = message.slice_ref(value);
                    let parcel = Parcel::from_wire(wire).map_err(AppendMessageError::Envelope)?;
                    append.parcels.push(parcel);
                }
                _ => {}
            }
        }
        Ok(append)
    }
}

/// The frame of an append.
pub(crate) fn encode_append(application_key: &str, parcels: &[Parcel], expect: Expect) -> Bytes {
    let field = |len: usize| 1 + varint::len(len as u64) + len;
    let mut len = field(application_key.len());
    if let Expect::Offset(offset) = expect {
        len += 1 + varint::len(offset);
    }
    len += parcels.iter().map(|parcel| field(parcel.wire().len())).sum::<usize>();

    let mut frame = BytesMut::with_capacity(PREFIX + len);
    frame.put_slice(&prefix(len));
    put_field(&mut frame, APPLICATION_KEY, application_key.as_bytes());
    if let Expect::Offset(offset) = expect {
        frame.put_u8(EXPECTED_OFFSET);
        varint::put(&mut frame, offset);
    }
    for parcel in parcels {
        put_field(&mut frame, ENVELOPES, parcel.wire());
    }
    frame.freeze()
}

fn put_field(frame: &mut BytesMut, tag: u8, bytes: &[u8]) {
    frame.put_u8(tag);
    varint::put(frame, bytes.len() as u64);
    frame.put_slice(bytes);
}

#[cfg(test)]
mod tests {
    use eventstream_core::{Envelope, Identity};
    use prost::Message;

    use super::*;
    use crate::proto::eventstream::v1::AppendRequest;

    #[test]
    fn it_is_what_prost_reads_and_makes() {
        let parcels: Vec<_> = ["m-1", "m-2"]
            .map(|id| Envelope::new(id, Identity::new("app", "app-key"), "type", "text/plain"))
            .map(|envelope| Parcel::seal(envelope).unwrap())
            .into();
        for expect in [Expect::Any, Expect::Offset(0), Expect::Offset(u64::MAX)] {
            let message = encode_append("app-key", &parcels, expect).split_off(PREFIX);
            let request = AppendRequest::decode(message.clone()).unwrap();
            assert_eq!(request.encode_to_vec(), message);

            let append = AppendMessage::decode(&message).unwrap();
            assert_eq!((append.application_key.as_str(), append.expect), ("app-key", expect));
            assert_eq!(append.parcels, parcels);
        }
    }

    #[test]
    fn what_is_no_append_is_refused() {
        let decode = |bytes| AppendMessage::decode(&Bytes::from_static(bytes)).unwrap_err();
        assert!(matches!(decode(b"\x0a\x01\xff"), AppendMessageError::Malformed(_)));
        assert!(matches!(decode(b"\x1a\x00\x0a"), AppendMessageError::Envelope(_)));
    }
}
