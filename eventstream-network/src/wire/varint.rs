use bytes::BufMut;

/// How many bytes a number takes at most.
pub(super) const MAX_LEN: usize = 10;

pub(super) fn len(value: u64) -> usize {
    // 7 bits a byte, and one byte for 0.
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

#[inline]
pub(super) fn put(buffer: &mut impl BufMut, mut value: u64) {
    while value >= 0x80 {
        let [low, ..] = value.to_le_bytes();
        buffer.put_u8(low | 0x80);
        value >>= 7;
    }
    let [low, ..] = value.to_le_bytes();
    buffer.put_u8(low);
}

/// `None` if there is none, or one of more than 64 bits.
#[inline]
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    // As nearly all are: this is asked several times for each event.
    if let [byte @ ..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Some(u64::from(*byte));
    }
    take_long(bytes)
}

fn take_long(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..MAX_LEN {
        let byte = *bytes.split_off_first()?;
        if place == MAX_LEN - 1 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let powers = (0..64).map(|bit| 1_u64 << bit);
        for value in powers.flat_map(|power| [power - 1, power, power + 1]).chain([u64::MAX]) {
            let mut buffer = Vec::new();
            put(&mut buffer, value);
            assert_eq!(buffer.len(), len(value), "{value}");
            let mut rest = buffer.as_slice();
            assert_eq!(take(&mut rest), Some(value));
            assert!(rest.is_empty());
            assert_eq!(take(&mut &buffer[..buffer.len() - 1]), None);
        }
    }

    #[test]
    fn more_than_64_bits_are_none() {
        let mut bytes = [0xff; 11];
        assert_eq!(take(&mut bytes.as_slice()), None);
        bytes[9] = 2;
        assert_eq!(take(&mut bytes.as_slice()), None);
    }
}
