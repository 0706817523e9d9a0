//! What is named as a database is none, or can't be used.

use std::{
    fs,
    time::{Duration, Instant},
};

use eventstream_persisted::rusqlite::Connection;

use crate::{consumed::*, disk::Disk, harness::*};

/// One of each kind: to read, and to write.
const COMMANDS: [&str; 6] = [
    "consumers list",
    "consumers reset --consumer totals --to 3",
    "consumers remove --consumer totals",
    "parked list",
    "parked replay --consumer totals --all",
    "parked drop --consumer totals --all",
];

#[test]
fn it_is_not_there() {
    let place = Place::new();
    for db in [place.path().join("app.db"), place.path().join("not/there/app.db")] {
        for command in COMMANDS {
            let done = run_on(&db, command, &[]);
            done.assert_failed(&format!("there is no database at {}", db.display()));
            assert!(done.stderr.contains("hint: "), "{}", done.stderr);
            assert!(!db.exists());
        }
    }
}

#[test]
fn it_is_something_else() {
    let place = Place::new();
    let db = place.path().join("app.db");
    for command in COMMANDS {
        run_on(place.path(), command, &[]).assert_failed("that is a directory");
        fs::write(&db, "this is some text, and not a little of it").unwrap();
        run_on(&db, command, &[]).assert_failed("app.db is no SQLite database");
        fs::remove_file(&db).unwrap();
        let sql = Connection::open(&db).unwrap();
        sql.execute_batch("CREATE TABLE payments (amount INTEGER)").unwrap();
        let done = run_on(&db, command, &[]);
        done.assert_failed("app.db is a SQLite database, but no consumer keeps its offset in it");
        sql.execute_batch(
            "CREATE TABLE eventstream_schema (version INTEGER);
             INSERT INTO eventstream_schema VALUES (99)",
        )
        .unwrap();
        run_on(&db, command, &[]).assert_failed("schema version 99");
        drop(sql);
        fs::remove_file(&db).unwrap();
    }
}

#[test]
fn one_further_down_is_pointed_at() {
    let place = Place::new();
    let directory = place.path().join("demo");
    let mut demo = program();
    demo.arg("demo").arg("--dir").arg(&directory);
    run(demo, b"").assert_ok();
    let done = run_on(&directory, "consumers", &[]);
    done.assert_failed("that is a directory");
    let hint = format!("hint: did you mean --db {}?\n", directory.join("summary.db").display());
    assert!(done.stderr.ends_with(&hint), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_is_writing_to_it() {
    let consumed = Consumed::with_two_parked().await;
    let other = consumed.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Who reads is not concerned.
    let begin = Instant::now();
    assert_eq!(consumed.parked(), [2, 5]);
    assert_eq!(consumed.says_json("consumers", &[]).len(), 1);
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    let writing = [COMMANDS[1], COMMANDS[2], COMMANDS[4], COMMANDS[5]];
    std::thread::scope(|scope| {
        for command in writing {
            let consumed = &consumed;
            scope.spawn(move || {
                let done = consumed.run(command, &[]);
                done.assert_failed("the database is locked");
                assert!(done.stderr.contains("hint: nothing was changed"), "{}", done.stderr);
            });
        }
    });
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    assert_eq!(consumed.parked(), [2, 5]);
    assert_eq!(consumed.says_json("consumers", &[])[0]["next_offset"], 8);
    consumed.says("consumers reset", &["--consumer", CONSUMER, "--to", "1"]);
}

#[test]
fn its_disk_can_not_be_written_to() {
    let Some(disk) = Disk::mount("size=10m") else { return };
    let demo = disk.path().join("demo");
    let mut program = disk.program();
    program.arg("demo").arg("--dir").arg(&demo);
    run(program, b"").assert_ok();
    disk.remount("ro");
    let db = demo.join("summary.db");
    for command in COMMANDS {
        let mut program = disk.program();
        program.args(command.replace("totals", "summary").split(' ')).arg("--db").arg(&db);
        let done = run(program, b"");
        done.assert_failed(&db.display().to_string());
        assert!(done.stderr.contains("permissions"), "{}", done.stderr);
    }
    disk.remount("rw");
    let mut program = disk.program();
    program.args(["consumers", "reset", "--consumer", "summary", "--to", "3", "--db"]).arg(&db);
    run(program, b"").assert_ok();
}
