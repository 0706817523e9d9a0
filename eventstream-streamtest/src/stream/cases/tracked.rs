//! A cursor of the model.

use eventstream_core::{Cursor, Event, EventTypes, Result};
use tokio::task::yield_now;

use crate::{
    StreamEnv,
    events::first_of,
    failure::{Check, ensure},
    stream::call::Call,
    stream::reader::Reader,
    stream::stage::Stage,
};

/// A cursor, and what it has to do next.
pub(crate) struct Tracked<C> {
    pub(crate) reader: Reader<C>,
    pub(crate) types: EventTypes,
    /// Everything below was delivered, or is below where it was opened.
    pub(crate) next: u64,
    /// What the position was.
    pub(crate) position: u64,
    /// It was opened below the oldest event: its first call has to say so.
    pub(crate) refused: bool,
}

impl<C: Cursor> Tracked<C> {
    /// What the stream has for this cursor: more than any call of the model can add.
    pub(crate) fn expected(&self, stage: &Stage<impl StreamEnv>) -> Vec<Event> {
        stage.upcoming(self.next, &self.types, 8)
    }

    /// What a call comes to within so many polls; then it is dropped.
    pub(crate) async fn polled(
        &mut self,
        call: Call,
        polls: usize,
    ) -> Check<Option<Result<Vec<Event>>>> {
        let mut hand = self.reader.by_hand(call)?;
        for _ in 0..polls {
            if let Some(got) = hand.poll() {
                return got.map(Some);
            }
            yield_now().await;
        }
        Ok(None)
    }

    pub(crate) fn check_delivered(
        &mut self,
        stage: &Stage<impl StreamEnv>,
        expected: &[Event],
        got: &Result<Vec<Event>>,
    ) -> Check {
        let rest = first_of(&self.reader.name, expected, got)?;
        if let Some(last) = expected[..expected.len() - rest.len()].last() {
            self.next = last.offset + 1;
        }
        let expected = self.expected(stage);
        self.check_position(stage, &expected)
    }

    /// The position never moves back, nor past an event that was not delivered.
    pub(crate) fn check_position(
        &mut self,
        stage: &Stage<impl StreamEnv>,
        expected: &[Event],
    ) -> Check {
        let least = self.position.max(self.next);
        let most = expected.first().map_or(stage.end().max(self.next), |event| event.offset);
        self.reader.position_is_within(least..=most)?;
        self.position = self.reader.cursor.position();
        Ok(())
    }

    /// A cursor that was overtaken may say so, in the right numbers, but leaves nothing out.
    pub(crate) fn check_truncated(
        &self,
        expected: &[Event],
        requested: u64,
        oldest: u64,
        oldest_now: u64,
    ) -> Check {
        let most = expected.first().map_or(u64::MAX, |event| event.offset);
        ensure!(
            requested == self.reader.cursor.position()
                && (self.next..=most).contains(&requested)
                // It may have found out before the stream was truncated once more.
                && (requested + 1..=oldest_now).contains(&oldest),
            "{} has delivered all below {}, and {oldest_now} is the oldest offset, but it says \
             that {requested} is truncated and {oldest} is the oldest",
            self.reader.name,
            self.next
        );
        Ok(())
    }
}
