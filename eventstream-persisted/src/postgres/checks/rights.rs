use tokio_postgres::types::Type;

use super::{Link, Result, Schema};
use crate::{Finding, postgres::sql::quoted};

/// What the user may do.
pub(super) async fn check(link: &Link, schema: &Schema) -> Result<Vec<Finding>> {
    let sql = "SELECT has_table_privilege($1, 'INSERT') AND has_table_privilege($2, 'UPDATE'),
                      has_table_privilege($1, 'DELETE') AND has_table_privilege($2, 'UPDATE')";
    let [events, streams] =
        ["events", "streams"].map(|table| format!("{}.{table}", quoted(&schema.name)));
    let params = [(&events as _, Type::TEXT), (&streams as _, Type::TEXT)];
    let rows = link.query("look at the user's rights", sql, &params).await?;
    let may = |column: usize| rows.first().is_some_and(|row| row.get(column));
    Ok(vec![
        if may(0) {
            Finding::fine("append right", "the user may append")
        } else {
            Finding::warning("append right", "the user may read events, and not append any")
                .advice("if it is to: grant it INSERT on `events`, UPDATE on `streams`")
        },
        if may(1) {
            Finding::fine("truncate right", "the user may truncate")
        } else {
            Finding::warning("truncate right", "the user may not truncate the store")
                .advice("if it is to: grant it DELETE on `events`, UPDATE on `streams`")
        },
    ])
}
