//! When the cursor's position is looked at, and so when filtered events are skipped.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::support::{Rig, Running, settle};

fn seconds(running: &Running) -> impl Fn(&(u64, u64, Instant)) -> u64 {
    let started = running.started;
    move |skip| (skip.2 - started).as_secs()
}

/// Wakes the cursor for nothing until it is looked at more rarely than every five minutes.
async fn wake_in_vain(rig: &Rig) {
    for _ in 0..1_000 {
        rig.stream.wake();
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn comes_at_most_once_per_interval() {
    let rig = Rig::new("b");
    let consumer = rig.consumer().skip_interval(Duration::from_secs(10));
    let running = Running::start(consumer).await;
    for _ in 0..250 {
        sleep(Duration::from_millis(100)).await;
        rig.stream.append("b");
    }
    running.run_for(60).await;
    let times: Vec<u64> = rig.handler.state().skips.iter().map(seconds(&running)).collect();
    assert_eq!(times, [0, 10, 20, 30]);
    assert_eq!(rig.handler.state().offset, 251, "and then all is skipped");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn comes_within_the_interval_by_default_a_second() {
    let rig = Rig::new("a");
    let running = rig.start().await;
    running.run_for(3600).await;
    rig.stream.append("b");
    let appended = Instant::now();
    running.run_for(5).await;
    let skip = rig.handler.state().skips[0];
    assert_eq!((skip.0, skip.1), (1, 2));
    assert!(skip.2 - appended <= Duration::from_secs(1));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn comes_within_the_interval_of_a_look_that_found_nothing() {
    let rig = Rig::new("a");
    let running = rig.start().await;
    // By now it has looked for the second time, a second after the first, and found nothing.
    sleep(Duration::from_millis(1_200)).await;
    rig.stream.append("b");
    running.run_for(60).await;
    let skip = rig.handler.state().skips[0];
    let waited = skip.2 - running.started;
    assert_eq!(waited.as_secs(), 2, "a second after that look");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn comes_at_once_for_what_arrives_with_an_event() {
    let rig = Rig::new("a");
    let running = rig.start().await;
    running.run_for(3600).await;
    rig.stream.append("abb");
    settle().await;
    assert_eq!(rig.handler.handled(), [0, 1]);
    assert_eq!(rig.handler.skips(), [(2, 4)]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn comes_at_once_after_a_restart() {
    let rig = Rig::new("a");
    let running = rig.start().await;
    running.run_for(3600).await;
    rig.stream.state().next_fails = 1;
    rig.stream.append("b");
    running.run_for(60).await;
    assert_eq!(rig.stream.opened_at(), [0, 1]);
    assert_eq!(rig.handler.skips(), [(1, 2)]);
    assert_eq!(rig.handler.state().skips[0].2, rig.stream.opened_when()[1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn comes_for_what_arrives_during_another_one() {
    let rig = Rig::new("b");
    let gate = rig.handler.gate();
    let running = rig.start().await;
    assert_eq!(rig.handler.skips(), [(0, 1)]);
    rig.stream.append("bb");
    gate.add_permits(10);
    running.run_for(5).await;
    assert_eq!(rig.handler.skips(), [(0, 1), (1, 3)]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn comes_at_once_after_an_event_however_often_it_was_woken_in_vain() {
    let rig = Rig::new("a");
    let running = rig.start().await;
    wake_in_vain(&rig).await;
    rig.stream.append("ab");
    settle().await;
    assert_eq!(rig.handler.skips(), [(2, 3)]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn comes_in_its_interval_again_once_a_look_has_found_something() {
    let rig = Rig::new("");
    let running = rig.start().await;
    wake_in_vain(&rig).await;
    rig.stream.append("b");
    running.run_for(5).await;
    assert_eq!(rig.handler.skips(), [], "it is looked at rarely now");
    running.run_for(1_200).await;
    assert_eq!(rig.handler.skips(), [(0, 1)]);
    for next in [2, 3] {
        rig.stream.append("b");
        running.run_for(5).await;
        assert_eq!(rig.handler.skips().last(), Some(&(next - 1, next)));
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_read_that_takes_long_in_many_steps_gets_done() {
    let rig = Rig::new("bba");
    // A read that is dropped begins anew, and this one takes ten times the interval.
    rig.stream.state().steps = (100, Duration::from_millis(100));
    let running = rig.start().await;
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_interval_of_nothing_does_not_keep_a_read_from_getting_done() {
    let rig = Rig::new("bba");
    rig.stream.state().steps = (100, Duration::from_millis(100));
    let running = Running::start(rig.consumer().skip_interval(Duration::ZERO)).await;
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_interval_without_end_is_possible() {
    let rig = Rig::new("b");
    let running = Running::start(rig.consumer().skip_interval(Duration::MAX)).await;
    rig.stream.append("b");
    running.run_for(86_400).await;
    assert_eq!(rig.handler.skips(), [(0, 1)], "once, and never again");
    rig.stream.append("a");
    settle().await;
    assert_eq!(rig.handler.handled(), [2]);
    running.stop().await;
}
