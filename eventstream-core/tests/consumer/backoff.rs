//! The default strategy, and that the consumer waits as long as its strategy says.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use eventstream_core::{Backoff, Consumer, ExponentialBackoff};

use crate::support::{Outcome, Rig, Running};

/// The least and the largest of a thousand delays, in parts of what is allowed.
fn spread(backoff: &impl Backoff, failures: u32, most: Duration) -> (f64, f64) {
    let mut spread = (f64::MAX, 0.0_f64);
    for _ in 0..1_000 {
        let delay = backoff.delay(failures);
        assert!(delay <= most, "{delay:?} after {failures} failures");
        let part = delay.as_secs_f64() / most.as_secs_f64();
        spread = (spread.0.min(part), spread.1.max(part));
    }
    spread
}

#[test]
fn is_anything_up_to_a_bound_that_doubles_and_is_capped() {
    for (failures, most) in [
        (1, 100),
        (2, 200),
        (3, 400),
        (9, 25_600),
        (10, 51_200),
        (11, 60_000),
        (40, 60_000),
        (u32::MAX, 60_000),
    ] {
        // Of a thousand even draws, none below or above a twentieth is out of the question.
        let (least, largest) =
            spread(&ExponentialBackoff::default(), failures, Duration::from_millis(most));
        assert!(least < 0.05, "full jitter begins at nothing: {least}");
        assert!(largest > 0.95, "and goes all the way: {largest}");
    }
}

#[test]
fn has_a_base_and_a_cap_to_choose() {
    let backoff =
        ExponentialBackoff::new().base(Duration::from_secs(2)).cap(Duration::from_secs(7));
    for (failures, most) in [(1, 2), (2, 4), (3, 7), (4, 7)] {
        let (_, largest) = spread(&backoff, failures, Duration::from_secs(most));
        assert!(largest > 0.95);
    }
}

#[tokio::test(start_paused = true)]
async fn is_waited_for_by_the_consumer() {
    let rig = Rig::new("a");
    rig.stream.state().next_fails = 3;
    let consumer = Consumer::new(rig.stream.clone(), "a".into(), rig.handler.clone())
        .backoff(|failures| Duration::from_secs(10 * u64::from(failures)));
    let running = Running::start(consumer).await;
    running.run_for(3600).await;
    let opened: Vec<u64> =
        rig.stream.opened_when().iter().map(|when| (*when - running.started).as_secs()).collect();
    assert_eq!(opened, [0, 10, 30, 60]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn is_exponential_by_default() {
    let rig = Rig::new("a");
    rig.stream.state().next_fails = 30;
    let consumer = Consumer::new(rig.stream.clone(), "a".into(), rig.handler.clone());
    let running = Running::start(consumer).await;
    running.run_for(30 * 60).await;
    assert_eq!(rig.handler.handled(), [0], "30 failures take half an hour at most");
    let opened = rig.stream.opened_when();
    let took = *opened.last().unwrap() - opened[0];
    assert!(took > Duration::from_secs(60), "and more than with a delay that stays: {took:?}");
    running.stop().await;
}

/// With a stream that fails twenty times in a row, and a handler that then fails once more.
#[tokio::test(start_paused = true)]
async fn grows_is_capped_and_jittered_and_falls_back_when_an_event_arrives() {
    let cap = Duration::from_secs(20);
    let strategy = ExponentialBackoff::new().base(Duration::from_millis(100)).cap(cap);
    let delays = Arc::new(Mutex::new(Vec::new()));
    let mut at_the_cap = Vec::new();
    // Jitter is chance: whether delays differ is seen over several consumers.
    for _ in 0..10 {
        let rig = Rig::new("a");
        rig.stream.state().next_fails = 20;
        rig.handler.outcomes([Outcome::Retry]);
        let noted = delays.clone();
        let consumer = rig.consumer().backoff(move |failures| {
            let delay = strategy.delay(failures);
            noted.lock().expect("not poisoned").push((failures, delay));
            delay
        });
        let running = Running::start(consumer).await;
        running.run_for(3600).await;
        assert_eq!(rig.handler.handled(), [0]);
        let delays = std::mem::take(&mut *delays.lock().expect("not poisoned"));
        let counts: Vec<u32> = delays.iter().map(|delay| delay.0).collect();
        // The event arrived, and with that the stream works: the handler's failure is the first.
        assert_eq!(counts, (1..=20).chain([1]).collect::<Vec<_>>());
        for (failures, delay) in &delays {
            let most = Duration::from_millis(100) * 2_u32.pow(failures - 1);
            assert!(*delay <= most.min(cap), "{delay:?} after {failures} failures");
        }
        // What was waited is what the strategy said.
        let waited: Duration = delays.iter().map(|delay| delay.1).sum();
        let took = rig.handler.state().calls[1].2 - running.started;
        let slack = Duration::from_millis(2) * 21; // Timers go by the millisecond.
        assert!((waited..waited + slack).contains(&took), "{waited:?} became {took:?}");
        at_the_cap.extend(delays[8..20].iter().map(|delay| delay.1));
        running.stop().await;
    }
    at_the_cap.sort_unstable();
    assert!(at_the_cap[0] < cap / 5 && *at_the_cap.last().expect("some") > cap * 4 / 5);
    at_the_cap.dedup();
    assert!(at_the_cap.len() > 100, "hardly one is like another");
}
