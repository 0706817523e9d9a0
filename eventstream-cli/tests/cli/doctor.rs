//! What the doctor finds, of servers that are set up well and badly.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{elsewhere::Elsewhere, harness::*, nats, postgres};

/// The severity of each check, and the exit code.
struct Findings {
    code: Option<i32>,
    by_check: BTreeMap<String, (String, String)>,
}

impl Findings {
    fn of(store: &Elsewhere) -> Self {
        let done = store.run("doctor", &["-o", "json"]);
        assert_eq!(done.stderr, "", "{done:?}");
        let said: Value = serde_json::from_str(&done.stdout).unwrap();
        let mut by_check = BTreeMap::new();
        for finding in said["findings"].as_array().unwrap() {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            let bad = matches!(finding["severity"].as_str(), Some("warning" | "error"));
            assert!(!bad || finding["advice"].is_string(), "{finding}");
            by_check.insert(text("check"), (text("severity"), text("what")));
        }
        let count = |severity: &str| by_check.values().filter(|it| it.0 == severity).count();
        let (errors, warnings) = (count("error"), count("warning"));
        assert_eq!(said["errors"], errors, "{said}");
        let code = match (errors, warnings) {
            (0, 0) => 0,
            (0, _) => 3,
            _ => 1,
        };
        assert_eq!(done.code, Some(code), "{done:?}");
        let text = store.run("doctor", &[]);
        assert_eq!(text.code, done.code);
        for (check, (severity, what)) in &by_check {
            let is_said = |line: &str| {
                // How much room there is changes all the time.
                let is_same = check == "space" || line.contains(what);
                line.starts_with(severity) && line.contains(check) && is_same
            };
            assert!(text.stdout.lines().any(is_said), "{check}: {text:?}");
        }
        Self { code: done.code, by_check }
    }

    #[track_caller]
    fn has(&self, check: &str, severity: &str, what: &str) {
        let (found, said) =
            self.by_check.get(check).unwrap_or_else(|| panic!("{check} is missing"));
        assert_eq!(found, severity, "{check}: {said}");
        assert!(said.contains(what), "{check}: {said}");
    }
}

#[test]
fn a_directory_is_looked_at() {
    let place = Place::with(&events(0..3));
    let store = Elsewhere(place.store.to_str().unwrap().to_owned());
    let findings = Findings::of(&store);
    for check in ["rights", "lock", "syncing", "format"] {
        findings.has(check, "fine", "");
    }
    assert!(findings.by_check.contains_key("file system"));
    assert!(findings.by_check.contains_key("space"));
    // Somebody else holds the lock.
    let lock = std::fs::File::open(place.store.join("lock")).unwrap();
    lock.lock().unwrap();
    let findings = Findings::of(&store);
    findings.has("lock", "warning", "another program has held it");
    drop(lock);
    let missing = Elsewhere(place.path().join("nowhere").to_str().unwrap().to_owned());
    let done = missing.run("doctor", &[]);
    done.assert_failed("there is no store at");
}

#[test]
fn a_server_of_postgres_is_looked_at() {
    let Some(location) = postgres::location() else { return };
    let store = Elsewhere(location);
    store.append(&[], events(0..3)).assert_ok();
    let findings = Findings::of(&store);
    assert_eq!(findings.code, Some(0));
    for check in [
        "version",
        "encoding",
        "fsync",
        "full_page_writes",
        "synchronous_commit",
        "autovacuum",
        "read only",
        "clock",
        "append right",
        "truncate right",
        "schema",
        "pooler",
        "notifications",
        "transactions",
    ] {
        findings.has(check, "fine", "");
    }
}

#[test]
fn a_server_of_postgres_that_is_set_up_badly_is_found_out() {
    let settings =
        "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off";
    let Some(server) = postgres::Server::start(settings, None) else { return };
    let store = Elsewhere(postgres::location_at(&server));
    store.append(&[], events(0..3)).assert_ok();
    let findings = Findings::of(&store);
    assert_eq!(findings.code, Some(3));
    for check in ["fsync", "full_page_writes", "synchronous_commit", "autovacuum"] {
        findings.has(check, "warning", "off");
    }
}

#[test]
fn a_user_who_may_read_only_is_told_so() {
    let Some(server) = postgres::Server::start("", None) else { return };
    let location = postgres::location_at(&server);
    let store = Elsewhere(location.clone());
    store.append(&[], events(0..3)).assert_ok();
    let schema = location.rsplit_once('=').unwrap().1.to_owned();
    let statements = [
        "CREATE ROLE reader LOGIN".to_owned(),
        format!("GRANT USAGE ON SCHEMA {schema} TO reader"),
        format!("GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader"),
        "ALTER ROLE reader SET default_transaction_read_only = on".to_owned(),
    ];
    postgres::execute(&server, &statements);
    let reader = Elsewhere(location.replace("admin@", "reader@"));
    assert_eq!(reader.exported(), events(0..3));
    let findings = Findings::of(&reader);
    findings.has("append right", "warning", "not append");
    findings.has("truncate right", "warning", "not truncate");
    findings.has("read only", "warning", "default_transaction_read_only");
    assert_eq!(findings.code, Some(3));
}

#[test]
fn a_stream_of_nats_is_looked_at() {
    let Some(location) = nats::location(nats::Program::New) else { return };
    let store = Elsewhere(location);
    store.append(&[], events(0..3)).assert_ok();
    let findings = Findings::of(&store);
    for check in ["storage", "retention", "limits", "purge", "delete", "version", "size", "sync"] {
        findings.has(check, "fine", "");
    }
    findings.has("replicas", "warning", "one copy");
    assert_eq!(findings.code, Some(3));
}

#[test]
fn a_server_of_nats_that_syncs_late_is_found_out() {
    let settings = nats::Settings {
        jetstream: Some("sync_interval: \"2m\"".to_owned()),
        ..Default::default()
    };
    let Some(server) = nats::Server::start(nats::Program::New, &settings) else { return };
    let store = Elsewhere(nats::location_at(&server));
    store.append(&[], events(0..3)).assert_ok();
    Findings::of(&store).has("sync", "warning", "every 120 seconds");
    // Where nobody can ask, nobody knows.
    let blind = Elsewhere(store.0.split('?').next().unwrap().to_owned());
    Findings::of(&blind).has("sync", "unknown", "monitoring port");
}

#[test]
fn a_stream_in_memory_is_an_error_and_is_not_opened() {
    let Some(location) = nats::location(nats::Program::New) else { return };
    let store = Elsewhere(location);
    store.append(&[], events(0..3)).assert_ok();
    nats::make_anew(&store.0, "memory");
    let findings = Findings::of(&store);
    findings.has("storage", "error", "memory");
    assert_eq!(findings.code, Some(1));
    store.run("info", &[]).assert_failed("kept in memory");
}
