//! Both handlers, driven by a consumer.

use std::time::Duration;

use eventstream_core::{Checkpointed, Partitioned};
use eventstream_core::{Consumer, EventTypes, Finish, Handler, MemoryCheckpoints, Parcel};
use eventstream_memory::MemoryStream;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::support::{Fault, Make, Plan, Service, Store, both, events, shop, stored};

both!(gets_on_whatever_fails, goes_on_after_a_restart, has_replicas);

fn stream(instances: &str) -> MemoryStream {
    let stream = MemoryStream::builder(shop()).buffer_size(1000).build();
    append(&stream, instances);
    stream
}

fn append(stream: &MemoryStream, instances: &str) {
    let parcels: Vec<Parcel> =
        events(stream.next_offset(), instances).into_iter().map(|event| event.parcel).collect();
    stream.append(parcels).unwrap();
}

/// Runs a consumer until it has come to an offset, and a little longer.
async fn run_to<H: Handler>(stream: &MemoryStream, handler: H, store: &Store, offset: u64) {
    let token = CancellationToken::new();
    let consumer = Consumer::new(stream.clone(), EventTypes::any(), handler)
        .batch(10)
        .backoff(|_| Duration::from_secs(5));
    let arrived = async {
        while stored(&store.checkpoints).await != Some(offset) {
            sleep(Duration::from_millis(100)).await;
        }
        sleep(Duration::from_secs(1)).await;
        token.cancel();
    };
    let both = async { tokio::join!(consumer.run(token.clone()), arrived) };
    let (finish, ()) = timeout(Duration::from_secs(3600), both).await.expect("it gets there");
    assert_eq!(finish.unwrap(), Finish::Cancelled);
}

async fn gets_on_whatever_fails<H: Make>() {
    let stream = stream("abcabcabcabcabc");
    let (service, store) = (Service::new(), Store::new());
    service.plan(4, [Plan::Fail, Plan::Reject, Plan::Fail]);
    service.plan(12, [Plan::FailAfter(3000)]);
    store.faults([Fault::None, Fault::Fail, Fault::Lost, Fault::Fail, Fault::Lost]);
    let mut handler = H::make(&service, &store);
    run_to(&stream, &mut handler, &store, 15).await;
    assert_eq!(service.sorted(), (0..15).collect::<Vec<_>>(), "no effect twice in one process");
    for instance in ["a", "b", "c"] {
        let effects = service.effects().into_iter().filter(|it| it.0 == instance);
        assert!(effects.is_sorted(), "those of {instance} are in order");
    }
}

async fn goes_on_after_a_restart<H: Make>() {
    let stream = stream("abcabc");
    let (service, store) = (Service::new(), Store::new());
    run_to(&stream, H::make(&service, &store), &store, 6).await;
    append(&stream, "abca");
    run_to(&stream, H::make(&service, &store), &store, 10).await;
    assert_eq!(service.made().len(), 10);
}

async fn has_replicas<H: Make>() {
    let stream = stream(&"abcde".repeat(40));
    let (service, other) = (Service::new(), Service::new());
    let store = Store::new();
    for offset in 0..200 {
        service.plan(offset, [Plan::Take(offset % 7)]);
        other.plan(offset, [Plan::Take(offset % 5)]);
    }
    tokio::join!(
        run_to(&stream, H::make(&service, &store), &store, 200),
        run_to(&stream, H::make(&other, &store), &store, 200),
    );
    let mut made = service.made();
    assert_eq!(made.len(), made.iter().collect::<std::collections::BTreeSet<_>>().len());
    made.extend(other.made());
    made.sort_unstable();
    made.dedup();
    assert_eq!(made, (0..200).collect::<Vec<_>>(), "each effect at least once");
    assert!(store.stored().is_sorted(), "the checkpoint never goes back");
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_event_holds_up_its_partition_alone() {
    let stream = stream("abcabcabc");
    let (service, store) = (Service::new(), Store::new());
    service.plan(1, std::iter::repeat_n(Plan::Fail, 10_000));
    let token = CancellationToken::new();
    let handler = Partitioned::make(&service, &store);
    let consumer = Consumer::new(stream, EventTypes::any(), handler).batch(100);
    let run = tokio::spawn(consumer.run(token.clone()));
    sleep(Duration::from_secs(3600)).await;
    token.cancel();
    run.await.unwrap().unwrap();
    assert_eq!(service.sorted(), [0, 2, 3, 5, 6, 8]);
    assert_eq!(stored(&store.checkpoints).await, Some(1));
}

#[tokio::test]
async fn both_can_be_spawned() {
    let stream = stream("");
    let token = CancellationToken::new();
    token.cancel();
    let one = Checkpointed::new(Service::new(), MemoryCheckpoints::new());
    let one = Consumer::new(stream.clone(), EventTypes::any(), one);
    let two = Partitioned::new(Service::new(), MemoryCheckpoints::new());
    let two = Consumer::new(stream, EventTypes::any(), two);
    assert_eq!(tokio::spawn(one.run(token.clone())).await.unwrap().unwrap(), Finish::Cancelled);
    assert_eq!(tokio::spawn(two.run(token)).await.unwrap().unwrap(), Finish::Cancelled);
}
