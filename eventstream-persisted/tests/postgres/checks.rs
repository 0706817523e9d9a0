//! What is found out about a server, beyond its settings.

use eventstream_core::Expect;
use eventstream_persisted::{Finding, PostgresStore, Severity};
use tokio::time::{Duration, sleep, timeout};

use crate::{
    pooler::Pooler,
    server::server,
    support::{LONG, application, builder, client, create, fresh_name, parcels},
};

async fn find(store: &PostgresStore, check: &str) -> Finding {
    let findings = store.findings().await.unwrap();
    findings.into_iter().find(|finding| finding.check() == check).expect("it is looked at")
}

#[tokio::test]
async fn a_server_that_is_as_it_should_be_is_fine() {
    let Some(server) = server() else { return };
    // With one connection to read by, too: the checks have their own.
    let store = builder(server).connections(1).open().await.unwrap();
    for finding in store.findings().await.unwrap() {
        // Others test beside us.
        let is_fine = finding.severity() == Severity::Fine || finding.check() == "transactions";
        assert!(is_fine, "{finding}");
    }
}

#[tokio::test]
async fn a_transaction_that_keeps_others_waiting_is_found() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    let mut holder = client(&server.url()).await;
    let process: i32 = holder.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let tx = holder.transaction().await.unwrap();
    store.append_in(&tx, parcels([0]), Expect::Any).await.unwrap();
    let found = timeout(LONG, async {
        loop {
            let finding = find(&store, "transactions").await;
            if finding.severity() == Severity::Warning {
                return finding;
            }
            // It has to be open for a while.
            sleep(Duration::from_millis(200)).await;
        }
    });
    let finding = found.await.unwrap();
    assert!(finding.what().contains(&format!("process {process} ")), "{finding}");
    assert!(finding.what_to_do().is_some_and(|it| it.contains("pg_terminate_backend")));
    tx.commit().await.unwrap();
    assert_eq!(find(&store, "transactions").await.severity(), Severity::Fine);
}

#[tokio::test]
async fn what_a_user_may_not_see_is_not_called_fine() {
    let Some(server) = server() else { return };
    let (store, role) = (create(server).await, fresh_name());
    let schema = store.schema();
    let mut holder = client(&server.url()).await;
    let process: i32 = holder.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let grants = format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"
    );
    holder.batch_execute(&grants).await.unwrap();
    let url = server.url_of(&role, "postgres");
    let clerk = PostgresStore::builder(url).schema(schema).open().await.unwrap();
    assert_eq!(find(&clerk, "transactions").await.severity(), Severity::Fine);
    let tx = holder.transaction().await.unwrap();
    store.append_in(&tx, parcels([0]), Expect::Any).await.unwrap();
    let finding = find(&clerk, "transactions").await;
    assert_eq!(finding.severity(), Severity::Unknown, "{finding}");
    assert!(finding.what().contains(&format!("process {process},")), "{finding}");
    assert!(finding.what_to_do().is_some_and(|it| it.contains("pg_read_all_stats")), "{finding}");
    let reads = format!("GRANT pg_read_all_stats TO {role}");
    client(&server.url()).await.batch_execute(&reads).await.unwrap();
    assert!(!find(&clerk, "transactions").await.what().contains("can't be seen"));
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_pooler_that_nobody_told_of_is_found() {
    let Some(server) = server() else { return };
    let Some(pooler) = Pooler::start(server).await else { return };
    let url = format!("postgres://admin@127.0.0.1:{}/postgres", pooler.port);
    let builder = PostgresStore::builder(url).schema(fresh_name()).create_for(application());
    let told = builder.clone().transaction_pooler().open().await.unwrap();
    assert_eq!(find(&told, "pooler").await.severity(), Severity::Fine);
    assert!(find(&told, "notifications").await.what().contains("not told"));
    // Which is as far as one gets, if the pooler follows prepared statements.
    if let Ok(store) = builder.open().await
        && let Ok(findings) = store.findings().await
    {
        let finding = findings.iter().find(|finding| finding.check() == "pooler").unwrap();
        assert_eq!(finding.severity(), Severity::Warning, "{finding}");
        assert!(finding.what_to_do().is_some_and(|it| it.contains("pooler=transaction")));
    }
}
