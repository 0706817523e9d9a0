use std::sync::Arc;

use http::HeaderMap;
use hyper::body::Incoming;
use prost::Message;

use super::{
    Action, Hosted, Peer, caller::Caller, dialect::Dialect, message_reader::MessageReader,
    response::CutOff, shared::Shared,
};
use crate::grpc::{Code, Status};

/// A call that has to be answered.
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    caller: Arc<Caller>,
    body: Option<Incoming>,
}

impl Call {
    pub(super) fn new(
        shared: Arc<Shared>,
        peer: Arc<Peer>,
        headers: HeaderMap,
        body: Incoming,
    ) -> Self {
        let caller = Arc::new(Caller::new(shared.clone(), peer, headers));
        Self { shared, caller, body: Some(body) }
    }

    /// The only message of the request.
    pub(super) async fn message<M: Message + Default>(&mut self) -> Result<M, Status> {
        let (message, _) = self.reader(MessageReader::small)?.only().await?;
        M::decode(message).map_err(|error| Status::new(Code::Internal, error.to_string()))
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
