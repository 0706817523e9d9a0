//! Out of a server.

use eventstream_core::{Error, Event, EventStream};
use eventstream_network::{ApplicationInfo, NetworkCursor, NetworkStream, Protocol};

use super::{BATCH, begin_with, patient::Patient, printer::Printer, say_if_past_the_end, types};
use crate::{
    args::{Server, TailArgs},
    commands::remote::Remote,
    failure::Failure,
    output::note,
};

pub(super) async fn run(args: &TailArgs, server: &Server) -> Result<(), Failure> {
    let remote = Remote::open(server, args.application.as_ref()).await?;
    let range = Range::of(args, remote.info.as_ref())?;
    let next = remote.info.as_ref().and_then(|info| info.next_offset);
    if let Some(next) = next {
        say_if_past_the_end(args, next);
    }
    let known = remote.info.iter().flat_map(|info| info.media_types.keys());
    let types = known.map(eventstream_core::EventType::as_str);
    let printer = Printer::new(args, next.unwrap_or_default(), types);
    if args.count == Some(0) {
        return Ok(());
    }
    let stream = remote.client.stream(remote.application.clone()).resume(Patient::new(&server.url));
    let knows_oldest = remote.info.is_some();
    Reading { args, stream, range, knows_oldest, printer, shown: false }.run().await
}

/// The offsets that are asked for.
struct Range {
    first: u64,
    /// Where it ends, if it does.
    end: Option<u64>,
}

impl Range {
    /// What is asked for, of what there is.
    fn of(args: &TailArgs, info: Option<&ApplicationInfo>) -> Result<Self, Failure> {
        let first = args.from.or_else(|| info.and_then(|info| info.oldest_offset));
        let end = match (args.exit_at_end, info.and_then(|info| info.next_offset)) {
            (false, _) => None,
            (true, Some(next)) => Some(next),
            (true, None) => {
                let text = "the server can't tell where the events end now";
                return Err(Failure::new(text).hint(
                    "leave --exit-at-end out, and say with --count how many events are wanted",
                ));
            }
        };
        Ok(Self { first: first.unwrap_or_default(), end })
    }
}

struct Reading<'a> {
    args: &'a TailArgs,
    stream: NetworkStream,
    range: Range,
    /// By the other protocols an error does not say which offset is the oldest.
    knows_oldest: bool,
    printer: Printer,
    shown: bool,
}

impl Reading<'_> {
    async fn run(mut self) -> Result<(), Failure> {
        let read = match self.read().await {
            // The oldest is asked for, and it was another one a moment ago; or the server could not
            // tell which it is.
            Err(Stop::Error(Error::Truncated { oldest, .. }))
                if self.args.from.is_none() && !self.shown =>
            {
                self.range.first = oldest;
                self.read().await
            }
            read => read,
        };
        match read {
            Ok(()) => {
                self.say_if_nothing_came();
                Ok(())
            }
            Err(Stop::Failure(failure)) => Err(failure),
            Err(Stop::Error(error)) => Err(self.unreadable(&error).await),
        }
    }

    async fn read(&mut self) -> Result<(), Stop> {
        let mut cursor = self.stream.open(self.range.first, types(self.args)).await?;
        if self.args.types.is_empty() && cursor.protocol() != Protocol::Ours {
            note(&format!(
                "By the protocol {} only those types come that the server knows now.",
                cursor.protocol()
            ));
        }
        let mut events = Vec::new();
        while self.next_batch(&mut cursor, &mut events).await? {
            self.shown = true;
            if self.printer.print(&mut events)? {
                break;
            }
        }
        Ok(())
    }

    /// `false` at the end, if there is one.
    async fn next_batch(
        &self,
        cursor: &mut NetworkCursor,
        events: &mut Vec<Event>,
    ) -> Result<bool, Error> {
        match self.range.end {
            None => {
                eventstream_core::Cursor::next_batch(cursor, events, BATCH).await?;
            }
            Some(end) => {
                cursor.next_batch_until(end, events, BATCH).await?;
                // What was appended since the beginning is not asked for.
                events.retain(|event| event.offset < end);
            }
        }
        Ok(!events.is_empty())
    }

    /// A server does not say which types there are events of.
    fn say_if_nothing_came(&self) {
        if self.shown || self.args.types.is_empty() {
            return;
        }
        let named: Vec<String> =
            self.args.types.iter().map(|it| format!("{:?}", it.as_str())).collect();
        note(&format!(
            "There is no event of type {} from offset {} on.",
            named.join(" or "),
            self.range.first,
        ));
    }

    async fn unreadable(&self, error: &Error) -> Failure {
        let failure = Failure::from(error);
        match error {
            Error::Truncated { oldest, .. } if self.knows_oldest => {
                failure.hint(begin_with(*oldest))
            }
            Error::Truncated { .. } => failure
                .hint("the server does not say which is the oldest: try a later one, by --from N"),
            Error::UnsupportedEventTypes { .. } => match self.stream.event_types().await {
                Ok(declared) => failure.hint(format!("the types that are served: {declared}")),
                Err(_) => failure,
            },
            _ => failure,
        }
    }
}

/// Why no more is read.
enum Stop {
    Error(Error),
    Failure(Failure),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}
