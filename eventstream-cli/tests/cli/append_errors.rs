//! What is wrong is said, and what was done before stays.

use rustix::process::Signal;

use crate::harness::*;

#[test]
fn a_bad_line_is_named_and_what_stands_before_it_is_appended() {
    for batch in ["1", "2", "1000"] {
        let place = Place::new();
        let input = events(0..3) + "\n{\"specversion\":\"1.0\",\"id\":\"x\"}\n" + &events(3..6);
        let done = place.append(&["--batch", batch], &input);
        done.assert_failed("line 5: `source` is missing\n");
        assert!(done.stderr.contains("hint: the lines before it were appended"), "{done:?}");
        assert_eq!(done.stdout, tally(0, 3, 3, 0) + "\n");
        assert_eq!(place.exported(), events(0..3));

        // The line is fixed, and all of it appended again.
        let done = place.append(&[], events(0..6));
        assert_eq!(done.last_line(), tally(0, 6, 3, 3));
    }
}

#[test]
fn a_bad_first_line_leaves_no_store_behind() {
    for input in ["{\"a\":1}\n", "\n\noops\n"] {
        let place = Place::new();
        let done = place.append(&["--ack"], input.to_owned() + &events(0..1));
        done.assert_failed("line ");
        assert!(done.stderr.contains("hint: nothing was appended"), "{}", done.stderr);
        assert_eq!(done.stdout, tally(0, 0, 0, 0) + "\n");
        assert!(!place.store.exists());

        // So the application can still be chosen.
        place.append(&["--application", "shop"], events(0..1)).assert_ok();
        assert_eq!(place.info()["application"]["name"], "shop");
        let done = place.append(&[], input);
        done.assert_failed("line ");
        assert_eq!(done.stdout, tally(1, 1, 0, 0) + "\n");
    }
}

#[test]
fn lines_that_are_no_text_or_far_too_long_are_named() {
    let place = Place::new();
    let mut input = events(0..1).into_bytes();
    input.extend_from_slice(b"{\"id\":\"\xff\"}\n");
    place.append(&[], &input).assert_failed("line 2 is not UTF-8, from byte 8 on");

    let long = events(1..2) + "{\"id\":\"" + &"x".repeat(16 * 1024 * 1024) + "\"}\n";
    place.append(&[], &long).assert_failed("line 2 is longer than 16 MiB");
    assert_eq!(place.exported(), events(0..2));
}

#[test]
fn a_large_event_is_appended() {
    let place = Place::new();
    let large = format!(
        "{{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"data\":\"{}\"}}\n",
        "x".repeat(15 * 1024 * 1024)
    );
    place.append(&[], &large).assert_ok();
    assert!(place.exported() == large);
}

#[test]
fn another_application_is_refused_and_both_are_named() {
    let place = Place::new();
    place.append(&["--application", "shop:k-1"], events(0..1)).assert_ok();
    let done = place.append(&["--application", "bank:k-2"], events(1..2));
    done.assert_failed("shop (k-1)");
    done.assert_failed("bank (k-2)");
    assert_eq!(done.stdout, "");
    // It is looked at before the input.
    place.append(&["--application", "bank:k-2"], "oops").assert_failed("bank (k-2)");
    place.append(&["--application", "bank:k-2"], "").assert_failed("bank (k-2)");
    assert_eq!(place.exported(), events(0..1));
}

#[test]
fn what_is_no_store_is_refused() {
    let place = Place::new();
    std::fs::write(&place.store, "text").unwrap();
    place.append(&[], events(0..1)).assert_failed("is not a store");
    place.tail(&["--exit-at-end"]).assert_failed("is not a store");
}

#[test]
fn an_empty_directory_becomes_a_store() {
    let place = Place::new();
    std::fs::create_dir(&place.store).unwrap();
    place.append(&[], events(0..1)).assert_ok();
    assert_eq!(place.exported(), events(0..1));
}

#[test]
fn an_interrupt_ends_it_with_all_that_was_acknowledged() {
    for signal in [Signal::INT, Signal::TERM] {
        let place = Place::new();
        let mut append = place.start("append", &["--ack"]);
        append.send(&events(0..1));
        assert_eq!(append.line(), "{\"first\":0,\"next\":1}");
        append.signal(signal);
        // The input stays open: it is the interrupt that ends it.
        let input = append.stdin();
        let done = append.end();
        drop(input);
        done.assert_failed("interrupted");
        assert_eq!(done.last_line(), tally(0, 1, 1, 0));
        assert_eq!(place.exported(), events(0..1));
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let place = Place::new();
    let mut append = place.start("append", &["--ack", "--batch", "50"]);
    append.send(SAMPLE);
    let acknowledged = [append.line(), append.line(), append.line()].map(|line| {
        let ack: serde_json::Value = serde_json::from_str(&line).unwrap();
        usize::try_from(ack["next"].as_u64().unwrap()).unwrap()
    });
    append.signal(Signal::KILL);
    append.end();
    let exported = place.exported();
    assert!(exported.lines().count() >= acknowledged[2]);
    assert!(SAMPLE.starts_with(&exported));

    place.append(&[], SAMPLE).assert_ok();
    assert_eq!(place.exported(), SAMPLE);
}

#[test]
fn without_a_reader_of_acknowledgements_it_stops() {
    let place = Place::new();
    let mut append = place.start_unread("append", &["--ack"]);
    append.close_output();
    append.send(&events(0..1));
    let input = append.stdin();
    let done = append.end();
    drop(input);
    done.assert_failed("nobody reads the acknowledgements");
    assert_eq!(place.exported(), events(0..1));
}

#[test]
fn without_a_reader_of_the_last_line_all_is_appended() {
    let place = Place::new();
    let mut append = place.start_unread("append", &[]);
    append.close_output();
    append.send(SAMPLE);
    append.end().assert_ok();
    assert_eq!(place.exported(), SAMPLE);
}

#[test]
fn a_wrong_use_has_an_exit_code_of_its_own() {
    let place = Place::new();
    for args in [
        &["--batch", "0"][..],
        &["--batch", "many"],
        &["--application", ":key"],
        &["--application", "name:"],
        &["--application", ""],
        &["--no-such-option"],
        &["an argument"],
    ] {
        let done = place.append(args, "");
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(done.stderr.starts_with("error: "), "{done:?}");
        assert!(!done.stderr.contains("invalid digit"), "{done:?}");
    }
    assert!(!place.store.exists());
    for args in [&["append"][..], &["tail"], &["info"], &["fetch"], &[]] {
        let mut command = program();
        command.args(args);
        assert_eq!(run(command, b"").code, Some(2), "{args:?}");
    }
}

#[test]
fn help_has_an_example() {
    for command in [
        "append", "tail", "info", "demo", "stats", "verify", "backup", "truncate", "compact",
        "salvage", "serve",
    ] {
        let mut program = program();
        program.args([command, "--help"]);
        let done = run(program, b"");
        done.assert_ok();
        assert!(done.stdout.contains(&format!("  eventstream {command} ")), "{}", done.stdout);
        assert!(done.stdout.lines().all(|line| line.chars().count() <= 80), "{}", done.stdout);
    }
    let mut version = program();
    version.arg("--version");
    assert_eq!(run(version, b"").stdout, format!("eventstream {}\n", env!("CARGO_PKG_VERSION")));
}
