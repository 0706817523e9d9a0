use super::{
    FORMAT,
    codec::{Put, record, sign, verified},
};

const MAGIC: [u8; 4] = *b"EVLG";

/// The length of what a log begins with.
pub(crate) const LOG_HEADER: usize = 32;

/// What a log begins with; frames follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogHeader {
    /// [`Charter::tag`](super::Charter::tag).
    pub(crate) tag: u64,
    /// The offset of the first event.
    pub(crate) first: u64,
}

impl LogHeader {
    /// Its bytes, and the checksum that the first frame goes on from.
    pub(crate) fn encode(self) -> (Vec<u8>, u32) {
        let mut header = record(MAGIC, LOG_HEADER);
        header.put_u32(FORMAT);
        header.put_u32(0);
        header.put_u64(self.tag);
        header.put_u64(self.first);
        let chain = sign(&mut header);
        (header, chain)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut take, _) = verified(bytes, MAGIC)?;
        if take.u32()? != FORMAT {
            return None;
        }
        take.u32()?;
        Some(Self { tag: take.u64()?, first: take.u64()? })
    }

    /// The checksum that the first frame goes on from.
    pub(crate) fn chain(self) -> u32 {
        self.encode().1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_has_changed_is_not() {
        let header = LogHeader { tag: 5, first: 6 };
        let (bytes, chain) = header.encode();
        assert_eq!(bytes.len(), LOG_HEADER);
        assert_eq!(LogHeader::decode(&bytes), Some(header));
        assert_eq!(header.chain(), chain);
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert_eq!(LogHeader::decode(&bytes), None, "byte {at}");
        }
    }
}
