//! A store of parked events that others use, too.

use eventstream_core::{ParkedEvents, Poison};

use crate::support::{Outcome, Parked, Rig, Running, SHOP, Staying, identity};

/// Whoever took the note away has handled the event, or wants it forgotten: to pass over it would
/// be to lose it without a record.
#[tokio::test(start_paused = true)]
async fn an_event_that_could_not_be_parked_is_not_passed_over() {
    let rig = Rig::new("aa");
    let parked = Parked::default();
    parked.state().forgets = true;
    rig.handler.outcomes([Outcome::Reject]);
    let consumer = rig.consumer().poison(Poison::park_after(3, parked.clone()));
    let running = Running::start(consumer).await;
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [0, 1], "it was tried again");
    assert_eq!(rig.counts(), [1]);
    assert_eq!(parked.count(&identity(SHOP)).await.expect("it works"), 0);
    running.stop().await;
}

/// It would come once more in its turn, after a restart.
#[tokio::test(start_paused = true)]
async fn what_the_handlers_offset_is_not_past_yet_is_not_replayed() {
    let rig = Rig::new("aa");
    let app = identity(SHOP);
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Done, Outcome::Reject]);
    let start = async || {
        let consumer = rig.consumer_with(Staying(rig.handler.clone()));
        Running::start(consumer.poison(Poison::park_after(3, parked.clone()))).await
    };
    let running = start().await;
    assert!(parked.replay(&app, 1).await.expect("it works"));
    running.run_for(60).await;
    assert_eq!(rig.handler.state().offset, 1);
    running.stop().await;

    let running = start().await;
    rig.stream.append("a");
    running.run_for(60).await;
    running.stop().await;
    assert_eq!(rig.handler.handled(), [0, 2]);
    assert_eq!(rig.handler.state().replays, [1], "once, and in no other way");
    assert_eq!(parked.count(&app).await.expect("it works"), 0);
}
