use super::codec::{Put, record, sign, verified};

const MAGIC: [u8; 4] = *b"EVHD";

/// The length of the file `head`.
pub(crate) const HEAD: usize = 48;

/// How far the store has come: the file `head`, written after each commit, and never synced.
///
/// It can be found out without it. It is there so that others are woken and need not search, and
/// as evidence: what it names was acknowledged, and has to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The offset of the oldest event that can be read.
    pub(crate) oldest: u64,
    /// The offset that the next event will get.
    pub(crate) next: u64,
    /// The offset in the name of the newest log.
    pub(crate) log: u64,
    /// Where its frames end.
    pub(crate) tail: u64,
    /// The checksum that the next frame goes on from.
    pub(crate) chain: u32,
}

impl Head {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut head = record(MAGIC, HEAD);
        head.put_u64(self.oldest);
        head.put_u64(self.next);
        head.put_u64(self.log);
        head.put_u64(self.tail);
        head.put_u32(self.chain);
        head.put_u32(0);
        sign(&mut head);
        head
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut take, _) = verified(bytes, MAGIC)?;
        let (oldest, next, log, tail) = (take.u64()?, take.u64()?, take.u64()?, take.u64()?);
        Some(Self { oldest, next, log, tail, chain: take.u32()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_has_changed_is_not() {
        let head = Head { oldest: 1, next: 5, log: 2, tail: 900, chain: 77 };
        let bytes = head.encode();
        assert_eq!(bytes.len(), HEAD);
        assert_eq!(Head::decode(&bytes), Some(head));
        for at in 0..HEAD {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x40;
            assert_eq!(Head::decode(&bytes), None, "byte {at}");
        }
        assert_eq!(Head::decode(&bytes[..HEAD - 1]), None);
    }
}
