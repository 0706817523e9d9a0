//! What is consumed, and what the handler is handed.

use eventstream_core::{Consumer, DynStream, EventTypes, Finish};
use tokio_util::sync::CancellationToken;

use crate::support::{FakeHandler, Rig, Running, SHOP, identity, settle, soon};

#[tokio::test(start_paused = true)]
async fn events_arrive_in_order_through_the_filter() {
    let rig = Rig::new("abcaab");
    let running = rig.start().await;
    assert_eq!(rig.handler.handled(), [0, 3, 4]);
    assert_eq!(rig.stream.state().opened[0].1, EventTypes::from("a"));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_that_are_appended_later_arrive() {
    let rig = Rig::new("a");
    let running = rig.start().await;
    rig.stream.append("ba");
    settle().await;
    rig.stream.append("a");
    settle().await;
    assert_eq!(rig.handler.handled(), [0, 2, 3]);
    assert_eq!(rig.stream.opened_at(), [0], "it stays in one round");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_stream_is_opened_with_the_types_that_are_wanted_and_produced() {
    let rig = Rig::new("abcabc");
    let wanted = EventTypes::from_iter(["c", "a", "z"]);
    let consumer = Consumer::new(rig.stream.clone(), wanted, rig.handler.clone());
    let running = Running::start(consumer).await;
    assert_eq!(rig.stream.state().opened[0].1, EventTypes::from_iter(["a", "c"]));
    assert_eq!(rig.handler.handled(), [0, 2, 3, 5]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_of_any_type_gets_all_of_an_open_stream() {
    let rig = Rig::new("axya");
    rig.stream.state().produced = EventTypes::any();
    let consumer = Consumer::new(rig.stream.clone(), EventTypes::any(), rig.handler.clone());
    let running = Running::start(consumer).await;
    assert!(rig.stream.state().opened[0].1.is_any());
    assert_eq!(rig.handler.handled(), [0, 1, 2, 3]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn ends_well_where_nothing_relevant_is_produced() {
    let rig = Rig::new("bcb");
    rig.stream.state().produced = EventTypes::from_iter(["b", "c"]);
    let finish = rig.start().await.ended().await.unwrap();
    assert_eq!(finish, Finish::NoRelevantEventTypes);
    assert!(rig.stream.opened_at().is_empty());
    assert!(rig.handler.state().sources.is_empty());
}

#[tokio::test(start_paused = true)]
async fn starts_at_the_handlers_offset() {
    let rig = Rig::new("aaaa");
    rig.handler.state().offset = 2;
    let running = rig.start().await;
    assert_eq!(rig.stream.opened_at(), [2]);
    assert_eq!(rig.handler.handled(), [2, 3]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_handler_is_asked_for_its_offset_on_the_streams_application() {
    let rig = Rig::new("");
    rig.start().await.stop().await;
    assert_eq!(rig.handler.state().sources, [identity(SHOP)]);
}

#[tokio::test(start_paused = true)]
async fn the_handler_is_handed_its_own_offset_each_time() {
    let rig = Rig::new("babbbaa");
    let running = rig.start().await;
    assert_eq!(
        rig.handler.calls(),
        [(0, vec![1]), (2, vec![5]), (6, vec![6])],
        "the offset is that after the last event, wherever the next one stands"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_erased_stream_is_consumed_as_any_other() {
    let rig = Rig::new(&"ab".repeat(100));
    let stream = DynStream::new(rig.stream.clone());
    let consumer = Consumer::new(stream, "a".into(), rig.handler.clone());
    let token = CancellationToken::new();
    let task = tokio::spawn(consumer.run(token.clone()));
    settle().await;
    let expected: Vec<u64> = (0..100).map(|n| 2 * n).collect();
    assert_eq!(rig.handler.handled(), expected);
    token.cancel();
    assert_eq!(soon(task).await.unwrap().unwrap(), Finish::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_lent_can_be_used_afterwards() {
    let rig = Rig::new("aaba");
    // Nothing else has this handler: what it says at the end is its own.
    let mut handler = FakeHandler::new();
    let token = CancellationToken::new();
    let run = rig.consumer_with(&mut handler).run(token.clone());
    let stop = async {
        settle().await;
        token.cancel();
    };
    let (finish, ()) = soon(async { tokio::join!(run, stop) }).await;
    assert_eq!(finish.unwrap(), Finish::Cancelled);
    assert_eq!(handler.handled(), [0, 1, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_lent_handles_batches_and_skips_itself() {
    let rig = Rig::new("aabb");
    let mut handler = FakeHandler::new();
    let token = CancellationToken::new();
    let run = rig.consumer_with(&mut handler).batch(10).run(token.clone());
    let stop = async {
        settle().await;
        token.cancel();
    };
    let (finish, ()) = soon(async { tokio::join!(run, stop) }).await;
    assert_eq!(finish.unwrap(), Finish::Cancelled);
    assert_eq!(handler.calls(), [(0, vec![0, 1])]);
    assert_eq!(handler.skips(), [(2, 4)]);
}
