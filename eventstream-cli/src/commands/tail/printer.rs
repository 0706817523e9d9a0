use eventstream_core::Event;

use crate::{
    args::{EventFormat, TailArgs},
    cloud_event,
    failure::Failure,
    output::{Output, TextLayout, push_event_json},
};

/// Writes events in the form that is asked for, as many as are asked for.
pub(super) struct Printer {
    output: Output,
    format: EventFormat,
    layout: TextLayout,
    left: Option<u64>,
}

impl Printer {
    /// Of a stream that goes up to `next`, and has these types.
    pub(super) fn new<'a>(
        args: &TailArgs,
        next: u64,
        types: impl Iterator<Item = &'a str>,
    ) -> Self {
        let last = next.saturating_sub(1);
        let layout = if args.types.is_empty() {
            TextLayout::new(last, types)
        } else {
            TextLayout::new(last, args.types.iter().map(eventstream_core::EventType::as_str))
        };
        Self { output: Output::default(), format: args.output, layout, left: args.count }
    }

    /// Writes the events, and takes them away; `true` if it was enough.
    pub(super) fn print(&mut self, events: &mut Vec<Event>) -> Result<bool, Failure> {
        if self.format == EventFormat::Text {
            self.layout.fit(events);
        }
        for event in events.drain(..) {
            if self.left == Some(0) {
                break;
            }
            self.left = self.left.map(|left| left - 1);
            match self.format {
                EventFormat::Text => self.output.line(&self.layout.line(&event))?,
                EventFormat::Json => self.output.line_with(|out| push_event_json(&event, out))?,
                EventFormat::CloudEvents => {
                    self.output.line_with(|out| cloud_event::write(&event.parcel, out))?;
                }
            }
        }
        self.output.flush()?;
        Ok(self.left == Some(0))
    }
}
