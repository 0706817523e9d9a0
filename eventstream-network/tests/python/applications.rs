use std::{fmt::Write, path::Path};

use bytes::Bytes;
use eventstream_core::{
    Envelope, EventStore, EventTypes, Expect, Format, Identity, Marshaler, Message, Parcel,
};
use eventstream_memory::MemoryStream;
use eventstream_network::Hosted;
use eventstream_persisted::EmbeddedStore;
use serde::{Deserialize, Serialize};

/// More than what many clients take of a message if they are not told otherwise.
const LARGE: usize = 5 << 20;

#[derive(Serialize, Deserialize)]
struct Placed {
    amount: u64,
}

impl Message for Placed {
    const TYPE: &'static str = "order.placed";
}

#[derive(Serialize, Deserialize)]
struct Paid {
    amount: u64,
}

impl Message for Paid {
    const TYPE: &'static str = "order.paid";
}

fn identity(name: &str) -> Identity {
    Identity::new(name, format!("{name}-key"))
}

fn event(application: &str, id: u64, event_type: &str, media_type: &str, data: Bytes) -> Parcel {
    let envelope = Envelope::new(format!("m-{id}"), identity(application), event_type, media_type);
    Parcel::seal(Envelope { data, ..envelope }).unwrap()
}

fn text(application: &str, id: u64, event_type: &str) -> Parcel {
    event(application, id, event_type, "text/plain", format!("payload {id}").into())
}

/// Each field that an envelope has, and one of which nobody here knows anything: field 100, a text.
fn extraordinary(media_type: &str, data: Bytes) -> Parcel {
    let mut envelope = Envelope {
        causation_id: "c-4".to_owned(),
        correlation_id: "r-4".to_owned(),
        source_handler: Some(identity("handler")),
        source_instance_id: "instance-4".to_owned(),
        source_site: Some(identity("site")),
        description: "four".to_owned(),
        ..Envelope::new("m-4", identity("shop"), "order.placed", media_type)
    };
    envelope.data = data;
    let sealed = Parcel::seal(envelope).unwrap();
    let unknown = [&[0xa2, 0x06, 7][..], b"unknown"].concat();
    Parcel::from_wire([sealed.wire().as_ref(), &unknown].concat().into()).unwrap()
}

/// The applications that the program asks for, and what it is told of their events.
#[derive(Default)]
pub(crate) struct Applications {
    pub(crate) hosted: Vec<Hosted>,
    /// A line for each event: the application's key, the offset, and the bytes of its envelope in
    /// hexadecimal digits.
    pub(crate) events: String,
}

impl Applications {
    pub(crate) async fn new(directory: &Path) -> Self {
        let mut new = Self::default();
        new.add_shop(directory).await;
        new.add_ledger();
        new.add_live(directory).await;
        new.add_open(directory).await;
        new.add_unspoken();
        new.add_large();
        new
    }

    fn add(&mut self, hosted: Hosted) {
        self.hosted.push(hosted);
    }

    fn tell(&mut self, application: &str, parcels: &[Parcel]) {
        for (offset, parcel) in parcels.iter().enumerate() {
            write!(self.events, "{application}-key {offset} ").unwrap();
            for byte in parcel.wire().as_ref() {
                write!(self.events, "{byte:02x}").unwrap();
            }
            self.events.push('\n');
        }
    }

    /// Two types that can be transcoded, stored in JSON, in turns.
    async fn add_shop(&mut self, directory: &Path) {
        let marshaler =
            Marshaler::new([Format::Json, Format::Cbor]).message::<Placed>().message::<Paid>();
        let parcels: Vec<_> = (0..10)
            .map(|id| {
                let placed = marshaler.marshal(&Placed { amount: id }).unwrap();
                match id {
                    4 => extraordinary(&placed.media_type, placed.data),
                    id if id % 2 == 0 => {
                        event("shop", id, "order.placed", &placed.media_type, placed.data)
                    }
                    id => {
                        let paid = marshaler.marshal(&Paid { amount: id }).unwrap();
                        event("shop", id, "order.paid", &paid.media_type, paid.data)
                    }
                }
            })
            .collect();
        self.tell("shop", &parcels);
        let store = store(directory, "shop").await;
        store.append(parcels, Expect::Any).await.unwrap();
        let types = EventTypes::from_iter(["order.placed", "order.paid"]);
        self.add(Hosted::new(store.stream(types)).store(store).marshaler(marshaler));
    }

    /// One whose first events are gone.
    fn add_ledger(&mut self) {
        let stream = MemoryStream::builder(identity("ledger")).event_types("entry".into()).build();
        let parcels: Vec<_> = (0..5).map(|id| text("ledger", id, "entry")).collect();
        self.tell("ledger", &parcels);
        stream.append(parcels).unwrap();
        stream.truncate(3).unwrap();
        self.add(Hosted::new(stream).media_types(["text/plain"]));
    }

    /// One that the program appends to.
    async fn add_live(&mut self, directory: &Path) {
        let store = store(directory, "live").await;
        let types = EventTypes::from_iter(["tick", "tock"]);
        let hosted = Hosted::new(store.stream(types)).store(store);
        self.add(hosted.media_types(["text/plain"]));
    }

    /// One that declares no types, so that any may come.
    async fn add_open(&mut self, directory: &Path) {
        let store = store(directory, "open").await;
        self.add(Hosted::new(store.stream(EventTypes::any())).store(store));
    }

    /// One that does not say what media types there are.
    fn add_unspoken(&mut self) {
        let types = EventTypes::from_iter(["note"]);
        let stream = MemoryStream::builder(identity("unspoken")).event_types(types).build();
        let parcels = vec![text("unspoken", 0, "note")];
        self.tell("unspoken", &parcels);
        stream.append(parcels).unwrap();
        self.add(Hosted::new(stream));
    }

    fn add_large(&mut self) {
        let stream = MemoryStream::builder(identity("large")).event_types("blob".into()).build();
        let data = Bytes::from(vec![b'x'; LARGE]);
        stream.append_one(event("large", 0, "blob", "text/plain", data)).unwrap();
        self.add(Hosted::new(stream));
    }
}

async fn store(directory: &Path, application: &str) -> EmbeddedStore {
    let path = directory.join(application);
    EmbeddedStore::builder(path).create_for(identity(application)).open().await.unwrap()
}
