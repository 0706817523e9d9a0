use std::{mem, sync::Arc};

use tokio::task::JoinSet;

use crate::{
    HandlerHarness,
    failure::{Check, ensure},
    handler::{given::Given, replica::Replica},
    scene::Scene,
    tasks,
};

pub(crate) async fn of_two_one_handles_it<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut fast = stage.open("a replica").await?;
    let mut slow = stage.open("its replica").await?;
    for round in 0..8 {
        let offset = stage.next;
        let given = match round % 4 {
            0 | 1 => Given::Event(stage.event(offset + round % 2)),
            2 => Given::Batch(stage.events(&[offset, offset + 1, offset + 4])),
            _ => Given::Batch(stage.events(&[offset + 2])),
        };
        // The slow one knows the offset from before, and nothing of what the fast one does.
        stage.handles(&mut fast, given.clone()).await?;
        stage.refuses(&mut slow, offset, given).await?;
        mem::swap(&mut fast, &mut slow);
        if round == 5 {
            // One event can make a batch come too late.
            let batch = stage.events(&[stage.next, stage.next + 1]);
            let offset = stage.next;
            stage.handles(&mut fast, batch[0].clone()).await?;
            stage.refuses(&mut slow, offset, batch).await?;
        }
    }
    stage.fits(&mut fast).await
}

pub(crate) async fn side_by_side_make_each_effect_once<H: HandlerHarness>(
    scene: Scene<H>,
) -> Check {
    const REPLICAS: usize = 3;
    const EVENTS: u64 = 100;
    /// So many are handed to two replicas at the same time.
    const AT_ONCE: usize = 20;

    let mut stage = scene.stage().await?;
    let offsets: Vec<_> = (0..EVENTS).map(|i| i + i / 4).collect();
    let events = Arc::new(stage.events(&offsets));
    // Whenever one waits for something, the other goes on.
    let mut one = stage.open("a replica").await?;
    let mut other = stage.open("its replica").await?;
    for event in &events[..AT_ONCE] {
        let (offset, given) = (stage.next, Given::Event(event.clone()));
        let results = tokio::join!(one.hand_in(offset, &given), other.hand_in(offset, &given));
        // One of them, or, if they are in each other's way, none.
        let handled = [results.0, results.1].iter().filter(|result| result.is_ok()).count();
        ensure!(
            handled <= 1,
            "two replicas were handed {given} at the same time, and both say that it was handled"
        );
        stage.did(format!("two replicas were handed {given} at the same time"));
        if handled == 1 {
            stage.has_handled(&given);
        } else {
            stage.handles(&mut one, given).await?;
        }
        stage.fits(&mut one).await?;
        stage.fits(&mut other).await?;
    }
    drop((one, other));
    // Then, each as it likes. All are opened before the first begins.
    let mut replicas = Vec::new();
    for i in 1..=REPLICAS {
        replicas.push(Replica::open(&stage, &format!("replica {i}"), &events).await?);
    }
    let mut running = JoinSet::new();
    for replica in replicas {
        running.spawn(replica.run());
    }
    let mut handled = tasks::all(running).await?.concat();
    handled.sort_unstable();
    let twice = handled.windows(2).find(|two| two[0] == two[1]);
    ensure!(
        twice.is_none(),
        "{REPLICAS} replicas ran side by side, and two of them say that they have handled event {}",
        twice.map_or(0, |two| two[0])
    );
    stage.has_handled(&Given::Batch(events[AT_ONCE..].to_vec()));
    stage.did(format!("{REPLICAS} replicas ran side by side"));
    let mut another = stage.open("another replica").await?;
    stage.fits(&mut another).await
}
