use async_nats::{Message, Subject};
use bytes::Bytes;

use crate::jetstream::{
    batch_place::{BATCH_ID, BATCH_SEQUENCE, left_in_batch},
    error::{JetStreamError, Result},
};

/// A message as a consumer delivers it.
#[derive(Debug)]
pub(in crate::jetstream) struct Delivered {
    /// Its sequence in the stream.
    pub(in crate::jetstream) sequence: u64,
    /// Its number among what the consumer has delivered.
    pub(in crate::jetstream) number: u64,
    pub(in crate::jetstream) subject: Subject,
    pub(in crate::jetstream) content: Bytes,
    /// How many the consumer has yet to deliver.
    pub(in crate::jetstream) pending: u64,
    /// How many messages of its batch follow it.
    pub(in crate::jetstream) left_in_batch: u64,
}

impl Delivered {
    pub(in crate::jetstream) fn new(message: Message) -> Result<Self> {
        let reply = message.reply.as_deref().unwrap_or_default();
        let (sequence, number, pending) =
            numbers(reply).ok_or_else(|| JetStreamError::BadAnswer {
                action: "deliver messages",
                problem: format!("a message came with the reply subject `{reply}`"),
            })?;
        let header = |name| Some(message.headers.as_ref()?.get(name)?.as_str());
        let left_in_batch = left_in_batch(header(BATCH_ID), header(BATCH_SEQUENCE));
        let (subject, content) = (message.subject, message.payload);
        Ok(Self { sequence, number, subject, content, pending, left_in_batch })
    }

    /// The offset of the event.
    pub(in crate::jetstream) fn offset(&self) -> u64 {
        self.sequence - 1
    }
}

/// What the reply subject says:
/// `$JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE.NUMBER.TIME.PENDING`, and with
/// `DOMAIN.ACCOUNT` before the stream from a domain.
fn numbers(reply: &str) -> Option<(u64, u64, u64)> {
    let tokens = reply.strip_prefix("$JS.ACK.")?.split('.');
    let skipped = match tokens.clone().count() {
        7 => 3,
        9.. => 5,
        _ => return None,
    };
    let mut numbers = tokens.skip(skipped).map(|number| number.parse::<u64>().ok());
    let (sequence, number, _time) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let pending = numbers.next()??;
    (sequence > 0).then_some((sequence, number, pending))
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn both_forms_of_replies_are_read() {
        assert_eq!(numbers("$JS.ACK.S.C.1.42.7.1700000000.3"), Some((42, 7, 3)));
        assert_eq!(numbers("$JS.ACK.hub.ACC.S.C.1.42.7.1700000000.3"), Some((42, 7, 3)));
        assert_eq!(numbers("$JS.ACK.hub.ACC.S.C.1.42.7.1700000000.3.random"), Some((42, 7, 3)));
        for bad in
            ["", "$JS.ACK.S.C.1.42", "$JS.ACK.S.C.1.x.7.1700000000.0", "$JS.ACK.S.C.1.0.1.1.0"]
        {
            assert_eq!(numbers(bad), None, "{bad}");
        }
    }
}
