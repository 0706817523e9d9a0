use std::{
    borrow::Cow,
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

/// A point in time in the text that it was given in: RFC 3339, up to nanoseconds.
///
/// The text is kept as it is, so that what goes in comes out again; two timestamps are equal if
/// their texts are. To compare points in time, compare [`to_system_time`](Self::to_system_time).
///
/// # Examples
///
/// ```
/// use eventstream_core::Timestamp;
///
/// let t: Timestamp = "2016-08-26T23:26:03.100+02:00".parse()?;
/// assert_eq!(t.as_str(), "2016-08-26T23:26:03.100+02:00");
/// assert_eq!(t.to_system_time(), "2016-08-26T21:26:03.1Z".parse::<Timestamp>()?.to_system_time());
/// assert!("yesterday".parse::<Timestamp>().is_err());
/// # Ok::<(), eventstream_core::ParseTimestampError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(String);

impl Timestamp {
    /// The present, in UTC.
    #[must_use]
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().to_string())
    }

    /// A text that was checked before.
    pub(crate) fn from_checked(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The point in time.
    #[must_use]
    pub fn to_system_time(&self) -> SystemTime {
        // The text was checked when it came in.
        parse(&self.0).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// Reads RFC 3339 and nothing else: jiff alone would also take other forms of ISO 8601.
pub(crate) fn parse(text: &str) -> Result<SystemTime, ParseTimestampError> {
    if !has_rfc3339_form(text.as_bytes()) {
        return Err(ParseTimestampError(
            "is not of the form 2006-01-02T15:04:05Z, with up to nine digits of a second's \
             fraction, and Z or an offset such as +02:00"
                .to_owned(),
        ));
    }
    // The library ends a day before the year 9999 does. 400 years are always as many days, so the
    // last year is read as one that it knows.
    let (text, shift) = match text.strip_prefix("9999") {
        Some(rest) => (format!("9599{rest}").into(), Duration::from_secs(146_097 * 86_400)),
        None => (Cow::Borrowed(text), Duration::ZERO),
    };
    text.parse::<jiff::Timestamp>()
        .and_then(SystemTime::try_from)
        .map(|time| time + shift)
        .map_err(|error| ParseTimestampError(format!("is not a point in time: {error}")))
}

fn has_rfc3339_form(text: &[u8]) -> bool {
    const DATE_TIME: &[u8] = b"0000-00-00T00:00:00";
    fn matches(text: &[u8], form: &[u8]) -> bool {
        text.len() == form.len()
            && text.iter().zip(form).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't'),
                other => byte == other,
            })
    }
    let Some((date_time, mut rest)) = text.split_at_checked(DATE_TIME.len()) else {
        return false;
    };
    if let [b'.', fraction @ ..] = rest {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return false;
        }
        rest = &fraction[digits..];
    }
    matches(date_time, DATE_TIME)
        && (matches!(rest, [b'Z' | b'z']) || matches(rest, b"+00:00") || matches(rest, b"-00:00"))
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Timestamp {
    type Error = ParseTimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        parse(&text)?;
        Ok(Self(text))
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}

/// A `SystemTime` outside the years 0000 to 9999 has no RFC 3339 form.
impl TryFrom<SystemTime> for Timestamp {
    type Error = ParseTimestampError;

    fn try_from(time: SystemTime) -> Result<Self, Self::Error> {
        jiff::Timestamp::try_from(time)
            .map_err(|error| ParseTimestampError(format!("is out of range: {error}")))?
            .to_string()
            .try_into()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is no RFC 3339 timestamp. Its own text goes on with a sentence: `time … is not of …`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseTimestampError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_rfc_3339_is_read_and_kept() {
        for (text, nanos) in [
            ("1970-01-01T00:00:01Z", 1_000_000_000),
            ("1970-01-01t00:00:01z", 1_000_000_000),
            ("1970-01-01T00:00:01.5Z", 1_500_000_000),
            ("1970-01-01T00:00:00.000000001Z", 1),
            ("1970-01-01T02:00:01+02:00", 1_000_000_000),
            ("1969-12-31T23:00:01-01:00", 1_000_000_000),
        ] {
            let timestamp: Timestamp = text.parse().unwrap();
            assert_eq!(timestamp.as_str(), text);
            assert_eq!(
                timestamp.to_system_time(),
                SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos),
                "{text}"
            );
        }
    }

    #[test]
    fn the_last_year_is_read_to_its_end() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap().to_system_time();
        let second = Duration::from_secs(1);
        assert_eq!(time("9999-01-01T00:00:00Z"), time("9998-12-31T23:59:59Z") + second);
        assert_eq!(
            time("9999-12-31T23:59:59Z"),
            SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799)
        );
        assert!("9999-02-29T00:00:00Z".parse::<Timestamp>().is_err());
        assert!(time("0000-01-01T00:00:00Z") < SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "now",
            "2016-08-26",
            "2016-08-26T23:26Z",
            "2016-08-26 23:26:03Z",
            "2016-08-26T23:26:03",
            "2016-08-26T23:26:03.Z",
            "2016-08-26T23:26:03.1234567890Z",
            "2016-08-26T23:26:03+0200",
            "2016-08-26T23:26:03Z[Europe/Berlin]",
            "2016-13-26T23:26:03Z",
            "2016-02-30T23:26:03Z",
            "2016-08-26T24:26:03Z",
            "+002016-08-26T23:26:03Z",
            "२०१६-08-26T23:26:03Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn now_can_be_read_again() {
        let now = Timestamp::now();
        assert_eq!(now.as_str().parse::<Timestamp>().unwrap(), now);
        assert_eq!(Timestamp::try_from(now.to_system_time()).unwrap(), now);
    }
}
