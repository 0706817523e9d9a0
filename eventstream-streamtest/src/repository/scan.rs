//! A query, and what a case expects of it.

use std::{future::Future, ops::RangeInclusive};

use eventstream_core::{Event, EventQuery, Result};

use crate::{
    events::first_of,
    failure::{Check, chain, ensure, fail},
    hand::Hand,
    repository::wanted::Wanted,
    run::Progress,
};

/// A query with a name, for the texts of failures.
pub(crate) struct Scan<Q> {
    pub(crate) query: Q,
    pub(crate) name: String,
    pub(crate) wanted: Wanted,
    /// All below was returned, or is below where the query begins.
    pub(crate) next: u64,
    /// The next offset when the query was made: all below it has to come.
    pub(crate) committed: u64,
    /// What the call under way adds to. Empty between calls, also if they are dropped.
    buf: Vec<Event>,
    progress: Progress,
}

impl<Q: EventQuery> Scan<Q> {
    pub(crate) fn new(
        query: Q,
        name: String,
        wanted: Wanted,
        offset: u64,
        committed: u64,
        progress: Progress,
    ) -> Self {
        Self { query, name, wanted, next: offset, committed, buf: Vec::new(), progress }
    }

    /// A call, checked by the rules that hold for all of them; what comes of it is for the case.
    pub(crate) async fn batch(&mut self, max: usize) -> Check<Result<Vec<Event>>> {
        self.running(max)?.await
    }

    /// A call that the case polls by hand.
    pub(crate) fn by_hand(&mut self, max: usize) -> Check<Hand<'_, Check<Result<Vec<Event>>>>> {
        Ok(Hand::new(self.running(max)?))
    }

    fn running(
        &mut self,
        max: usize,
    ) -> Check<impl Future<Output = Check<Result<Vec<Event>>>> + Send + '_> {
        ensure!(
            self.buf.is_empty(),
            "a call of {} that was dropped has added {} events to the buffer",
            self.name,
            self.buf.len()
        );
        self.progress.doing(format!("waiting for a batch of {max} of {}", self.name));
        Ok(async move {
            let result = self.query.next_batch(&mut self.buf, max).await;
            check(&self.name, max, std::mem::take(&mut self.buf), result)
        })
    }

    /// Reads on to the end, in batches of this size at most. From here on these are all events that
    /// match, those included that were appended since the query was made: they need not come. Of
    /// the repository, `end` is the next offset now.
    pub(crate) async fn rest_is(&mut self, max: usize, events: &[Event], end: u64) -> Check {
        let mut rest = events;
        loop {
            let got = self.batch(max).await?;
            let before = rest.len();
            rest = self.took(rest, &got, end)?;
            if rest.len() == before {
                return self.has_ended(rest, end);
            }
        }
    }

    /// Reads exactly these events, and no end between them.
    pub(crate) async fn expect(&mut self, max: usize, events: &[Event], end: u64) -> Check {
        let mut rest = events;
        while let Some(first) = rest.first() {
            let got = self.batch(max.min(rest.len())).await?;
            let before = rest.len();
            rest = self.took(rest, &got, end)?;
            ensure!(
                rest.len() < before,
                "{} says that it is at its end, but event {} is still to come",
                self.name,
                first.offset
            );
        }
        Ok(())
    }

    /// Whether a batch has brought the first of the events that are expected, and has moved the
    /// position over them, but over no other; returns those that are still to come.
    pub(crate) fn took<'a>(
        &mut self,
        expected: &'a [Event],
        got: &Result<Vec<Event>>,
        end: u64,
    ) -> Check<&'a [Event]> {
        let rest = first_of(&self.name, expected, got)?;
        if let Some(last) = expected[..expected.len() - rest.len()].last() {
            self.next = last.offset + 1;
        }
        self.position_fits(rest, end)?;
        Ok(rest)
    }

    /// The position lies behind what was returned, and not behind what is to be.
    pub(crate) fn position_fits(&self, rest: &[Event], end: u64) -> Check {
        let most = rest.first().map_or(end.max(self.next), |event| event.offset);
        self.position_is_within(self.next..=most)
    }

    /// It has said that it is at its end: that must be true.
    pub(crate) fn has_ended(&self, rest: &[Event], end: u64) -> Check {
        if let Some(event) = rest.first().filter(|event| event.offset < self.committed) {
            fail!(
                "{} says that it is at its end, but event {}, which was committed before it was \
                 made, is still to come",
                self.name,
                event.offset
            );
        }
        self.position_fits(rest, end)?;
        let position = self.query.position();
        ensure!(
            position >= self.committed,
            "the position of {} is {position} at its end, but must be {} at least, as all below \
             that was committed when it was made",
            self.name,
            self.committed
        );
        Ok(())
    }

    pub(crate) fn position_is_within(&self, range: RangeInclusive<u64>) -> Check {
        let position = self.query.position();
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

/// Whether what a call says agrees with what it has added.
fn check(
    name: &str,
    max: usize,
    added: Vec<Event>,
    result: Result<usize>,
) -> Check<Result<Vec<Event>>> {
    let count = match result {
        Ok(count) => count,
        Err(error) => {
            ensure!(
                added.is_empty(),
                "a batch of {name} has added {} events, and yet says: {}",
                added.len(),
                chain(&error)
            );
            return Ok(Err(error));
        }
    };
    ensure!(
        count == added.len(),
        "a batch of {name} says that it has added {count} events, but has added {}",
        added.len()
    );
    ensure!(count <= max, "a batch of {max} at most of {name} has added more: {count} events");
    Ok(Ok(added))
}
