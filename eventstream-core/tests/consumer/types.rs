//! Auto traits, and what can be spawned.

use eventstream_core::{Consumer, DynStream, ExponentialBackoff, Finish};
use tokio_util::sync::CancellationToken;

use crate::support::{FakeHandler, FakeStream, Plain, Rig, SHOP, identity};

fn is_send<T: Send>(_: &T) {}
fn is_send_and_static<T: Send + 'static>(_: &T) {}

#[test]
fn a_consumer_and_its_run_are_send() {
    let rig = Rig::new("");
    is_send(&rig.consumer());
    is_send_and_static(&rig.consumer().run(CancellationToken::new()));
    let mut handler = FakeHandler::new();
    is_send(&rig.consumer_with(&mut handler).run(CancellationToken::new()));
    let erased = DynStream::new(FakeStream::new());
    let consumer = Consumer::new(erased, "a".into(), Plain(FakeHandler::new()));
    is_send_and_static(&consumer.run(CancellationToken::new()));
}

#[test]
fn strategies_and_ends_are_send_and_sync() {
    fn is_send_and_sync<T: Send + Sync + 'static>() {}
    is_send_and_sync::<ExponentialBackoff>();
    is_send_and_sync::<Finish>();
}

#[test]
fn a_consumer_says_what_it_is() {
    let consumer = Rig::new("").consumer().batch(0);
    let text = format!("{consumer:?}");
    let application = format!("{:?}", identity(SHOP));
    assert!(text.contains(&application), "{text}");
    assert!(text.contains("batch: 1"), "{text}");
}
