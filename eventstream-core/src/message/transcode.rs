use bytes::Bytes;

use super::{
    MarshalError, Payload,
    codec::{parse, parse_any},
    codecs::AnyCodecs,
};

/// What an event becomes for somebody who wants it in one of some media types; `None` if it is
/// wanted as it is. `codecs` are those of its type.
pub(super) fn transcode<W: AsRef<str>>(
    event_type: &str,
    media_type: &str,
    data: &Bytes,
    wanted: &[W],
    codecs: Option<&dyn AnyCodecs>,
) -> Result<Option<Payload>, MarshalError> {
    if wanted.iter().any(|wanted| wanted.as_ref() == media_type) {
        return Ok(None);
    }
    let parsed = wanted
        .iter()
        .map(|text| Ok((text.as_ref(), parse_any(event_type, text.as_ref())?)))
        .collect::<Result<Vec<_>, MarshalError>>()?;
    let stored = parse(event_type, media_type)?;
    if parsed.iter().any(|(_, wanted)| stored.is(wanted)) {
        return Ok(None);
    }
    for (text, wanted) in &parsed {
        if wanted.contradiction(event_type).is_some() {
            continue;
        }
        if stored.is_but_for_type(wanted) {
            return Ok(Some(Payload::new(*text, data.clone())));
        }
        if let Some(codecs) = codecs.filter(|codecs| codecs.can_become(wanted)) {
            return codecs.transcode(media_type, data, text).map(Some);
        }
    }
    let event_type = event_type.to_owned();
    let media_type = media_type.to_owned();
    let wanted = parsed.iter().map(|(text, _)| (*text).to_owned()).collect();
    Err(match codecs {
        None => MarshalError::Unregistered { event_type, media_type, wanted },
        Some(codecs) => MarshalError::NotProducible {
            event_type,
            media_type,
            wanted,
            supported: codecs.media_types(false),
        },
    })
}
