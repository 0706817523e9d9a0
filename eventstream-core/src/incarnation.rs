use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Tells a stream from one that took its place: made when a stream is created, and changed when it
/// is restored from a backup.
///
/// Within one incarnation an offset is given once. A stream that was created anew, or restored,
/// gives offsets again that the one before had given to other events; whoever keeps an offset
/// should keep the incarnation that it is from beside it, and compare:
/// see [`Handler::begin`](crate::Handler::begin).
///
/// It is written like a UUID.
///
/// # Examples
///
/// ```
/// use eventstream_core::Incarnation;
///
/// let incarnation: Incarnation = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6".parse()?;
/// assert_eq!(incarnation.to_string(), "f81d4fae-7dec-41d0-a765-00a0c91e6bf6");
/// assert!("no".parse::<Incarnation>().is_err());
/// # Ok::<(), eventstream_core::ParseIncarnationError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Incarnation([u8; 16]);

impl Incarnation {
    /// The incarnation of these bytes, as [`as_bytes`](Self::as_bytes) gave them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A new incarnation, of random bytes; those bits that say "random" in a UUID are set.
    #[must_use]
    pub const fn from_random(mut bytes: [u8; 16]) -> Self {
        // Version 4, of the variant of RFC 9562.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incarnation({self})")
    }
}

/// A text is no [`Incarnation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an incarnation is written like a UUID: f81d4fae-7dec-41d0-a765-00a0c91e6bf6")]
#[non_exhaustive]
pub struct ParseIncarnationError;

impl FromStr for Incarnation {
    type Err = ParseIncarnationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        let mut digits = text.bytes().filter(|digit| *digit != b'-');
        for byte in &mut bytes {
            let (Some(high), Some(low)) = (digits.next(), digits.next()) else {
                return Err(ParseIncarnationError);
            };
            let digit = |digit: u8| char::from(digit).to_digit(16);
            *byte = (digit(high).zip(digit(low)))
                .and_then(|(high, low)| u8::try_from(high << 4 | low).ok())
                .ok_or(ParseIncarnationError)?;
        }
        let incarnation = Self(bytes);
        // So that there is one way to write it, but for capitals.
        if incarnation.to_string().eq_ignore_ascii_case(text) {
            Ok(incarnation)
        } else {
            Err(ParseIncarnationError)
        }
    }
}

impl Serialize for Incarnation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Incarnation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written() {
        let incarnation = Incarnation::from_random([0xff; 16]);
        assert_eq!(incarnation.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(incarnation.to_string().to_uppercase().parse(), Ok(incarnation));
        assert_eq!(Incarnation::from_bytes(*incarnation.as_bytes()), incarnation);
        let json = serde_json::to_string(&incarnation).unwrap();
        assert_eq!(serde_json::from_str::<Incarnation>(&json).unwrap(), incarnation);
    }

    #[test]
    fn what_is_not_like_it_is_refused() {
        for text in [
            "",
            "ffffffffffff4fffbfffffffffffffff",
            "ffffffff-ffff-4fff-bfff-fffffffffff",
            "ffffffff-ffff-4fff-bfff-fffffffffffff",
            "ffffffff-ffff-4fff-bfff-ffffffffffg0",
            "-ffffffff-ffff-4fff-bfff-ffffffffffff",
        ] {
            assert!(text.parse::<Incarnation>().is_err(), "{text}");
        }
    }
}
