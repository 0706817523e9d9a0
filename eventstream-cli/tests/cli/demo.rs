use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use eventstream_persisted::rusqlite::Connection;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{consumed::run_on, harness::*};

fn demo(place: &Place) -> Command {
    let mut command = program();
    // As if it had been found in the PATH.
    command.arg0("eventstream").arg("demo").current_dir(place.path());
    command
}

pub(crate) fn run_demo(place: &Place) -> Done {
    run(demo(place), b"")
}

pub(crate) fn directory(place: &Place) -> PathBuf {
    place.path().join("eventstream-demo")
}

/// What the handler has to come to after so many events of the sample.
pub(crate) fn summary(events: usize) -> Value {
    let mut by_type = BTreeMap::<String, u64>::new();
    let mut by_repository = BTreeMap::<String, u64>::new();
    for line in SAMPLE.lines().take(events) {
        let event: Value = serde_json::from_str(line).unwrap();
        *by_type.entry(event["type"].as_str().unwrap().to_owned()).or_default() += 1;
        *by_repository.entry(event["subject"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    json!({
        "next_offset": events,
        "by_type": by_type,
        "by_repository": by_repository,
    })
}

pub(crate) fn database(place: &Place) -> PathBuf {
    directory(place).join("summary.db")
}

/// What the handler has come to.
pub(crate) fn kept(place: &Place) -> Value {
    let done = run_on(&database(place), "consumers", &["-o", "json"]);
    done.assert_ok();
    let consumer: Value = serde_json::from_str(&done.stdout).unwrap();
    let sql = Connection::open(database(place)).unwrap();
    let counted = |query: &str| -> BTreeMap<String, i64> {
        let mut statement = sql.prepare(query).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    json!({
        "next_offset": consumer["next_offset"],
        "by_type": counted("SELECT type, events FROM events_by_type"),
        "by_repository": counted("SELECT repository, events FROM events_by_repository"),
    })
}

/// Has the handler be where it was after so many events.
pub(crate) fn put_back(place: &Place, events: usize) {
    let to = events.to_string();
    run_on(&database(place), "consumers reset", &["--consumer", "summary", "--to", &to])
        .assert_ok();
    let sql = Connection::open(database(place)).unwrap();
    for (table, column, counts) in [
        ("events_by_type", "type", "by_type"),
        ("events_by_repository", "repository", "by_repository"),
    ] {
        sql.execute(&format!("DELETE FROM {table}"), []).unwrap();
        for (name, count) in summary(events)[counts].as_object().unwrap() {
            let insert = format!("INSERT INTO {table} ({column}, events) VALUES (?1, ?2)");
            sql.execute(&insert, (name, count.as_i64().unwrap())).unwrap();
        }
    }
}

#[test]
fn it_handles_half_stops_and_resumes() {
    let place = Place::new();
    let done = run_demo(&place);
    done.assert_ok();
    for part in [
        "from offset     0    500 handled  stopped at   500",
        "from offset   500    500 handled  stopped at 1,000",
        "500 + 500 = 1,000 handled, 1,000 in the store: nothing lost, nothing twice.",
        "  git.file.modified    713  ████████████████████████",
        "  nats-io/nats.rs       519  ████████████████████████",
    ] {
        assert!(done.stdout.contains(part), "{part}\n{}", done.stdout);
    }
    assert!(!done.stdout.contains('\u{1b}'));
    for line in done.stdout.lines() {
        assert!(line.chars().count() < 80, "{line}");
    }
    assert_eq!(kept(&place), summary(1000));
}

#[test]
fn a_second_run_finds_nothing_new() {
    let place = Place::new();
    run_demo(&place).assert_ok();
    let done = run_demo(&place);
    done.assert_ok();
    assert!(done.stdout.contains("Nothing new"), "{}", done.stdout);
    assert!(done.stdout.contains("\n1,000 handled, 1,000 in the store"), "{}", done.stdout);
    assert_eq!(kept(&place), summary(1000));
}

#[test]
fn what_is_new_is_handled_and_nothing_else() {
    let place = Place::new();
    run_demo(&place).assert_ok();
    let store = directory(&place).join("store");
    let mut append = program();
    append.arg("append").arg("--store").arg(store);
    run(append, events(0..3).as_bytes()).assert_ok();
    let done = run_demo(&place);
    done.assert_ok();
    assert!(done.stdout.contains("1,000 + 3 = 1,003 handled"), "{}", done.stdout);
}

#[test]
fn a_run_that_was_interrupted_is_resumed() {
    let place = Place::new();
    run_demo(&place).assert_ok();
    put_back(&place, 300);
    let done = run_demo(&place);
    done.assert_ok();
    assert!(done.stdout.contains("from offset   300    700 handled"), "{}", done.stdout);
    assert!(done.stdout.contains("300 + 700 = 1,000 handled"), "{}", done.stdout);
    assert_eq!(kept(&place), summary(1000));
}

#[test]
fn one_that_ended_before_its_tables_were_made_begins() {
    let place = Place::new();
    fs::create_dir(directory(&place)).unwrap();
    fs::write(database(&place), "").unwrap();
    let done = run_demo(&place);
    done.assert_ok();
    assert!(done.stdout.contains("500 + 500 = 1,000 handled"), "{}", done.stdout);
    assert_eq!(kept(&place), summary(1000));
}

#[test]
fn wherever_it_is_killed_the_next_run_gets_it_right() {
    for lines in 0..6 {
        let place = Place::new();
        let mut running = Running::start(demo(&place));
        for _ in 0..lines {
            running.line();
        }
        running.signal(Signal::KILL);
        running.end();
        let done = run_demo(&place);
        done.assert_ok();
        assert!(done.stdout.contains("nothing lost, nothing twice"), "{}", done.stdout);
        assert_eq!(kept(&place), summary(1000));
    }
}

#[test]
fn however_often_it_is_killed_it_goes_on() {
    let place = Place::new();
    for lines in [1, 3, 3, 4, 3, 2, 4] {
        let mut running = Running::start(demo(&place));
        for _ in 0..lines {
            running.line();
        }
        running.signal(Signal::KILL);
        running.end();
    }
    run_demo(&place).assert_ok();
    assert_eq!(kept(&place), summary(1000));
}

#[test]
fn an_interrupt_leaves_it_where_it_can_be_resumed() {
    let place = Place::new();
    let mut running = Running::start(demo(&place));
    running.line();
    running.signal(Signal::INT);
    let done = running.end();
    // It may have been done before the signal came.
    if done.code != Some(0) {
        done.assert_failed("interrupted");
    }
    run_demo(&place).assert_ok();
    assert_eq!(kept(&place), summary(1000));
}

#[test]
fn two_of_them_do_not_get_into_each_others_way() {
    let place = Place::new();
    fs::create_dir(directory(&place)).unwrap();
    let other = File::open(directory(&place)).unwrap();
    other.lock().unwrap();
    run_demo(&place).assert_failed("another demo is running");
    drop(other);
    run_demo(&place).assert_ok();
}

#[test]
fn the_commands_that_it_names_work_as_they_stand_there() {
    let place = Place::new();
    let mut program = program();
    program.args(["demo", "--dir", "./a demo"]).current_dir(place.path());
    let done = run(program, b"");
    done.assert_ok();
    let (_, commands) = done.stdout.split_once("Worth trying next:\n").unwrap();
    let commands = commands.replace(" \\\n    ", " ");
    let outputs: Vec<String> = commands
        .lines()
        .map(|command| {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(command).current_dir(place.path());
            let done = run(shell, b"");
            done.assert_ok();
            done.stdout
        })
        .collect();
    let [info, consumers, tags, copied] = &outputs[..] else {
        panic!("four commands were expected: {commands}");
    };
    assert!(info.contains("1,000 events"), "{info}");
    let consumer = consumers.lines().nth(1).unwrap_or_default();
    assert!(consumer.starts_with("summary   git-history  projection  1,000       0"));
    assert_eq!(tags.lines().count(), 20, "{tags}");
    assert_eq!(copied.trim_end(), tally(0, 1000, 1000, 0));
}

#[test]
fn started_by_cargo_it_names_commands_for_cargo() {
    let place = Place::new();
    let started = |in_workspace: bool| {
        let mut command = program();
        command.arg("demo").arg("--dir").arg(directory(&place));
        command.env("CARGO_PKG_NAME", "eventstream-cli");
        command.env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        command.current_dir(if in_workspace {
            Path::new(env!("CARGO_MANIFEST_DIR"))
        } else {
            place.path()
        });
        let done = run(command, b"");
        done.assert_ok();
        done.stdout
    };
    let by_cargo = started(true);
    assert!(by_cargo.contains(" -q -p eventstream-cli -- info"), "{by_cargo}");
    assert!(!started(false).contains("cargo run"));
}
