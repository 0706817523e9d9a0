//! What is found out about a database when a store is opened, or is asked for.

mod pooler;
mod rights;
mod server;
mod transactions;

use super::{connection::Link, error::Result, schema::Schema};
use crate::Finding;

/// What tells at once: about the server, and what we may do there.
pub(super) async fn at_opening(link: &Link, schema: &Schema) -> Result<Vec<Finding>> {
    let mut findings = server::check(link).await?;
    findings.append(&mut rights::check(link, schema).await?);
    Ok(findings)
}

/// Makes all checks. `another` is a second connection of the same kind.
pub(super) async fn run(
    link: &Link,
    another: &Link,
    schema: &Schema,
    notifications: bool,
) -> Result<Vec<Finding>> {
    let mut findings = at_opening(link, schema).await?;
    findings.push(schema.finding());
    findings.append(&mut pooler::check(link, another, notifications).await?);
    findings.push(transactions::check(link, schema).await?);
    Ok(findings)
}
