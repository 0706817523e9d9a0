use std::{
    path::Path,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use async_nats::ConnectOptions;
use eventstream_core::Identity;
use serde_json::json;
use tokio::{sync::watch, time::timeout};

use super::{
    address::Address,
    api::{self, StreamConfig, StreamInfo},
    append::{LIMITS, MOST_EVENTS, Publisher},
    builder::JetStreamStoreBuilder,
    charter::Charter,
    checks::{self, Surroundings},
    core::{Core, Progress},
    error::{JetStreamError, Result},
    follow::Follower,
    last_known::LastKnown,
    link::Link,
    signals::Signals,
    store::{Inner, JetStreamStore},
    subjects::Subjects,
};
use crate::{Finding, RecentEvents, Severity, group_commit::GroupCommit};

/// A server that can't be reached is noticed after so long, twice.
const PING: Duration = Duration::from_secs(10);
const CONNECTING: Duration = Duration::from_secs(5);
/// Servers get into trouble where their sequences come to an end: far from there nobody gets to.
const LARGEST_FIRST_OFFSET: u64 = (1 << 62) - 1;

/// Opens a store, or creates it.
pub(super) async fn open(builder: &JetStreamStoreBuilder) -> Result<JetStreamStore> {
    if !matches!(builder.replicas, 1 | 3 | 5) {
        let problem =
            "a stream has 1, 3 or 5 replicas: with an even number more servers can stop it";
        return Err(JetStreamError::InvalidOption { problem });
    }
    let address = Address::parse(&builder.url)?;
    let monitoring = builder.monitoring.clone().or_else(|| address.monitoring.clone());
    let link = connect(builder, &address).await?;
    let (mut info, charter) = find_or_create(builder, &link).await?;
    // Not where a store is only opened: that changes nothing.
    let may_change = builder.application.is_some();
    if may_change && link.version().has_atomic_batches() && !info.config.flag("allow_atomic") {
        info = upgrade(&link, info).await;
    }
    let surroundings = Surroundings { link: &link, info: &info, monitoring: monitoring.as_deref() };
    for finding in checks::run(&surroundings).await {
        match finding.severity() {
            Severity::Error => {
                let stream = link.stream.to_string();
                return Err(JetStreamError::Unfit { stream, finding });
            }
            Severity::Warning => tracing::warn!(stream = %link.stream, "{finding}"),
            _ => tracing::debug!(stream = %link.stream, "{finding}"),
        }
    }
    let next = info.next();
    let (events, bytes) = (builder.recent_events, builder.recent_bytes);
    let progress = Progress { next, failures: 0, failure: None };
    let core = Arc::new(Core {
        incarnation: charter.incarnation(&info),
        subjects: Subjects::new(&link.stream, charter.made_as),
        is_atomic: info.config.flag("allow_atomic"),
        most_events: AtomicUsize::new(MOST_EVENTS),
        version: link.version(),
        recent: RecentEvents::bounded(&charter.application, next, events, bytes),
        timeout: builder.timeout,
        keeps_recent: events > 0 && bytes > 0,
        progress: watch::Sender::new(progress),
        last_known: LastKnown::default(),
        max_bytes: checks::max_event_bytes(&link, &info),
        link,
        charter,
    });
    // From here on it is known which event is the last one.
    core.info_in_time().await?;
    let group = GroupCommit::start(Publisher::new(core.clone(), next), LIMITS);
    let follower = Follower::start(core.clone());
    Ok(JetStreamStore::new(Inner { core, group, follower, monitoring }))
}

/// Makes all checks of a stream that is there, also if it can't be used as a store.
pub(super) async fn findings(builder: &JetStreamStoreBuilder) -> Result<Vec<Finding>> {
    let address = Address::parse(&builder.url)?;
    let monitoring = builder.monitoring.as_deref().or(address.monitoring.as_deref());
    let link = connect(builder, &address).await?;
    let (info, _) = find_or_create(builder, &link).await?;
    Ok(checks::run(&Surroundings { link: &link, info: &info, monitoring }).await)
}

async fn connect(builder: &JetStreamStoreBuilder, address: &Address) -> Result<Link> {
    let servers = address.servers_text();
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| JetStreamError::Connect {
        servers: servers.clone(),
        source: Arc::from(source),
    };
    let signals = Arc::new(Signals::default());
    let heard = signals.clone();
    let mut options = ConnectOptions::new()
        .name("eventstream")
        .connection_timeout(CONNECTING)
        .ping_interval(PING)
        .reconnect_delay_callback(|attempts| {
            let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(6);
            Duration::from_millis(if attempts == 0 { 0 } else { 25 << doublings })
        })
        .event_callback(move |event| {
            heard.record(&event);
            async {}
        });
    if let Some((user, password)) = builder.user.as_ref().or(address.user.as_ref()) {
        options = options.user_and_password(user.clone(), password.clone());
    }
    if let Some(token) = builder.token.as_ref().or(address.token.as_ref()) {
        options = options.token(token.clone());
    }
    if let Some(file) = builder.credentials.as_ref().or(address.credentials.as_ref()) {
        let read = options.credentials_file(file).await;
        options = read.map_err(|error| failed(unreadable(file, &error)))?;
    }
    if let Some(file) = &builder.root_certificates {
        options = options.add_root_certificates(file.clone());
    }
    if let Some((certificate, key)) = &builder.client_certificate {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    let connected = options.connect(&address.servers[..]).await;
    let client = connected.map_err(|error| failed(error.into()))?;
    // What is said of this connection must not be taken for another one, later.
    let mut connections = signals.connections();
    let _ = timeout(CONNECTING, connections.wait_for(|connections| *connections > 0)).await;
    let domain = builder.domain.as_deref().or(address.domain.as_deref());
    Ok(Link::new(client, &address.stream, domain, servers.clone(), signals))
}

fn unreadable(file: &Path, error: &std::io::Error) -> Box<dyn std::error::Error + Send + Sync> {
    format!("the credentials in {} can't be read: {error}", file.display()).into()
}

async fn find_or_create(
    builder: &JetStreamStoreBuilder,
    link: &Link,
) -> Result<(StreamInfo, Charter)> {
    let found = match (link.info().await, &builder.application) {
        (Err(JetStreamError::NotFound { .. }), Some(application)) => {
            match create(builder, link, application).await {
                // Somebody else was faster.
                Err(JetStreamError::Refused { code: api::STREAM_NAME_IN_USE, .. }) => {
                    link.info().await
                }
                created => created,
            }
        }
        // Without JetStream nobody listens.
        (Err(error @ JetStreamError::Unheard { .. }), _) => {
            link.check_enabled().await?;
            Err(error)
        }
        (found, _) => found,
    };
    let info = found?;
    let charter = Charter::read(&link.stream, &info.config)?;
    if let Some(wanted) = &builder.application
        && charter.application.key != wanted.key
    {
        return Err(JetStreamError::OtherApplication {
            stream: link.stream.to_string(),
            found: charter.application,
            wanted: wanted.clone(),
        });
    }
    let subjects = Subjects::new(&link.stream, charter.made_as).all();
    if info.config.subjects() != [&*subjects] {
        return Err(JetStreamError::NotAStore {
            stream: link.stream.to_string(),
            problem: format!(
                "it should have the subject {subjects}, and has {:?}",
                info.config.subjects()
            ),
        });
    }
    Ok((info, charter))
}

async fn create(
    builder: &JetStreamStoreBuilder,
    link: &Link,
    application: &Identity,
) -> Result<StreamInfo> {
    let version = link.version();
    let charter = Charter::new(application.clone());
    let settings = json!({
        "name": &*link.stream,
        "subjects": [Subjects::new(&link.stream, charter.made_as).all()],
        "storage": "file",
        "retention": "limits",
        "max_consumers": -1,
        "max_msgs": -1,
        "max_msgs_per_subject": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msg_size": -1,
        // If somebody sets a limit: better no more events than events that vanish.
        "discard": "new",
        "num_replicas": builder.replicas,
        "allow_direct": true,
        // Nobody deletes single events, or truncates by way of headers.
        "deny_delete": true,
        "allow_rollup_hdrs": false,
    });
    let serde_json::Value::Object(settings) = settings else { unreachable!("it is an object") };
    let mut config = StreamConfig::new(settings);
    if version.has_atomic_batches() {
        config.set("allow_atomic", true);
    }
    if builder.first_offset > 0 {
        if !version.has_metadata() {
            let problem = "a server before 2.10 can't begin with another offset than 0";
            return Err(JetStreamError::InvalidOption { problem });
        }
        if builder.first_offset > LARGEST_FIRST_OFFSET {
            let problem = "a stream can't begin with an offset of 2^62 or more";
            return Err(JetStreamError::InvalidOption { problem });
        }
        config.set("first_seq", builder.first_offset + 1);
    }
    charter.write(&mut config, version.has_metadata());
    link.create_stream(&config).await
}

/// A stream that was made on an older server gets what it could not have there.
async fn upgrade(link: &Link, info: StreamInfo) -> StreamInfo {
    let mut config = info.config.clone();
    config.set("allow_atomic", true);
    match link.update_stream(&config).await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::warn!(
                stream = %link.stream, %error,
                "the server could store several events as one, but the stream does not allow it"
            );
            info
        }
    }
}
