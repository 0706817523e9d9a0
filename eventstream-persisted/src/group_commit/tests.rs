use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use eventstream_core::{Envelope, Error, Expect, Identity, Parcel, Result};
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{Append, Engine, GroupCommit, Limits, Outcomes, Plan, Unanswered};

const LONG: Duration = Duration::from_secs(60);
const LIMITS: Limits =
    Limits { commit_bytes: 1 << 20, commit_events: 1000, waiting_bytes: 1 << 20 };

fn application() -> Identity {
    Identity::new("app", "app-key")
}

fn parcel(id: u64) -> Parcel {
    let data = vec![b'x'; 1000].into();
    let envelope = Envelope::new(format!("m-{id}"), application(), "type", "text/plain");
    Parcel::seal(Envelope { data, ..envelope }).unwrap()
}

fn append(ids: Range<u64>, expect: Expect) -> Append {
    Append::new(&application(), ids.map(parcel).collect(), expect, usize::MAX).unwrap()
}

/// A store in memory. A commit takes a permit of the gate.
#[derive(Clone)]
struct Memory {
    stored: Arc<Mutex<Vec<Parcel>>>,
    /// How many appends each commit had.
    commits: Arc<Mutex<Vec<usize>>>,
    gate: Arc<Semaphore>,
}

impl Memory {
    fn new(permits: usize) -> Self {
        Self {
            stored: Arc::default(),
            commits: Arc::default(),
            gate: Arc::new(Semaphore::new(permits)),
        }
    }

    fn stored(&self) -> Vec<String> {
        let stored = self.stored.lock().unwrap();
        stored.iter().map(|parcel| parcel.message_id().to_owned()).collect()
    }
}

impl Engine for Memory {
    async fn commit(&mut self, batch: Vec<Append>) -> Outcomes {
        self.gate.acquire().await.unwrap().forget();
        self.commits.lock().unwrap().push(batch.len());
        let mut stored = self.stored.lock().unwrap();
        let places: HashMap<_, _> =
            stored.iter().zip(0..).map(|(it, at)| (it.message_id().to_owned(), at)).collect();
        let known = places.iter().map(|(id, at)| (id.as_str(), *at));
        let mut plan = Plan::new(stored.len() as u64, known);
        let outcomes = batch.iter().map(|append| plan.add(append)).collect();
        assert_eq!(plan.first(), stored.len() as u64);
        stored.extend(plan.parcels().iter().map(|&parcel| parcel.clone()));
        outcomes
    }
}

/// Queues appends up behind one that is being committed; returns the outcomes of all.
async fn behind(memory: &Memory, limits: Limits, appends: Vec<Append>) -> Vec<Result<Range<u64>>> {
    let group = Arc::new(GroupCommit::start(memory.clone(), limits));
    let mut waiting = Vec::new();
    for append in appends {
        let queue = group.clone();
        let mut one = Box::pin(async move { queue.append(append).await.unwrap() });
        // It is queued, and in this order.
        assert!(timeout(Duration::ZERO, &mut one).await.is_err());
        tokio::task::yield_now().await;
        waiting.push(one);
    }
    memory.gate.add_permits(1000);
    let mut outcomes = Vec::new();
    for one in waiting {
        outcomes.push(timeout(LONG, one).await.unwrap());
    }
    outcomes
}

#[tokio::test]
async fn what_queues_up_is_one_commit() {
    let memory = Memory::new(0);
    let appends = (0..20).map(|id| append(id..id + 1, Expect::Any)).collect();
    let outcomes = behind(&memory, LIMITS, appends).await;
    for (outcome, id) in outcomes.into_iter().zip(0..) {
        assert_eq!(outcome.unwrap(), id..id + 1);
    }
    assert_eq!(*memory.commits.lock().unwrap(), [1, 19]);
}

#[tokio::test]
async fn each_has_an_outcome_of_its_own() {
    let memory = Memory::new(0);
    let appends = vec![
        append(0..2, Expect::Any),
        // A repetition of what is in the same commit, of a part of it, and of nothing.
        append(5..7, Expect::Offset(2)),
        append(5..7, Expect::Offset(99)),
        append(6..8, Expect::Any),
        append(8..9, Expect::Offset(2)),
        append(0..0, Expect::Any),
        append(9..10, Expect::Offset(4)),
    ];
    let mut outcomes = behind(&memory, LIMITS, appends).await.into_iter();
    let mut next = || outcomes.next().unwrap();
    assert_eq!(next().unwrap(), 0..2);
    assert_eq!(next().unwrap(), 2..4);
    assert_eq!(next().unwrap(), 2..4);
    assert!(matches!(next(), Err(Error::DuplicateMessage { offset: 3, .. })));
    assert!(matches!(next(), Err(Error::OffsetConflict { expected: 2, actual: 4 })));
    assert_eq!(next().unwrap(), 4..4);
    assert_eq!(next().unwrap(), 4..5);
    assert_eq!(memory.stored(), ["m-0", "m-1", "m-5", "m-6", "m-9"]);
}

#[tokio::test]
async fn a_commit_is_bounded() {
    let appends = || (0..7).map(|id| append(id * 10..id * 10 + 2, Expect::Any)).collect();
    let memory = Memory::new(0);
    behind(&memory, Limits { commit_events: 5, ..LIMITS }, appends()).await;
    assert_eq!(*memory.commits.lock().unwrap(), [1, 2, 2, 2]);
    let memory = Memory::new(0);
    behind(&memory, Limits { commit_bytes: 7000, ..LIMITS }, appends()).await;
    assert_eq!(*memory.commits.lock().unwrap(), [1, 3, 3]);
    assert_eq!(memory.stored().len(), 14);
}

#[tokio::test]
async fn whoever_comes_when_it_is_full_waits_and_can_be_dropped() {
    let memory = Memory::new(0);
    let limits = Limits { waiting_bytes: 3000, ..LIMITS };
    let group = GroupCommit::start(memory.clone(), limits);
    let mut first = Box::pin(group.append(append(0..2, Expect::Any)));
    assert!(timeout(Duration::ZERO, &mut first).await.is_err());
    let mut second = Box::pin(group.append(append(2..4, Expect::Any)));
    assert!(timeout(Duration::ZERO, &mut second).await.is_err());
    // It has no room yet: nothing comes of it.
    drop(second);
    // One that is larger than all the room there is gets all of it.
    let mut third = Box::pin(group.append(append(4..14, Expect::Any)));
    assert!(timeout(Duration::ZERO, &mut third).await.is_err());
    memory.gate.add_permits(2);
    assert_eq!(timeout(LONG, first).await.unwrap().unwrap().unwrap(), 0..2);
    assert_eq!(timeout(LONG, third).await.unwrap().unwrap().unwrap(), 2..12);
    assert_eq!(memory.stored().len(), 12);
}

#[tokio::test]
async fn what_is_queued_is_stored_though_nobody_waits() {
    let memory = Memory::new(0);
    let group = GroupCommit::start(memory.clone(), LIMITS);
    for id in 0..3 {
        let mut one = Box::pin(group.append(append(id..id + 1, Expect::Any)));
        assert!(timeout(Duration::ZERO, &mut one).await.is_err());
    }
    drop(group);
    memory.gate.add_permits(10);
    timeout(LONG, async {
        while memory.stored().len() < 3 {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_engine_that_panics_is_said_to_those_who_append() {
    struct Panics;
    impl Engine for Panics {
        async fn commit(&mut self, _: Vec<Append>) -> Outcomes {
            panic!("the engine of a test");
        }
    }
    let group = GroupCommit::start(Panics, LIMITS);
    let lost = timeout(LONG, group.append(append(0..1, Expect::Any))).await.unwrap();
    assert_eq!(lost.unwrap_err(), Unanswered::Unknown);
    let refused = timeout(LONG, group.append(append(1..2, Expect::Any))).await.unwrap();
    assert_eq!(refused.unwrap_err(), Unanswered::Refused);
}

#[test]
fn what_can_not_be_appended_is_refused_at_once() {
    let twice = Append::new(&application(), vec![parcel(1), parcel(1)], Expect::Any, 5000);
    assert!(matches!(twice, Err(Error::InvalidEnvelope { field: "message_id", .. })));
    let other = Append::new(&Identity::new("o", "other"), vec![parcel(1)], Expect::Any, 5000);
    assert!(matches!(other, Err(Error::InvalidEnvelope { field: "source_application", .. })));
    let large = Append::new(&application(), vec![parcel(1)], Expect::Any, 500);
    assert!(matches!(large, Err(Error::InvalidEnvelope { field: "envelope", .. })));
}
