//! Appending in a transaction that is open: what is there is looked at under the lock.

use std::{collections::HashMap, ops::Range};

use eventstream_core::{Expect, Parcel};
use tokio_postgres::{Row, types::Type};

use super::{
    Charter,
    insert::{APPEND, Columns},
};
use crate::{
    group_commit::{Append, Outcomes, Plan},
    postgres::{
        connection::{Link, Param},
        error::Result,
        sql::{offset, stored},
    },
};

pub(super) const ACTION: &str = "append events";

/// Something that statements are run on, in a transaction.
pub(super) trait Run {
    async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>>;
}

impl Run for Link {
    async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        self.query(ACTION, sql, params).await
    }
}

/// What a batch has come to, if the transaction is committed.
pub(super) struct Stored {
    pub(super) outcomes: Outcomes,
    /// Where the events are that were not there before.
    pub(super) range: Range<u64>,
    pub(super) parcels: Vec<Parcel>,
}

/// Takes the lock of those who append, looks up the ids, and stores what is new.
pub(super) async fn store(run: &impl Run, charter: &Charter, batch: &[Append]) -> Result<Stored> {
    let [stream, incarnation] = charter.params();
    let lock = charter.sql(
        "SELECT next_offset, oldest_offset FROM @.streams
         WHERE stream_id = $1 AND incarnation = $2::uuid FOR UPDATE",
    );
    let rows = run.rows(&lock, &[stream.clone(), incarnation.clone()]).await?;
    let row = rows.first().ok_or_else(|| charter.replaced())?;
    let (next, oldest): (i64, i64) = (row.get(0), row.get(1));

    let ids: Vec<_> = batch.iter().flat_map(Append::parcels).map(Parcel::message_id).collect();
    let mut places = HashMap::new();
    if !ids.is_empty() {
        let look_up = charter.sql(
            "SELECT message_id, event_offset FROM @.events
             WHERE stream_id = $1 AND message_id = ANY ($2)",
        );
        let params = [stream.clone(), (&ids as _, Type::TEXT_ARRAY)];
        for row in run.rows(&look_up, &params).await? {
            places.insert(row.get::<_, String>(0), row.get::<_, i64>(1));
        }
    }
    // Of what is truncated, something may not be removed yet.
    let truncated: Vec<_> =
        places.extract_if(|_, place| *place < oldest).map(|(id, _)| id).collect();
    let known = places.iter().map(|(id, place)| (id.as_str(), offset(*place)));
    let mut plan = Plan::new(offset(next), charter.limit(), known);
    let outcomes = batch.iter().map(|append| plan.add(append)).collect();
    let parcels = plan.parcels();
    let range = plan.first()..plan.first() + parcels.len() as u64;
    if !parcels.is_empty() {
        if !truncated.is_empty() {
            let remove = charter.sql(
                "DELETE FROM @.events
                 WHERE stream_id = $1 AND event_offset < $2 AND message_id = ANY ($3)",
            );
            let params = [stream.clone(), (&oldest, Type::INT8), (&truncated, Type::TEXT_ARRAY)];
            run.rows(&remove, &params).await?;
        }
        append(run, charter, parcels.iter().copied(), Expect::Offset(plan.first())).await?;
    }
    let parcels = parcels.iter().map(|&parcel| parcel.clone()).collect();
    Ok(Stored { outcomes, range, parcels })
}

/// Stores events that are new, at the offset that is expected, if one is. Returns their first offset;
/// `None` if the next one is another, or not enough are left.
pub(super) async fn append<'a>(
    run: &impl Run,
    charter: &Charter,
    parcels: impl Iterator<Item = &'a Parcel> + Clone,
    expected: Expect,
) -> Result<Option<u64>> {
    let [stream, incarnation] = charter.params();
    let columns = Columns::new(parcels);
    let expected = match expected {
        Expect::Any => None,
        Expect::Offset(offset) => Some(offset),
    };
    let (count, expected, limit) = (columns.len(), expected.map(stored), stored(charter.limit()));
    let mut params = vec![
        stream,
        incarnation,
        (&count, Type::INT8),
        (&expected, Type::INT8),
        (&limit, Type::INT8),
    ];
    params.extend(columns.params());
    let rows = run.rows(&charter.sql(APPEND), &params).await?;
    Ok(rows.first().map(|row| offset(row.get(0))))
}
