use std::ops::Range;

use eventstream_core::{Error, EventTypes, Expect, Parcel};

use crate::{
    StoreEnv, StoreHarness,
    failure::{Check, chain, ensure, fail},
    model::{Dice, Model, Plan},
    parcels::TYPES,
    repository::stage::{Stage, is_truncated},
    scene::Scene,
};

/// Random operations on a store, of which each is compared with what a plain list says.
pub(crate) async fn random_operations<H: StoreHarness>(scene: Scene<H>) -> Check {
    let plan = Plan::from_env(&scene.progress)?;
    let stage = scene.repository().await?;
    let dice = plan.dice();
    plan.run(StoreModel { dice, stage: Some(stage), oldest: 0 }).await
}

struct StoreModel<E: StoreEnv> {
    dice: Dice,
    /// Only missing while it is opened again.
    stage: Option<Stage<E>>,
    oldest: u64,
}

impl<E: StoreEnv> Model for StoreModel<E> {
    async fn step(&mut self) -> Check {
        let Some(mut stage) = self.stage.take() else {
            fail!("the store was not opened again");
        };
        match self.dice.u32(0..100) {
            0..25 => self.append(&mut stage).await?,
            25..40 => self.repeat(&stage).await?,
            40..50 => self.overlap(&mut stage).await?,
            50..58 => self.conflict(&mut stage).await?,
            58..64 => self.truncate(&stage).await?,
            64..66 => {
                self.dice.note("reopen".to_owned());
                stage = stage.reopen().await?;
            }
            66..70 => {
                self.dice.note("all of it".to_owned());
                stage.holds_all_from(self.oldest).await?;
            }
            70..76 => {
                self.dice.note("next_offset".to_owned());
                stage.next_offset_fits().await?;
            }
            _ => self.read(&stage).await?,
        }
        self.stage = Some(stage);
        Ok(())
    }

    fn dice(&self) -> &Dice {
        &self.dice
    }
}

impl<E: StoreEnv> StoreModel<E> {
    async fn append(&mut self, stage: &mut Stage<E>) -> Check {
        let parcels = self.make(stage, 0..6);
        let expect = if self.dice.bool() { Expect::Any } else { Expect::Offset(stage.end()) };
        self.dice.note(format!("append {} with {expect:?}", parcels.len()));
        stage.stores(parcels, expect).await.map(drop)
    }

    /// A run of what is there already: of one append, of several, or of a part of one.
    async fn repeat(&mut self, stage: &Stage<E>) -> Check {
        let Some(at) = self.one_that_is_there(stage) else {
            return Ok(());
        };
        let parcels: Vec<_> = stage
            .wanted(at, self.dice.usize(1..8), |_| true)
            .into_iter()
            .map(|event| event.parcel)
            .collect();
        let expect = *self.dice.one_of(&[Expect::Any, Expect::Offset(at), Expect::Offset(3)]);
        self.dice.note(format!("repeat {} from {at} with {expect:?}", parcels.len()));
        let range = at..at + parcels.len() as u64;
        stage.repeats(&parcels, expect, range).await
    }

    /// Some of it is there already, and some is not, or not in this place.
    async fn overlap(&mut self, stage: &mut Stage<E>) -> Check {
        let Some(at) = self.one_that_is_there(stage) else {
            return Ok(());
        };
        let old = stage.upcoming(at, &EventTypes::any(), 1).remove(0).parcel;
        let mut parcels = self.make(stage, 1..4);
        let i = self.dice.usize(..=parcels.len());
        parcels.insert(i, old.clone());
        self.dice.note(format!("append {} with {at} among them", parcels.len()));
        match stage.try_append(&parcels, Expect::Any).await {
            Err(Error::DuplicateMessage { message_id, offset })
                if message_id == old.message_id() && offset == at =>
            {
                Ok(())
            }
            got => fail!("message {at} is there already, but an append with it says: {got:?}"),
        }
    }

    async fn conflict(&mut self, stage: &mut Stage<E>) -> Check {
        let parcels = self.make(stage, 1..4);
        let (end, wrong) = (stage.end(), self.dice.u64(0..stage.end() + 5));
        if wrong == end {
            return Ok(());
        }
        self.dice.note(format!("append {} with {wrong} expected", parcels.len()));
        match stage.try_append(&parcels, Expect::Offset(wrong)).await {
            Err(Error::OffsetConflict { expected, actual })
                if expected == wrong && actual == end =>
            {
                Ok(())
            }
            got => fail!("the next offset is {end}, but an append that expects {wrong}: {got:?}"),
        }
    }

    async fn truncate(&mut self, stage: &Stage<E>) -> Check {
        let end = stage.end();
        // A little, mostly; or nothing, or too much.
        let before = match self.dice.u32(0..8) {
            0 => self.dice.u64(0..=self.oldest),
            1 => end + self.dice.u64(1..5),
            2 => end,
            _ => self.dice.u64(self.oldest..=end.min(self.oldest + 9)),
        };
        self.dice.note(format!("truncate before {before}"));
        match stage.try_truncate(before).await {
            Ok(()) if before <= end => {
                self.oldest = self.oldest.max(before);
                Ok(())
            }
            Err(Error::PastTheEnd { requested, next })
                if before > end && requested == before && next == end =>
            {
                Ok(())
            }
            got => fail!("truncating before {before}, where the next offset is {end}: {got:?}"),
        }
    }

    async fn read(&mut self, stage: &Stage<E>) -> Check {
        let offset = self.dice.offset(self.oldest, stage.end());
        let types = match self.dice.usize(..=TYPES.len()) {
            3 => EventTypes::any(),
            i => EventTypes::from(TYPES[i]),
        };
        self.dice.note(format!("read from {offset} for {types}"));
        match stage.try_load(offset, types.clone()).await {
            Ok(mut scan) if offset < self.oldest => {
                let error = scan.batch(3).await?.err();
                is_truncated(&scan.name, offset, self.oldest, error.as_ref())
            }
            Ok(mut scan) => {
                // Not all of it, mostly.
                let events = stage.upcoming(offset, &types, 16);
                if events.len() < 16 {
                    return scan.rest_is(5, &events, stage.end()).await;
                }
                scan.expect(5, &events, stage.end()).await
            }
            Err(error) => {
                ensure!(offset < self.oldest, "reading from {offset} says: {}", chain(&error));
                is_truncated("a query", offset, self.oldest, Some(&error))
            }
        }
    }

    fn make(&mut self, stage: &mut Stage<E>, count: Range<usize>) -> Vec<Parcel> {
        let count = self.dice.usize(count);
        let types: Vec<_> = (0..count).map(|_| *self.dice.one_of(&TYPES)).collect();
        stage.make(&types)
    }

    fn one_that_is_there(&mut self, stage: &Stage<E>) -> Option<u64> {
        (self.oldest < stage.end()).then(|| self.dice.u64(self.oldest..stage.end()))
    }
}
