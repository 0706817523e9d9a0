/// Carries the id of a batch, as the server wants it.
pub(super) const BATCH_ID: &str = "Nats-Batch-Id";
/// Carries the number of a message in its batch, from 1 on, as the server wants it.
pub(super) const BATCH_SEQUENCE: &str = "Nats-Batch-Sequence";

/// The id of a new batch, which says how many messages it has: a server puts them into the stream one
/// by one, and who reads it meanwhile has to know how far the batch goes.
pub(super) fn batch_id(messages: usize) -> String {
    format!("{:032x}-{messages}", fastrand::u128(..))
}

/// How many messages of its batch follow a message which has these headers; none if it is not of a
/// batch of ours.
pub(super) fn left_in_batch(id: Option<&str>, sequence: Option<&str>) -> u64 {
    let count = id.and_then(|id| id.rsplit_once('-')?.1.parse::<u64>().ok());
    let number = sequence.and_then(|sequence| sequence.parse::<u64>().ok());
    match (count, number) {
        (Some(count), Some(number)) => count.saturating_sub(number),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_how_many_follow_it() {
        let id = batch_id(57);
        assert!(id.len() <= 64);
        assert_eq!(left_in_batch(Some(&id), Some("1")), 56);
        assert_eq!(left_in_batch(Some(&id), Some("57")), 0);
        assert_eq!(left_in_batch(Some(&id), Some("60")), 0);
        assert_eq!(left_in_batch(Some("of-others"), Some("1")), 0);
        assert_eq!(left_in_batch(None, None), 0);
    }
}
