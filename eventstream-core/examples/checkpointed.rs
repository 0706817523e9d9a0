//! Effects that have no transaction: mails, of which a service sends each at least once, and a
//! repetition not again, because it knows the message ids.
//!
//!     cargo run -p eventstream-core --example checkpointed

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use eventstream_core::{
    Apply, Checkpointed, Checkpoints, Consumer, Envelope, Event, EventTypes, HandlerError,
    Identity, MemoryCheckpoints, Parcel,
};
use eventstream_memory::MemoryStream;
use tokio_util::sync::CancellationToken;

/// A service that sends mails. It is out of order the first time that it is called.
#[derive(Clone, Default)]
struct Mails(Arc<Mutex<Sent>>);

#[derive(Default)]
struct Sent {
    calls: u32,
    /// The texts, by the keys that they were sent under.
    texts: BTreeMap<String, String>,
}

impl Mails {
    fn send(&self, key: &str, text: &str) -> Result<(), String> {
        let mut sent = self.0.lock().map_err(|error| error.to_string())?;
        sent.calls += 1;
        if sent.calls == 1 {
            return Err("the service is out of order".to_owned());
        }
        // A repetition is known by its key, and not sent again.
        sent.texts.entry(key.to_owned()).or_insert_with(|| text.to_owned());
        Ok(())
    }

    fn count(&self) -> usize {
        self.0.lock().map_or(0, |sent| sent.texts.len())
    }
}

/// What is to be done with an event.
struct Confirm {
    mails: Mails,
    /// Cancelled when there are so many mails.
    enough: (usize, CancellationToken),
}

impl Apply<()> for Confirm {
    fn event_types(&self) -> EventTypes {
        "order.placed".into()
    }

    async fn apply(&mut self, _context: (), event: Event) -> Result<(), HandlerError> {
        let data = event.parcel.data();
        self.mails.send(event.parcel.message_id(), std::str::from_utf8(&data)?)?;
        let (enough, done) = &self.enough;
        if self.mails.count() == *enough {
            done.cancel();
        }
        Ok(())
    }
}

/// One life of the program: until so many mails are sent.
async fn run(
    stream: &MemoryStream,
    mails: &Mails,
    checkpoints: &MemoryCheckpoints,
    enough: usize,
) -> Result<(), Box<dyn Error>> {
    let done = CancellationToken::new();
    let confirm = Confirm { mails: mails.clone(), enough: (enough, done.clone()) };
    let handler = Checkpointed::new(confirm, checkpoints.clone());
    let types = handler.event_types();
    Consumer::new(stream.clone(), types, handler)
        .batch(100)
        .backoff(|_failures| Duration::from_millis(1))
        .run(done)
        .await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    let stream = MemoryStream::new(shop.clone());
    let place = |order: u32| -> Result<u64, eventstream_core::Error> {
        let placed =
            Envelope::new(format!("m-{order}"), shop.clone(), "order.placed", "text/plain");
        let data = format!("Thank you for order {order}").into();
        stream.append_one(Parcel::seal(Envelope { data, ..placed })?)
    };
    // Real checkpoints outlive the process; these only do as if.
    let checkpoints = MemoryCheckpoints::new();
    let mails = Mails::default();

    for order in 0..3 {
        place(order)?;
    }
    run(&stream, &mails, &checkpoints, 3).await?;
    let checkpoint = checkpoints.load(&shop).await.map_err(|error| error.to_string())?;
    println!("{} mails are sent, and the checkpoint is {checkpoint:?}", mails.count());
    assert_eq!(checkpoint.map(|it| it.offset), Some(3));

    place(3)?;
    run(&stream, &mails, &checkpoints, 4).await?;
    let sent = mails.0.lock().map_err(|error| error.to_string())?;
    println!("after a restart, {}; the service was called {} times", sent.texts.len(), sent.calls);
    assert_eq!(sent.texts.len(), 4);
    // Four mails, and the call that failed: after the restart nothing was sent again.
    assert_eq!(sent.calls, 5);
    Ok(())
}
