//! Random streams, failures, latencies, batches, stores that fail, and crashes, against what must
//! hold whatever happens.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use eventstream_core::{
    Apply, Checkpoint, Checkpointed, Checkpoints, Event, Handler, HandlerError, Identity,
    MemoryCheckpoints, Partitioned,
};
use fastrand::Rng;
use tokio::time::{sleep, timeout};

use crate::support::{event, offset_of, stored};

const INSTANCES: [&str; 6] = ["", "a", "b", "c", "d", "e"];

/// The world outside, which survives crashes.
#[derive(Clone)]
struct World(Arc<Mutex<State>>);

struct State {
    rng: Rng,
    /// How often the process has been started.
    process: u32,
    /// The effects: process, instance, offset.
    made: Vec<(u32, String, u64)>,
    /// The offsets of events that have had their effect.
    done: BTreeSet<u64>,
    /// The offsets of the stream's events: some are filtered out.
    relevant: BTreeSet<u64>,
    /// Events that fail a few times more.
    failing: BTreeMap<u64, u32>,
    checkpoints: MemoryCheckpoints,
}

impl World {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics under the lock")
    }

    /// Waits for a random time: often none, at times long.
    async fn wait(&self) {
        let millis = {
            let mut state = self.state();
            let most = [1, 1, 10, 100, 2000][state.rng.usize(0..5)];
            state.rng.u64(0..most)
        };
        if millis > 0 {
            sleep(Duration::from_millis(millis)).await;
        }
    }

    fn one_in(&self, n: u32) -> bool {
        self.state().rng.u32(0..n) == 0
    }
}

/// What a process uses of the world.
#[derive(Clone)]
struct Process {
    world: World,
    number: u32,
}

impl Apply<()> for Process {
    async fn apply(&mut self, _context: (), event: Event) -> Result<(), HandlerError> {
        self.world.wait().await;
        {
            let mut state = self.world.state();
            if let Some(times) = state.failing.get_mut(&event.offset).filter(|it| **it > 0) {
                *times -= 1;
                return Err("it fails".into());
            }
            let instance = event.parcel.source_instance_id().to_owned();
            state.made.push((self.number, instance, event.offset));
            state.done.insert(event.offset);
        }
        // A crash may come after the effect, too.
        self.world.wait().await;
        Ok(())
    }
}

impl Checkpoints for Process {
    async fn load(&self, source: &Identity) -> Result<Option<Checkpoint>, HandlerError> {
        let checkpoints = self.world.state().checkpoints.clone();
        checkpoints.load(source).await
    }

    async fn store(
        &self,
        source: &Identity,
        expected: Option<Checkpoint>,
        checkpoint: Checkpoint,
    ) -> Result<(), HandlerError> {
        self.world.wait().await;
        if self.world.one_in(10) {
            return Err("it is not stored".into());
        }
        let checkpoints = {
            let state = self.world.state();
            let missing: Vec<_> = state.relevant.range(..checkpoint.offset).collect();
            let missing = missing.into_iter().find(|offset| !state.done.contains(offset));
            assert_eq!(missing, None, "{checkpoint:?} is above an event that was not handled");
            assert!(checkpoint.offset > expected.map_or(0, |it| it.offset), "it goes on");
            state.checkpoints.clone()
        };
        let stored = checkpoints.store(source, expected, checkpoint).await;
        assert!(stored.is_ok(), "there is one process at a time: no conflict");
        self.world.wait().await;
        if self.world.one_in(10) { Err("the answer is lost".into()) } else { Ok(()) }
    }
}

/// A stream of random events.
fn stream(rng: &mut Rng) -> Vec<Event> {
    let mut offset = 0;
    let count = rng.usize(1..120);
    let instances = rng.usize(1..=INSTANCES.len());
    (0..count)
        .map(|_| {
            offset += 1 + if rng.u8(0..5) == 0 { rng.u64(0..9) } else { 0 };
            event(offset - 1, INSTANCES[rng.usize(0..instances)])
        })
        .collect()
}

/// Up to `max` events from an offset on.
fn batch(events: &[Event], offset: u64, max: usize) -> Vec<Event> {
    events.iter().filter(|event| event.offset >= offset).take(max).cloned().collect()
}

/// Runs a handler until it ends, or crashes; returns whether it came to the end.
async fn live(world: &World, events: &[Event], mut handler: impl Handler, crashes: bool) -> bool {
    let max = world.state().rng.usize(1..60);
    let run = async {
        loop {
            let offset = offset_of(&mut handler).await;
            let batch = batch(events, offset, max);
            let Some(first) = batch.first().map(|event| event.offset) else { return };
            // What lies before an event was filtered out.
            if first > offset && world.one_in(2) {
                let _ = handler.skip(offset, first).await;
                continue;
            }
            let failed = if batch.len() == 1 {
                let [event] = <[Event; 1]>::try_from(batch).expect("it is one");
                handler.handle_event(offset, event).await.err()
            } else {
                handler.handle_batch(offset, batch).await.err()
            };
            assert!(!matches!(failed, Some(HandlerError::Conflict)), "nobody else is there");
        }
    };
    if crashes {
        let life = Duration::from_millis(world.state().rng.u64(1..20_000));
        timeout(life, run).await.is_ok()
    } else {
        run.await;
        true
    }
}

async fn run(seed: u64, partitioned: bool) {
    let mut rng = Rng::with_seed(seed);
    let events = stream(&mut rng);
    let relevant: BTreeSet<_> = events.iter().map(|event| event.offset).collect();
    let failing = relevant.iter().filter(|_| rng.u8(0..12) == 0).map(|it| (*it, 3)).collect();
    let world = World(Arc::new(Mutex::new(State {
        rng,
        process: 0,
        made: Vec::new(),
        done: BTreeSet::new(),
        relevant,
        failing,
        checkpoints: MemoryCheckpoints::new(),
    })));
    loop {
        let (process, concurrency, interval) = {
            let mut state = world.state();
            state.process += 1;
            let interval = Duration::from_millis([0, 100, 1000][state.rng.usize(0..3)]);
            let process = Process { world: world.clone(), number: state.process };
            (process, state.rng.usize(1..8), interval)
        };
        let crashes = process.number < 6;
        let ended = if partitioned {
            let handler = Partitioned::new(process.clone(), process);
            let handler = handler.concurrency(concurrency).checkpoint_interval(interval);
            live(&world, &events, handler, crashes).await
        } else {
            live(&world, &events, Checkpointed::new(process.clone(), process), crashes).await
        };
        if ended {
            break;
        }
    }
    check(&world, &events).await;
}

async fn check(world: &World, events: &[Event]) {
    let (made, checkpoints) = {
        let state = world.state();
        (state.made.clone(), state.checkpoints.clone())
    };
    let last = events.last().expect("there are some").offset;
    assert_eq!(stored(&checkpoints).await, Some(last + 1));

    assert!(made.is_sorted_by_key(|it| it.0), "nothing goes on after a crash");
    let mut once = BTreeSet::new();
    for (process, _, offset) in &made {
        assert!(once.insert((process, offset)), "{offset} twice in process {process}");
    }
    for instance in INSTANCES {
        let wanted: Vec<_> = (events.iter())
            .filter(|event| event.parcel.source_instance_id() == instance)
            .map(|event| event.offset)
            .collect();
        let effects = made.iter().filter(|(_, of, _)| of == instance);
        let mut first = Vec::new();
        let mut last = BTreeMap::new();
        for (process, _, offset) in effects {
            if !first.contains(offset) {
                first.push(*offset);
            }
            let before = last.insert(process, offset);
            assert!(before < Some(offset), "{instance:?} is in order in each process");
        }
        assert_eq!(first, wanted, "each effect of {instance:?}, in order, repetitions removed");
    }
}

/// So many worlds are tried with each handler.
const WORLDS: u64 = 300;

async fn all(partitioned: bool) {
    for seed in 0..WORLDS {
        let world = tokio::spawn(run(seed, partitioned));
        if let Err(error) = world.await {
            panic!("with seed {seed}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn checkpointed() {
    all(false).await;
}

#[tokio::test(start_paused = true)]
async fn partitioned() {
    all(true).await;
}
