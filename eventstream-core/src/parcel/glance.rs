//! The common case, seen at a glance: an envelope as it is sealed, of short ASCII text.

use super::{
    check::is_token,
    index::{Index, Positions},
    number,
    wire::{Field, MAX_LEN, read_len},
};

/// The index of an envelope that keeps all rules, if it has the form that nearly all have. `None`
/// if it has another one, or breaks a rule: then it is for [`check`](super::check) to say.
pub(super) fn index(wire: &[u8]) -> Option<Index> {
    let mut glance = Glance { wire, at: 0, positions: Positions::default() };
    glance.text(number::MESSAGE_ID)?;
    glance.text(number::CAUSATION_ID)?;
    glance.text(number::CORRELATION_ID)?;
    glance.identity(number::SOURCE_APPLICATION)?;
    if glance.is_next(number::SOURCE_HANDLER) {
        glance.identity(number::SOURCE_HANDLER)?;
        if glance.is_next(number::SOURCE_INSTANCE_ID) {
            glance.value(number::SOURCE_INSTANCE_ID)?;
        }
    }
    let created_at = glance.value(number::CREATED_AT)?;
    if glance.is_next(number::DESCRIPTION) {
        glance.value(number::DESCRIPTION)?;
    }
    glance.text(number::PORTABLE_NAME)?;
    let media_type = glance.value(number::MEDIA_TYPE)?;
    // Text, tags and lengths, all at once: so text is UTF-8, and each number of one byte.
    let is_plain = wire[..glance.at].is_ascii() && wire.len() <= MAX_LEN;
    if glance.is_next(number::DATA) {
        glance.data()?;
    }
    let is_sound = is_plain
        && glance.at == wire.len()
        && is_timestamp(created_at)
        && is_media_type(media_type);
    is_sound.then(|| glance.positions.index())
}

struct Glance<'a> {
    wire: &'a [u8],
    at: usize,
    positions: Positions,
}

impl<'a> Glance<'a> {
    #[inline]
    fn is_next(&self, number: u32) -> bool {
        self.wire.get(self.at).is_some_and(|byte| u32::from(*byte) == number << 3 | 2)
    }

    /// The value of the next field, if it is this one, and short.
    #[inline]
    fn value(&mut self, number: u32) -> Option<&'a [u8]> {
        if !self.is_next(number) {
            return None;
        }
        let at = self.at + 1;
        let start = at + 1;
        let end = start + usize::from(*self.wire.get(at)?);
        let value = self.wire.get(start..end)?;
        self.positions.note(&Field { number, at, value: Some(start..end) });
        self.at = end;
        Some(value)
    }

    #[inline]
    fn text(&mut self, number: u32) -> Option<()> {
        self.value(number).filter(|text| !text.is_empty()).map(drop)
    }

    #[inline]
    fn identity(&mut self, number: u32) -> Option<()> {
        let value = self.value(number)?;
        let mut pair = Glance { wire: value, at: 0, positions: Positions::default() };
        pair.text(number::FIRST)?;
        let key = pair.value(number::SECOND)?;
        // Not `any`: this way many bytes are looked at at once.
        let white =
            key.iter().fold(false, |white, byte| white | matches!(byte, b'\t'..=b'\r' | b' '));
        (pair.at == value.len() && !key.is_empty() && !white).then_some(())
    }

    #[inline]
    fn data(&mut self) -> Option<()> {
        let at = self.at + 1;
        let range = read_len(self.wire, &mut { at }).ok()?;
        self.at = range.end;
        self.positions.note(&Field { number: number::DATA, at, value: Some(range) });
        Some(())
    }
}

/// A point in time in UTC, on a day that each year has.
fn is_timestamp(text: &[u8]) -> bool {
    const DAYS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        o1,
        o2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        m1,
        m2,
        b':',
        s1,
        s2,
        fraction @ ..,
        b'Z',
    ] = text
    else {
        return false;
    };
    let has_fraction = match fraction {
        [] => true,
        [b'.', digits @ ..] => {
            (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    let digits = [y1, y2, y3, y4, o1, o2, d1, d2, h1, h2, m1, m2, s1, s2];
    if !has_fraction || !digits.into_iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = |tens: &u8, ones: &u8| (tens - b'0') * 10 + (ones - b'0');
    let days = number(o1, o2).checked_sub(1).and_then(|month| DAYS.get(usize::from(month)));
    days.is_some_and(|days| (1..=*days).contains(&number(d1, d2)))
        && number(h1, h2) < 24
        && number(m1, m2) < 60
        && number(s1, s2) < 60
}

/// A type and a subtype, without parameters.
fn is_media_type(text: &[u8]) -> bool {
    let slash = text.iter().position(|byte| *byte == b'/');
    slash.is_some_and(|slash| is_token(&text[..slash]) && is_token(&text[slash + 1..]))
}

#[cfg(test)]
mod tests {
    use super::{super::check, index};
    use crate::{Envelope, Identity, Parcel};

    fn envelope() -> Envelope {
        let shop = Identity::new("shop", "0b6b8a1e-54a4");
        Envelope {
            source_handler: Some(Identity::new("handler", "k")),
            source_instance_id: "i-1".into(),
            created_at: "2026-11-24T11:57:09.125Z".parse().unwrap(),
            data: "{}".into(),
            ..Envelope::new("m-1", shop, "order.placed", "application/json")
        }
    }

    fn wire(envelope: Envelope) -> Vec<u8> {
        Parcel::seal(envelope).unwrap().wire().to_vec()
    }

    /// What passes the glance passes the check, and is indexed alike.
    fn agrees(wire: &[u8]) -> bool {
        let Some(glanced) = index(wire) else {
            return false;
        };
        let parcel = check::parcel(wire.to_vec().into());
        assert_eq!(parcel.unwrap().index(), glanced, "{wire:?}");
        true
    }

    #[test]
    fn what_is_sealed_is_seen_at_a_glance() {
        let plain = Envelope::new("m-1", Identity::new("a", "k"), "type", "text/plain");
        let described = Envelope { description: "It is placed.".into(), ..envelope() };
        let large = Envelope { data: vec![0xff; 70_000].into(), ..envelope() };
        for envelope in [plain, envelope(), described, large] {
            assert!(agrees(&wire(envelope)));
        }
    }

    #[test]
    fn other_forms_are_not() {
        let parameter = Envelope { media_type: "text/plain; charset=utf-8".into(), ..envelope() };
        let foreign = Envelope { portable_name: "größe".into(), ..envelope() };
        let site = Envelope { source_site: Some(Identity::new("s", "k")), ..envelope() };
        for envelope in [parameter, foreign, site] {
            assert!(!agrees(&wire(envelope)));
        }
    }

    #[test]
    fn whatever_byte_is_another_or_missing_or_too_many_the_check_agrees() {
        let wire = wire(envelope());
        let mut passed = 0;
        for at in 0..wire.len() {
            for byte in 0..=u8::MAX {
                let mut changed = wire.clone();
                changed[at] = byte;
                passed += u32::from(agrees(&changed));
                changed.insert(at, byte);
                passed += u32::from(agrees(&changed));
            }
            agrees(&wire[..at]);
            let mut shorter = wire.clone();
            shorter.remove(at);
            agrees(&shorter);
        }
        assert!(passed > 1_000, "{passed}");
    }
}
