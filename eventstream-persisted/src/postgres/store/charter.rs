use std::sync::Arc;

use eventstream_core::{Identity, Incarnation};
use tokio_postgres::types::Type;

use crate::postgres::{
    connection::Param,
    error::PostgresError,
    schema::Schema,
    sql::{is_high, limit},
};

/// What a store is, as long as it is open.
#[derive(Debug)]
pub(in crate::postgres) struct Charter {
    pub(in crate::postgres) schema: Schema,
    pub(in crate::postgres) stream_id: i32,
    pub(in crate::postgres) application: Identity,
    pub(in crate::postgres) incarnation: Incarnation,
    /// The incarnation, as it is compared with what is stored.
    pub(in crate::postgres) incarnation_text: String,
    pub(in crate::postgres) first_offset: u64,
    /// What commits are told to others on.
    pub(in crate::postgres) channel: Arc<str>,
}

impl Charter {
    /// What names the stream in a statement: `$1` and `$2`.
    pub(in crate::postgres) fn params(&self) -> [Param<'_>; 2] {
        [(&self.stream_id, Type::INT4), (&self.incarnation_text, Type::TEXT)]
    }

    pub(in crate::postgres) fn sql(&self, statement: &str) -> String {
        self.schema.sql(statement)
    }

    /// The largest offset that can be the next one.
    pub(in crate::postgres) fn limit(&self) -> u64 {
        limit(self.first_offset)
    }

    /// Whether an offset lies in the half of all numbers that those of the stream are in.
    pub(in crate::postgres) fn has_in_range(&self, offset: u64) -> bool {
        is_high(offset) == is_high(self.first_offset)
    }

    /// The row that says what the stream is has gone, or is another one's.
    pub(in crate::postgres) fn replaced(&self) -> PostgresError {
        PostgresError::Replaced { application: self.application.clone() }
    }

    pub(in crate::postgres) fn damaged(
        &self,
        first: u64,
        last: u64,
        problem: impl Into<String>,
    ) -> PostgresError {
        let problem = problem.into();
        PostgresError::Damaged { application: self.application.clone(), first, last, problem }
    }
}
