use std::fmt::Write;

/// As `grpc-message` has it: everything but printable ASCII is escaped, and so is `%`.
/// It ends with the last character for which there is room.
pub(crate) fn encode(text: &str, max: usize) -> String {
    let mut encoded = String::with_capacity(text.len().min(max));
    for char in text.chars() {
        let before = encoded.len();
        match char {
            ' '..='$' | '&'..='~' => encoded.push(char),
            _ => {
                for byte in char.encode_utf8(&mut [0; 4]).bytes() {
                    // A `String` takes everything.
                    let _ = write!(encoded, "%{byte:02X}");
                }
            }
        }
        if encoded.len() > max {
            encoded.truncate(before);
            break;
        }
    }
    encoded
}

/// What is no escape stays as it is, and what is no UTF-8 is replaced: the text is for people.
pub(crate) fn decode(encoded: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match digit(0).zip(digit(1)).and_then(|(high, low)| u8::try_from(high << 4 | low).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for text in ["", "plain text", "100 % ü\n\u{1f980}%41"] {
            let encoded = encode(text, 100);
            assert!(encoded.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{encoded}");
            assert_eq!(decode(encoded.as_bytes()), text);
        }
    }

    #[test]
    fn no_character_is_cut() {
        assert_eq!(encode("aüb", 8), "a%C3%BCb");
        assert_eq!(encode("aüb", 7), "a%C3%BC");
        assert_eq!(encode("aüb", 6), "a");
    }

    #[test]
    fn garbage_is_no_panic() {
        assert_eq!(decode(b"%"), "%");
        assert_eq!(decode(b"%4"), "%4");
        assert_eq!(decode(b"%zz%41"), "%zzA");
        assert_eq!(decode(b"%FF"), "\u{fffd}");
    }
}
