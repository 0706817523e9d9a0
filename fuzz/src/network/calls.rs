use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};

use super::header;
use crate::{
    grpc::{SplitError, Splitter, Status, is_grpc, parse_timeout, percent},
    memory::bounded,
    proto::eventstream::v1::{OffsetConflict, Truncated, UnsupportedEventTypes},
};

/// No message that is longer is taken here.
const LONGEST: usize = 1000;

/// The messages in what comes, cut in pieces of some size: the first byte says of which.
pub(super) fn split(data: &[u8]) {
    let Some((size, data)) = data.split_first() else { return };
    let whole = bounded(4096 + 64 * data.len(), || split_in(data, data.len().max(1)));
    let cut = bounded(4096 + 96 * data.len(), || split_in(data, usize::from(*size).max(1)));
    assert_eq!(whole, cut);
}

fn split_in(data: &[u8], size: usize) -> (Vec<Bytes>, Option<SplitError>, bool) {
    let mut splitter = Splitter::new(LONGEST);
    let mut found = Vec::new();
    for piece in data.chunks(size) {
        splitter.push(Bytes::copy_from_slice(piece));
        loop {
            match splitter.next() {
                Ok(Some(message)) => found.push(message),
                Ok(None) => break,
                Err(error) => return (found, Some(error), false),
            }
        }
    }
    (found, None, splitter.is_empty())
}

pub(super) fn text(data: &[u8]) {
    let decoded = bounded(64 + 8 * data.len(), || percent::decode(data));
    assert_eq!(percent::decode(percent::encode(&decoded, usize::MAX).as_bytes()), decoded);
    let Some(value) = header(data) else { return };
    if let Some(timeout) = parse_timeout(&value) {
        assert!(data.len() <= 9 && timeout.as_secs() <= 99_999_999 * 3600);
    }
    let is_one = is_grpc(&HeaderMap::from_iter([(CONTENT_TYPE, value)]));
    assert!(!is_one || data.trim_ascii()[..16].eq_ignore_ascii_case(b"application/grpc"));
}

/// How a call has ended, in three lines: the code, the message, and the details.
pub(super) fn status(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        let line = lines.next().unwrap_or_default();
        let line = if name.ends_with("-bin") { encode(line) } else { line.to_vec() };
        if let Some(value) = header(&line) {
            headers.insert(name, value);
        }
    }
    let read = bounded(4096 + 64 * data.len(), || Status::read_from(&headers));
    let Some(status) = read else {
        assert!(!headers.contains_key("grpc-status"));
        return;
    };
    let details = || {
        let types: Vec<UnsupportedEventTypes> = status.details_of().collect();
        (status.detail::<Truncated>(), status.detail::<OffsetConflict>(), types)
    };
    let found = bounded(4096 + 96 * data.len(), details);
    let from_rpc = Status::from_rpc(status.to_rpc());
    assert_eq!(from_rpc, status);
    let mut written = HeaderMap::new();
    status.write_to(&mut written);
    let again = Status::read_from(&written).expect("it was written");
    assert_eq!(again.code, status.code);
    // Of longer details there may be no room for all.
    if data.len() <= 1024 {
        assert_eq!((again.detail(), again.detail()), (found.0, found.1));
    }
}

fn encode(bytes: &[u8]) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes).into_bytes()
}
