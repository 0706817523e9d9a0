use std::{collections::HashSet, time::Duration};

use eventstream_core::{Cursor, Error, EventStream, EventTypes, Marshaler, Result};
use tokio::time::{Instant, timeout};

use super::hosted::Hosted;

/// How soon it is looked whether a cursor that delivers nothing has moved; then twice as late, and so on.
const FIRST_LOOK: Duration = Duration::from_millis(20);
/// For how long it is tried to find out the oldest offset.
const PATIENCE: Duration = Duration::from_secs(10);

/// An application that is hosted, as the calls see it.
impl Hosted {
    /// The media types that events of a type can be had in, in order of preference; none if that is
    /// not known.
    pub(super) fn media_types_of(&self, event_type: &str) -> Vec<String> {
        let mut media_types = self.media_types.clone();
        for media_type in self.marshaler.media_types_for(event_type) {
            if !media_types.contains(&media_type) {
                media_types.push(media_type);
            }
        }
        media_types
    }

    /// Whether events of a type may come in one of the media types asked for, as far as that is
    /// known.
    pub(super) fn can_serve(&self, event_type: &str, wanted: &Wanted) -> bool {
        let served = self.media_types_of(event_type);
        wanted.0.is_empty()
            || served.is_empty()
            || served.iter().any(|served| wanted.0.contains(&essence(served)))
    }

    /// The types that are known, each with its media types: those that are declared; or, where any
    /// type may appear, those that have appeared, as far as the stream can tell.
    pub(super) async fn known_types(&self) -> Result<Vec<(String, Vec<String>)>> {
        let known = self.stream.known_types().await?.unwrap_or_else(EventTypes::none);
        Ok(self.with_media_types(&known))
    }

    /// Each type with its media types.
    pub(super) fn with_media_types(&self, types: &EventTypes) -> Vec<(String, Vec<String>)> {
        let names = types.names().unwrap_or_default().iter();
        names.map(|name| (name.as_str().to_owned(), self.media_types_of(name.as_str()))).collect()
    }

    /// The oldest offset that can be read, if it can be found out.
    pub(super) async fn oldest_offset(&self) -> Result<Option<u64>> {
        let Some(end) = self.stream.end().await? else {
            return Ok(None);
        };
        let mut cursor = match self.stream.open(0, EventTypes::any()).await {
            Ok(cursor) => cursor,
            Err(Error::Truncated { oldest, .. }) => return Ok(Some(oldest)),
            Err(error) => return Err(error),
        };
        if end == 0 {
            return Ok(Some(0));
        }
        // There is an event, or there was; but perhaps none of a type that the stream declares: then
        // only the position moves. To see it the read is dropped, later and later, so that a slow one
        // gets done.
        let began = Instant::now();
        let mut look = FIRST_LOOK;
        while began.elapsed() < PATIENCE {
            match timeout(look, cursor.next()).await {
                Ok(Err(Error::Truncated { oldest, .. })) => return Ok(Some(oldest)),
                Ok(Err(error)) => return Err(error),
                Ok(Ok(_)) => return Ok(Some(0)),
                Err(_) if cursor.position() > 0 => return Ok(Some(0)),
                Err(_) => look *= 2,
            }
        }
        Ok(None)
    }

    pub(super) fn marshaler_ref(&self) -> &Marshaler {
        &self.marshaler
    }
}

/// The media types that somebody asks for, to be compared with many: there may be many types of events.
pub(super) struct Wanted(HashSet<String>);

impl Wanted {
    /// What may be had as one of these: what has the same name, or the same suffix. What parameters
    /// and codecs make of it, the marshaler decides for each event.
    pub(super) fn of(media_types: &[String]) -> Self {
        let suffix_of = |essence: &str| {
            essence.rsplit_once('+').map(|(_, suffix)| format!("application/{suffix}"))
        };
        let essences = media_types.iter().map(|media_type| essence(media_type));
        Self(essences.flat_map(|essence| [suffix_of(&essence), Some(essence)]).flatten().collect())
    }
}

/// A media type without its parameters.
fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_compared_by_their_names() {
        for (served, wanted, expected) in [
            ("application/json", "Application/JSON; type=\"a\"", true),
            ("application/json; type=a", "application/json", true),
            ("application/json", "application/vnd.shop.v1+json", true),
            ("application/json", "application/cbor", false),
            ("application/json", "text/json", false),
            ("application/vnd.a+json", "application/json", false),
            ("application/json", "", false),
        ] {
            let found = Wanted::of(&[wanted.to_owned()]).0.contains(&essence(served));
            assert_eq!(found, expected, "{served} as {wanted}");
        }
    }
}
