use super::{Link, Result};
use crate::Finding;

const ACTION: &str = "look for a pooler";

/// Two connections that are open at once have sessions of their own, unless somebody in between hands
/// out one session to both. One that does so may hand out two as well, so that it is not seen every
/// time.
pub(super) async fn check(
    link: &Link,
    another: &Link,
    notifications: bool,
) -> Result<Vec<Finding>> {
    let sql = "SELECT pg_backend_pid()";
    let first = link.query(ACTION, sql, &[]).await?;
    let second = another.query(ACTION, sql, &[]).await?;
    let process = |rows: &[tokio_postgres::Row]| rows.first().map(|row| row.get::<_, i32>(0));
    let is_shared = process(&first) == process(&second);
    let pooler = match (is_shared, link.is_pooled()) {
        (true, false) => Finding::warning(
            "pooler",
            "a pooler in transaction mode stands before the server: what is prepared or listened for \
             in a session gets lost",
        )
        .advice("say so, by `pooler=transaction` of the URL, or have it pool by session"),
        (_, true) => Finding::fine("pooler", "nothing is kept in sessions, as poolers need it"),
        (false, false) => Finding::fine("pooler", "each connection has a session of its own"),
    };
    let told = if notifications {
        "what others commit is told at once, and looked for now and then"
    } else {
        "what others commit is not told, and looked for several times a second"
    };
    Ok(vec![pooler, Finding::fine("notifications", told)])
}
