use std::fmt;

use eventstream_core::Error;

/// What is wrong with a line. The text goes on with a sentence that begins with "line 7".
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem(String);

impl Problem {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The member `name` is there and can't be taken.
    pub(super) fn of_member(name: &str, text: impl fmt::Display) -> Self {
        Self(format!(": `{name}` {text}"))
    }

    /// The envelope breaks a rule: said with the names of `CloudEvents`.
    pub(super) fn of_envelope(error: &Error) -> Self {
        let Error::InvalidEnvelope { field, problem } = error else {
            return Self(format!(" can't be stored: {error}"));
        };
        let member = match *field {
            "message_id" => "id",
            "portable_name" => "type",
            "source_handler" => "source",
            "source_instance_id" => "subject",
            "created_at" => "time",
            "media_type" => "datacontenttype",
            "correlation_id" => "correlationid",
            "causation_id" => "causationid",
            _ => return Self(format!(" can't be stored: {error}")),
        };
        Self::of_member(member, problem)
    }

    /// What serde has to say about the JSON, without its line number, which is always 1 here.
    pub(super) fn of_syntax(error: &serde_json::Error) -> Self {
        if error.is_eof() {
            return Self::new(
                " ends in the middle of a JSON object: an event has to stand on one line \
                 (`jq -c .` puts it there)",
            );
        }
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let text = text.strip_suffix(&place).unwrap_or(&text);
        Self(format!(" is not JSON: {text}, at column {}", error.column()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
