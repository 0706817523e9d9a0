//! The conformance suite for handlers, on a projection: each handler with a connection of its own.

use eventstream_core::{Apply, BoxError, Event, HandlerError, Identity, Parcel, ParkedEvents};
use eventstream_persisted::{PostgresProjection, PostgresTx};
use eventstream_streamtest::{
    HandlerEnv, HandlerHarness, Parcels, Profile, handler_cases, handler_suite,
};

use crate::{
    server::server,
    store_suite::profile,
    support::{client, fresh_name},
};

/// The type of the events that the projection fails with.
const FAILING: &str = "postgres.failing";

/// Notes the event, and then fails if it is to.
struct Note {
    /// Under this name.
    consumer: String,
}

impl Apply<PostgresTx> for Note {
    async fn apply(&mut self, tx: PostgresTx, event: Event) -> Result<(), HandlerError> {
        let (key, offset) = (event.parcel.source_application().key, event.offset.to_string());
        let sql = "INSERT INTO noted (consumer, application, event_offset) VALUES ($1, $2, $3)";
        tx.execute(sql, &[&self.consumer, &key, &offset]).await?;
        if event.parcel.event_type() == FAILING {
            return Err("the event is one that fails".into());
        }
        Ok(())
    }
}

struct Harness;

struct Env {
    consumer: String,
    url: String,
}

impl HandlerHarness for Harness {
    type Env = Env;

    fn profile(&self) -> Profile {
        profile(handler_cases())
    }

    async fn start(&self) -> Result<Env, BoxError> {
        let url = server().ok_or("there is no server")?.url();
        Ok(Env { consumer: fresh_name(), url })
    }
}

impl HandlerEnv for Env {
    type Handler = PostgresProjection<Note>;

    async fn handler(&self) -> Result<Self::Handler, BoxError> {
        let note = Note { consumer: self.consumer.clone() };
        let builder = PostgresProjection::builder(&self.url, &self.consumer, note);
        let create = "CREATE TABLE IF NOT EXISTS noted (
            row bigserial, consumer text, application text, event_offset text
        )";
        Ok(builder.schema("handlers").setup(create).open().await?)
    }

    async fn effects(&self, source: &Identity) -> Result<Vec<u64>, BoxError> {
        let sql = "SELECT event_offset FROM noted WHERE consumer = $1 AND application = $2
            ORDER BY row";
        let client = client(&self.url).await;
        let rows = client.query(sql, &[&self.consumer, &source.key]).await?;
        rows.iter().map(|row| Ok(row.get::<_, &str>(0).parse()?)).collect()
    }

    fn failing_parcel(&self, _offset: u64, parcels: &mut Parcels) -> Option<Parcel> {
        Some(parcels.make(FAILING))
    }

    async fn park(&self, source: &Identity, event: &Event) -> Result<bool, BoxError> {
        let parked = self.handler().await?.parked();
        parked.failed(source, event, "it was parked by a test").await?;
        // As if that had been before the offset went past it.
        let sql = "UPDATE handlers.parked SET state = 'parked' WHERE consumer = $1";
        client(&self.url).await.execute(sql, &[&self.consumer]).await?;
        Ok(parked.replay(source, event.offset).await?)
    }
}

handler_suite!(mod projection: Harness);
