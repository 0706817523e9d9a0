use std::sync::Arc;

use eventstream_core::Identity;
use tokio_postgres::{Row, types::Type};
use tracing::{debug, warn};

use super::{
    Charter, PostgresStore, PostgresStoreBuilder, engine::PostgresEngine, postgres_store::Inner,
};
use crate::{
    RecentEvents, Severity,
    group_commit::GroupCommit,
    postgres::{
        checks,
        connection::{Link, Pool},
        error::{PostgresError, Result},
        read::Pages,
        schema::Schema,
        sql::{offset, stored},
        watch::Watch,
    },
};

const COLUMNS: &str = "stream_id, application_key, application_name, incarnation::text, first_offset, \
                       next_offset, oldest_offset";

pub(super) async fn open(builder: &PostgresStoreBuilder) -> Result<PostgresStore> {
    let connector = builder.connector()?;
    let link = connector.connect().await?;
    check_encoding(&link, &connector.server).await?;
    let schema = Schema { name: builder.schema.as_str().into(), server: connector.server.clone() };
    if builder.application.is_some() {
        schema.create(&link).await?;
    } else {
        schema.require(&link).await?;
    }
    let row = match &builder.application {
        Some(application) => create(&link, &schema, application, builder.first_offset).await?,
        None => find(&link, &schema, builder.application_key.as_deref()).await?,
    };
    for finding in checks::at_opening(&link, &schema).await? {
        match finding.severity() {
            Severity::Error => {
                return Err(PostgresError::Unfit { server: schema.server.to_string(), finding });
            }
            Severity::Warning => warn!(server = %schema.server, "{finding}"),
            _ => debug!(server = %schema.server, "{finding}"),
        }
    }
    let mut incarnation: String = row.get(3);
    let stream_id: i32 = row.get(0);
    if builder.restored {
        let renew = schema.sql(
            "UPDATE @.streams SET incarnation = gen_random_uuid() WHERE stream_id = $1
             RETURNING incarnation::text",
        );
        let rows = link.write("note the application", &renew, &[(&stream_id, Type::INT4)]).await?;
        if let Some(row) = rows.first() {
            incarnation = row.get(0);
        }
    }
    let application = Identity::new(row.get::<_, String>(2), row.get::<_, String>(1));
    let channel = channel(&link, &schema, &application).await?;
    let charter = Arc::new(Charter {
        stream_id,
        incarnation: incarnation.parse().map_err(|_| PostgresError::DamagedTables {
            server: schema.server.to_string(),
            problem: format!("{incarnation} is no incarnation"),
        })?,
        incarnation_text: incarnation,
        first_offset: offset(row.get(4)),
        channel,
        application,
        schema,
    });
    let next = offset(row.get(5));
    let pool = Pool::new(connector.clone(), builder.connections);
    let recent = RecentEvents::bounded(
        &charter.application,
        next,
        builder.recent_events,
        builder.recent_bytes,
    );
    let notifications = builder.notifications;
    let (watch, announcer) = Watch::start(
        charter.clone(),
        pool.clone(),
        recent.clone(),
        (next, offset(row.get(6))),
        builder.polls(),
        notifications,
    );
    let engine = PostgresEngine::new(connector, link, charter.clone(), announcer, recent.clone());
    let group = GroupCommit::start(engine, PostgresEngine::LIMITS);
    let pages = Pages::new(charter.clone(), pool.clone());
    Ok(PostgresStore::new(Inner { charter, pool, pages, recent, group, watch, notifications }))
}

/// The applications whose events the schema keeps, in the order of their keys.
pub(super) async fn applications(builder: &PostgresStoreBuilder) -> Result<Vec<Identity>> {
    let connector = builder.connector()?;
    let link = connector.connect().await?;
    let schema = Schema { name: builder.schema.as_str().into(), server: connector.server.clone() };
    schema.require(&link).await?;
    let all = "SELECT application_name, application_key FROM @.streams ORDER BY application_key";
    let rows = link.query("find the applications", &schema.sql(all), &[]).await?;
    Ok(rows
        .iter()
        .map(|row| Identity::new(row.get::<_, String>(0), row.get::<_, String>(1)))
        .collect())
}

/// The application's row, which is created if it is not there.
async fn create(
    link: &Link,
    schema: &Schema,
    application: &Identity,
    first_offset: u64,
) -> Result<Row> {
    if let Some(row) = by_key(link, schema, &application.key).await?.pop() {
        return Ok(row);
    }
    let insert = schema.sql(
        "INSERT INTO @.streams (application_key, application_name, incarnation, first_offset,
             oldest_offset, next_offset)
         VALUES ($1, $2, gen_random_uuid(), $3, $3, $3) ON CONFLICT DO NOTHING",
    );
    let params = [
        (&application.key as _, Type::TEXT),
        (&application.name as _, Type::TEXT),
        (&stored(first_offset) as _, Type::INT8),
    ];
    link.write("note the application", &insert, &params).await?;
    find(link, schema, Some(&application.key)).await
}

/// The row of the application with this key, or of the only one that there is.
async fn find(link: &Link, schema: &Schema, key: Option<&str>) -> Result<Row> {
    let all =
        schema.sql(&format!("SELECT {COLUMNS} FROM @.streams ORDER BY application_key LIMIT 20"));
    let mut rows = match key {
        Some(key) => by_key(link, schema, key).await?,
        None => link.query("find the application", &all, &[]).await?,
    };
    match (rows.len(), rows.pop()) {
        (1, Some(row)) => Ok(row),
        (0, _) if key.is_none() => Err(PostgresError::NotFound {
            server: schema.server.to_string(),
            schema: schema.name.to_string(),
        }),
        _ => {
            let rows = link.query("find the application", &all, &[]).await?;
            let found: Vec<_> = (rows.iter())
                .map(|row| format!("{} ({})", row.get::<_, &str>(2), row.get::<_, &str>(1)))
                .collect();
            let nobody = "no application".to_owned();
            Err(PostgresError::NoApplication {
                server: schema.server.to_string(),
                schema: schema.name.to_string(),
                wanted: key.unwrap_or("one application alone: name its key").to_owned(),
                found: if found.is_empty() { nobody } else { found.join(", ") },
            })
        }
    }
}

async fn by_key(link: &Link, schema: &Schema, key: &str) -> Result<Vec<Row>> {
    let sql = schema.sql(&format!("SELECT {COLUMNS} FROM @.streams WHERE application_key = $1"));
    link.query("find the application", &sql, &[(&key, Type::TEXT)]).await
}

/// The name that the stream's commits are told under: one that no other stream of the database has.
async fn channel(link: &Link, schema: &Schema, application: &Identity) -> Result<Arc<str>> {
    let sql = "SELECT 'eventstream_' || md5($1 || '/' || $2)";
    let params = [(&&*schema.name as _, Type::TEXT), (&application.key as _, Type::TEXT)];
    let rows = link.query("find the application", sql, &params).await?;
    let name = rows.first().map(|row| row.get::<_, String>(0));
    Ok(name.unwrap_or_default().into())
}

/// Before anything is created there.
async fn check_encoding(link: &Link, server: &str) -> Result<()> {
    let sql = "SELECT current_setting('server_encoding')";
    let rows = link.query("look at the server", sql, &[]).await?;
    match rows.first().map(|row| row.get::<_, String>(0)) {
        Some(encoding) if encoding != "UTF8" => {
            Err(PostgresError::Encoding { server: server.to_owned(), encoding })
        }
        _ => Ok(()),
    }
}
