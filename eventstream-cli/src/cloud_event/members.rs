use std::{collections::BTreeMap, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Problem;

/// The members of a JSON object that have not been taken yet, each as the text that it is.
pub(super) struct Members<'a>(BTreeMap<String, &'a RawValue>);

/// A member of the object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Member<'a> {
    Absent,
    /// To be read as if it were absent: so the specification has it.
    Null,
    Text(String),
    /// Anything else, as JSON.
    Other(&'a str),
}

impl<'a> Members<'a> {
    pub(super) fn parse(line: &'a str) -> Result<Self, Problem> {
        match line.as_bytes().first() {
            Some(b'{') => {}
            Some(b'[') => {
                return Err(Problem::new(
                    " is a JSON array: each event has to stand on a line of its own \
                     (`jq -c '.[]'` puts it there)",
                ));
            }
            _ => {
                return Err(Problem::new(
                    " is not a JSON object: it has to be an event as CloudEvents has it in JSON",
                ));
            }
        }
        let Pairs(pairs) =
            serde_json::from_str(line).map_err(|error| Problem::of_syntax(&error))?;
        let mut members = BTreeMap::new();
        for (name, value) in pairs {
            if members.contains_key(&name) {
                return Err(Problem::of_member(&name, "stands there twice"));
            }
            members.insert(name, value);
        }
        Ok(Self(members))
    }

    /// Takes the JSON text of a member out, `null` included.
    pub(super) fn take_json(&mut self, name: &str) -> Option<&'a str> {
        self.0.remove(name).map(RawValue::get)
    }

    /// Takes a member out.
    pub(super) fn take(&mut self, name: &str) -> Result<Member<'a>, Problem> {
        self.take_json(name).map_or(Ok(Member::Absent), |json| member(name, json))
    }

    /// Takes a text out that has to be there.
    pub(super) fn take_required(&mut self, name: &str) -> Result<String, Problem> {
        self.take_text(name)?.map_err(|_| Problem::of_member(name, "is missing"))
    }

    /// Takes a text out, or what stands in its place.
    pub(super) fn take_text(&mut self, name: &str) -> Result<Result<String, Member<'a>>, Problem> {
        match self.take(name)? {
            Member::Text(text) if text.is_empty() => {
                Err(Problem::of_member(name, "is empty: it has to have a value, if it is there"))
            }
            Member::Text(text) => Ok(Ok(text)),
            Member::Other(json) => Err(Problem::of_member(
                name,
                format_args!("is {}: it has to be a text", excerpt(json)),
            )),
            absent @ (Member::Absent | Member::Null) => Ok(Err(absent)),
        }
    }

    /// What is left.
    pub(super) fn rest(self) -> impl Iterator<Item = (String, Result<Member<'a>, Problem>)> {
        self.0.into_iter().map(|(name, value)| {
            let member = member(&name, value.get());
            (name, member)
        })
    }
}

fn member<'a>(name: &str, json: &'a str) -> Result<Member<'a>, Problem> {
    match json.as_bytes().first() {
        Some(b'n') => Ok(Member::Null),
        Some(b'"') => match serde_json::from_str(json) {
            Ok(text) => Ok(Member::Text(text)),
            // The line was JSON, so it can only be half of a surrogate pair.
            Err(_) => Err(Problem::of_member(
                name,
                format_args!("is {}, which is no Unicode text", excerpt(json)),
            )),
        },
        _ => Ok(Member::Other(json)),
    }
}

/// The beginning of a text that may be long, for a message.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The pairs of an object, one for one.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(12);
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }

        deserializer.deserialize_map(Collect).map(Pairs)
    }
}
