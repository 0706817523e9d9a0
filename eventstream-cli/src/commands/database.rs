//! Opening a database in which consumers keep their offset, and finding one of them.

use std::{collections::BTreeSet, path::Path};

use eventstream_core::{Error, Identity};
use eventstream_persisted::{
    SqliteConsumer, SqliteConsumers, SqliteError, SqliteParked,
    rusqlite::{self, ErrorCode},
};

use crate::{
    args::{AnyConsumer, OneConsumer},
    failure::{Failure, said_by_backend},
};

/// Opens a database that is there.
pub(super) async fn open(path: &Path) -> Result<SqliteConsumers, Failure> {
    SqliteConsumers::open(path).await.map_err(|error| {
        let failure = failure(&error);
        // The demo's, one directory further down.
        let inner = path.join("summary.db");
        if inner.is_file() {
            failure.or_hint(format!("did you mean --db {}?", inner.display()))
        } else {
            failure
        }
    })
}

/// What the database says of itself is enough: it names its path.
pub(super) fn failure(error: &Error) -> Failure {
    let Some(problem) = said_by_backend::<SqliteError>(error) else {
        return Failure::of(error);
    };
    let failure = Failure::of(problem);
    match problem {
        SqliteError::NotFound { .. } => failure.or_hint(
            "a program's SqliteProjection or SqliteCheckpoints create it when they are opened",
        ),
        SqliteError::Locked { .. } => {
            failure.or_hint("nothing was changed: do the same again when the other one is done")
        }
        SqliteError::NotWritable { .. } => failure.or_hint(
            "run it as the user whose database it is: SQLite writes beside the file, also to read it",
        ),
        SqliteError::Sqlite { source, .. } if can_not_open(source) => failure.or_hint(
            "check the permissions of the file and its directory, and whether the disk is mounted \
             read-only: SQLite writes beside the file, also to read it",
        ),
        _ => failure,
    }
}

fn can_not_open(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::CannotOpen)
}

/// A consumer of a database that is open, and its parked events.
pub(super) struct Found {
    pub(super) consumers: SqliteConsumers,
    pub(super) consumer: SqliteConsumer,
    pub(super) parked: SqliteParked,
}

/// Opens a database, and finds the one consumer that is named.
pub(super) async fn find(which: &OneConsumer) -> Result<Found, Failure> {
    let OneConsumer { db, consumer, application } = which;
    find_one(db, Some(consumer), application.as_deref()).await
}

/// Opens a database, and finds the one consumer that fits.
pub(super) async fn find_any(which: &AnyConsumer) -> Result<Found, Failure> {
    find_one(&which.db, which.consumer.as_deref(), which.application.as_deref()).await
}

async fn find_one(
    db: &Path,
    consumer: Option<&str>,
    application: Option<&str>,
) -> Result<Found, Failure> {
    let consumers = open(db).await?;
    let mut fitting = fitting(&consumers, db, consumer, application).await?;
    match fitting.pop() {
        Some(consumer) if fitting.is_empty() => {
            let parked = consumers.parked(&*consumer.name);
            Ok(Found { consumers, consumer, parked })
        }
        last => {
            fitting.extend(last);
            Err(several(&fitting, db))
        }
    }
}

/// The consumers that fit, of which there is at least one.
pub(super) async fn fitting(
    consumers: &SqliteConsumers,
    db: &Path,
    consumer: Option<&str>,
    application: Option<&str>,
) -> Result<Vec<SqliteConsumer>, Failure> {
    let all = consumers.list().await.map_err(|error| failure(&error))?;
    let shown = db.display();
    if all.is_empty() {
        return Err(Failure::new(format!("no consumer has stored an offset in {shown} yet")));
    }
    let there = listed(all.iter().map(|it| it.name.clone()));
    let named = all.into_iter().filter(|it| consumer.is_none_or(|name| it.name == name));
    let named: Vec<_> = named.collect();
    if named.is_empty() {
        let name = consumer.unwrap_or_default();
        return Err(Failure::new(format!("there is no consumer {name:?} in {shown}"))
            .hint(format!("there are: {there}")));
    }
    let applications = listed(named.iter().map(|it| it.application.to_string()));
    let is_meant =
        |it: &SqliteConsumer| application.is_none_or(|given| is_named(&it.application, given));
    let fitting: Vec<_> = named.into_iter().filter(is_meant).collect();
    if fitting.is_empty() {
        let given = application.unwrap_or_default();
        let who = match consumer {
            Some(name) => format!("consumer {name:?} has"),
            None => "the consumers have".to_owned(),
        };
        return Err(Failure::new(format!(
            "{who} no offset of an application {given:?} in {shown}"
        ))
        .hint(format!("there are offsets of: {applications}")));
    }
    Ok(fitting)
}

/// Whether it is what the user calls it: by its name, its key, or both.
fn is_named(application: &Identity, given: &str) -> bool {
    let Identity { name, key } = application;
    given == name || given == key || given == format!("{name}:{key}")
}

fn several(fitting: &[SqliteConsumer], db: &Path) -> Failure {
    let same_name = fitting.iter().all(|it| it.name == fitting[0].name);
    let hint = if same_name {
        "name the application by its key: --application KEY"
    } else {
        "name one by --consumer NAME, and if need be --application KEY"
    };
    Failure::new(format!(
        "several consumers in {} fit: {}",
        db.display(),
        listed(fitting.iter().map(|it| format!("{:?} of {}", it.name, it.application))),
    ))
    .hint(hint)
}

fn listed(names: impl Iterator<Item = String>) -> String {
    names.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}
