//! Reading events as they were appended.

use std::sync::Arc;

use bytes::Bytes;
use eventstream_core::{Event, Parcel};

use super::{Failure, Reading};
use crate::embedded::{
    files::{LogFile, Stop},
    layout::Damage,
};

impl Reading<'_> {
    pub(super) fn log(&mut self, log: &Arc<LogFile>) -> Result<(), Failure> {
        let name = log.name();
        let files = self.files;
        let tail = files.tail_of(log).map_err(|error| self.error(&name, error))?;
        let frames = log.frames(&*files.disk, &files.charter, self.start, tail);
        let mut frames = frames.map_err(|error| self.error(&name, error))?;
        while !self.is_full() {
            let frame = frames.next().map_err(|error| self.error(&name, error))?;
            let (frame, problem) = match frame {
                Ok(frame) => (frame, ""),
                // What is broken may lie before the page, or be the page's first.
                Err(_) if self.has_begun() => return Ok(()),
                Err(stop) => {
                    let problem = match stop {
                        Stop::Tail => "they are missing",
                        Stop::Broken(problem) => problem,
                    };
                    let found = frames.find_next().map_err(|error| self.error(&name, error))?;
                    match found {
                        Some(frame) => (frame, problem),
                        None => {
                            return Err(files.damaged(&name, self.start, self.end, problem).into());
                        }
                    }
                }
            };
            if frame.header.first > self.page.position {
                let next = frame.header.first.min(self.end);
                return Err(files.damaged(&name, self.start, next, problem).into());
            }
            log.mark(frame.header.first, frame.mark);
            if frame.header.next() <= self.page.position {
                continue;
            }
            for (offset, entry, wire) in frame.events() {
                if offset < self.page.position
                    || offset >= self.end
                    || !self.filter.may_match(&entry)
                {
                    continue;
                }
                let Ok(parcel) = Parcel::from_trusted_wire(wire) else {
                    let problem = "an event is no envelope";
                    return Err(files.damaged(&name, offset, offset + 1, problem).into());
                };
                if !self.filter.matches(&parcel) {
                    continue;
                }
                self.found += parcel.wire().len().max(1);
                let event = Event::new(offset, parcel);
                // An event keeps a large piece of the log in memory.
                let event = if self.filter.is_all() { Ok(event) } else { copied(event) };
                let damaged = |problem| files.damaged(&name, offset, offset + 1, problem);
                self.page.events.push(event.map_err(damaged)?);
            }
            self.page.scanned += frame.body.len();
            self.page.position = frame.header.next().min(self.end);
        }
        Ok(())
    }
}

/// The same event in memory of its own.
fn copied(Event { offset, parcel, .. }: Event) -> Result<Event, Damage> {
    let wire = Bytes::copy_from_slice(parcel.wire());
    drop(parcel);
    let parcel = Parcel::from_trusted_wire(wire).map_err(|_| "an event is no envelope")?;
    Ok(Event::new(offset, parcel))
}
