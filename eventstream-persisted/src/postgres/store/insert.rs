//! The statements that store events.

use eventstream_core::{Error, Parcel, Result as CoreResult};
use tokio_postgres::types::{ToSql, Type};

use crate::group_commit::Append;

/// What a value in a table can have, with room to spare: it takes twice as much on its way in text.
pub(super) const MAX_PARCEL: usize = 256 * 1024 * 1024;
/// What one append can have: the server takes no message of a gibibyte, and keeps all of it in memory
/// several times.
const MAX_APPEND: usize = 256 * 1024 * 1024;
/// What an index can hold of each of the columns that are searched.
const MAX_KEY: usize = 1024;

/// Refuses what the tables can't keep.
pub(super) fn check(append: &Append) -> CoreResult<()> {
    if append.bytes() > MAX_APPEND {
        let problem = format!(
            "and the others of the append are larger than {MAX_APPEND} bytes together: append them in \
             several"
        );
        return Err(Error::invalid("envelope", problem));
    }
    for parcel in append.parcels() {
        let handler = parcel.source_handler();
        for (field, text) in [
            ("message_id", parcel.message_id()),
            ("portable_name", parcel.event_type()),
            ("source_handler", handler.map_or("", |handler| handler.key)),
            ("source_instance_id", parcel.source_instance_id()),
        ] {
            if text.len() > MAX_KEY {
                let problem = format!("is longer than {MAX_KEY} bytes, which the store can find");
                return Err(Error::invalid(field, problem));
            }
            if text.contains('\0') {
                return Err(Error::invalid(
                    field,
                    "has a NUL character, which PostgreSQL can't keep",
                ));
            }
        }
    }
    Ok(())
}

/// Takes so many offsets, if the next one is as expected, and stores events at them: one statement,
/// so that it is one round trip. `$3` is how many, `$4` what is expected if anything is, `$5` the
/// largest that the next offset can be.
///
/// No row is no stream of this incarnation, another offset, or no offset that is left. A message that
/// is stored already violates the index, and all of it fails.
pub(super) const APPEND: &str = "
    WITH taken AS (
        UPDATE @.streams SET next_offset = next_offset + $3
        WHERE stream_id = $1 AND incarnation = $2::uuid AND ($4::bigint IS NULL OR next_offset = $4)
            AND next_offset <= $5 - $3
        RETURNING next_offset - $3 AS first
    ), stored AS (
        INSERT INTO @.events (stream_id, event_offset, event_type, message_id, source_handler_key,
            source_instance_id, envelope)
        SELECT $1, taken.first + it.place - 1, it.event_type, it.message_id, it.handler, it.instance,
            it.envelope
        FROM taken, unnest($6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[])
            WITH ORDINALITY AS it (event_type, message_id, handler, instance, envelope, place)
    )
    SELECT first FROM taken";

/// The columns of events, one array for each.
pub(super) struct Columns<'a> {
    types: Vec<&'a str>,
    ids: Vec<&'a str>,
    handlers: Vec<Option<&'a str>>,
    instances: Vec<Option<&'a str>>,
    envelopes: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    pub(super) fn new<'b>(parcels: impl Iterator<Item = &'a Parcel> + Clone + 'b) -> Self {
        let handlers = parcels.clone().map(|it| it.source_handler().map(|handler| handler.key));
        let instance = |it: &'a Parcel| it.source_handler().map(|_| it.source_instance_id());
        Self {
            types: parcels.clone().map(Parcel::event_type).collect(),
            ids: parcels.clone().map(Parcel::message_id).collect(),
            handlers: handlers.collect(),
            instances: parcels.clone().map(instance).collect(),
            envelopes: parcels.map(|it| &it.wire()[..]).collect(),
        }
    }

    pub(super) fn len(&self) -> i64 {
        i64::try_from(self.ids.len()).unwrap_or(i64::MAX)
    }

    /// `$6` to `$10`.
    pub(super) fn params(&self) -> [(&(dyn ToSql + Sync), Type); 5] {
        [
            (&self.types, Type::TEXT_ARRAY),
            (&self.ids, Type::TEXT_ARRAY),
            (&self.handlers, Type::TEXT_ARRAY),
            (&self.instances, Type::TEXT_ARRAY),
            (&self.envelopes, Type::BYTEA_ARRAY),
        ]
    }
}
