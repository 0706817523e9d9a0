use std::{collections::HashMap, sync::Arc, time::Duration};

use eventstream_core::{EventStore, EventStream};

use super::{
    Authorizer, Hosted, Limits, NetworkServer, Protocols, ServeError, Tls, shared::Shared,
    tls::Encrypted,
};

/// Builds a [`NetworkServer`]: made by [`NetworkServer::builder`].
#[must_use = "a builder does nothing until `build` is called"]
pub struct NetworkServerBuilder {
    hosted: Vec<Hosted>,
    limits: Limits,
    protocols: Protocols,
    authorizer: Option<Arc<dyn Authorizer>>,
    tls: Option<Tls>,
    heartbeat: Duration,
    insecure: bool,
}

impl NetworkServerBuilder {
    pub(super) fn new() -> Self {
        Self {
            hosted: Vec::new(),
            limits: Limits::default(),
            protocols: Protocols::all(),
            authorizer: None,
            tls: None,
            heartbeat: Duration::from_secs(10),
            insecure: false,
        }
    }

    /// Hosts the application of a stream: it can be consumed.
    pub fn host(self, stream: impl EventStream) -> Self {
        self.application(Hosted::new(stream))
    }

    /// Hosts the application of a stream, and the store behind it: clients can append, truncate and
    /// query, too.
    pub fn host_with_store(self, stream: impl EventStream, store: impl EventStore) -> Self {
        self.application(Hosted::new(stream).store(store))
    }

    /// Hosts an application, with all that can be said of it.
    pub fn application(mut self, hosted: Hosted) -> Self {
        self.hosted.push(hosted);
        self
    }

    /// What clients may take.
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The protocols that are spoken: all, if not set.
    pub fn protocols(self, protocols: Protocols) -> Self {
        Self { protocols, ..self }
    }

    /// Decides who may do what. If not set, everybody may do everything.
    pub fn authorizer(self, authorizer: impl Authorizer) -> Self {
        Self { authorizer: Some(Arc::new(authorizer)), ..self }
    }

    /// How often consumers by our own protocol hear from the server when there is nothing to say, if
    /// they don't ask for something else. 10 seconds if not set, and 100 milliseconds at least.
    pub fn heartbeat(self, heartbeat: Duration) -> Self {
        Self { heartbeat, ..self }
    }

    /// Encrypts all connections. If not set, none is.
    pub fn tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Lets the server listen where other machines can reach it, though connections are not
    /// encrypted, or nobody is asked who they are: neither by an [authorizer](Self::authorizer), nor
    /// by a [certificate](Tls::client_ca).
    pub fn insecure_beyond_loopback(self) -> Self {
        Self { insecure: true, ..self }
    }

    /// Makes the server.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if an application is hosted twice or has an invalid identity, if a limit is out
    /// of range, or if the files of [`tls`](Self::tls) can't be used.
    pub fn build(self) -> Result<NetworkServer, ServeError> {
        let mut hosts = HashMap::with_capacity(self.hosted.len());
        for hosted in self.hosted {
            let application = hosted.application.clone();
            application.check("application").map_err(ServeError::InvalidApplication)?;
            if hosts.insert(application.key.clone(), Arc::new(hosted)).is_some() {
                return Err(ServeError::HostedTwice { key: application.key });
            }
        }
        check(&self.limits)?;
        let encrypted = self.tls.map(Encrypted::new).transpose().map_err(ServeError::Tls)?;
        let missing = match &encrypted {
            _ if self.insecure => None,
            None => Some("nothing is encrypted"),
            Some(encrypted) if encrypted.mutual || self.authorizer.is_some() => None,
            Some(_) => Some("nobody is asked who they are"),
        };
        let Self { limits, protocols, authorizer, heartbeat, .. } = self;
        let shared = Shared::new(hosts, limits, protocols, authorizer, heartbeat);
        Ok(NetworkServer::new(shared, encrypted, missing))
    }
}

fn check(limits: &Limits) -> Result<(), ServeError> {
    let at_least_one = [
        ("connections", limits.connections),
        ("streams_per_connection", limits.streams_per_connection as usize),
        ("streams", limits.streams),
        ("header_bytes", limits.header_bytes as usize),
        ("request_bytes", limits.request_bytes),
        ("append_bytes", limits.append_bytes),
        ("appends_per_stream", limits.appends_per_stream),
    ];
    if let Some((name, value)) = at_least_one.into_iter().find(|(_, value)| *value == 0) {
        return Err(ServeError::InvalidLimit { name, value, rule: "at least 1".to_owned() });
    }
    for (name, value) in
        [("request_bytes", limits.request_bytes), ("append_bytes", limits.append_bytes)]
    {
        if u32::try_from(value).is_err() {
            return Err(ServeError::InvalidLimit { name, value, rule: "below 4 GiB".to_owned() });
        }
    }
    for (name, value, of_one, least) in [
        (
            "pending_request_bytes",
            limits.pending_request_bytes,
            "request_bytes",
            limits.request_bytes,
        ),
        ("pending_append_bytes", limits.pending_append_bytes, "append_bytes", limits.append_bytes),
    ] {
        if value < least {
            let rule = format!("at least `{of_one}`, which is {least}");
            return Err(ServeError::InvalidLimit { name, value, rule });
        }
    }
    Ok(())
}

impl std::fmt::Debug for NetworkServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetworkServerBuilder")
            .field("hosted", &self.hosted)
            .field("limits", &self.limits)
            .field("protocols", &self.protocols)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}
