use std::{ops::Range, sync::Arc};

use eventstream_core::EventTypes;
use tokio_postgres::types::Type;

use super::{
    Filter,
    page::{Columns, Page},
};
use crate::postgres::{
    connection::{Param, Pool},
    error::Result,
    sql::{offset, stored},
    store::Charter,
    watch::Bounds,
};

const ACTION: &str = "read events";
/// A page has so many events at most, …
pub(super) const PAGE_EVENTS: u32 = 4096;
/// … and so many bytes, if it has several.
pub(super) const PAGE_BYTES: u32 = 4 * 1024 * 1024;

/// The events between two offsets, `$3` and `$4`, from which the filter takes some.
const ALL: &str = "
    SELECT event_offset, envelope FROM @.events
    WHERE stream_id = $1 AND event_offset >= $3 AND event_offset < $4
    ORDER BY event_offset LIMIT $5";

/// Type by type, so that the index is used whatever the server believes of their number.
const BY_TYPES: &str = "
    SELECT it.event_offset, it.envelope FROM unnest($7::text[]) AS wanted (event_type)
    CROSS JOIN LATERAL (
        SELECT event_offset, envelope FROM @.events
        WHERE stream_id = $1 AND event_type = wanted.event_type AND event_offset >= $3
            AND event_offset < $4
        ORDER BY event_offset LIMIT $5
    ) it
    ORDER BY it.event_offset LIMIT $5";

const BY_SOURCE: &str = "
    SELECT event_offset, envelope FROM @.events
    WHERE stream_id = $1 AND source_handler_key = $7 AND source_instance_id = $8
        AND event_offset >= $3 AND event_offset < $4
    ORDER BY event_offset LIMIT $5";

/// Reads pages.
///
/// The server puts the events of a page one after another into one value: that is a fraction of the
/// work of as many rows, on both sides. It adds up how large they are first, which reads none of them, and
/// leaves it at that if it is too much: then fewer are asked for. The bounds come with a page, out of the
/// same snapshot: what was truncated meanwhile can't be taken for a gap.
#[derive(Clone)]
pub(in crate::postgres) struct Pages {
    pub(super) charter: Arc<Charter>,
    pool: Pool,
}

impl Pages {
    pub(in crate::postgres) fn new(charter: Arc<Charter>, pool: Pool) -> Self {
        Self { charter, pool }
    }

    /// Reads a page of what matches in a range: so many events, or fewer if they are large.
    pub(super) async fn read(
        &self,
        filter: &Filter,
        range: Range<u64>,
        mut limit: u32,
    ) -> Result<Page> {
        loop {
            match self.try_read(filter, range.clone(), limit).await? {
                Read::Page(page) => return Ok(page),
                Read::TooLarge { fewer } => limit = fewer,
            }
        }
    }

    async fn try_read(&self, filter: &Filter, range: Range<u64>, limit: u32) -> Result<Read> {
        let (first, end) = (stored(range.start), stored(range.end));
        let (most, budget) = (i64::from(limit), i64::from(PAGE_BYTES));
        let [stream, incarnation] = self.charter.params();
        let mut params: Vec<Param<'_>> = vec![
            stream,
            incarnation,
            (&first, Type::INT8),
            (&end, Type::INT8),
            (&most, Type::INT8),
            (&budget, Type::INT8),
        ];
        let from = match filter {
            Filter::All => ALL,
            Filter::Nothing => {
                let bounds = self.bounds().await?;
                return Ok(Read::Page(Page::empty(bounds, limit)));
            }
            Filter::Types(types) => {
                params.push((types, Type::TEXT_ARRAY));
                BY_TYPES
            }
            Filter::Source { handler_key, instance_id } => {
                params.push((handler_key, Type::TEXT));
                params.push((instance_id, Type::TEXT));
                BY_SOURCE
            }
        };
        let rows = self.pool.query(ACTION, &self.charter.sql(&page_of(from)), &params).await?;
        let row = rows.first().ok_or_else(|| self.charter.replaced())?;
        let bounds = Bounds { next: offset(row.get(0)), oldest: offset(row.get(1)) };
        let (count, bytes): (i64, i64) = (row.get(2), row.get(3));
        if count > 1 && bytes > budget {
            // Half of what would just fit, so that the next page most likely does, too.
            let fewer = (count * budget / bytes / 2).max(1);
            return Ok(Read::TooLarge { fewer: u32::try_from(fewer).unwrap_or(1) });
        }
        let columns = Columns { offsets: row.get(4), sizes: row.get(5), envelopes: row.get(6) };
        // What was truncated is missing, and is said to be truncated.
        let dense = matches!(filter, Filter::All) && range.start >= bounds.oldest;
        let events = columns.events(&self.charter, dense.then_some(range.start))?;
        let is_cut = events.len() as u64 >= u64::from(limit);
        if dense && !is_cut {
            let next = events.last().map_or(range.start, |event| event.offset + 1);
            let end = range.end.min(bounds.next);
            if next < end {
                return Err(self.charter.damaged(next, end - 1, "they are missing"));
            }
        }
        // If there is room for twice as many, as many are asked for next.
        let limit = if bytes * 3 <= budget { (limit * 2).min(PAGE_EVENTS) } else { limit };
        Ok(Read::Page(Page { events, bounds, is_whole: !is_cut, limit }))
    }

    /// Which events there are.
    pub(super) async fn bounds(&self) -> Result<Bounds> {
        let sql = self.charter.sql(
            "SELECT next_offset, oldest_offset FROM @.streams
             WHERE stream_id = $1 AND incarnation = $2::uuid",
        );
        let rows = self.pool.query(ACTION, &sql, &self.charter.params()).await?;
        let row = rows.first().ok_or_else(|| self.charter.replaced())?;
        Ok(Bounds { next: offset(row.get(0)), oldest: offset(row.get(1)) })
    }

    /// The types of events that there are: the index is asked for one after another.
    pub(in crate::postgres) async fn event_types(&self) -> Result<EventTypes> {
        let sql = self.charter.sql(
            "WITH RECURSIVE found (event_type) AS (
                 (SELECT event_type FROM @.events WHERE stream_id = $1
                  ORDER BY event_type LIMIT 1)
                 UNION ALL
                 SELECT (SELECT event_type FROM @.events
                         WHERE stream_id = $1 AND event_type > found.event_type
                         ORDER BY event_type LIMIT 1)
                 FROM found WHERE found.event_type IS NOT NULL
             )
             SELECT event_type FROM found WHERE event_type IS NOT NULL",
        );
        let [stream, _] = self.charter.params();
        let rows = self.pool.query(ACTION, &sql, &[stream]).await?;
        Ok(rows.iter().map(|row| row.get::<_, String>(0)).collect())
    }
}

/// What an attempt at a page has come to.
enum Read {
    Page(Page),
    /// Fewer events have to be asked for.
    TooLarge {
        fewer: u32,
    },
}

/// A statement for a page of what another one gives in order.
fn page_of(from: &str) -> String {
    format!(
        "SELECT stream.next_offset, stream.oldest_offset, sized.events, sized.bytes, page.offsets,
             page.sizes, page.envelopes
         FROM @.streams stream CROSS JOIN LATERAL (
             SELECT count(*) AS events, coalesce(sum(octet_length(envelope)), 0)::bigint AS bytes
             FROM ({from}) matching
         ) sized CROSS JOIN LATERAL (
             SELECT array_agg(event_offset) AS offsets,
                 array_agg(octet_length(envelope)) AS sizes,
                 string_agg(envelope, ''::bytea) AS envelopes
             FROM ({from}) matching WHERE sized.bytes <= $6 OR sized.events <= 1
         ) page
         WHERE stream.stream_id = $1 AND stream.incarnation = $2::uuid"
    )
}
