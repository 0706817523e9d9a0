use std::sync::Arc;

use tokio_postgres::types::Type;

use super::{
    connection::Link,
    error::{PostgresError, Result},
    sql::in_schema,
};
use crate::Finding;

/// The steps that lead from one version of the tables to the next. The first one creates them. A step
/// that was released never changes.
///
/// Offsets in `streams` and `events` stand as [`stored`](super::sql::stored) says; in `consumers` and
/// `parked`, where they are only compared, as numbers of any size. What is compared has the collation
/// "C": it costs nothing, and is the order that programs have.
const STEPS: [&str; 1] = ["
    CREATE TABLE @.streams (
        stream_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        application_key text COLLATE \"C\" NOT NULL UNIQUE,
        application_name text NOT NULL,
        incarnation uuid NOT NULL,
        first_offset bigint NOT NULL,
        oldest_offset bigint NOT NULL,
        next_offset bigint NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 10);

    CREATE TABLE @.events (
        stream_id int NOT NULL,
        event_offset bigint NOT NULL,
        event_type text COLLATE \"C\" NOT NULL,
        message_id text COLLATE \"C\" NOT NULL,
        source_handler_key text COLLATE \"C\",
        source_instance_id text COLLATE \"C\",
        envelope bytea NOT NULL,
        PRIMARY KEY (stream_id, event_offset)
    );
    CREATE UNIQUE INDEX events_by_message_id ON @.events (stream_id, message_id);
    CREATE INDEX events_by_type ON @.events (stream_id, event_type, event_offset);
    CREATE INDEX events_by_source
        ON @.events (stream_id, source_handler_key, source_instance_id, event_offset)
        WHERE source_handler_key IS NOT NULL;

    CREATE TABLE @.consumers (
        consumer text COLLATE \"C\" NOT NULL,
        application_key text COLLATE \"C\" NOT NULL,
        application_name text NOT NULL,
        kind text NOT NULL,
        next_offset numeric(20) NOT NULL,
        incarnation uuid,
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, application_key)
    ) WITH (fillfactor = 50);

    CREATE TABLE @.parked (
        consumer text COLLATE \"C\" NOT NULL,
        application_key text COLLATE \"C\" NOT NULL,
        event_offset numeric(20) NOT NULL,
        state text NOT NULL CHECK (state IN ('noted', 'parked', 'replaying')),
        attempts bigint NOT NULL,
        first_failed_at timestamptz NOT NULL,
        last_failed_at timestamptz NOT NULL,
        error text NOT NULL,
        event bytea NOT NULL,
        PRIMARY KEY (consumer, application_key, event_offset)
    );
    CREATE INDEX parked_by_state
        ON @.parked (consumer, application_key, state, event_offset);
"];

/// The version of the tables that this program knows.
const VERSION: usize = STEPS.len();

/// Our tables in a database.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    pub(super) name: Arc<str>,
    pub(super) server: Arc<str>,
}

impl Schema {
    /// Checks that the tables are there, in the version that is known; an older one is brought up to
    /// it.
    pub(super) async fn require(&self, link: &Link) -> Result<()> {
        match self.version(link).await? {
            0 => Err(PostgresError::NotFound {
                server: self.server.to_string(),
                schema: self.name.to_string(),
            }),
            VERSION => Ok(()),
            _ => self.migrate(link).await,
        }
    }

    /// Creates the tables, if they are not there.
    pub(super) async fn create(&self, link: &Link) -> Result<()> {
        match self.version(link).await? {
            VERSION => Ok(()),
            _ => self.migrate(link).await,
        }
    }

    /// What was found out about the tables when the store was opened.
    pub(super) fn finding(&self) -> Finding {
        let what = format!("the tables in schema {:?} have version {VERSION}", self.name);
        Finding::fine("schema", what)
    }

    /// A statement about the tables.
    pub(super) fn sql(&self, statement: &str) -> String {
        in_schema(&self.name, statement)
    }

    /// The version of the tables; 0 if there are none.
    async fn version(&self, link: &Link) -> Result<usize> {
        const ACTION: &str = "look at the tables";
        let there = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relname = 'schema_version')";
        let rows = link.query(ACTION, there, &[(&&*self.name, Type::TEXT)]).await?;
        if !rows.first().is_some_and(|row| row.get(0)) {
            return Ok(0);
        }
        let version = self.sql("SELECT max(version) FROM @.schema_version");
        let rows = link.query(ACTION, &version, &[]).await?;
        let found: Option<i32> = rows.first().and_then(|row| row.get(0));
        let known = found.and_then(|found| usize::try_from(found).ok());
        match (found, known) {
            (Some(found), Some(known)) if known > VERSION => Err(PostgresError::NewerSchema {
                server: self.server.to_string(),
                schema: self.name.to_string(),
                found,
                supported: i32::try_from(VERSION).unwrap_or(i32::MAX),
            }),
            (_, Some(known)) if known > 0 => Ok(known),
            _ => Err(PostgresError::DamagedTables {
                server: self.server.to_string(),
                problem: format!("schema {:?} has no version in schema_version", self.name),
            }),
        }
    }

    /// Takes the steps that are missing, all or none. Whoever else is at it is waited for.
    async fn migrate(&self, link: &Link) -> Result<()> {
        link.begin().await?;
        let migrated = self.take_steps(link).await;
        let end = if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = link.end("create the tables", end).await;
        migrated.and(ended)
    }

    /// Has whoever creates tables wait for each other, until the transaction ends: there is nothing yet
    /// that could be locked.
    pub(super) async fn lock(&self, link: &Link) -> Result<()> {
        let lock = "SELECT pg_advisory_xact_lock(5142391, hashtext($1))";
        link.query("create the tables", lock, &[(&&*self.name, Type::TEXT)]).await.map(drop)
    }

    async fn take_steps(&self, link: &Link) -> Result<()> {
        const ACTION: &str = "create the tables";
        self.lock(link).await?;
        let version = self.version(link).await?;
        if version == 0 {
            let there = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1";
            if link.query(ACTION, there, &[(&&*self.name, Type::TEXT)]).await?.is_empty() {
                link.batch(ACTION, &self.sql("CREATE SCHEMA @")).await?;
            }
            link.batch(ACTION, &self.sql("CREATE TABLE @.schema_version (version int NOT NULL)"))
                .await?;
        }
        for (step, number) in STEPS.iter().zip(1_usize..).skip(version) {
            link.batch(ACTION, &self.sql(step)).await?;
            let note = format!("INSERT INTO @.schema_version (version) VALUES ({number})");
            link.batch(ACTION, &self.sql(&note)).await?;
        }
        Ok(())
    }
}
