use std::sync::{Arc, OnceLock};

use http::HeaderMap;
use hyper::body::Incoming;
use prost::Message;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    Action, Hosted, Peer, caller::Caller, dialect::Dialect, message_reader::MessageReader,
    response::CutOff, shared::Shared, status::busy,
};
use crate::grpc::{Code, Status};

/// A call that has to be answered.
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    caller: Arc<Caller>,
    body: Option<Incoming>,
    held: Held,
}

/// What a call has of what all have to share. It is held until all clones are dropped: until the call
/// is answered, and until the answer has ended.
#[derive(Clone)]
pub(super) struct Held(Arc<(OwnedSemaphorePermit, OnceLock<OwnedSemaphorePermit>)>);

impl Held {
    pub(super) fn new(call: OwnedSemaphorePermit) -> Self {
        Self(Arc::new((call, OnceLock::new())))
    }
}

/// A request of this size is not counted.
const SMALL: usize = 4 << 10;

impl Call {
    pub(super) fn new(
        shared: Arc<Shared>,
        peer: Arc<Peer>,
        headers: HeaderMap,
        body: Incoming,
        held: Held,
    ) -> Self {
        let caller = Arc::new(Caller::new(shared.clone(), peer, headers));
        Self { shared, caller, body: Some(body), held }
    }

    /// The only message of the request.
    pub(super) async fn message<M: Message + Default>(&mut self) -> Result<M, Status> {
        let (message, _) = self.reader(MessageReader::small)?.only().await?;
        if message.len() >= SMALL {
            // Limits are below 4 GiB.
            let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
            let permit = self.shared.request_bytes.clone().try_acquire_many_owned(len);
            // There is one request.
            let _ = self.held.0.1.set(permit.map_err(|_| busy())?);
        }
        M::decode(message).map_err(|error| Status::new(Code::Internal, error.to_string()))
    }

    /// What reads the appends of the request, which can be had once. Those who may append nothing
    /// are not listened to: what they send would take the room of others.
    pub(super) fn appends(&mut self) -> Result<MessageReader, Status> {
        self.caller.admit_append()?;
        self.reader(MessageReader::of_appends)
    }

    /// What reads the messages of the request, which can be had once.
    pub(super) fn reader(
        &mut self,
        make: impl FnOnce(&Shared, Incoming) -> MessageReader,
    ) -> Result<MessageReader, Status> {
        match self.body.take() {
            Some(body) => Ok(make(&self.shared, body)),
            None => Err(Status::new(Code::Internal, "the request was read already")),
        }
    }

    /// An application, if the caller may do this with it.
    pub(super) fn host(
        &self,
        dialect: Dialect,
        application_key: &str,
        action: Action,
    ) -> Result<Arc<Hosted>, Status> {
        if application_key.is_empty() {
            return Err(Status::invalid("no application is asked for: application_key is empty"));
        }
        self.authorize(action, Some(application_key))?;
        let host = self.shared.host(application_key);
        host.cloned().ok_or_else(|| dialect.unrecognized_application(application_key))
    }

    pub(super) fn authorize(
        &self,
        action: Action,
        application_key: Option<&str>,
    ) -> Result<(), Status> {
        self.caller.authorize(action, application_key)
    }

    /// Says when the caller may not do any more what they do; `None` if that can't be.
    pub(super) fn revoked(&self, action: Action, application_key: &str) -> Option<CutOff> {
        self.shared.authorizer.as_ref()?;
        let caller = self.caller.clone();
        Some(Box::pin(caller.revoked(action, application_key.to_owned())))
    }
}
