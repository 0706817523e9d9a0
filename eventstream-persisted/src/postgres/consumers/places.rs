use eventstream_core::{Identity, Incarnation, ParseIncarnationError};
use tokio_postgres::{Row, types::Type};

use crate::postgres::{
    connection::{Link, Param},
    error::{PostgresError, Result},
    schema::Schema,
};

/// How the consumers of this table keep their offsets: with their effects.
const KIND: &str = "projection";

/// A stream as one consumer knows it: which row of `consumers` is its own.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) source: Identity,
    /// What the stream says of itself, if it was asked.
    pub(super) incarnation: Option<Incarnation>,
}

/// The place of a consumer in a stream.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) offset: u64,
    incarnation: Option<Incarnation>,
    application_name: String,
}

/// What a consumer does in `consumers`.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) schema: Schema,
    pub(super) consumer: String,
}

impl Places {
    /// The consumer's place, if it has begun.
    pub(super) async fn load(&self, link: &Link, source: &Identity) -> Result<Option<Place>> {
        let sql = self.schema.sql(
            "SELECT next_offset::text, incarnation::text, application_name FROM @.consumers
             WHERE consumer = $1 AND application_key = $2",
        );
        let params = [(&self.consumer as _, Type::TEXT), (&source.key as _, Type::TEXT)];
        let rows = link.query("read the offset", &sql, &params).await?;
        rows.first().map(|row| self.place(row)).transpose()
    }

    fn place(&self, row: &Row) -> Result<Place> {
        let damaged = |problem: String| PostgresError::DamagedTables {
            server: self.schema.server.to_string(),
            problem,
        };
        let (offset, incarnation): (&str, Option<&str>) = (row.get(0), row.get(1));
        let offset = offset.parse().map_err(|_| damaged(format!("{offset} is no offset")))?;
        let incarnation = incarnation.map(str::parse).transpose();
        let incarnation =
            incarnation.map_err(|error: ParseIncarnationError| damaged(error.to_string()))?;
        Ok(Place { offset, incarnation, application_name: row.get(2) })
    }

    /// Checks that the consumer's place is one of this stream, and notes what the stream says of
    /// itself beside it.
    pub(super) async fn begin(&self, link: &Link, stream: &Stream) -> Result<()> {
        let Some(place) = self.load(link, &stream.source).await? else {
            // To be stored with the first offset.
            return Ok(());
        };
        match (place.incarnation, stream.incarnation) {
            (Some(known), Some(found)) if known != found => Err(PostgresError::OtherIncarnation {
                consumer: self.consumer.clone(),
                application: stream.source.clone(),
                known,
                found,
            }),
            (None, Some(_)) => self.describe(link, stream).await,
            _ if place.application_name != stream.source.name => self.describe(link, stream).await,
            _ => Ok(()),
        }
    }

    /// Moves the consumer from `offset`, if it is there, to `next`. Returns the transaction that has
    /// moved it.
    pub(super) async fn advance(
        &self,
        link: &Link,
        stream: &Stream,
        offset: u64,
        next: u64,
    ) -> Result<Option<i64>> {
        // Who has no place is at the beginning.
        let sql = self.schema.sql(if offset == 0 {
            "INSERT INTO @.consumers AS it (consumer, application_key, application_name, kind,
                 next_offset, incarnation)
             VALUES ($1, $2, $3, $4, $6::text::numeric, $7::text::uuid)
             ON CONFLICT (consumer, application_key) DO UPDATE
             SET application_name = $3, next_offset = $6::text::numeric,
                 incarnation = coalesce(it.incarnation, $7::text::uuid), updated_at = now()
             WHERE it.kind = $4 AND it.next_offset = $5::text::numeric
                 AND coalesce(it.incarnation = $7::text::uuid, true)
             RETURNING txid_current()"
        } else {
            "UPDATE @.consumers
             SET application_name = $3, next_offset = $6::text::numeric,
                 incarnation = coalesce(incarnation, $7::text::uuid), updated_at = now()
             WHERE consumer = $1 AND application_key = $2 AND kind = $4
                 AND next_offset = $5::text::numeric
                 AND coalesce(incarnation = $7::text::uuid, true)
             RETURNING txid_current()"
        });
        let (offset, next) = (offset.to_string(), next.to_string());
        let incarnation = stream.incarnation.map(|it| it.to_string());
        let params: [Param<'_>; 7] = [
            (&self.consumer, Type::TEXT),
            (&stream.source.key, Type::TEXT),
            (&stream.source.name, Type::TEXT),
            (&KIND, Type::TEXT),
            (&offset, Type::TEXT),
            (&next, Type::TEXT),
            (&incarnation, Type::TEXT),
        ];
        let rows = link.query("advance the offset", &sql, &params).await?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// Gives a consumer that has no place one. Returns whether it had none.
    pub(super) async fn begin_at(&self, link: &Link, stream: &Stream, offset: u64) -> Result<bool> {
        let sql = self.schema.sql(
            "INSERT INTO @.consumers (consumer, application_key, application_name, kind,
                 next_offset, incarnation)
             VALUES ($1, $2, $3, $4, $5::text::numeric, $6::text::uuid)
             ON CONFLICT (consumer, application_key) DO NOTHING RETURNING 1",
        );
        let (offset, incarnation) =
            (offset.to_string(), stream.incarnation.map(|it| it.to_string()));
        let params: [Param<'_>; 6] = [
            (&self.consumer, Type::TEXT),
            (&stream.source.key, Type::TEXT),
            (&stream.source.name, Type::TEXT),
            (&KIND, Type::TEXT),
            (&offset, Type::TEXT),
            (&incarnation, Type::TEXT),
        ];
        let rows = link.query("store the start position", &sql, &params).await?;
        Ok(!rows.is_empty())
    }

    /// Notes what the stream says of itself, beside the place that there is.
    async fn describe(&self, link: &Link, stream: &Stream) -> Result<()> {
        let sql = self.schema.sql(
            "UPDATE @.consumers
             SET application_name = $3, incarnation = coalesce(incarnation, $4::text::uuid)
             WHERE consumer = $1 AND application_key = $2",
        );
        let incarnation = stream.incarnation.map(|it| it.to_string());
        let params: [Param<'_>; 4] = [
            (&self.consumer, Type::TEXT),
            (&stream.source.key, Type::TEXT),
            (&stream.source.name, Type::TEXT),
            (&incarnation, Type::TEXT),
        ];
        link.query("note the incarnation", &sql, &params).await.map(drop)
    }
}
