//! Calls that are dropped before they are done.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use eventstream_core::{Event, Handler, HandlerError, MemoryCheckpoints, Partitioned};
use tokio::time::{sleep, timeout};

use crate::support::{
    Fault, Make, Plan, Service, Store, both, event, events, is_conflict, offset_of, start, stored,
};

both!(in_an_event_go_on_with_it, while_a_checkpoint_is_stored_know_that_it_may_be,);

async fn in_an_event_go_on_with_it<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    service.plan(1, [Plan::Hang]);
    let batch = handler.handle_batch(0, events(0, "aaa"));
    timeout(Duration::from_millis(500), batch).await.expect_err("it hangs");
    assert_eq!(stored(&store).await, None);
    assert_eq!(offset_of(&mut handler).await, 0);
    handler.handle_batch(0, events(0, "aaa")).await.unwrap();
    assert_eq!(service.begun(), [0, 1, 1, 2], "event 0 was done");
    assert_eq!(service.made(), [0, 1, 2]);
}

async fn while_a_checkpoint_is_stored_know_that_it_may_be<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    store.faults([Fault::Hang]);
    let batch = handler.handle_batch(0, events(0, "aa"));
    timeout(Duration::from_secs(60), batch).await.expect_err("it hangs");
    assert!(is_conflict(&handler.handle_event(0, event(0, "a")).await));
    handler.handle_event(2, event(2, "a")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 2]);
    assert_eq!(store.stored(), [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn leave_nothing_running() {
    let (service, _, mut handler) = start::<Partitioned<Service, Store>>().await;
    for offset in 0..6 {
        service.plan(offset, [Plan::Take(1000)]);
    }
    let batch = handler.handle_batch(0, events(0, "abcabc"));
    timeout(Duration::from_millis(500), batch).await.expect_err("it takes longer");
    sleep(Duration::from_secs(60)).await;
    assert_eq!(service.busy(), 0);
    assert_eq!(service.begun(), [0, 1, 2]);
    assert!(service.made().is_empty());
}

#[tokio::test(start_paused = true)]
async fn leave_nothing_running_if_the_handler_goes_too() {
    let (service, _, mut handler) = start::<Partitioned<Service, Store>>().await;
    service.plan(0, [Plan::Take(1000)]);
    let task = tokio::spawn(async move { handler.handle_batch(0, events(0, "aa")).await });
    sleep(Duration::from_millis(500)).await;
    assert_eq!(service.busy(), 1);
    task.abort();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(service.busy(), 0);
    assert!(service.made().is_empty());
}

/// A thread can't be stopped in the middle of a step. The next call must not overtake it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn are_waited_for_by_the_next() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (release, released) = mpsc::channel::<()>();
    let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
    let released = Arc::new(Mutex::new(released));
    let blocking = {
        let log = log.clone();
        move |(), event: Event| {
            let (log, released, started) = (log.clone(), released.clone(), started.clone());
            async move {
                log.lock().unwrap().push(format!("{} begins", event.offset));
                started.send(event.offset)?;
                // Until it is released; at once, when the test has no more to say.
                let _ = released.lock().unwrap().recv();
                log.lock().unwrap().push(format!("{} ends", event.offset));
                Ok::<(), HandlerError>(())
            }
        }
    };
    let mut handler = Partitioned::new(blocking, MemoryCheckpoints::new());
    assert_eq!(offset_of(&mut handler).await, 0);
    tokio::select! {
        biased;
        _ = handler.handle_batch(0, events(0, "a")) => panic!("it is not released"),
        offset = has_started.recv() => assert_eq!(offset, Some(0)),
    }
    let next = tokio::spawn(async move { handler.handle_batch(0, events(0, "a")).await });
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    drop(release);
    next.await.unwrap().unwrap();
    let log = log.lock().unwrap().clone();
    assert_eq!(log, ["0 begins", "0 ends", "0 begins", "0 ends"]);
}
