//! Databases that can't be opened, and those that can.

use std::{fs, path::Path};

use eventstream_core::{Error, Handler};
use eventstream_persisted::{SqliteCheckpoints, SqliteConsumers, SqliteError, SqliteProjection};
use rusqlite::Connection;

use crate::support::*;

/// What opening says, as a projection, as checkpoints, and from outside: the same.
async fn said(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    let consumers = SqliteConsumers::open(path).await.unwrap_err();
    let [projection, checkpoints] = created(path).await;
    assert_eq!(text(&projection), text(&checkpoints));
    assert_eq!(text(&projection), text(&consumers));
    text(&projection)
}

/// What opening says where it may create the database.
async fn created(path: &Path) -> [Error; 2] {
    let errors = [
        recording(path).open().await.unwrap_err(),
        SqliteCheckpoints::builder(path, "mails").open().await.unwrap_err(),
    ];
    for error in &errors {
        assert!(matches!(error, Error::Backend { operation: "open", retryable: false, .. }));
        let source = std::error::Error::source(error).unwrap();
        assert!(source.downcast_ref::<SqliteError>().is_some());
    }
    errors
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let place = Place::new();
    fs::write(place.database(), "This is a letter, and a long one at that. ".repeat(100)).unwrap();
    contains(&said(place.database()).await, &["/database is no SQLite database"]);
    assert!(fs::read(place.database()).unwrap().starts_with(b"This is a letter"));
}

#[tokio::test]
async fn a_path_that_can_not_be_is_refused() {
    let place = Place::new();
    let nowhere = place.path().join("nowhere/database");
    for error in created(&nowhere).await {
        contains(&text(&error), &["nowhere/database", "directory does not exist: create it"]);
    }
    // Who only looks has nothing to create.
    let error = SqliteConsumers::open(&nowhere).await.unwrap_err();
    contains(&text(&error), &["there is no database at", "nowhere/database: check the path"]);
    contains(&said(place.path()).await, &["that is a directory"]);
    contains(&said("").await, &["the path is empty"]);
    assert!(!place.path().join("nowhere").exists());
}

/// What means something else to SQLite is a name like others.
#[tokio::test]
async fn a_path_is_only_a_path() {
    let place = Place::new();
    for name in [":memory:", "file:x?mode=memory"] {
        let path = place.path().join(name);
        recording(&path).open().await.unwrap().handle_event(0, event(0)).await.unwrap();
        assert!(path.is_file());
        let mut projection = recording(&path).open().await.unwrap();
        assert_eq!(projection.next_offset(&application()).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let place = Place::new();
    place.recording().await.handle_event(0, event(0)).await.unwrap();
    // Its tables may be others altogether.
    place
        .sql()
        .execute_batch("UPDATE eventstream_schema SET version = 7; DROP TABLE eventstream_parked")
        .unwrap();
    let said = said(place.database()).await;
    contains(&said, &["schema version 7", "up to 1", "use a newer program"]);
    assert_eq!(place.check_effects(), 1);
}

#[tokio::test]
async fn damaged_tables_are_refused() {
    for (damage, found) in [
        ("DROP TABLE eventstream_parked", "no table eventstream_parked"),
        ("DROP TABLE eventstream_schema", "no table eventstream_schema"),
        ("DELETE FROM eventstream_schema", "no schema version"),
        ("UPDATE eventstream_schema SET version = 0", "no schema version"),
    ] {
        let place = Place::new();
        drop(place.recording().await);
        place.sql().execute_batch(damage).unwrap();
        contains(&said(place.database()).await, &["damaged", found]);
    }
}

#[tokio::test]
async fn damaged_rows_are_said_to_be() {
    for (damage, found) in [
        ("SET kind = 'strange'", "strange"),
        ("SET incarnation = 'strange'", "written like a UUID"),
    ] {
        let place = Place::new();
        let mut projection = place.recording().await;
        projection.handle_event(0, event(0)).await.unwrap();
        place.sql().execute(&format!("UPDATE eventstream_consumers {damage}"), []).unwrap();
        let said = retry(projection.next_offset(&application()).await);
        contains(&said, &["damaged", found]);
        let consumers = SqliteConsumers::open(place.database()).await.unwrap();
        contains(&text(&consumers.list().await.unwrap_err()), &["damaged", found]);
    }
}

#[tokio::test]
async fn from_outside_nothing_is_created() {
    let place = Place::new();
    let error = SqliteConsumers::open(place.database()).await.unwrap_err();
    contains(&text(&error), &["there is no database at", "check the path"]);
    assert!(!place.database().exists());
    // Somebody else's, and an empty file.
    place.sql().execute_batch("CREATE TABLE mine (id INTEGER)").unwrap();
    let empty = place.path().join("empty");
    fs::write(&empty, "").unwrap();
    for path in [place.database(), empty] {
        let before = fs::read(&path).unwrap();
        let error = SqliteConsumers::open(&path).await.unwrap_err();
        contains(&text(&error), &["no consumer keeps its offset in it"]);
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[tokio::test]
async fn it_is_beside_the_users_tables() {
    let place = Place::new();
    place.sql().execute_batch("CREATE TABLE mine (id); INSERT INTO mine VALUES (7)").unwrap();
    place.recording().await.handle_event(0, event(0)).await.unwrap();
    let tables: String = place
        .sql()
        .query_row(
            "SELECT group_concat(name, ' ' ORDER BY name) FROM sqlite_schema WHERE type = 'table'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let ours = "eventstream_consumers eventstream_parked eventstream_schema";
    assert_eq!(tables, format!("effects {ours} mine"));
    let mine: i64 = place.sql().query_row("SELECT id FROM mine", [], |row| row.get(0)).unwrap();
    assert_eq!(mine, 7);
}

#[tokio::test]
async fn it_has_a_write_ahead_log_and_is_synced_if_asked_for() {
    let place = Place::new();
    for (synced, expected) in [(false, 1), (true, 2)] {
        let builder = SqliteProjection::builder(place.database(), CONSUMER, Record).setup(
            move |sql: &Connection| {
                let synchronous: i64 =
                    sql.pragma_query_value(None, "synchronous", |row| row.get(0))?;
                assert_eq!(synchronous, expected);
                create_effects(sql)
            },
        );
        let builder = if synced { builder.synced() } else { builder };
        drop(builder.open().await.unwrap());
    }
    let mode: String =
        place.sql().pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn a_consumer_has_a_name() {
    let place = Place::new();
    let error = SqliteProjection::builder(place.database(), "", Record).open().await.unwrap_err();
    contains(&text(&error), &["the consumer has no name"]);
    let error = SqliteCheckpoints::builder(place.database(), "").open().await.unwrap_err();
    contains(&text(&error), &["the consumer has no name"]);
    assert!(!place.database().exists());
}

#[tokio::test]
async fn what_sets_up_the_tables_is_done_or_not() {
    let place = Place::new();
    let open = |setup: fn(&Connection) -> rusqlite::Result<()>| {
        SqliteProjection::builder(place.database(), CONSUMER, Record).setup(setup).open()
    };
    let error = open(|sql| {
        create_effects(sql)?;
        sql.execute_batch("CREATE TABLE nonsense (")
    })
    .await
    .unwrap_err();
    contains(&text(&error), &["tables of consumer \"record\"", "incomplete input"]);
    let error = open(|sql| {
        create_effects(sql)?;
        panic!("a hole")
    })
    .await
    .unwrap_err();
    contains(&text(&error), &["what sets up the tables has panicked", "a hole"]);
    let error = open(|sql| sql.execute_batch("CREATE TABLE mine (id); COMMIT")).await.unwrap_err();
    contains(&text(&error), &["tables of consumer \"record\""]);
    let error = open(|sql| sql.execute_batch("ROLLBACK; BEGIN; CREATE TABLE mine (id)")).await;
    contains(&text(&error.unwrap_err()), &["the transaction was ended before its time"]);
    let tables: i64 =
        place.sql().query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 0);
    drop(place.recording().await);
    place.recording().await.handle_event(0, event(0)).await.unwrap();
}

/// As root may do everything, it is tried as somebody else, by a process of its own.
#[cfg(unix)]
#[test]
fn a_file_that_can_not_be_written_to_is_refused() {
    use std::os::unix::{fs::MetadataExt, fs::PermissionsExt, process::CommandExt};

    use crate::child;

    const TEST: &str = "opening::a_file_that_can_not_be_written_to_is_refused";
    const NOBODY: u32 = 65534;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(task) = child::task() {
        for error in runtime.block_on(created(Path::new(&task[0]))) {
            contains(&text(&error), &[&task[0], "can't be written to", "permissions"]);
        }
        return;
    }
    let place = Place::new();
    place.sql().execute_batch("CREATE TABLE mine (id)").unwrap();
    let program = place.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for (path, mode) in [(place.path(), 0o755), (&program, 0o755), (&place.database(), 0o444)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let database = place.database();
    let mut command = child::program(program, TEST, &[database.to_str().unwrap()]);
    if fs::metadata(place.path()).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    let done = command.current_dir("/").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(said.contains("1 passed"), "{said}");
}
