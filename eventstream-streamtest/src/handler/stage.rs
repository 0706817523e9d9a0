//! What the cases of a handler act on: an environment, and a record of what must have come of it.

use std::sync::Arc;

use eventstream_core::{Event, HandlerError, Identity};

use super::{
    given::Given,
    outcome::{is_failure, said, same_effects},
    subject::Subject,
};
use crate::{
    HandlerEnv, HandlerHarness, Parcels,
    failure::{Check, Failure, ensure, fail},
    run::Progress,
    scene::Scene,
};

impl<H: HandlerHarness> Scene<H> {
    /// A fresh environment, in which nothing was handled yet.
    pub(crate) async fn stage(&self) -> Check<Stage<H::Env>> {
        let env = self.started(self.harness.start()).await?;
        let source = env.application();
        Ok(Stage::new(Arc::new(env), source, self.progress.clone()))
    }
}

/// A running environment, and what must have come of the events of one application.
pub(crate) struct Stage<E> {
    /// For the tasks of a case to share.
    pub(crate) env: Arc<E>,
    pub(crate) source: Identity,
    parcels: Parcels,
    /// The offsets of the events whose effects must be there.
    pub(crate) effects: Vec<u64>,
    /// The offset that each handler must have.
    pub(crate) next: u64,
    /// What was done last.
    done: String,
    pub(crate) progress: Progress,
}

impl<E: HandlerEnv> Stage<E> {
    fn new(env: Arc<E>, source: Identity, progress: Progress) -> Self {
        Self {
            env,
            parcels: Parcels::new(source.clone()),
            source,
            effects: Vec::new(),
            next: 0,
            done: "nothing was done yet".to_owned(),
            progress,
        }
    }

    /// The same environment, and what must have come of the events of another application.
    pub(crate) fn beside(&self, source: Identity) -> Self {
        Self::new(Arc::clone(&self.env), source, self.progress.clone())
    }

    /// The same application under another name.
    pub(crate) fn rename(&mut self, name: &str) {
        self.source = Identity::new(name, self.source.key.clone());
        self.parcels = Parcels::new(self.source.clone());
    }

    pub(crate) fn event(&mut self, offset: u64) -> Event {
        Event::new(offset, self.env.parcel(offset, &mut self.parcels))
    }

    pub(crate) fn events(&mut self, offsets: &[u64]) -> Vec<Event> {
        offsets.iter().map(|offset| self.event(*offset)).collect()
    }

    /// An event that the handler fails with, if there is one.
    pub(crate) fn try_failing_event(&mut self, offset: u64) -> Option<Event> {
        let parcel = self.env.failing_parcel(offset, &mut self.parcels)?;
        Some(Event::new(offset, parcel))
    }

    pub(crate) fn failing_event(&mut self, offset: u64) -> Check<Event> {
        match self.try_failing_event(offset) {
            Some(event) => Ok(event),
            None => fail!(
                "the harness has no event that the handler fails with: failing_parcel says None; \
                 if there is none, waive this case"
            ),
        }
    }

    /// Parks an event, and asks for its replay.
    pub(crate) async fn park(&self, event: &Event) -> Check {
        self.progress.doing(format!("parking event {}", event.offset));
        match self.env.park(&self.source, event).await {
            Ok(true) => Ok(()),
            Ok(false) => fail!(
                "the harness can't park an event: park says false; if the handler can't replay \
                 events, waive this case"
            ),
            Err(error) => Err(Failure::of_harness("park an event", &error)),
        }
    }

    /// Opens a handler, and asks it for its offset, as a consumer does before all else.
    pub(crate) async fn open(&self, name: &str) -> Check<Subject<E::Handler>> {
        let mut subject = self.open_unasked(name).await?;
        self.offset_fits(&mut subject).await?;
        Ok(subject)
    }

    /// Opens a handler, wherever it may stand.
    pub(crate) async fn open_unasked(&self, name: &str) -> Check<Subject<E::Handler>> {
        self.progress.doing(format!("opening {name}"));
        match self.env.handler().await {
            Ok(handler) => Ok(Subject::new(handler, name, self.progress.clone())),
            Err(error) => Err(Failure::of_harness(&format!("open {name}"), &error)),
        }
    }

    /// Drops a handler, and opens another one on what is stored.
    pub(crate) async fn restart(
        &mut self,
        subject: Subject<E::Handler>,
    ) -> Check<Subject<E::Handler>> {
        drop(subject);
        if !self.done.ends_with(RESTARTED) {
            self.done += RESTARTED;
        }
        let subject = self.open("the handler after a restart").await?;
        self.effects_fit().await?;
        Ok(subject)
    }

    /// A handler has the offset that it must have.
    pub(crate) async fn offset_fits(&self, subject: &mut Subject<E::Handler>) -> Check {
        let (offset, next) = (subject.offset(&self.source).await?, self.next);
        ensure!(
            offset == next,
            "{}: the offset of {} must be {next}, but is {offset}",
            self.done,
            subject.name
        );
        Ok(())
    }

    /// The effects are those that must be there.
    pub(crate) async fn effects_fit(&self) -> Check {
        self.progress.doing("reading the effects");
        let effects = read_effects(&*self.env, &self.source).await?;
        same_effects(&self.done, &self.effects, &effects)
    }

    /// Offset and effects are what they must be.
    pub(crate) async fn fits(&self, subject: &mut Subject<E::Handler>) -> Check {
        self.offset_fits(subject).await?;
        self.effects_fit().await
    }

    /// Hands in, at the handler's offset, what must be handled.
    pub(crate) async fn handles(
        &mut self,
        subject: &mut Subject<E::Handler>,
        given: impl Into<Given>,
    ) -> Check {
        let (given, offset) = (given.into(), self.next);
        match subject.hand_in(offset, &given).await {
            Ok(()) => {
                self.has_handled(&given);
                self.did(format!("{} has handled {given} at offset {offset}", subject.name));
                Ok(())
            }
            Err(error) => fail!(
                "{}: {} must handle {given} at offset {offset}, but says: {}",
                self.done,
                subject.name,
                said(&error)
            ),
        }
    }

    /// The same, and the next question is answered accordingly.
    pub(crate) async fn handles_and_fits(
        &mut self,
        subject: &mut Subject<E::Handler>,
        given: impl Into<Given>,
    ) -> Check {
        self.handles(subject, given).await?;
        self.fits(subject).await
    }

    /// Hands in something at another offset than the handler's: nothing may come of it.
    pub(crate) async fn refuses(
        &mut self,
        subject: &mut Subject<E::Handler>,
        offset: u64,
        given: impl Into<Given>,
    ) -> Check {
        let (given, name, next) = (given.into(), &subject.name, self.next);
        let what =
            format!("{name} was handed {given} at offset {offset}, where the offset is {next}");
        match subject.hand_in(offset, &given).await {
            Err(HandlerError::Conflict) => {}
            Err(error) => fail!("{what}: that is a conflict, but it says: {}", said(&error)),
            Ok(()) => fail!("{what}: that is a conflict, but it says that it was handled"),
        }
        self.did(format!("{what}, and said that it is a conflict"));
        self.fits(subject).await
    }

    /// Hands in, at the handler's offset, an event that it must fail with.
    pub(crate) async fn fails(&mut self, subject: &mut Subject<E::Handler>, event: Event) -> Check {
        let (given, offset) = (Given::Event(event), self.next);
        let what = format!("{} was handed {given}, which fails, at offset {offset}", subject.name);
        is_failure(&what, &subject.hand_in(offset, &given).await)?;
        self.did(what);
        self.fits(subject).await
    }

    /// Hands in a batch of which one event fails; returns how many are handled.
    pub(crate) async fn batch_fails(
        &mut self,
        subject: &mut Subject<E::Handler>,
        events: &[Event],
        at_fault: usize,
    ) -> Check<usize> {
        let (given, start) = (Given::Batch(events.to_vec()), self.next);
        let what = format!(
            "{} was handed {given} at offset {start}, of which event {} fails",
            subject.name, events[at_fault].offset
        );
        is_failure(&what, &subject.hand_in(start, &given).await)?;
        // It says itself how many it has handled; they must be the first ones.
        let offset = subject.offset(&self.source).await?;
        let handled = events[..at_fault].partition_point(|event| event.offset < offset);
        let handled = Given::Batch(events[..handled].to_vec());
        let end = if handled.events().is_empty() { start } else { handled.end() };
        ensure!(
            offset == end,
            "{what}: its offset must be {start}, or one past an event that stands before that, \
             but is {offset}"
        );
        self.effects.extend(handled.offsets());
        self.next = offset;
        self.did(format!("{what}; its offset is {offset} now"));
        self.effects_fit().await?;
        Ok(handled.events().len())
    }

    /// Has it skip, from its offset on, as far as it likes; returns its offset then.
    pub(crate) async fn skips(
        &mut self,
        subject: &mut Subject<E::Handler>,
        next: u64,
    ) -> Check<u64> {
        let (offset, name) = (self.next, &subject.name);
        let what = format!("{name} was told to skip from offset {offset} to {next}");
        let now = match subject.skip(offset, next).await {
            Ok(now) => now,
            Err(error) => fail!("{what}, but says: {}", said(&error)),
        };
        ensure!((offset..=next).contains(&now), "{what}, but says that it is at {now} now");
        self.next = now;
        self.did(format!("{what}, and said that it is at {now} now"));
        Ok(now)
    }

    /// Records something as handled.
    pub(crate) fn has_handled(&mut self, given: &Given) {
        self.effects.extend(given.offsets());
        self.next = given.end();
    }

    /// Records, for the texts of failures, what was done.
    pub(crate) fn did(&mut self, what: impl Into<String>) {
        self.done = what.into();
    }

    pub(crate) fn done(&self) -> &str {
        &self.done
    }
}

const RESTARTED: &str = "; then it was opened again";

/// The effects that are there.
pub(crate) async fn read_effects<E: HandlerEnv>(env: &E, source: &Identity) -> Check<Vec<u64>> {
    let effects = env.effects(source).await;
    effects.map_err(|error| Failure::of_harness("read the effects", &error))
}
