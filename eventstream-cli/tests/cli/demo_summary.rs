//! The demo's summary is not what it should be.

use std::fs;

use eventstream_persisted::rusqlite::Connection;

use crate::{consumed::run_on, demo::*, harness::*};

#[test]
fn a_summary_that_is_not_true_is_found() {
    let place = Place::new();
    run_demo(&place).assert_ok();
    let change = |statement: &str| {
        Connection::open(database(&place)).unwrap().execute_batch(statement).unwrap();
    };
    let fails = |problem: &str| {
        let done = run_demo(&place);
        done.assert_failed(problem);
        let hint = "hint: remove the directory, and run it again\n";
        assert!(done.stderr.ends_with(hint), "{}", done.stderr);
    };
    change("UPDATE events_by_type SET events = 21 WHERE type = 'git.tag.created'");
    fails("summary.db does not say what is in the store");
    put_back(&place, 1000);
    run_demo(&place).assert_ok();
    // The offset without its effects.
    run_on(&database(&place), "consumers reset", &["--consumer", "summary", "--to", "900"])
        .assert_ok();
    fails("it has 1,100 events, and the store 1,000 events");
    run_on(&database(&place), "consumers reset", &["--consumer", "summary", "--to", "2000"])
        .assert_ok();
    fails(
        "has handled 2,000 events, but the store ends at offset 1,000: they don't belong together",
    );
    change("DROP TABLE events_by_type");
    fails("summary.db is not a summary of this demo");
}

#[test]
fn a_database_that_is_not_its_own_is_refused() {
    let place = Place::new();
    fs::create_dir(directory(&place)).unwrap();
    let fails = || {
        let done = run_demo(&place);
        done.assert_failed("summary.db is not a summary of this demo");
        let hint = "hint: remove the directory, and run it again\n";
        assert!(done.stderr.ends_with(hint), "{}", done.stderr);
        assert!(!directory(&place).join("store").exists());
    };
    fs::write(database(&place), "this is some text, and not a little of it").unwrap();
    fails();
    fs::remove_file(database(&place)).unwrap();
    let sql = Connection::open(database(&place)).unwrap();
    sql.execute_batch("CREATE TABLE payments (amount INTEGER)").unwrap();
    drop(sql);
    fails();
    fs::remove_file(database(&place)).unwrap();
    fs::create_dir(database(&place)).unwrap();
    fails();
}

#[test]
fn a_store_that_was_made_anew_is_not_that_of_the_summary() {
    let place = Place::new();
    run_demo(&place).assert_ok();
    fs::remove_dir_all(directory(&place).join("store")).unwrap();
    let done = run_demo(&place);
    done.assert_failed("summary.db is the summary of another store than the one that is there now");
    assert!(done.stderr.contains("hint: remove the directory"), "{}", done.stderr);
    // Without the summary it begins anew.
    fs::remove_file(database(&place)).unwrap();
    let done = run_demo(&place);
    done.assert_ok();
    assert!(done.stdout.contains("500 + 500 = 1,000 handled"), "{}", done.stdout);
}

#[test]
fn a_summary_that_can_not_be_written_is_said_to_be_locked() {
    let place = Place::new();
    run_demo(&place).assert_ok();
    put_back(&place, 300);
    let other = Connection::open(database(&place)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    run_demo(&place).assert_failed("the database is locked");
    drop(other);
    run_demo(&place).assert_ok();
    assert_eq!(kept(&place), summary(1000));
}
