use std::sync::atomic::Ordering;

use async_nats::{HeaderMap, Request};
use eventstream_core::Parcel;

use super::attempt::{Failure, try_again};
use crate::jetstream::{
    api::{self, PubAck},
    batch_place::{BATCH_ID, BATCH_SEQUENCE, batch_id},
    core::Core,
    error::JetStreamError,
    link::PUBLISHING,
};

/// What the headers and the subject of a message take at most.
pub(in crate::jetstream) const HEADERS: usize = 1024;

const ACTION: &str = "store events";

/// Has parcels stored as one; returns the sequence of the last one.
///
/// The server refuses them all if one of their ids is there already, or if `expected` is not the next
/// offset.
pub(super) async fn publish(
    core: &Core,
    parcels: &[&Parcel],
    expected: Option<u64>,
) -> Result<u64, Failure> {
    let Some((last, others)) = parcels.split_last() else {
        return Err(Failure::Before(try_again("there is nothing to be stored")));
    };
    let batch = (!others.is_empty()).then(|| batch_id(parcels.len()));
    let headers = |number: usize, parcel: &Parcel| {
        let mut headers = HeaderMap::new();
        if let Some(expected) = expected
            && number == 1
        {
            headers.insert("Nats-Expected-Last-Sequence", expected.to_string());
        }
        if core.is_atomic {
            let id = core.subjects.of_id(parcel.message_id());
            headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
            headers.insert("Nats-Expected-Last-Subject-Sequence-Subject", id);
        }
        if let Some(batch) = &batch {
            headers.insert(BATCH_ID, batch.as_str());
            headers.insert(BATCH_SEQUENCE, number.to_string());
            if number == parcels.len() {
                headers.insert("Nats-Batch-Commit", "1");
            }
        }
        headers
    };
    for (number, parcel) in (1..).zip(others) {
        let (subject, content) = (core.subjects.of_event(parcel), parcel.wire().clone());
        let sent = core.link.client.publish_with_headers(subject, headers(number, parcel), content);
        // A batch without its end is nothing.
        sent.await.map_err(|error| {
            let problem = error.to_string();
            Failure::Before(JetStreamError::NoAnswer { action: ACTION, problem })
        })?;
    }
    let request = Request::new().payload(last.wire().clone()).headers(headers(parcels.len(), last));
    let subject = core.subjects.of_event(last);
    let answer = core.link.ask(ACTION, subject, request, PUBLISHING).await;
    let answer = answer.map_err(|error| match error {
        // It did not get anywhere.
        JetStreamError::NotPermitted { .. } | JetStreamError::Unheard { .. } => {
            Failure::Before(error)
        }
        error => Failure::Unanswered(error),
    })?;
    let ack: PubAck = api::decode(ACTION, &answer).map_err(|error| match error {
        JetStreamError::Refused {
            code: api::WRONG_LAST_SEQUENCE | api::SAME_SUBJECT_UNDER_WAY,
            description,
            ..
        } => Failure::Refused(try_again(&description)),
        JetStreamError::Refused { code: api::BATCH_TOO_LARGE, description, .. } => {
            let events = parcels.len();
            // It names its limit: "atomic publish batch is too large: 500".
            let limit = description.rsplit(' ').next().and_then(|limit| limit.parse().ok());
            let max = limit.unwrap_or(events / 2).clamp(1, events - 1);
            core.most_events.store(max, Ordering::Relaxed);
            Failure::Before(JetStreamError::TooManyEvents { events, max })
        }
        // It says that it has not stored it.
        error @ JetStreamError::Refused { .. } => Failure::Before(error),
        error => Failure::Unanswered(error),
    })?;
    let bad = |problem: String| {
        Failure::Unanswered(JetStreamError::BadAnswer { action: ACTION, problem })
    };
    if ack.stream != *core.link.stream {
        return Err(bad(format!("it was stored in another stream, {}", ack.stream)));
    }
    if ack.seq < parcels.len() as u64
        || ack.count.is_some_and(|count| count != parcels.len() as u64)
    {
        return Err(bad(format!("it speaks of {:?} events, up to {}", ack.count, ack.seq)));
    }
    Ok(ack.seq)
}
