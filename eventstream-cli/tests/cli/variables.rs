//! Options that are given by variables.

use crate::{harness::*, served::Served};

fn with(variables: &[(&str, &str)], args: &[&str]) -> Done {
    let mut command = program();
    command.args(args).envs(variables.iter().copied());
    run(command, b"")
}

#[test]
fn options_can_be_variables() {
    let place = Place::with(&events(0..5));
    let store = ("EVENTSTREAM_STORE", place.store.to_str().unwrap());
    let done = with(
        &[
            store,
            ("EVENTSTREAM_FROM", "3"),
            ("EVENTSTREAM_EXIT_AT_END", "true"),
            ("EVENTSTREAM_OUTPUT", "cloudevents"),
        ],
        &["tail"],
    );
    done.assert_ok();
    assert_eq!(done.stdout, events(3..5));
    // What is written counts more, and what is empty not at all.
    let done = with(
        &[store, ("EVENTSTREAM_FROM", "3"), ("EVENTSTREAM_COUNT", ""), ("EVENTSTREAM_TYPE", "")],
        &["tail", "--from", "4", "--exit-at-end", "-o", "cloudevents"],
    );
    done.assert_ok();
    assert_eq!(done.stdout, events(4..5));
}

#[test]
fn a_flag_is_on_or_off() {
    let place = Place::with(&events(0..2));
    let store = ("EVENTSTREAM_STORE", place.store.to_str().unwrap());
    for (value, expected) in [("1", 1), ("yes", 1), ("true", 1), ("0", 0), ("no", 0), ("off", 0)] {
        let mut command = program();
        command.arg("append").envs([store, ("EVENTSTREAM_ACK", value)]);
        let done = run(command, events(0..1).as_bytes());
        done.assert_ok();
        assert_eq!(done.stdout.lines().count(), expected + 1, "{value}");
    }
}

#[test]
fn a_bad_variable_is_named() {
    let place = Place::with(&events(0..1));
    let store = place.store.to_str().unwrap();
    for (variable, value) in [
        ("EVENTSTREAM_OUTPUT", "xml"),
        ("EVENTSTREAM_FROM", "x"),
        ("EVENTSTREAM_EXIT_AT_END", "perhaps"),
    ] {
        let done = with(&[(variable, value)], &["tail", "--store", store]);
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains(&format!("by the variable {variable}\n")), "{done:?}");
    }
    let done = with(&[("EVENTSTREAM_OUTPUT", "json")], &["tail", "--store", store, "-o", "xml"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(!done.stderr.contains("variable"), "{done:?}");
}

#[test]
fn a_store_or_a_server_that_is_written_counts_more_than_the_other_by_a_variable() {
    let place = Place::with(&events(0..2));
    let served = Served::start(&place, &[]);
    let store = ("EVENTSTREAM_STORE", place.store.to_str().unwrap());
    let remote = ("EVENTSTREAM_CONNECT", served.url.as_str());
    let nowhere = ("EVENTSTREAM_CONNECT", "http://127.0.0.1:1");
    let missing = ("EVENTSTREAM_STORE", "/nowhere");
    let of_server = |done: Done| {
        done.assert_ok();
        done.stdout.starts_with("server ")
    };
    assert!(of_server(with(&[remote], &["info"])));
    assert!(!of_server(with(&[store], &["info"])));
    assert!(!of_server(with(&[nowhere], &["info", "--store", store.1])));
    assert!(of_server(with(&[missing], &["info", "--connect", remote.1])));
    // What is about servers only is of no account for a store.
    assert!(!of_server(with(&[store, ("EVENTSTREAM_CA", "/nowhere")], &["info"])));
    let done = with(&[store, remote], &["info"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("EVENTSTREAM_STORE and EVENTSTREAM_CONNECT are both set"));
}

#[test]
fn commands_below_commands_take_them_too() {
    let place = Place::new();
    let db = place.path().join("app.db");
    let db = ("EVENTSTREAM_DB", db.to_str().unwrap());
    for args in [
        &["consumers"][..],
        &["consumers", "list"],
        &["consumers", "reset", "--consumer", "c", "--to", "0"],
        &["parked", "list"],
    ] {
        with(&[db], args).assert_failed("app.db");
    }
    let to = [("EVENTSTREAM_RESET_TO", "x"), db];
    let done = with(&to, &["consumers", "reset", "--consumer", "c"]);
    assert!(done.stderr.contains("by the variable EVENTSTREAM_RESET_TO"), "{done:?}");
}

#[test]
fn the_help_says_so() {
    for args in [&["--help"][..], &["tail", "--help"], &["help", "serve"]] {
        let done = with(&[], args);
        done.assert_ok();
        assert!(done.stdout.contains("by EVENTSTREAM_STORE"), "{}", done.stdout);
        assert!(!done.stdout.contains("[env:"), "{}", done.stdout);
    }
    // One that does not follow the rule is shown.
    let done = with(&[], &["backup", "--help"]);
    assert!(done.stdout.contains("[env: EVENTSTREAM_BACKUP_TO]"), "{}", done.stdout);
}
