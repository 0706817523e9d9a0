//! What can be wrong when a store is opened, and what is said then.

use eventstream_core::{
    Envelope, Error, EventRepository, EventStore, EventTypes, Expect, Identity, Parcel,
};
use eventstream_persisted::{PostgresError, PostgresStore, PostgresStoreBuilder};

use crate::{
    server::{Server, free_port, server},
    support::{
        append, application, builder, builder_in, client, contains, create, fresh_name, ids, names,
        parcel_of, parcels, text,
    },
};

/// What is said, and whether it is worth another attempt.
async fn refused(builder: PostgresStoreBuilder) -> (String, bool) {
    let error = builder.open().await.unwrap_err();
    assert!(matches!(error, Error::Backend { operation: "open", .. }), "{error:?}");
    (text(&error), error.is_retryable())
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_another_attempt() {
    let url = format!("postgres://me@127.0.0.1:{}/shop", free_port());
    let (text, retryable) = refused(PostgresStore::builder(url)).await;
    contains(&text, &["can't connect to 127.0.0.1:", "/shop", "running"]);
    assert!(retryable);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    let Some(server) = server() else { return };
    let (text, retryable) =
        refused(PostgresStore::builder(server.url_of("admin", "nowhere"))).await;
    contains(&text, &["no such database", "/nowhere", "create it"]);
    assert!(!retryable);
}

#[tokio::test]
async fn a_password_is_checked_and_never_shown() {
    let hba = "local all all trust\nhost all admin 127.0.0.1/32 trust\n\
               host all all 127.0.0.1/32 scram-sha-256\n";
    let Some(server) = Server::start("", Some(hba)) else { return };
    let admin = client(&server.url()).await;
    admin.batch_execute("CREATE ROLE clerk LOGIN PASSWORD 'right one'").await.unwrap();
    let url =
        |password: &str| format!("postgres://clerk:{password}@127.0.0.1:{}/postgres", server.port);
    for wrong in [url("wrong"), server.url_of("clerk", "postgres")] {
        let (text, retryable) = refused(PostgresStore::builder(wrong)).await;
        contains(&text, &["does not let the user in", "password"]);
        assert!(!text.contains("wrong") && !retryable, "{text}");
    }
    // It is let in, and may not create anything.
    let create = PostgresStore::builder(url("right%20one")).create_for(application());
    assert!(!format!("{create:?}").contains("right"), "{create:?}");
    let (text, retryable) = refused(create.clone()).await;
    contains(&text, &["the user may not create the tables", "right to"]);
    assert!(!retryable);
    // With a schema that it may use, and tables that it may only read.
    let store = PostgresStore::builder(server.url()).create_for(application());
    let store = store.open().await.unwrap();
    append(&store, 0..3).await;
    admin
        .batch_execute(
            "GRANT USAGE ON SCHEMA eventstream TO clerk;
             GRANT SELECT ON ALL TABLES IN SCHEMA eventstream TO clerk",
        )
        .await
        .unwrap();
    let reader = create.open().await.unwrap();
    assert_eq!(ids(&reader, 0).await, names(0..3));
    let error = reader.append(parcels([3]), Expect::Any).await.unwrap_err();
    contains(&text_of(&error), &["the user may not append events", "permission denied"]);
    assert!(!error.is_retryable());
    let error = reader.truncate(1).await.unwrap_err();
    contains(&text_of(&error), &["the user may not truncate events"]);
}

fn text_of(error: &Error) -> String {
    text(error)
}

#[tokio::test]
async fn tables_of_a_later_version_are_left_alone() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    let client = client(&server.url()).await;
    let later = format!("INSERT INTO \"{}\".schema_version VALUES (999)", store.schema());
    client.execute(&later, &[]).await.unwrap();
    let (text, retryable) = refused(builder_in(server, store.schema())).await;
    contains(&text, &["version 999", "versions up to 1", "newer program", store.schema()]);
    assert!(!retryable);
    let gone = format!("DELETE FROM \"{}\".schema_version", store.schema());
    client.execute(&gone, &[]).await.unwrap();
    let (text, _) = refused(builder_in(server, store.schema())).await;
    contains(&text, &["damaged", "no version"]);
}

#[tokio::test]
async fn many_who_create_it_at_once_get_one_store() {
    let Some(server) = server() else { return };
    let schema = fresh_name();
    let opening: Vec<_> =
        (0..10).map(|_| tokio::spawn(builder_in(server, &schema).open())).collect();
    let mut incarnations = Vec::new();
    for one in opening {
        incarnations.push(one.await.unwrap().unwrap().incarnation());
    }
    incarnations.dedup();
    assert_eq!(incarnations.len(), 1);
}

#[tokio::test]
async fn a_store_that_is_not_there_is_not_made_up() {
    let Some(server) = server() else { return };
    let schema = fresh_name();
    let plain = || PostgresStore::builder(server.url()).schema(&schema);
    contains(&refused(plain()).await.0, &["no events in schema", &schema]);
    let shop = Identity::new("shop", "shop-key");
    plain().create_for(shop.clone()).open().await.unwrap();
    // The only one there is.
    assert_eq!(plain().open().await.unwrap().application(), &shop);
    contains(
        &refused(plain().application_key("other")).await.0,
        &["no events of other, but of shop (shop-key)"],
    );
    plain().create_for(application()).open().await.unwrap();
    contains(&refused(plain()).await.0, &["name its key", "app (app-key)", "shop (shop-key)"]);
    assert_eq!(plain().application_key("shop-key").open().await.unwrap().application(), &shop);
    for (name, problem) in [("", "empty"), ("pg_x", "pg_"), (&*"x".repeat(64), "63")] {
        let (text, _) = refused(PostgresStore::builder(server.url()).schema(name)).await;
        contains(&text, &["can't be the name of a schema", problem]);
    }
    // One that needs quoting is a name as any other.
    let odd = format!("{schema}\"; DROP SCHEMA \"{schema}");
    let store = builder_in(server, &odd[..odd.len().min(60)]).open().await.unwrap();
    append(&store, 0..2).await;
    assert_eq!(ids(&store, 0).await, names(0..2));
    plain().application_key("shop-key").open().await.unwrap();
}

#[tokio::test]
async fn another_encoding_is_refused() {
    let Some(server) = server() else { return };
    let create = "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'";
    client(&server.url()).await.batch_execute(create).await.unwrap();
    let builder = PostgresStore::builder(server.url_of("admin", "latin"));
    let (text, _) = refused(builder.create_for(application())).await;
    contains(&text, &["encoding LATIN1", "UTF8"]);
}

#[tokio::test]
async fn a_database_that_can_be_read_only_is_opened_for_reading() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    append(&store, 0..5).await;
    let url = format!("{}?options=-c%20default_transaction_read_only%3Don", server.url());
    let open = |url: &str| PostgresStore::builder(url).schema(store.schema());
    // As sessions on a replica are.
    let reader = open(&url).open().await.unwrap();
    assert_eq!(ids(&reader, 2).await, names(2..5));
    let error = reader.append(parcels([9]), Expect::Any).await.unwrap_err();
    contains(&text(&error), &["can be read only", "takes writes"]);
    assert!(!error.is_retryable());
    let error = reader.truncate(1).await.unwrap_err();
    contains(&text(&error), &["can be read only"]);
    let (text, _) = refused(open(&url).schema(fresh_name()).create_for(application())).await;
    contains(&text, &["can be read only"]);
}

#[tokio::test]
async fn a_socket_of_this_machine_is_used_with_any_encryption_that_is_all_right() {
    let Some(server) = server() else { return };
    let folder = server.folder.display().to_string().replace('/', "%2F");
    for mode in ["", "&sslmode=prefer", "&sslmode=disable"] {
        let url = format!("postgres://admin@/postgres?host={folder}&port={}{mode}", server.port);
        let store = PostgresStore::builder(url).schema(fresh_name()).create_for(application());
        let store = store.open().await.unwrap_or_else(|error| panic!("{mode}: {}", text(&error)));
        append(&store, 0..3).await;
        assert_eq!(ids(&store, 0).await, names(0..3));
    }
}

#[tokio::test]
async fn a_store_that_was_replaced_is_noticed() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    append(&store, 0..5).await;
    let before = store.incarnation();
    let restored = builder_in(server, store.schema()).restored().open().await.unwrap();
    assert_ne!(restored.incarnation(), before);
    assert_eq!(ids(&restored, 0).await, names(0..5));
    for error in [
        store.append(parcels([5]), Expect::Any).await.unwrap_err(),
        store.next_offset().await.unwrap_err(),
        store.wait_for(5).await.unwrap_err(),
        store.load_by_type(EventTypes::any(), 0).await.unwrap_err(),
    ] {
        contains(&text(&error), &["created anew while it was open", "open it again"]);
        assert!(!error.is_retryable());
    }
    // The same, as it is kept.
    let again = builder_in(server, store.schema()).open().await.unwrap();
    assert_eq!(again.incarnation(), restored.incarnation());
}

#[tokio::test]
async fn what_is_damaged_is_named() {
    let Some(server) = server() else { return };
    let store = builder(server).recent_events(0).open().await.unwrap();
    append(&store, 0..10).await;
    let client = client(&server.url()).await;
    let events = format!("\"{}\".events", store.schema());
    client.execute(&format!("DELETE FROM {events} WHERE event_offset = 4"), &[]).await.unwrap();
    let error = store.load_by_type(EventTypes::any(), 0).await.unwrap_err();
    contains(&text(&error), &["offsets 4 to 4", "are missing", "backup"]);
    assert!(!error.is_retryable());
    assert_eq!(ids(&store, 5).await, names(5..10));
    let garbage = format!("UPDATE {events} SET envelope = '\\xff' WHERE event_offset = 7");
    client.execute(&garbage, &[]).await.unwrap();
    let error = store.load_by_type(EventTypes::any(), 5).await.unwrap_err();
    contains(&text(&error), &["offsets 7 to 7"]);
    let last = format!("DELETE FROM {events} WHERE event_offset = 9");
    client.execute(&last, &[]).await.unwrap();
    let error = store.load_by_type(EventTypes::any(), 8).await.unwrap_err();
    contains(&text(&error), &["offsets 9 to 9", "are missing"]);
}

#[tokio::test]
async fn what_can_not_be_kept_is_refused() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    for parcel in [parcel_of("nul\0", "type"), parcel_of("id", "nul\0")] {
        let error = store.append(vec![parcel], Expect::Any).await.unwrap_err();
        contains(&text(&error), &["NUL"]);
    }
    let long = "x".repeat(1025);
    for parcel in [parcel_of(&long, "type"), parcel_of("id", &long)] {
        let error = store.append(vec![parcel], Expect::Any).await.unwrap_err();
        contains(&text(&error), &["longer than 1024 bytes"]);
    }
    // Each can be kept, and all of them are more than one message to the server can have.
    let data = vec![0; 90 * 1024 * 1024];
    let large = |id: &str| {
        let envelope = Envelope::new(id, application(), "type", "text/plain");
        Parcel::seal(Envelope { data: data.clone().into(), ..envelope }).unwrap()
    };
    let error = store.append(vec![large("a"), large("b"), large("c")], Expect::Any).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::InvalidEnvelope { .. }) && !error.is_retryable(), "{error:?}");
    contains(&text(&error), &["together", "in several"]);
    // What can't be there is found nowhere.
    let types = EventTypes::from_iter(["nul\0", "type"]);
    append(&store, 0..1).await;
    let found = crate::support::drain(store.load_by_type(types, 0).await.unwrap()).await.unwrap();
    assert_eq!(found.len(), 1);
    let none = store.load_by_source("\0", "").await.unwrap();
    assert!(crate::support::drain(none).await.unwrap().is_empty());
    // The longest of all is kept, and found.
    let longest = parcel_of(&"é".repeat(512), &"t".repeat(1024));
    store.append(vec![longest.clone()], Expect::Any).await.unwrap();
    let error = store.append(vec![longest, parcel_of("new", "type")], Expect::Any).await;
    assert!(matches!(error, Err(Error::DuplicateMessage { offset: 1, .. })));
}

#[tokio::test]
async fn an_error_has_its_kind() {
    let error = PostgresStore::connect("mysql://h/d").await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    let kind = source.downcast_ref::<PostgresError>();
    assert!(matches!(kind, Some(PostgresError::BadUrl { .. })), "{kind:?}");
}
