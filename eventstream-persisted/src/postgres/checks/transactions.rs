use tokio_postgres::types::Type;

use super::{Link, Result, Schema};
use crate::{Finding, postgres::sql::quoted};

/// Looks for transactions that have held for long what those who append wait for.
pub(super) async fn check(link: &Link, schema: &Schema) -> Result<Finding> {
    const CHECK: &str = "transactions";
    let sql = "SELECT a.pid, extract(epoch FROM clock_timestamp() - a.xact_start)::bigint
        FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'relation' AND l.relation = to_regclass($1) AND l.granted
            AND l.database = (SELECT oid FROM pg_catalog.pg_database
                              WHERE datname = current_database())
            AND l.mode IN ('RowShareLock', 'RowExclusiveLock')
            AND coalesce(a.xact_start < clock_timestamp() - interval '5 seconds', true)
            AND a.pid <> pg_backend_pid()
        ORDER BY a.xact_start NULLS LAST LIMIT 1";
    let streams = format!("{}.streams", quoted(&schema.name));
    let rows = link.query("look at transactions", sql, &[(&streams as _, Type::TEXT)]).await?;
    let Some(row) = rows.first() else {
        let what = "no transaction has kept those who append waiting for long";
        return Ok(Finding::fine(CHECK, what));
    };
    let (process, seconds) = (row.get::<_, i32>(0), row.get::<_, Option<i64>>(1));
    let Some(seconds) = seconds else {
        // Whoever may not look into the sessions of others is told no times.
        let what = format!(
            "process {process}, of another user, has a transaction that appends, and since when can't \
             be seen: others can't append meanwhile"
        );
        let advice =
            "grant pg_read_all_stats to the user, or look at pg_stat_activity as another one";
        return Ok(Finding::unknown(CHECK, what).advice(advice));
    };
    let what = format!(
        "a transaction of process {process} that appends is open for {seconds} seconds: others can't \
         append meanwhile"
    );
    let advice = format!("end it, if it was forgotten: SELECT pg_terminate_backend({process})");
    Ok(Finding::warning(CHECK, what).advice(advice))
}
