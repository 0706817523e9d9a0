use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_nats::{Client, RequestErrorKind};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    api::{
        self, ConsumerConfig, CreatedConsumer, GetMessage, GotMessage, StoredMessage, StreamInfo,
    },
    error::{JetStreamError, Result},
    server_version::ServerVersion,
    signals::Signals,
};

/// How long an answer to a question is waited for: what has got lost with a leader is asked again soon.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How long the answer to events is waited for, which have to be synced.
pub(super) const PUBLISHING: Duration = Duration::from_secs(4);

/// A connection to the servers, and the way to one stream.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) stream: Arc<str>,
    /// What requests to JetStream begin with.
    api: Arc<str>,
    /// The servers, for people.
    pub(super) servers: Arc<str>,
    pub(super) signals: Arc<Signals>,
}

impl Link {
    pub(super) fn new(
        client: Client,
        stream: &str,
        domain: Option<&str>,
        servers: String,
        signals: Arc<Signals>,
    ) -> Self {
        let api = domain.map_or("$JS.API".to_owned(), |domain| format!("$JS.{domain}.API"));
        Self { client, stream: stream.into(), api: api.into(), servers: servers.into(), signals }
    }

    /// The version of the server that we are connected to now.
    pub(super) fn version(&self) -> ServerVersion {
        ServerVersion::parse(&self.client.server_info().version)
    }

    /// Which connection it is: known at once, other than what is signalled.
    pub(super) fn connection(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }

    /// The subject of a request.
    pub(super) fn subject(&self, request: &str) -> String {
        format!("{}.{request}", self.api)
    }

    /// Sends a message, and waits for the answer to it: no longer than until the connection is made
    /// anew, as the answer may have been lost with the old one.
    pub(super) async fn ask(
        &self,
        action: &'static str,
        subject: String,
        request: async_nats::Request,
        patience: Duration,
    ) -> Result<Bytes> {
        let request = request.timeout(Some(patience));
        let mut connections = self.signals.connections();
        let since = self.signals.violations_until_now();
        tokio::select! {
            // An answer is an answer, whatever is heard beside it.
            biased;
            answer = self.client.send_request(subject.clone(), request) => match answer {
                Ok(message) => Ok(message.payload),
                Err(error) => Err(match error.kind() {
                    RequestErrorKind::NoResponders => JetStreamError::Unheard { action },
                    RequestErrorKind::TimedOut => JetStreamError::NoAnswer {
                        action,
                        problem: format!("nothing came within {patience:?}"),
                    },
                    _ => JetStreamError::NoAnswer { action, problem: error.to_string() },
                }),
            },
            _ = connections.changed() => {
                let problem = "the connection was lost".to_owned();
                Err(JetStreamError::NoAnswer { action, problem })
            }
            problem = self.signals.violation(&subject, since) => {
                Err(JetStreamError::NotPermitted { action, problem })
            }
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        action: &'static str,
        request: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(|error| JetStreamError::BadAnswer {
            action,
            problem: format!("the request can't be written: {error}"),
        })?;
        let request = self.subject(request);
        let message = async_nats::Request::new().payload(body.into());
        let answer = self.ask(action, request, message, PATIENCE).await?;
        api::decode(action, &answer).map_err(|error| match error {
            JetStreamError::Refused { code: api::STREAM_NOT_FOUND, .. } => {
                JetStreamError::NotFound { stream: self.stream.to_string() }
            }
            error => error,
        })
    }

    /// What the leader says of the stream.
    pub(super) async fn info(&self) -> Result<StreamInfo> {
        self.stream_info(&serde_json::Map::new()).await
    }

    /// As [`info`](Self::info), with the sequences that were removed from the middle.
    pub(super) async fn info_with_deleted(&self) -> Result<StreamInfo> {
        self.stream_info(&serde_json::json!({ "deleted_details": true })).await
    }

    async fn stream_info(&self, body: &impl Serialize) -> Result<StreamInfo> {
        let request = format!("STREAM.INFO.{}", self.stream);
        let info = self.call("describe the stream", &request, body).await;
        info.map_err(|error| match error {
            JetStreamError::Refused {
                code: api::NOT_ENABLED | api::NOT_ENABLED_FOR_ACCOUNT,
                ..
            } => JetStreamError::NotEnabled { servers: self.servers.to_string() },
            error => error,
        })
    }

    /// Whether JetStream is there at all: its API has to be listened to.
    pub(super) async fn check_enabled(&self) -> Result<()> {
        match self.call::<serde_json::Value>("describe the account", "INFO", &()).await {
            // A right that is missing is one that is not needed for more than this.
            Ok(_) | Err(JetStreamError::NotPermitted { .. }) => Ok(()),
            Err(JetStreamError::Refused {
                code: api::NOT_ENABLED | api::NOT_ENABLED_FOR_ACCOUNT,
                ..
            }) => Err(JetStreamError::NotEnabled { servers: self.servers.to_string() }),
            Err(JetStreamError::Unheard { .. }) => {
                Err(JetStreamError::NotEnabled { servers: self.servers.to_string() })
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn create_stream(&self, config: &api::StreamConfig) -> Result<StreamInfo> {
        let request = format!("STREAM.CREATE.{}", self.stream);
        self.call("create the stream", &request, config).await
    }

    pub(super) async fn update_stream(&self, config: &api::StreamConfig) -> Result<StreamInfo> {
        let request = format!("STREAM.UPDATE.{}", self.stream);
        self.call("change the stream", &request, config).await
    }

    /// Removes all below a sequence.
    pub(super) async fn purge(&self, seq: u64) -> Result<()> {
        let request = format!("STREAM.PURGE.{}", self.stream);
        let purge = api::Purge { seq };
        self.call::<serde_json::Value>("purge the stream", &request, &purge).await?;
        Ok(())
    }

    /// The last message of a subject, or the one of a sequence, as the leader has it.
    pub(super) async fn find(&self, wanted: GetMessage<'_>) -> Result<Option<StoredMessage>> {
        let request = format!("STREAM.MSG.GET.{}", self.stream);
        match self.call::<GotMessage>("look a message up", &request, &wanted).await {
            Ok(got) => Ok(Some(got.message)),
            Err(JetStreamError::Refused { code: api::NO_MESSAGE, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a consumer; returns how many messages there are for it now.
    pub(super) async fn create_consumer(&self, config: &ConsumerConfig) -> Result<u64> {
        let request = format!("CONSUMER.CREATE.{}.{}", self.stream, config.tokens());
        let body = config.request(&self.stream);
        let created: CreatedConsumer = self.call("make a consumer", &request, &body).await?;
        Ok(created.num_pending)
    }
}
