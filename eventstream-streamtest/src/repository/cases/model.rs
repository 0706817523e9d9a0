use std::collections::VecDeque;

use eventstream_core::{Error, EventQuery, EventRepository, EventTypes};

use super::tracked::Tracked;
use crate::{
    RepositoryEnv, RepositoryHarness,
    failure::{Check, chain, ensure, fail},
    hand::Hand,
    model::{Dice, Model, Plan},
    parcels::TYPES,
    repository::{
        stage::{Query, Stage},
        wanted::Wanted,
    },
    scene::Scene,
};

/// Queries that are read from at the same time.
const QUERIES: usize = 6;

/// Random operations on a repository, of which each is compared with what a plain list says.
pub(crate) async fn random_operations<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let plan = Plan::from_env(&scene.progress)?;
    let stage = scene.repository().await?;
    let dice = plan.dice();
    plan.run(RepositoryModel { dice, stage, oldest: 0, queries: VecDeque::new(), made: 0 }).await
}

struct RepositoryModel<E: RepositoryEnv> {
    dice: Dice,
    stage: Stage<E>,
    oldest: u64,
    queries: VecDeque<Tracked<Query<E>>>,
    made: usize,
}

impl<E: RepositoryEnv> Model for RepositoryModel<E> {
    async fn step(&mut self) -> Check {
        match self.dice.u32(0..100) {
            0..20 => self.append().await,
            20..23 => self.truncate().await,
            23..38 => self.load().await,
            38..42 => {
                self.dice.note("next_offset".to_owned());
                self.stage.next_offset_fits().await
            }
            42..52 => self.wait_for().await,
            _ => self.read().await,
        }
    }

    fn dice(&self) -> &Dice {
        &self.dice
    }
}

impl<E: RepositoryEnv> RepositoryModel<E> {
    async fn append(&mut self) -> Check {
        let count = self.dice.usize(1..=5);
        let types: Vec<_> = (0..count).map(|_| *self.dice.one_of(&TYPES)).collect();
        self.dice.note(format!("append {types:?}"));
        self.stage.append(&types).await.map(drop)
    }

    async fn truncate(&mut self) -> Check {
        // A little, mostly, or there would not be much to read.
        let most = if self.dice.u32(0..8) == 0 { u64::MAX } else { 9 };
        let most = most.min(self.stage.end() - self.oldest);
        self.oldest += self.dice.u64(0..=most);
        self.dice.note(format!("truncate before {}", self.oldest));
        self.stage.truncate(self.oldest).await
    }

    async fn load(&mut self) -> Check {
        let mut offset = self.dice.offset(self.oldest, self.stage.end());
        // Each set of the types, or all that there may ever be, or the events of a source.
        let wanted = match self.dice.usize(1..12) {
            8 | 9 => Wanted::from(EventTypes::any()),
            10 | 11 => {
                offset = self.oldest;
                let handler = &self.stage.parcels.handler().key;
                Wanted::source(handler, self.dice.one_of::<&str>(&["instance-0", "instance-2"]))
            }
            bits => {
                let names = (0..TYPES.len()).filter(|i| bits >> i & 1 == 1).map(|i| TYPES[i]);
                Wanted::from(names.collect::<EventTypes>())
            }
        };
        self.made += 1;
        self.dice.note(format!("load #{} from {offset} for {wanted}", self.made));
        let refused = offset < self.oldest;
        match self.stage.try_load(offset, wanted).await {
            Ok(mut scan) => {
                scan.name = format!("query #{}", self.made);
                if self.queries.len() == QUERIES {
                    self.queries.pop_front();
                }
                self.queries.push_back(Tracked { scan, refused });
                Ok(())
            }
            Err(Error::Truncated { requested, oldest })
                if refused && requested == offset && oldest == self.oldest =>
            {
                Ok(())
            }
            Err(error) => fail!(
                "a query from {offset}, where {} is the oldest, says: {}",
                self.oldest,
                chain(&error)
            ),
        }
    }

    async fn wait_for(&mut self) -> Check {
        let end = self.stage.end();
        let offset = self.dice.u64(end.saturating_sub(4)..=end + 2);
        self.dice.note(format!("wait for {offset}"));
        let env = self.stage.env.clone();
        if offset < end {
            return self.stage.is_there(offset).await;
        }
        let mut hand = Hand::new(env.repository().wait_for(offset));
        self.stage.waits(&mut hand, offset, false).await?;
        self.append().await?;
        if offset < self.stage.end() {
            self.stage.is_woken(&mut hand, offset).await?;
        }
        Ok(())
    }

    /// One batch of one of the queries, or all that is left of it.
    async fn read(&mut self) -> Check {
        if self.queries.is_empty() {
            return Ok(());
        }
        let i = self.dice.usize(..self.queries.len());
        let max = self.dice.usize(0..6);
        let polls = self.dice.bool().then(|| self.dice.usize(0..4));
        let what = polls.map_or_else(String::new, |polls| format!(", dropped after {polls}"));
        let tracked = &mut self.queries[i];
        self.dice.note(format!("batch of {max} of {}{what}", tracked.scan.name));
        let expected = tracked.expected(&self.stage);
        let overtaken = tracked.scan.query.position() < self.oldest;
        let got = match polls {
            Some(polls) => tracked.scan.by_hand(max)?.polls(polls).await,
            None => Some(tracked.scan.batch(max).await),
        };
        let Some(got) = got.transpose()? else {
            return tracked.scan.position_fits(&expected, self.stage.end());
        };
        match got {
            Err(Error::Truncated { requested, oldest }) if overtaken => {
                tracked.check_truncated(&expected, requested, oldest, self.oldest)?;
                self.queries.remove(i);
                Ok(())
            }
            got => {
                ensure!(
                    !tracked.refused || max == 0,
                    "{} begins at {}, which is truncated, but has returned {got:?}",
                    tracked.scan.name,
                    tracked.scan.next
                );
                let rest = tracked.scan.took(&expected, &got, self.stage.end())?;
                if max > 0 && rest.len() == expected.len() {
                    tracked.scan.has_ended(rest, self.stage.end())?;
                    self.queries.remove(i);
                }
                Ok(())
            }
        }
    }
}
