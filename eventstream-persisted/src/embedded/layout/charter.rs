use std::hash::{BuildHasher, Hasher, RandomState};

use eventstream_core::{Identity, Incarnation};
use siphasher::sip::SipHasher13;

use super::{
    FORMAT,
    codec::{Put, record, sign, verified},
};

const MAGIC: [u8; 4] = *b"EVST";

/// What is fixed when a store is created: the file `store`.
///
/// It is there twice, one after the other, so that one of them can be damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Charter {
    pub(crate) application: Identity,
    /// The offset of the store's first event.
    pub(crate) first_offset: u64,
    /// What names of types, sources and message ids are hashed with.
    pub(crate) hash_key: [u8; 16],
    pub(crate) incarnation: Incarnation,
}

/// Why a file is no charter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadCharter {
    /// It is something else.
    Foreign,
    /// It is of another format.
    Format(u32),
    /// It has changed.
    Damaged,
}

impl Charter {
    pub(crate) fn new(application: Identity, first_offset: u64) -> Self {
        Self {
            application,
            first_offset,
            hash_key: random(),
            incarnation: Incarnation::from_random(random()),
        }
    }

    /// The same store, come to life anew.
    pub(crate) fn reborn(&self) -> Self {
        Self { incarnation: Incarnation::from_random(random()), ..self.clone() }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut one = record(MAGIC, 128);
        one.put_u32(FORMAT);
        one.put_u64(self.first_offset);
        one.extend(self.hash_key);
        one.extend(self.incarnation.as_bytes());
        one.put_text(&self.application.name);
        one.put_text(&self.application.key);
        sign(&mut one);
        one.repeat(2)
    }

    /// Reads it, and says whether both copies were good.
    pub(crate) fn decode(bytes: &[u8]) -> Result<(Self, bool), BadCharter> {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        match (Self::decode_one(first), Self::decode_one(second)) {
            (Ok(charter), Ok(other)) if charter == other => Ok((charter, true)),
            (Ok(charter), Err(_)) | (Err(_), Ok(charter)) => Ok((charter, false)),
            (Err(error @ BadCharter::Format(_)), _) | (_, Err(error @ BadCharter::Format(_))) => {
                Err(error)
            }
            (Err(BadCharter::Foreign), Err(BadCharter::Foreign)) => Err(BadCharter::Foreign),
            _ => Err(BadCharter::Damaged),
        }
    }

    fn decode_one(bytes: &[u8]) -> Result<Self, BadCharter> {
        if !bytes.starts_with(&MAGIC) {
            return Err(BadCharter::Foreign);
        }
        let (mut take, _) = verified(bytes, MAGIC).ok_or(BadCharter::Damaged)?;
        match take.u32() {
            Some(FORMAT) => {}
            Some(other) => return Err(BadCharter::Format(other)),
            None => return Err(BadCharter::Damaged),
        }
        let mut read = || {
            let (first_offset, hash_key, incarnation) = (take.u64()?, take.array()?, take.array()?);
            let application = Identity::new(take.text()?, take.text()?);
            let incarnation = Incarnation::from_bytes(incarnation);
            Some(Self { application, first_offset, hash_key, incarnation })
        };
        read().ok_or(BadCharter::Damaged)
    }

    /// What all files of the store begin with, so that another store's are noticed.
    pub(crate) fn tag(&self) -> u64 {
        self.hash(&["store"])
    }

    /// What checksums of frames and chunks begin with: nobody outside of the store knows it.
    pub(crate) fn seed(&self) -> u32 {
        crc32c::crc32c(&self.hash(&["seed"]).to_le_bytes())
    }

    /// The hash that finds a message by its id.
    pub(crate) fn hash_message_id(&self, message_id: &str) -> u64 {
        self.hash(&[message_id])
    }

    /// The hash that finds events by their type.
    pub(crate) fn hash_type(&self, name: &str) -> u64 {
        self.hash(&[name])
    }

    /// The hash that finds events by their source.
    pub(crate) fn hash_source(&self, handler_key: &str, instance_id: &str) -> u64 {
        self.hash(&[handler_key, instance_id])
    }

    fn hash(&self, parts: &[&str]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.hash_key);
        for part in parts {
            hasher.write(part.as_bytes());
            // No text has this byte, so that the parts can't run into each other.
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }
}

fn random() -> [u8; 16] {
    let mut random = [0; 16];
    for half in random.chunks_mut(8) {
        // The standard library's only source of randomness from the system.
        half.copy_from_slice(&RandomState::new().hash_one(0).to_le_bytes());
    }
    random
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charter() -> Charter {
        Charter::new(Identity::new("shop", "key"), 7)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let charter = charter();
        assert_eq!(Charter::decode(&charter.encode()), Ok((charter.clone(), true)));
        assert_ne!(charter.reborn().incarnation, charter.incarnation);
        assert_eq!(charter.reborn().tag(), charter.tag());
    }

    #[test]
    fn one_flipped_byte_is_noticed_and_got_over() {
        let charter = charter();
        let bytes = charter.encode();
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            assert_eq!(Charter::decode(&bytes), Ok((charter.clone(), false)), "byte {at}");
        }
        let mut both = bytes.clone();
        both[20] ^= 1;
        both[bytes.len() / 2 + 20] ^= 1;
        assert_eq!(Charter::decode(&both), Err(BadCharter::Damaged));
        assert_eq!(Charter::decode(b"something else"), Err(BadCharter::Foreign));
        assert_eq!(Charter::decode(b""), Err(BadCharter::Foreign));
    }

    #[test]
    fn another_format_is_named() {
        let mut one = charter().encode();
        one.truncate(one.len() / 2);
        one[8] = 9;
        sign(&mut one);
        assert_eq!(Charter::decode(&one.repeat(2)), Err(BadCharter::Format(9)));
    }
}
