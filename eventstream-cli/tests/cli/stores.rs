//! Stores in every engine, chosen by their location.

use serde_json::json;

use crate::{elsewhere::Elsewhere, harness::*, postgres, served::Served};

#[test]
fn every_engine_does_the_same() {
    let place = Place::new();
    let mut expected = None;
    for store in Elsewhere::each(&place) {
        println!("{}", store.0);
        // Of an input that has nothing there is no store.
        store.append(&[], "").assert_ok();
        store.run("info", &[]).assert_failed("there ");
        let appended = store.append(&[], SAMPLE);
        appended.assert_ok();
        assert_eq!(appended.stdout.trim_end(), tally(0, 1000, 1000, 0));
        let again = store.append(&[], SAMPLE);
        assert_eq!(again.stdout.trim_end(), tally(0, 1000, 0, 1000), "{again:?}");
        assert_eq!(store.exported(), SAMPLE);

        let mut info = store.info();
        let bytes = info.as_object_mut().unwrap().remove("bytes").unwrap();
        assert_eq!(bytes.is_null(), store.0.contains("://"));
        info.as_object_mut().unwrap().remove("incarnation").unwrap();
        // That of the directory comes first, and has tests of its own.
        assert_eq!(&info, expected.get_or_insert_with(|| info.clone()));

        let tags = store.run("tail", &["--exit-at-end", "--type", "git.tag.created", "-o", "json"]);
        tags.assert_ok();
        assert_eq!(tags.stdout.lines().count(), 20);
        let truncated = store.run("truncate", &["--before", "900", "-o", "json"]);
        truncated.assert_ok();
        let said = json!({"removed": 900, "first_offset": 900, "next_offset": 1000});
        assert_eq!(serde_json::from_str::<serde_json::Value>(&truncated.stdout).unwrap(), said);
        store.run("tail", &["--from", "10", "--exit-at-end"]).assert_failed("--from 900");
        assert_eq!(store.exported().lines().count(), 100);
        let other = store.run("tail", &["--application", "other", "--exit-at-end"]);
        assert_eq!(other.code, Some(1), "{other:?}");
        assert!(other.stderr.contains("default"), "{other:?}");
    }
}

#[test]
fn what_is_appended_is_followed_and_served() {
    let place = Place::new();
    for store in Elsewhere::each(&place) {
        println!("{}", store.0);
        store.append(&[], events(0..3)).assert_ok();
        let mut tail = Running::start(store.command("tail", &["-o", "cloudevents", "-n", "5"]));
        let mut serve = store.command("serve", &["--listen", "127.0.0.1:0"]);
        serve.args(["--log-level", "off"]);
        let served = Served::of(serve);
        assert_eq!(served.exported(), events(0..3));
        // What is appended through a server is to be stored at once, which not every engine can.
        served.append(&["--batch", "1"], events(3..5)).assert_ok();
        let lines: String = (0..5).map(|_| tail.line() + "\n").collect();
        assert_eq!(lines, events(0..5));
        assert_eq!(tail.end().code, Some(0));
    }
}

#[test]
fn a_variable_names_any_store() {
    let place = Place::new();
    for store in Elsewhere::each(&place) {
        let mut append = program();
        append.arg("append").env("EVENTSTREAM_STORE", &store.0);
        run(append, events(0..2).as_bytes()).assert_ok();
        assert_eq!(store.exported(), events(0..2));
    }
}

#[test]
fn a_database_has_several_applications() {
    let Some(location) = postgres::location() else { return };
    let store = Elsewhere(location);
    store.append(&["--application", "shop:k-1"], events(0..2)).assert_ok();
    // As long as it is the only one, it need not be named.
    store.append(&[], events(2..3)).assert_ok();
    store.append(&["--application", "bank:k-2"], events(0..5)).assert_ok();
    for (command, args) in [
        ("tail", &["--exit-at-end"][..]),
        ("info", &[]),
        ("append", &[]),
        ("truncate", &["--before", "1"]),
        ("doctor", &[]),
    ] {
        let done = store.run(command, args);
        done.assert_failed("several applications: shop (k-1), bank (k-2)");
        assert!(done.stderr.contains("--application NAME[:KEY]"), "{done:?}");
    }
    let read = |application: &str| {
        store.run("tail", &["--application", application, "--exit-at-end", "-o", "cloudevents"])
    };
    assert_eq!(read("shop").stdout, events(0..3));
    assert_eq!(read("x:k-2").stdout, events(0..5));
    read("x:k-3").assert_failed("it has shop (k-1), bank (k-2)");
    let served = Served::of(store.command("serve", &["--listen", "127.0.0.1:0"]));
    for name in ["shop (k-1)", "bank (k-2)"] {
        assert!(served.ready.contains(name), "{}", served.ready);
    }
    let done = served.run("tail", &["--application", "bank", "--exit-at-end", "-o", "cloudevents"]);
    assert_eq!(done.stdout, events(0..5));
}

#[test]
fn what_only_a_directory_has_is_refused_elsewhere() {
    let to = tempfile::tempdir().unwrap();
    for location in ["postgres://u:secret@127.0.0.1:1/d", "nats://secret@127.0.0.1:1/S"] {
        let store = Elsewhere(location.to_owned());
        let to = to.path().join("copy");
        for (command, args) in [
            ("verify", &[][..]),
            ("stats", &[]),
            ("compact", &[]),
            ("salvage", &[]),
            ("backup", &["--to", to.to_str().unwrap()]),
        ] {
            let done = store.run(command, args);
            done.assert_failed(&format!("{command} is for stores in directories"));
            assert!(done.stderr.contains("eventstream doctor"), "{done:?}");
            assert!(!done.stderr.contains("secret"), "{done:?}");
        }
        assert!(!to.exists());
    }
}

#[test]
fn what_can_t_be_reached_is_named_without_its_password() {
    for (location, said) in [
        ("mysql://u:secret@h/d", "there are no stores at mysql://"),
        ("postgres://u:secret@127.0.0.1:1/d", "127.0.0.1:1/d"),
        ("postgres://u:secret@127.0.0.1:1/d?pooler=secret", "pooler"),
        ("nats://u:secret@127.0.0.1:1/S", "127.0.0.1:1"),
        ("nats://u:secret@127.0.0.1:1", "no name"),
        ("nats://u:secret@127.0.0.1:1/S?cert=x", "a certificate and its key go together"),
    ] {
        let store = Elsewhere(location.to_owned());
        for (command, args) in [
            ("tail", &[][..]),
            ("append", &[]),
            ("info", &[]),
            ("serve", &[]),
            ("truncate", &["--before", "1"]),
            ("doctor", &[]),
        ] {
            let done = store.run(command, args);
            done.assert_failed(said);
            // The value of an option is none.
            let stderr = done.stderr.replace("not \"secret\"", "");
            assert!(!stderr.contains("secret") && !done.stdout.contains("secret"), "{done:?}");
        }
    }
}
