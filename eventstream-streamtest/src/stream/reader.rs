//! A cursor, and what a case expects of it.

use std::{future::Future, ops::RangeInclusive};

use eventstream_core::{Cursor, CursorExt, Error, Event, Result};

use crate::{
    Timing,
    events::{first_of, outcome},
    failure::{Check, ensure, fail},
    hand::Hand,
    race::Racer,
    run::Progress,
    stream::call::{Call, is_closed},
};

/// A cursor with a name, for the texts of failures.
pub(crate) struct Reader<C> {
    pub(crate) cursor: C,
    pub(crate) name: String,
    /// What the call under way adds to. Empty between calls, also if they are dropped.
    buf: Vec<Event>,
    timing: Timing,
    progress: Progress,
}

/// A call that waits, and is polled by hand.
pub(crate) struct Waiting<'a> {
    pub(crate) hand: Hand<'a, Check<Result<Vec<Event>>>>,
    name: String,
    call: Call,
    timing: Timing,
    progress: Progress,
}

/// How far a call has come when it is said to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Depth {
    /// It was polled once.
    Begun,
    /// It was polled until it came to rest.
    Settled,
}

impl Depth {
    pub(crate) const BOTH: [Self; 2] = [Self::Begun, Self::Settled];
}

impl<C: Cursor> Reader<C> {
    pub(crate) fn new(cursor: C, name: String, timing: Timing, progress: Progress) -> Self {
        Self { cursor, name, buf: Vec::new(), timing, progress }
    }

    /// A call, checked by the rules that hold for all of them; what comes of it is for the case.
    pub(crate) async fn call(&mut self, call: Call) -> Check<Result<Vec<Event>>> {
        self.running(call)?.await
    }

    /// A call that the case polls by hand.
    pub(crate) fn by_hand(&mut self, call: Call) -> Check<Hand<'_, Check<Result<Vec<Event>>>>> {
        Ok(Hand::new(self.running(call)?))
    }

    fn running(
        &mut self,
        call: Call,
    ) -> Check<impl Future<Output = Check<Result<Vec<Event>>>> + Send + '_> {
        ensure!(
            self.buf.is_empty(),
            "a call of {} that was dropped has added {} events to the buffer",
            self.name,
            self.buf.len()
        );
        self.progress.doing(format!("waiting for {call} of {}", self.name));
        Ok(async move {
            let result = call.perform(&mut self.cursor, &mut self.buf).await;
            call.check(&self.name, std::mem::take(&mut self.buf), result)
        })
    }

    /// Starts a call for which nothing is there, so that it waits.
    pub(crate) async fn wait(&mut self, call: Call, depth: Depth) -> Check<Waiting<'_>> {
        let (name, timing) = (self.name.clone(), self.timing);
        let progress = self.progress.clone();
        let mut waiting = Waiting { hand: self.by_hand(call)?, name, call, timing, progress };
        waiting.is_quiet(depth).await?;
        Ok(waiting)
    }

    /// What a call delivers, whatever it is.
    pub(crate) async fn delivered(&mut self, call: Call) -> Check<Vec<Event>> {
        match self.call(call).await? {
            Ok(events) => Ok(events),
            got => fail!("{call} of {} must deliver an event, but {}", self.name, outcome(&got)),
        }
    }

    /// Reads these events, and no others between them.
    pub(crate) async fn expect(&mut self, events: &[Event]) -> Check {
        self.expect_by(Call::Next, events).await
    }

    /// Reads these events by calls of this kind.
    pub(crate) async fn expect_by(&mut self, call: Call, mut events: &[Event]) -> Check {
        while let Some(first) = events.first() {
            self.progress
                .doing(format!("waiting for event {} from {call} of {}", first.offset, self.name));
            let got = self.call(call).await?;
            events = first_of(&self.name, events, &got)?;
        }
        Ok(())
    }

    /// Nothing comes, for as long as is watched for it.
    pub(crate) async fn expect_quiet(&mut self) -> Check {
        self.wait(Call::Next, Depth::Settled).await.map(drop)
    }

    /// Every call says that the cursor is closed, and says it again.
    pub(crate) async fn expect_closed(&mut self) -> Check {
        for call in [Call::BOTH, Call::BOTH].concat() {
            let got = self.call(call).await?;
            is_closed(&self.name, call, &got)?;
        }
        Ok(())
    }

    /// Closes the cursor, which must be possible.
    pub(crate) fn close(&self) -> Check {
        closes(&self.name, self.cursor.close())
    }

    /// The position is this one.
    pub(crate) fn position_is(&self, expected: u64) -> Check {
        self.position_is_within(expected..=expected)
    }

    /// The position is one of these: a cursor may have looked over what is filtered out, or not.
    pub(crate) fn position_is_within(&self, range: RangeInclusive<u64>) -> Check {
        let position = self.cursor.position();
        ensure!(
            range.contains(&position),
            "the position of {} is {position}, but must be from {} to {}",
            self.name,
            range.start(),
            range.end()
        );
        Ok(())
    }
}

impl<C: Cursor> Racer for Reader<C> {
    type Output = Result<Event>;

    fn call(&mut self) -> impl Future<Output = Result<Event>> + Send {
        self.cursor.next()
    }
}

impl Waiting<'_> {
    /// It waits, as nothing is there for it.
    pub(crate) async fn is_quiet(&mut self, depth: Depth) -> Check {
        let output = match depth {
            Depth::Begun => self.hand.poll(),
            Depth::Settled => self.hand.settle(self.timing.quiet).await,
        };
        match output {
            None => Ok(()),
            Some(got) => fail!(
                "{} must wait, as nothing is there for it, but {} {}",
                self.name,
                self.call,
                outcome(&got?)
            ),
        }
    }

    /// It is woken, and brings the first of these events; returns those that are still to come.
    pub(crate) async fn brings(mut self, events: &[Event]) -> Check<&[Event]> {
        if let Some(event) = events.first() {
            self.progress.doing(format!(
                "waiting for event {} to wake {} of {}",
                event.offset, self.call, self.name
            ));
        }
        let got = self.hand.finish().await?;
        first_of(&self.name, events, &got)
    }

    /// It is woken, and says that its cursor is closed.
    pub(crate) async fn says_closed(mut self) -> Check {
        self.progress.doing(format!("waiting for a close to wake {} of {}", self.call, self.name));
        let got = self.hand.finish().await?;
        is_closed(&self.name, self.call, &got)
    }
}

/// Whether a first close has succeeded.
pub(crate) fn closes(name: &str, result: Result<()>) -> Check {
    match result {
        Ok(()) => Ok(()),
        Err(error) => fail!("{name} is open, but closing it says: {error}"),
    }
}

/// Whether a second close has failed as it must.
pub(crate) fn closes_no_more(name: &str, result: Result<()>) -> Check {
    match result {
        Err(Error::CursorClosed) => Ok(()),
        Err(error) => {
            fail!("{name} is closed: closing it must say CursorClosed, but says: {error}")
        }
        Ok(()) => fail!("{name} is closed: closing it must say CursorClosed, but succeeds"),
    }
}
