/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// The common name in a subject: what is in a DER sequence of sets of pairs of an identifier and text.
pub(super) fn common_name(mut subject: &[u8]) -> Option<&str> {
    while !subject.is_empty() {
        let mut pairs = value(&mut subject, SET)?;
        while !pairs.is_empty() {
            let mut pair = value(&mut pairs, SEQUENCE)?;
            if value(&mut pair, OBJECT_IDENTIFIER)? == COMMON_NAME {
                let tag = *pair.first()?;
                let is_text = matches!(tag, UTF8_STRING | PRINTABLE_STRING);
                let text = value(&mut pair, tag).filter(|_| is_text)?;
                return std::str::from_utf8(text).ok();
            }
        }
    }
    None
}

/// What is in the next value, which has to be of this kind; it is left behind.
fn value<'a>(der: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (head, rest) = der.split_at_checked(2)?;
    let (len, rest) = match head[1] {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => rest.split_first().map(|(len, rest)| (usize::from(*len), rest))?,
        0x82 => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*len)), rest)
        }
        // Nobody has a name that is longer.
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(len)?;
    *der = rest;
    (head[0] == tag).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, value: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(value.len()).unwrap()], value].concat()
    }

    fn pair(identifier: &[u8], tag: u8, text: &[u8]) -> Vec<u8> {
        let value = [der(OBJECT_IDENTIFIER, identifier), der(tag, text)].concat();
        der(SET, &der(SEQUENCE, &value))
    }

    #[test]
    fn the_common_name_is_found_behind_others_and_whatever_is_cut_off_is_none() {
        let country = pair(&[0x55, 0x04, 0x06], PRINTABLE_STRING, b"DE");
        let name = pair(COMMON_NAME, UTF8_STRING, "Lager Köln".as_bytes());
        let subject = [country.clone(), name].concat();
        assert_eq!(common_name(&subject), Some("Lager Köln"));
        for len in 0..subject.len() {
            assert_eq!(common_name(&subject[..len]), None);
        }
        assert_eq!(common_name(&country), None);
        assert_eq!(common_name(&pair(COMMON_NAME, UTF8_STRING, &[0xff])), None);
        // In UTF-16, as old ones are.
        assert_eq!(common_name(&pair(COMMON_NAME, 0x1e, b"\0a")), None);
        assert_eq!(common_name(&[SET, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
