use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use eventstream_core::{EventQuery, EventRepository, EventTypes, Result};
use tokio::task::{JoinSet, yield_now};

use crate::{
    RepositoryEnv, RepositoryHarness,
    failure::{Check, chain, ensure, fail},
    hand::Hand,
    parcels::{A, B},
    race::{Race, Racer},
    repository::waits::says,
    scene::Scene,
    tasks,
};

pub(crate) async fn returns_at_once_if_it_is_there<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A, B, A, B, A]).await?;
    for before in [0, 3, 5] {
        stage.truncate(before).await?;
        for offset in 0..5 {
            stage.is_there(offset).await?;
        }
    }
    Ok(())
}

/// Whatever else is committed meanwhile.
pub(crate) async fn waits_for_its_own_offset<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let env = stage.env.clone();
    let repository = env.repository();
    let mut far = Hand::new(repository.wait_for(u64::MAX));
    let mut last = Hand::new(repository.wait_for(9));
    for offset in [0, 4, 9] {
        let mut own = Hand::new(repository.wait_for(offset));
        while stage.end() <= offset {
            stage.waits(&mut own, offset, true).await?;
            stage.waits(&mut far, u64::MAX, true).await?;
            stage.waits(&mut last, 9, true).await?;
            stage.append(&[A]).await?;
        }
        stage.is_woken(&mut own, offset).await?;
    }
    stage.is_woken(&mut last, 9).await?;
    // One append may go far past it.
    let mut middle = Hand::new(repository.wait_for(14));
    stage.waits(&mut middle, 14, true).await?;
    stage.append_many(12).await?;
    stage.is_woken(&mut middle, 14).await?;
    // And what is truncated before anybody looks was committed all the same.
    let mut gone = Hand::new(repository.wait_for(stage.end()));
    stage.waits(&mut gone, stage.end(), true).await?;
    let offset = stage.end();
    stage.append_many(2).await?;
    stage.truncate(stage.end()).await?;
    stage.is_woken(&mut gone, offset).await?;
    stage.waits(&mut far, u64::MAX, true).await
}

pub(crate) async fn wakes_all_who_wait<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let env = stage.env.clone();
    let repository = env.repository();
    for settled in [false, true, false] {
        let end = stage.end();
        let mut waiting = Vec::new();
        // Some for the same offset, some for others.
        for offset in [end, end + 1, end, end + 2, end, end + 1] {
            let mut hand = Hand::new(repository.wait_for(offset));
            stage.waits(&mut hand, offset, settled).await?;
            waiting.push((offset, hand));
        }
        for _ in 0..3 {
            let events = stage.append(&[A]).await?;
            let committed = events[0].offset;
            let mut left = Vec::new();
            for (offset, mut hand) in waiting {
                if offset <= committed {
                    stage.is_woken(&mut hand, offset).await?;
                } else {
                    stage.waits(&mut hand, offset, settled).await?;
                    left.push((offset, hand));
                }
            }
            waiting = left;
        }
    }
    Ok(())
}

/// Waits for one offset after the other.
struct Follower<E> {
    env: Arc<E>,
    offset: u64,
}

impl<E: RepositoryEnv> Racer for Follower<E> {
    type Output = Result<u64>;

    async fn call(&mut self) -> Result<u64> {
        let next = self.env.repository().wait_for(self.offset).await?;
        self.offset = next;
        Ok(next)
    }
}

/// Appends race with a call that is just about to wait, on a thread of its own. Each is waited
/// for before the next one, so that no later wake-up makes good for one that is lost.
pub(crate) async fn never_misses_a_commit<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    const APPENDS: usize = 3_000;
    const LEAST: usize = 200;
    /// Enough for a store that writes to a disk, which is slow enough to be raced by few.
    const TIME: Duration = Duration::from_secs(2);

    let mut stage = scene.repository().await?;
    let mut race = Race::start(Follower { env: stage.env.clone(), offset: 0 });
    let start = Instant::now();
    for round in 0..APPENDS {
        let parcels = vec![stage.parcels.make(A)];
        race.begin();
        let events = stage.append_parcels(parcels).await?;
        let offset = events[0].offset;
        stage.progress.doing(format!("waiting for offset {offset} in another thread"));
        says(&race.finish().await?, offset, stage.end()..=stage.end())?;
        if start.elapsed() > TIME && round >= LEAST {
            break;
        }
    }
    race.end().await;
    Ok(())
}

/// Many follow what is appended, as fast as it comes.
pub(crate) async fn what_it_says_can_be_read<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    const EVENTS: u64 = 240;
    const FOLLOWERS: usize = 16;

    let mut stage = scene.repository().await?;
    let mut followers = JoinSet::new();
    for _ in 0..FOLLOWERS {
        followers.spawn(follow(stage.env.clone(), EVENTS));
    }
    for i in 0..EVENTS / 3 {
        stage.append(&[A, B, A]).await?;
        if i % 8 == 0 {
            // So that some have nothing to do but wait.
            yield_now().await;
        }
    }
    stage.progress.doing(format!("waiting for {FOLLOWERS} that follow {EVENTS} events"));
    tasks::all(followers).await.map(drop)
}

/// Reads whatever is said to be committed, right away.
async fn follow<E: RepositoryEnv>(env: Arc<E>, end: u64) -> Check {
    let repository = env.repository();
    let mut offset = 0;
    while offset < end {
        let got = repository.wait_for(offset).await;
        says(&got, offset, offset + 1..=end)?;
        let next = got.unwrap_or_default();
        let mut buf = Vec::new();
        let read = async {
            let mut query = repository.load_by_type(EventTypes::any(), offset).await?;
            while query.next_batch(&mut buf, 50).await? > 0 {}
            Ok(())
        };
        if let Err(error) = Result::<()>::from(read.await) {
            fail!("what is committed from {offset} on can't be read: {}", chain(&error));
        }
        let read = offset + buf.len() as u64;
        ensure!(
            read >= next && buf.iter().map(|event| event.offset).eq(offset..read),
            "waiting for offset {offset} says that all below {next} is committed, but a query made \
             after that returns {} events from there",
            buf.len()
        );
        offset = next;
    }
    Ok(())
}
