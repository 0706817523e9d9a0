//! What is said when a store can't be opened, and who may open it.

use std::time::Duration;

use eventstream_core::{Error, EventRepository, EventStore, Expect, Identity};
use eventstream_persisted::{JetStreamError, JetStreamStore};
use serde_json::json;

use crate::support::{
    Program, Raw, Server, Settings, application, parcels, problem, shared, stream_name,
};

#[tokio::test]
async fn a_server_that_is_not_there() {
    let error = problem(JetStreamStore::open("nats://127.0.0.1:1/orders").await);
    assert!(matches!(error, JetStreamError::Connect { .. }), "{error:?}");
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
}

#[tokio::test]
async fn urls_and_names_are_checked() {
    for (url, said) in [
        ("nats://localhost", "no name"),
        ("http://localhost/orders", "scheme"),
        ("nats://localhost/or.ders", "or.ders"),
    ] {
        let error = problem(JetStreamStore::open(url).await).to_string();
        assert!(error.contains(said), "{error}");
    }
    let builder = JetStreamStore::builder("nats://localhost/orders").replicas(2);
    let error = problem(builder.open().await);
    assert!(matches!(error, JetStreamError::InvalidOption { .. }), "{error:?}");
    let unnamed = JetStreamStore::builder("nats://localhost/orders");
    let unnamed = unnamed.create_for(Identity::new("", "key")).open().await;
    assert!(matches!(unnamed, Err(Error::InvalidEnvelope { .. })), "{unnamed:?}");
    let url = "nats://localhost/orders?credentials=/nowhere/x.creds";
    let error = problem(JetStreamStore::open(url).await);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("/nowhere/x.creds"), "{source}");
}

#[tokio::test]
async fn a_server_without_jetstream() {
    let settings = Settings { without_jetstream: true, ..Settings::default() };
    for program in [Program::New, Program::Old] {
        let Some(server) = Server::start(program, &settings) else { return };
        let error = problem(JetStreamStore::open(server.url("orders")).await);
        assert!(matches!(error, JetStreamError::NotEnabled { .. }), "{error:?}");
        assert!(error.to_string().contains("-js"), "{error}");
    }
}

#[tokio::test]
async fn what_is_not_there_or_anothers() {
    let Some(server) = shared(Program::New) else { return };
    let name = stream_name();
    let url = server.url(&name);
    let error = problem(JetStreamStore::open(&url).await);
    assert!(matches!(error, JetStreamError::NotFound { .. }), "{error:?}");
    JetStreamStore::builder(&url).create_for(application()).open().await.unwrap();
    let other = Identity::new("bank", "another-key");
    let error = problem(JetStreamStore::builder(&url).create_for(other).open().await);
    assert!(matches!(error, JetStreamError::OtherApplication { .. }), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("shop") && said.contains("bank"), "{said}");
    // The name of an application may change.
    let renamed = Identity::new("store", application().key);
    let store = JetStreamStore::builder(&url).create_for(renamed).open().await.unwrap();
    assert_eq!(*store.application(), application());
}

#[tokio::test]
async fn streams_of_others_are_refused() {
    let Some(server) = shared(Program::New) else { return };
    let raw = Raw::connect(server).await;
    let name = stream_name();
    let config = json!({ "name": name, "subjects": [format!("foreign.{name}")] });
    raw.call(&format!("STREAM.CREATE.{name}"), config).await;
    let builder = JetStreamStore::builder(server.url(&name)).create_for(application());
    let error = problem(builder.open().await);
    assert!(matches!(error, JetStreamError::NotAStore { .. }), "{error:?}");
    assert!(error.to_string().contains("foreign."), "{error}");
    // A store of which somebody has changed what goes into it.
    let name = stream_name();
    let builder = JetStreamStore::builder(server.url(&name)).create_for(application());
    builder.clone().open().await.unwrap();
    raw.make_anew(&name, &json!({ "subjects": [format!("more.{name}")] })).await;
    let error = problem(builder.clone().open().await);
    assert!(matches!(error, JetStreamError::NotAStore { .. }), "{error:?}");
    // One of another format.
    let metadata = json!({ "eventstream": r#"{"format":99}"# });
    raw.make_anew(&name, &json!({ "metadata": metadata })).await;
    let error = problem(builder.clone().open().await);
    assert!(matches!(error, JetStreamError::OtherFormat { found: 99, .. }), "{error:?}");
    // One that keeps nothing.
    let name = stream_name();
    let builder = JetStreamStore::builder(server.url(&name)).create_for(application());
    builder.clone().open().await.unwrap();
    raw.make_anew(&name, &json!({ "storage": "memory" })).await;
    let error = problem(builder.open().await);
    assert!(matches!(error, JetStreamError::Unfit { .. }), "{error:?}");
    assert!(error.to_string().contains("memory"), "{error}");
}

#[tokio::test]
async fn several_that_create_a_store_have_the_same_one() {
    let Some(server) = shared(Program::New) else { return };
    let url = server.url(&stream_name());
    let open = || JetStreamStore::builder(&url).create_for(application()).open();
    let (a, b, c) = tokio::join!(open(), open(), open());
    let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
    assert!(a.incarnation() == b.incarnation() && b.incarnation() == c.incarnation());
    a.append(parcels(0..3), Expect::Any).await.unwrap();
    assert_eq!(c.next_offset().await.unwrap(), 3);
}

#[tokio::test]
async fn users_passwords_and_tokens() {
    let more = "authorization { user: me, password: \"p@ss\" }".to_owned();
    let settings = Settings { more, ..Settings::default() };
    let Some(server) = Server::start(Program::New, &settings) else { return };
    let builder = JetStreamStore::builder(server.url("orders")).create_for(application());
    let error = problem(builder.clone().open().await);
    assert!(matches!(error, JetStreamError::Connect { .. }), "{error:?}");
    builder.user("me", "p@ss").open().await.unwrap();
    let url = format!("nats://me:p%40ss@{}/orders", server.address());
    let store = JetStreamStore::open(url).await.unwrap();
    assert!(!format!("{store:?}").contains("p@ss"));
    let more = "authorization { token: \"s3cret\" }".to_owned();
    let settings = Settings { more, ..Settings::default() };
    let Some(server) = Server::start(Program::New, &settings) else { return };
    let builder = JetStreamStore::builder(server.url("orders")).create_for(application());
    builder.token("s3cret").open().await.unwrap();
    let url = format!("nats://s3cret@{}/orders", server.address());
    JetStreamStore::open(url).await.unwrap();
}

/// A user who may do all, and one who may only what is listed.
fn users(may: &str) -> Settings {
    let more = format!(
        "authorization {{ users = [ {{ user: all, password: x }}, {{ user: some, password: x, \
         permissions: {{ publish: {{ allow: [{may}] }}, subscribe: \"_INBOX.>\" }} }} ] }}"
    );
    Settings { more, ..Settings::default() }
}

#[tokio::test]
async fn rights_that_are_missing_are_named() {
    let may = "\"$JS.API.STREAM.INFO.>\", \"$JS.API.STREAM.MSG.GET.>\"";
    let Some(server) = Server::start(Program::New, &users(may)) else { return };
    let url = |user: &str| format!("nats://{user}:x@{}/orders", server.address());
    let all = JetStreamStore::builder(url("all")).create_for(application()).open().await.unwrap();
    all.append(parcels(0..3), Expect::Any).await.unwrap();
    let some = JetStreamStore::builder(url("some")).timeout(Duration::from_secs(5));
    let some = some.open().await.unwrap();
    for error in [
        problem(some.append(parcels(3..4), Expect::Any).await),
        problem(some.append(parcels(3..6), Expect::Any).await),
        problem(some.truncate(1).await),
        problem(crate::support::read(&some, eventstream_core::EventTypes::any(), 0).await),
    ] {
        assert!(matches!(error, JetStreamError::NotPermitted { .. }), "{error:?}");
        assert!(error.to_string().contains("Permissions Violation for Publish"), "{error}");
    }
    assert_eq!(all.next_offset().await.unwrap(), 3);
    let Some(server) = Server::start(Program::New, &users("\"x\"")) else { return };
    let url = format!("nats://some:x@{}/orders", server.address());
    let error = problem(JetStreamStore::open(url).await);
    assert!(matches!(error, JetStreamError::NotPermitted { .. }), "{error:?}");
}
