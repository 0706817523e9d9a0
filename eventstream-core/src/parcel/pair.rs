//! Messages of two texts: identities, and the entries of a map.

use super::{number, wire::Fields};

const FIRST_TAG: u8 = 1 << 3 | 2;
const SECOND_TAG: u8 = 2 << 3 | 2;

/// The two texts of an identity, or of an entry of a map.
pub(super) fn read(wire: &[u8]) -> (&str, &str) {
    let mut pair = ("", "");
    for field in Fields::of(wire).filter_map(Result::ok) {
        match (field.number, field.value) {
            (number::FIRST, Some(range)) => pair.0 = text(&wire[range]),
            (number::SECOND, Some(range)) => pair.1 = text(&wire[range]),
            _ => {}
        }
    }
    pair
}

/// Whether the second text is the one expected, byte for byte.
#[inline]
pub(super) fn has_second(wire: &[u8], expected: &[u8]) -> bool {
    // As it is sealed, and short, as it nearly always is: this is asked of every event.
    if let [FIRST_TAG, first_len @ ..0x80, rest @ ..] = wire
        && let Some([SECOND_TAG, second_len @ ..0x80, second @ ..]) =
            rest.get(usize::from(*first_len)..)
        && second.len() == usize::from(*second_len)
    {
        return second == expected;
    }
    let second = Fields::of(wire)
        .filter_map(Result::ok)
        .filter(|field| field.number == number::SECOND)
        .filter_map(|field| field.value)
        .last();
    second.is_some_and(|range| wire[range] == *expected)
}

pub(super) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(tag: u8, value: &[u8]) -> Vec<u8> {
        let len = u8::try_from(value.len()).unwrap();
        let len = if len < 0x80 { vec![len] } else { vec![len, 1] };
        [&[tag], &len[..], value].concat()
    }

    #[test]
    fn the_second_text_is_found_however_the_pair_is_written() {
        let long = [b'n'; 200];
        for wire in [
            [field(FIRST_TAG, b"app"), field(SECOND_TAG, b"key")].concat(),
            [field(SECOND_TAG, b"key"), field(FIRST_TAG, b"app")].concat(),
            [field(FIRST_TAG, &long), field(SECOND_TAG, b"key")].concat(),
            [field(FIRST_TAG, b"app"), field(SECOND_TAG, b"key"), vec![0x18, 1]].concat(),
            [field(FIRST_TAG, b""), field(SECOND_TAG, b"no"), field(SECOND_TAG, b"key")].concat(),
            field(SECOND_TAG, b"key"),
        ] {
            assert_eq!(read(&wire).1, "key", "{wire:?}");
            assert!(has_second(&wire, b"key"), "{wire:?}");
            assert!(!has_second(&wire, b"keys") && !has_second(&wire, b"ke"), "{wire:?}");
        }
    }

    #[test]
    fn a_first_text_that_looks_like_a_second_one_is_none() {
        let first = [&b"app"[..], &field(SECOND_TAG, b"key")].concat();
        assert!(!has_second(&field(FIRST_TAG, &first), b"key"));
        let wire = [field(FIRST_TAG, &first), field(SECOND_TAG, b"other")].concat();
        assert!(!has_second(&wire, b"key") && has_second(&wire, b"other"));
    }
}
