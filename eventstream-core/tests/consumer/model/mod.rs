//! Random operations, and what has to be true whatever happens.

mod handler;

use std::{collections::BTreeSet, time::Duration};

use eventstream_core::{
    Consumer, ConsumerHandle, ConsumerState, ConsumerStopped, EventTypes, ParkedEvents, Poison,
};
use fastrand::Rng;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use self::handler::Model;
use crate::support::{FakeStream, Parked, Running, SHOP, identity, install};

const ATTEMPTS: u32 = 3;
const STEPS: usize = 60;

/// A consumer with replicas and people who meddle, and those who wait for it.
struct World {
    rng: Rng,
    stream: FakeStream,
    handler: Model,
    parked: Parked,
    running: Option<Running>,
    handle: watch::Sender<Option<ConsumerHandle>>,
    waiting: Vec<(u64, JoinHandle<()>)>,
}

impl World {
    async fn new(seed: u64) -> Self {
        install();
        let mut rng = Rng::with_seed(seed);
        let (stream, parked) = (FakeStream::new(), Parked::default());
        stream.state().tells_end = rng.u8(..4) > 0;
        let handler = Model::new(rng.fork());
        let handle = watch::Sender::new(None);
        let mut world =
            Self { rng, stream, handler, parked, running: None, handle, waiting: Vec::new() };
        world.start().await;
        world
    }

    async fn start(&mut self) {
        let rng = &mut self.rng;
        let backoff = Duration::from_millis(rng.u64(..500));
        let consumer =
            Consumer::new(self.stream.clone(), EventTypes::from("a"), self.handler.clone())
                .poison(Poison::park_after(ATTEMPTS, self.parked.clone()))
                .backoff(move |_| backoff)
                .batch(rng.choice([0, 1, 2, 5, 50]).expect("there are some"))
                .linger(Duration::from_millis(rng.choice([0, 0, 300]).expect("there are some")))
                .skip_interval(Duration::from_millis(rng.u64(..2_000)))
                .heartbeat(Duration::from_secs(1));
        self.handle.send_replace(Some(consumer.handle()));
        self.running = Some(Running::start(consumer).await);
    }

    fn handle(&self) -> ConsumerHandle {
        self.handle.borrow().clone().expect("it was started")
    }

    async fn restart(&mut self) {
        let running = self.running.take().expect("it runs");
        running.token.cancel();
        running.ended().await.expect("cancelling is no error");
        self.start().await;
    }

    /// Somebody waits for an event, whichever consumer handles it.
    fn wait(&mut self) {
        let offset = self.rng.u64(..self.end() + 10);
        let (handler, parked) = (self.handler.clone(), self.parked.clone());
        let (stream, current) = (self.stream.clone(), self.handle.subscribe());
        let task = tokio::spawn(async move {
            loop {
                let handle = current.borrow().clone().expect("it was started");
                match handle.wait_for(offset).await {
                    Ok(()) => break,
                    Err(ConsumerStopped) => sleep(Duration::from_millis(1)).await,
                }
            }
            let there = usize::try_from(offset).expect("a small offset");
            let wanted = stream.state().events[there].event_type() == "a";
            let done =
                !wanted || handler.has_handled(offset) || offsets(&parked).await.contains(&offset);
            assert!(done, "event {offset} is not done with, and somebody was told that it is");
        });
        self.waiting.push((offset, task));
    }

    async fn step(&mut self) {
        match self.rng.u8(..14) {
            0..=3 => {
                let letters = self.rng.usize(1..8);
                let types: String = (0..letters).map(|_| self.rng.char('a'..='c')).collect();
                self.stream.append(&types);
            }
            4 | 5 => sleep(Duration::from_millis(self.rng.u64(..3_000))).await,
            6 => self.wait(),
            7 => self.handle().pause(),
            8 | 9 => self.handle().resume(),
            10 => self.stream.state().next_fails += 1,
            11 => self.stream.state().open_fails += 1,
            12 => {
                let parked = offsets(&self.parked).await;
                if let Some(offset) = self.rng.choice(parked) {
                    self.parked.replay(&identity(SHOP), offset).await.expect("it works");
                }
            }
            _ if self.rng.bool() => self.restart().await,
            _ => self.stream.wake(),
        }
        let status = self.handle().status();
        assert!(status.position >= status.offset, "{status:?}");
        assert!(status.position.is_none_or(|at| at <= self.end()), "{status:?}");
    }

    fn end(&self) -> u64 {
        self.stream.state().events.len() as u64
    }

    /// What has to be true when nothing is left to be done.
    async fn check(mut self) {
        self.handle().resume();
        sleep(Duration::from_secs(900)).await;
        let (end, status) = (self.end(), self.handle().status());
        let parked = offsets(&self.parked).await;
        let state = if parked.is_empty() { ConsumerState::Live } else { ConsumerState::Parked };
        assert_eq!(status.state, state, "{status:?}");
        assert_eq!(status.position, Some(end), "{status:?}");
        assert_eq!(status.offset, Some(self.handler.offset()), "{status:?}");
        assert_eq!(status.parked, parked.len() as u64, "{status:?}");
        assert_eq!(status.handling_for, None);
        if self.stream.state().tells_end {
            assert_eq!((status.end, status.lag_events), (Some(end), Some(0)), "{status:?}");
        }

        let wanted: BTreeSet<u64> = (0..)
            .zip(&self.stream.state().events)
            .filter(|(_, parcel)| parcel.event_type() == "a")
            .map(|(offset, _)| offset)
            .collect();
        self.handler.check(&wanted, &parked, ATTEMPTS);

        for (offset, task) in self.waiting.drain(..) {
            if offset < end {
                let done = timeout(Duration::from_secs(1), task).await;
                let done = done.unwrap_or_else(|_| panic!("event {offset} is waited for in vain"));
                done.expect("what it was told is true");
            } else {
                assert!(!task.is_finished(), "event {offset} is not there, of {end}");
                task.abort();
            }
        }
        self.running.take().expect("it runs").stop().await;
    }
}

async fn offsets(parked: &Parked) -> BTreeSet<u64> {
    let listed = parked.list(&identity(SHOP), 0, usize::MAX).await.expect("it works");
    listed.into_iter().map(|parked| parked.event.offset).collect()
}

#[test]
fn whatever_happens_each_event_is_handled_once_or_parked() {
    for seed in 0..400 {
        // What a failing test prints is the seed to look at.
        println!("seed {seed}");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut world = World::new(seed).await;
            for _ in 0..STEPS {
                world.step().await;
            }
            world.check().await;
        });
    }
}
