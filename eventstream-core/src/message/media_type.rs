use std::borrow::Cow;

use mediatype::{MediaType, Name, ReadParams, names};

/// A media type, read.
///
/// Names are the same whatever their case, and the values of parameters only as they stand (RFC
/// 6838). `type` says which message it is, as Dogma's engines have it; `charset` makes no
/// difference here.
pub(super) struct Parsed<'a>(MediaType<'a>);

const TYPE: Name<'static> = Name::new_unchecked("type");

/// How well a codec is one of the media type that is asked for: the better, the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    /// Rather than by its suffix.
    by_name: bool,
    parameters: usize,
}

impl<'a> Parsed<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        MediaType::parse(text).map(Self).map_err(|error| error.to_string())
    }

    /// The first parameter `type` that names another type. There should be only one.
    pub(super) fn contradiction(&self, event_type: &str) -> Option<String> {
        self.0.params().filter(|(name, _)| *name == TYPE).find_map(|(_, value)| {
            let value = value.unquoted_str();
            (value != event_type).then(|| value.into_owned())
        })
    }

    fn has_type(&self) -> bool {
        self.0.params().any(|(name, _)| name == TYPE)
    }

    /// Whether what is of this media type is of the other one, too.
    pub(super) fn is(&self, other: &Parsed<'_>) -> bool {
        self.same_name(other) && self.has_parameters_of(other, false)
    }

    /// The same, when it is told by a parameter `type` which it does not have.
    pub(super) fn is_but_for_type(&self, other: &Parsed<'_>) -> bool {
        !self.has_type() && self.same_name(other) && self.has_parameters_of(other, true)
    }

    /// Whether a codec of a media type can be used where this one is asked for.
    pub(super) fn fit(&self, codec: &Parsed<'_>) -> Option<Fit> {
        let by_name = self.same_name(codec);
        // What has the suffix `+json` can be read as `application/json` (RFC 6839).
        let by_suffix = self.0.suffix.is_some_and(|suffix| {
            codec.0.ty == names::APPLICATION && codec.0.suffix.is_none() && codec.0.subty == suffix
        });
        ((by_name || by_suffix) && self.has_parameters_of(codec, true))
            .then(|| Fit { by_name, parameters: codec.parameters(true).count() })
    }

    fn same_name(&self, other: &Parsed<'_>) -> bool {
        (self.0.ty, self.0.subty, self.0.suffix) == (other.0.ty, other.0.subty, other.0.suffix)
    }

    fn has_parameters_of(&self, other: &Parsed<'_>, but_for_type: bool) -> bool {
        // Each, also where one stands there twice: a media type is of itself.
        other.parameters(but_for_type).all(|parameter| self.0.params().any(|own| own == parameter))
    }

    fn parameters(
        &self,
        but_for_type: bool,
    ) -> impl Iterator<Item = (Name<'_>, mediatype::Value<'_>)> {
        self.0
            .params()
            .filter(move |(name, _)| *name != names::CHARSET && !(but_for_type && *name == TYPE))
    }
}

/// The media type with a parameter `type`, as Dogma's engines write it; as it is if it has one.
pub(super) fn with_type<'a>(media_type: &'a str, event_type: &str) -> Cow<'a, str> {
    match Parsed::parse(media_type) {
        Ok(parsed) if !parsed.has_type() => {
            // The last parameter may have a semicolon behind it, and two make it no media type.
            let media_type = media_type.trim_end_matches([';', ' ', '\t']);
            let mut text = format!("{media_type}; type=\"");
            for c in event_type.chars() {
                if matches!(c, '"' | '\\') {
                    text.push('\\');
                }
                text.push(c);
            }
            text.push('"');
            text.into()
        }
        _ => media_type.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Parsed<'_> {
        Parsed::parse(text).unwrap()
    }

    #[test]
    fn names_have_no_case_and_parameters_no_order() {
        let stored = parsed("Application/JSON; Version=2; type=\"a\"; CHARSET=utf-8");
        for text in [
            "application/json",
            "application/json;type=a",
            "APPLICATION/JSON;TYPE=a;version=2",
            "application/json; charset=us-ascii; version=\"2\"",
        ] {
            assert!(stored.is(&parsed(text)), "{text}");
        }
        for text in [
            "application/json;type=A",
            "application/json;version=3",
            "application/json;other=1",
            "application/cbor",
            "text/json",
            "application/vnd.a+json",
        ] {
            assert!(!stored.is(&parsed(text)), "{text}");
        }
    }

    #[test]
    fn a_type_may_be_added_only_where_there_is_none() {
        let wanted = parsed("application/json; type=a");
        assert!(parsed("application/json").is_but_for_type(&wanted));
        assert!(parsed("application/json; version=2").is_but_for_type(&wanted));
        assert!(!parsed("application/json; type=b").is_but_for_type(&wanted));
        assert!(!parsed("application/cbor").is_but_for_type(&wanted));
    }

    #[test]
    fn a_codec_fits_by_its_name_or_by_a_suffix() {
        let fit = |asked, codec| parsed(asked).fit(&parsed(codec));
        let by_name = fit("application/vnd.a+json", "application/VND.a+json");
        let by_suffix = fit("application/vnd.a+json", "application/json");
        assert!(by_name > by_suffix && by_suffix.is_some());
        assert!(fit("application/json", "application/vnd.a+json").is_none());
        assert!(fit("application/vnd.a+json", "text/json").is_none());
        assert!(fit("application/vnd.a+json", "application/cbor").is_none());

        let general = fit("text/a; v=1", "text/a");
        assert!(fit("text/a; v=1", "text/a; v=1") > general && general.is_some());
        assert!(fit("text/a", "text/a; v=1").is_none());
        assert!(fit("text/a; v=2", "text/a; v=1").is_none());
        assert!(fit("text/a", "text/a; charset=utf-8").is_some());
        assert!(fit("text/a; v=1; type=x; V=2", "text/a; v=1; v=2").is_some());
    }

    #[test]
    fn every_type_is_looked_at() {
        let twice = parsed("a/b; type=x; TYPE=\"y z\"");
        assert_eq!(twice.contradiction("x").as_deref(), Some("y z"));
        assert_eq!(twice.contradiction("y z").as_deref(), Some("x"));
        assert_eq!(parsed("a/b; type=x").contradiction("x"), None);
    }

    #[test]
    fn a_type_is_quoted() {
        assert_eq!(with_type("a/b", "Placed"), "a/b; type=\"Placed\"");
        assert_eq!(with_type("a/b; type=x", "Placed"), "a/b; type=x");
        assert_eq!(with_type("a/b; v=\"1;\" ; ", "Placed"), "a/b; v=\"1;\"; type=\"Placed\"");
        let text = with_type("a/b; v=1", "a \"b\\ü");
        assert_eq!(text, "a/b; v=1; type=\"a \\\"b\\\\ü\"");
        assert_eq!(parsed(&text).contradiction("").as_deref(), Some("a \"b\\ü"));
    }

    #[test]
    fn what_is_no_media_type_is_refused() {
        for text in
            ["", "json", "a/b;;", "a/b; type", "a/b; type=\"x", "a/b; =x", "/b", "a/ b", "a/b+"]
        {
            assert!(Parsed::parse(text).is_err(), "{text}");
        }
    }
}
