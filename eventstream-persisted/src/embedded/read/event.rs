use eventstream_core::Event;

use super::{Filter, read_page};
use crate::embedded::{error::Result, files::Files};

/// What comes of looking for one event.
pub(crate) enum ReadEvent {
    Found(Event),
    Truncated,
}

/// Reads the event at an offset, which is committed.
pub(crate) fn read_event(files: &Files, offset: u64) -> Result<ReadEvent> {
    let page = read_page(files, &Filter::All, offset, offset + 1)?;
    Ok(match page.map(|page| page.events.into_iter().next()) {
        Ok(Some(event)) => ReadEvent::Found(event),
        Ok(None) | Err(_) => ReadEvent::Truncated,
    })
}
