//! The texts that are kept as they are given: points in time, and incarnations.

use std::time::{Duration, SystemTime};

use eventstream_core::{Incarnation, Timestamp};

/// Parts of them.
pub const WORDS: &[&[u8]] = &[
    b"2026-02-28T23:59:60.123456789Z",
    b"9999-12-31T23:59:59-23:59",
    b"0000-01-01T00:00:00+23:59",
    b"f81d4fae-7dec-41d0-a765-00a0c91e6bf6",
    b".5",
    b"+00:00",
    b"-00:00",
    b"t",
    b"z",
];

/// A text that is accepted stands for what it says, by another way of reading it, and comes out as it
/// went in.
///
/// # Panics
///
/// If not.
pub fn check(data: &[u8]) {
    moment(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(time) = text.parse::<Timestamp>() {
        assert_eq!((time.as_str(), time.to_string().as_str()), (text, text));
        assert_eq!(Some(since_1970(time.to_system_time())), read_digits(text.as_bytes()), "{text}");
        through_json(&time);
        normal(time.to_system_time());
    }
    if let Ok(incarnation) = text.parse::<Incarnation>() {
        assert!(incarnation.to_string().eq_ignore_ascii_case(text), "{text}");
        assert_eq!(Incarnation::from_bytes(*incarnation.as_bytes()), incarnation);
        through_json(&incarnation);
    }
    // And as others would hand them over.
    let _ = serde_json::from_slice::<Timestamp>(data).map(|time| through_json(&time));
    let _ =
        serde_json::from_slice::<Incarnation>(data).map(|incarnation| through_json(&incarnation));
}

fn through_json<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
    value: &T,
) {
    let json = serde_json::to_vec(value).expect("it is a text");
    assert_eq!(serde_json::from_slice::<T>(&json).expect("it was written"), *value);
}

/// Any moment that the system knows has a text, or is out of range.
fn moment(data: &[u8]) {
    let Some((seconds, rest)) = data.split_first_chunk() else { return };
    let nanos = rest.first_chunk().map_or(0, |nanos| u32::from_le_bytes(*nanos));
    let seconds = i64::from_le_bytes(*seconds);
    let (distance, nanos) =
        (Duration::from_secs(seconds.unsigned_abs()), Duration::from_nanos(nanos.into()));
    let moment = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    if let Some(moment) = moment.and_then(|moment| moment.checked_add(nanos)) {
        normal(moment);
    }
}

fn normal(moment: SystemTime) {
    if let Ok(text) = Timestamp::try_from(moment) {
        assert_eq!(text.to_system_time(), moment, "{text}");
        assert_eq!(text.as_str().parse(), Ok(text.clone()));
    }
}

/// Nanoseconds since 1970.
fn since_1970(moment: SystemTime) -> i128 {
    let nanos = |distance: Duration| i128::try_from(distance.as_nanos()).expect("some 8,000 years");
    match moment.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}

/// The same of a text of the form of RFC 3339, digit by digit.
fn read_digits(text: &[u8]) -> Option<i128> {
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to)?;
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| i128::from(byte - b'0'));
        digits.iter().map(digit).try_fold(0, |number, digit| Some(number * 10 + digit?))
    };
    let days = days_before(number(0, 4)?, number(5, 7)?) + number(8, 10)?;
    // A second that is inserted is the one before it.
    let second = number(17, 19)?.min(59);
    let mut seconds = (days * 24 + number(11, 13)?) * 3600 + number(14, 16)? * 60 + second;
    let mut at = 19;
    let mut nanos = 0;
    if text.get(at) == Some(&b'.') {
        let digits = text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        nanos = number(at + 1, at + 1 + digits)? * 10_i128.pow(9 - u32::try_from(digits).ok()?);
        at += 1 + digits;
    }
    if !matches!(text.get(at)?, b'Z' | b'z') {
        let offset = number(at + 1, at + 3)? * 3600 + number(at + 4, at + 6)? * 60;
        seconds -= if text[at] == b'-' { -offset } else { offset };
    }
    Some(seconds * 1_000_000_000 + nanos)
}

/// The days from 1970 to the last one before a month.
fn days_before(year: i128, month: i128) -> i128 {
    const BEFORE_MONTH: [i128; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leaps_to = |year: i128| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let leaps = leaps_to(year - 1) - leaps_to(1969);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month = usize::try_from(month - 1).unwrap_or_default().min(11);
    (year - 1970) * 365 + leaps + BEFORE_MONTH[month] + i128::from(is_leap && month > 1) - 1
}
