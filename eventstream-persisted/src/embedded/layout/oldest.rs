use super::codec::{Put, record, sign, verified};

const MAGIC: [u8; 4] = *b"EVOL";

/// The offset of the oldest event that can be read: the file `oldest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Oldest(pub(crate) u64);

impl Oldest {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut oldest = record(MAGIC, 16);
        oldest.put_u64(self.0);
        sign(&mut oldest);
        oldest
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        verified(bytes, MAGIC)?.0.u64().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_has_changed_is_not() {
        let bytes = Oldest(4711).encode();
        assert_eq!(Oldest::decode(&bytes), Some(Oldest(4711)));
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert_eq!(Oldest::decode(&bytes), None, "byte {at}");
        }
    }
}
