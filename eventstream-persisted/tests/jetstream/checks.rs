//! What is found out about a stream and a server.

use eventstream_core::EventStore;
use eventstream_persisted::{Finding, JetStreamStore, Severity};
use serde_json::json;

use crate::support::{Program, Raw, Server, Settings, application, problem};

fn find<'a>(findings: &'a [Finding], check: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.check() == check).unwrap()
}

fn with(program: Program, jetstream: &str) -> Option<Server> {
    let jetstream = Some(jetstream.to_owned());
    Server::start(program, &Settings { jetstream, ..Settings::default() })
}

#[tokio::test]
async fn a_good_stream_on_a_good_server() {
    let Some(server) = with(Program::New, "sync_interval: always") else { return };
    let monitoring = format!("127.0.0.1:{}", server.monitoring);
    let url = format!("{}?monitoring={monitoring}", server.url("orders"));
    let store = JetStreamStore::builder(url).create_for(application()).open().await.unwrap();
    let findings = store.findings().await.unwrap();
    for finding in &findings {
        // There is one server.
        let is_known = finding.check() == "replicas";
        assert_eq!(finding.severity() == Severity::Fine, !is_known, "{finding}");
        assert_eq!(finding.what_to_do().is_some(), is_known, "{finding}");
    }
    assert!(find(&findings, "sync").what().contains("on disk"));
}

#[tokio::test]
async fn whether_it_syncs_is_seen_at_the_monitoring_port_only() {
    let Some(server) = with(Program::New, "") else { return };
    let builder = JetStreamStore::builder(server.url("orders")).create_for(application());
    let store = builder.clone().open().await.unwrap();
    let unknown = store.findings().await.unwrap();
    assert_eq!(find(&unknown, "sync").severity(), Severity::Unknown);
    let monitoring = format!("127.0.0.1:{}", server.monitoring);
    let store = builder.clone().monitoring(monitoring).open().await.unwrap();
    let findings = store.findings().await.unwrap();
    let sync = find(&findings, "sync");
    assert_eq!(sync.severity(), Severity::Warning);
    assert!(sync.what().contains("120 seconds"), "{sync}");
    assert!(sync.what_to_do().unwrap().contains("sync_interval: always"), "{sync}");
    // A port that is something else's.
    let store = builder.monitoring(server.address()).open().await.unwrap();
    let findings = store.findings().await.unwrap();
    assert_eq!(find(&findings, "sync").severity(), Severity::Unknown);
}

#[tokio::test]
async fn what_an_old_server_can_not_do() {
    let Some(server) = with(Program::Old, "") else { return };
    let builder = JetStreamStore::builder(server.url("orders")).create_for(application());
    let findings = builder.open().await.unwrap().findings().await.unwrap();
    let version = find(&findings, "version");
    assert_eq!(version.severity(), Severity::Warning);
    assert!(version.what().contains("2.9"), "{version}");
}

#[tokio::test]
async fn settings_that_are_bad_for_a_store() {
    let Some(server) = with(Program::New, "") else { return };
    let raw = Raw::connect(&server).await;
    let builder = JetStreamStore::builder(server.url("orders")).create_for(application());
    builder.clone().open().await.unwrap();
    for (changes, check, severity) in [
        (json!({ "max_age": 3_600_000_000_000_u64 }), "limits", Severity::Warning),
        (json!({ "max_age": 0, "max_msgs": 100, "discard": "old" }), "limits", Severity::Warning),
        (json!({ "max_msgs": -1, "max_bytes": 100_000 }), "limits", Severity::Warning),
        (json!({ "max_bytes": -1, "deny_delete": false }), "delete", Severity::Warning),
        (json!({ "deny_purge": true }), "purge", Severity::Warning),
        (json!({ "max_msg_size": 10_000 }), "size", Severity::Warning),
        (json!({ "allow_atomic": false, "allow_rollup_hdrs": false }), "rollup", Severity::Fine),
        (json!({ "deny_purge": false, "allow_rollup_hdrs": true }), "rollup", Severity::Warning),
    ] {
        raw.make_anew("orders", &changes).await;
        let findings = builder.clone().open().await.unwrap().findings().await.unwrap();
        let found = findings.iter().filter(|finding| finding.check() == check);
        let worst = found.map(Finding::severity).max().unwrap_or(Severity::Fine);
        assert_eq!(worst, severity, "{changes}: {findings:?}");
    }
    for (changes, said) in [
        (json!({ "retention": "workqueue" }), "workqueue"),
        (json!({ "retention": "limits", "storage": "memory" }), "memory"),
    ] {
        raw.make_anew("orders", &changes).await;
        let error = problem(builder.clone().open().await).to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_stream_that_can_not_be_purged_is_not_truncated() {
    let Some(server) = with(Program::New, "") else { return };
    let raw = Raw::connect(&server).await;
    let builder = JetStreamStore::builder(server.url("orders")).create_for(application());
    builder.clone().open().await.unwrap();
    raw.make_anew("orders", &json!({ "deny_purge": true })).await;
    let store = builder.open().await.unwrap();
    store.append(crate::support::parcels(0..3), eventstream_core::Expect::Any).await.unwrap();
    let error = problem(store.truncate(2).await).to_string();
    assert!(error.contains("purge"), "{error}");
}
