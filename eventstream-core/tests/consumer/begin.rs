//! A handler is told which incarnation of the stream its events are from, before anything else.

use std::sync::{Arc, Mutex};

use eventstream_core::{Event, Handler, HandlerError, Identity, Incarnation};

use crate::support::{Rig, SHOP, identity};

/// Takes its offset for one of a single incarnation.
#[derive(Clone, Default)]
struct Faithful(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    of: Option<Incarnation>,
    next: u64,
    /// What was called, in order.
    calls: Vec<&'static str>,
    handled: Vec<u64>,
}

impl Handler for Faithful {
    async fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> Result<(), HandlerError> {
        assert_eq!(*source, identity(SHOP));
        let mut state = self.0.lock().expect("not poisoned");
        state.calls.push("begin");
        match (state.of, incarnation) {
            (Some(known), Some(found)) if known != found => Err("another stream".into()),
            _ => {
                state.of = incarnation;
                Ok(())
            }
        }
    }

    async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
        let mut state = self.0.lock().expect("not poisoned");
        state.calls.push("next_offset");
        Ok(state.next)
    }

    async fn handle_event(&mut self, _offset: u64, event: Event) -> Result<(), HandlerError> {
        let mut state = self.0.lock().expect("not poisoned");
        state.next = event.offset + 1;
        state.handled.push(event.offset);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_can_refuse_a_stream_that_took_the_place_of_its_own() {
    let (first, second) = (Incarnation::from_random([1; 16]), Incarnation::from_random([2; 16]));
    let rig = Rig::new("aaa");
    rig.stream.state().incarnation = Some(first);
    let handler = Faithful::default();
    let token = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(rig.consumer_with(handler.clone()).run(token.clone()));
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    {
        let state = handler.0.lock().expect("not poisoned");
        assert_eq!(state.calls, ["begin", "next_offset"]);
        assert_eq!((state.of, &state.handled[..]), (Some(first), &[0, 1, 2][..]));
    }

    // The stream is restored while it is read: the next round hears of it.
    rig.stream.state().incarnation = Some(second);
    rig.stream.state().next_fails = 1;
    rig.stream.append("a");
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    {
        let state = handler.0.lock().expect("not poisoned");
        assert!(state.calls[2..].iter().all(|call| *call == "begin"), "{:?}", state.calls);
        assert_eq!(state.handled.last(), Some(&2), "nothing of another stream is handled");
    }
    assert!(rig.counts().len() > 2, "it backs off, and asks again");
    rig.stream.state().incarnation = Some(first);
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    assert_eq!(handler.0.lock().expect("not poisoned").handled, [0, 1, 2, 3]);
    token.cancel();
    running.await.expect("no panic").expect("it ends well");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_can_not_tell_says_so() {
    let rig = Rig::new("a");
    let handler = Faithful::default();
    let token = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(rig.consumer_with(handler.clone()).run(token.clone()));
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    token.cancel();
    running.await.expect("no panic").expect("it ends well");
    let state = handler.0.lock().expect("not poisoned");
    assert_eq!((state.of, &state.handled[..]), (None, &[0][..]));
}
