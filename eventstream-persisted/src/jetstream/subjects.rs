use std::fmt::Write;

use eventstream_core::{Incarnation, Parcel};
use ring::digest::{SHA256, digest};

/// A name that would be longer in a subject is hashed.
const LONGEST: usize = 80;

/// What a token begins with that is a hash: a name in clear never does.
const HASHED: char = '~';

/// The token of events that no instance of a handler has recorded.
const NO_SOURCE: &str = "~";

/// How a store's events are named on the wire:
/// `eventstream.STREAM.INCARNATION.ID.TYPE.SOURCE`.
///
/// The id is the only one of its kind, so that the server can refuse it if it is there already. The
/// others are for filters. The incarnation has nobody write to a stream, or wait for it, that took the
/// place of the one that was opened.
#[derive(Clone, Debug)]
pub(super) struct Subjects {
    prefix: String,
}

impl Subjects {
    pub(super) fn new(stream: &str, incarnation: Incarnation) -> Self {
        let mut prefix = format!("eventstream.{stream}.");
        for byte in &incarnation.as_bytes()[..6] {
            let _ = write!(prefix, "{byte:02x}");
        }
        Self { prefix }
    }

    /// All of a store's subjects.
    pub(super) fn all(&self) -> String {
        format!("{}.>", self.prefix)
    }

    pub(super) fn of_event(&self, parcel: &Parcel) -> String {
        let mut subject = String::with_capacity(self.prefix.len() + 128);
        subject.push_str(&self.prefix);
        subject.push('.');
        push_name(&mut subject, parcel.message_id());
        subject.push('.');
        push_name(&mut subject, parcel.event_type());
        subject.push('.');
        match parcel.source_handler() {
            Some(handler) => {
                subject.push_str(&source_token(handler.key, parcel.source_instance_id()));
            }
            None => subject.push_str(NO_SOURCE),
        }
        subject
    }

    /// Whatever has this id.
    pub(super) fn of_id(&self, message_id: &str) -> String {
        let mut subject = format!("{}.", self.prefix);
        push_name(&mut subject, message_id);
        subject.push_str(".>");
        subject
    }

    /// Whatever is of this type.
    pub(super) fn of_type(&self, event_type: &str) -> String {
        let mut subject = format!("{}.*.", self.prefix);
        push_name(&mut subject, event_type);
        subject.push_str(".*");
        subject
    }

    /// Whatever this instance of a handler has recorded.
    pub(super) fn of_source(&self, handler_key: &str, instance_id: &str) -> String {
        format!("{}.*.*.{}", self.prefix, source_token(handler_key, instance_id))
    }
}

/// Whether a filter of ours has a subject of ours in it.
pub(super) fn matches(filter: &str, subject: &str) -> bool {
    let (mut filter, mut subject) = (filter.split('.'), subject.split('.'));
    loop {
        match (filter.next(), subject.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(wanted), Some(token)) if wanted == token => {}
            _ => return false,
        }
    }
}

/// Both together: an instance's id says nothing without its handler.
fn source_token(handler_key: &str, instance_id: &str) -> String {
    let mut both = Vec::with_capacity(handler_key.len() + instance_id.len() + 8);
    both.extend_from_slice(&(handler_key.len() as u64).to_le_bytes());
    both.extend_from_slice(handler_key.as_bytes());
    both.extend_from_slice(instance_id.as_bytes());
    // Who reads looks at the names themselves, too, so that half of the hash is enough.
    let mut token = String::with_capacity(23);
    push_hash(&mut token, &digest(&SHA256, &both).as_ref()[..16]);
    token
}

/// Adds a name as one token: different names are different tokens.
fn push_name(subject: &mut String, name: &str) {
    let start = subject.len();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            subject.push(char::from(byte));
        } else {
            let _ = write!(subject, "={byte:02x}");
        }
    }
    if subject.len() - start > LONGEST || name.is_empty() {
        // All of the hash: nobody finds two names that have the same one.
        subject.truncate(start);
        push_hash(subject, digest(&SHA256, name.as_bytes()).as_ref());
    }
}

/// Adds a hash in the letters that are good for subjects and URLs.
fn push_hash(subject: &mut String, hash: &[u8]) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    subject.push(HASHED);
    for three in hash.chunks(3) {
        let bits = three.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        for place in 0..=three.len() {
            let letter = bits >> (18 - 6 * place) & 63;
            subject.push(char::from(LETTERS[letter as usize]));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn token(name: &str) -> String {
        let mut token = String::new();
        push_name(&mut token, name);
        token
    }

    #[test]
    fn different_names_are_different_tokens() {
        let long = "x".repeat(LONGEST + 1);
        let names = ["", "a", "a.b", "a=2eb", "a b", "a*", ">", "~", "é", "a-b", "a_b", "A", &long];
        let tokens: HashSet<_> = names.iter().map(|name| token(name)).collect();
        assert_eq!(tokens.len(), names.len());
        for token in tokens {
            assert!(!token.is_empty() && token.len() <= LONGEST);
            let is_plain = |byte: u8| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=' | b'~')
            };
            assert!(token.bytes().all(is_plain), "{token}");
        }
        assert_eq!(token("order.placed"), "order=2eplaced");
    }

    #[test]
    fn sources_are_told_apart_by_both_names() {
        let tokens: HashSet<_> = [("a", "bc"), ("ab", "c"), ("abc", ""), ("a", "b"), ("", "abc")]
            .iter()
            .map(|(handler, instance)| source_token(handler, instance))
            .collect();
        assert_eq!(tokens.len(), 5);
        assert!(tokens.iter().all(|token| token.len() == 23));
    }

    #[test]
    fn a_hash_is_written_as_base64_does_it() {
        let mut token = String::new();
        push_hash(&mut token, &[0xfb, 0xff, 0x00, 0x10]);
        assert_eq!(token, "~-_8AEA");
    }

    #[test]
    fn filters_are_matched_as_the_server_does_it() {
        assert!(matches("a.*.c", "a.b.c") && matches("a.>", "a.b.c") && matches("a.b", "a.b"));
        assert!(!matches("a.*.c", "a.b.d") && !matches("a.>", "a") && !matches("a.b", "a.b.c"));
    }
}
