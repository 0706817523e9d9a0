//! The forms in which a member came, where its value alone would come out in another one.
//!
//! Each is an attribute of the envelope, named `ce:` and the member.

use std::collections::BTreeMap;

/// What the names of the attributes begin with that remember a form.
pub(super) const PREFIX: &str = "ce:";

/// The member was not there, and has a value in the envelope nonetheless.
pub(super) const OMITTED: &str = "omitted";
/// The member was there, and was null.
pub(super) const NULL: &str = "null";
/// The attribute's value was `true` or `false`, not a text.
pub(super) const BOOLEAN: &str = "boolean";
/// The attribute's value was a whole number, not a text.
pub(super) const INTEGER: &str = "integer";

/// Remembers a form.
pub(super) fn remember(attributes: &mut BTreeMap<String, String>, member: &str, form: &str) {
    attributes.insert(format!("{PREFIX}{member}"), form.to_owned());
}

/// The attributes of an event: those that are extensions, and the forms that are remembered.
pub(super) struct Attributes<'a> {
    pub(super) extensions: BTreeMap<&'a str, &'a str>,
    pub(super) forms: BTreeMap<&'a str, &'a str>,
}

impl<'a> Attributes<'a> {
    pub(super) fn split(attributes: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut split = Self { extensions: BTreeMap::new(), forms: BTreeMap::new() };
        for (name, value) in attributes {
            match name.strip_prefix(PREFIX) {
                Some(member) => split.forms.insert(member, value),
                None => split.extensions.insert(name, value),
            };
        }
        split
    }

    pub(super) fn form(&self, member: &str) -> Option<&'a str> {
        self.forms.get(member).copied()
    }
}

/// Whether a text is what JSON has for a whole number: digits, perhaps after a minus.
pub(super) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'))
}

pub(super) fn is_boolean(text: &str) -> bool {
    matches!(text, "true" | "false")
}

/// The text of a time with a fraction of nine digits, if it has a longer one.
pub(super) fn with_nine_digits(time: &str) -> Option<String> {
    let (seconds, fraction) = time.split_once('.')?;
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 9).then(|| format!("{seconds}.{}{}", &fraction[..9], &fraction[digits..]))
}
