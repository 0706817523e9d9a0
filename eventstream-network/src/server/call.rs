use std::sync::{Arc, OnceLock};

use http::HeaderMap;
use hyper::body::Incoming;
use prost::Message;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

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
    /// Everybody may make it, whoever they are.
    is_public: bool,
}

/// What a call has of what all have to share. It is held until all clones are dropped: until the call
/// is answered, and until the answer has ended.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<Shares>);

#[derive(Default)]
struct Shares {
    /// Among the calls.
    call: OnceLock<OwnedSemaphorePermit>,
    /// Of the bytes of requests.
    bytes: OnceLock<OwnedSemaphorePermit>,
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
        Self { shared, caller, body: Some(body), held, is_public: false }
    }

    /// The call, if its caller may do this at all, and if there are not too many. Who may not takes no
    /// place from those who may.
    pub(super) fn admitted(self, action: Action) -> Result<Self, Status> {
        self.caller.admit(action)?;

        self.counted_among(&self.shared.calls)?;
        Ok(self)
    }

    /// A call that everybody may make, if there are not too many of these; it may last.
    pub(super) fn public_stream(self) -> Result<Self, Status> {
        self.counted_among(&self.shared.public_streams)?;
        Ok(Self { is_public: true, ..self })
    }

    /// The same, of one that is answered at once. They are counted apart: those who watch can't keep
    /// others from learning whether the server is well.
    pub(super) fn public(self) -> Result<Self, Status> {
        self.counted_among(&self.shared.public_calls)?;
        Ok(Self { is_public: true, ..self })
    }

    fn counted_among(&self, calls: &Arc<Semaphore>) -> Result<(), Status> {
        let permit = calls.clone().try_acquire_owned().map_err(|_| busy())?;
        // A call is counted once.
        let _ = self.held.0.call.set(permit);
        Ok(())
    }

    /// The only message of the request.
    pub(super) async fn message<M: Message + Default>(&mut self) -> Result<M, Status> {
        let make = if self.is_public { MessageReader::tiny } else { MessageReader::small };
        let (message, _) = self.reader(make)?.only().await?;
        if message.len() >= SMALL {
            // Limits are below 4 GiB.
            let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
            let permit = self.shared.request_bytes.clone().try_acquire_many_owned(len);
            // There is one request.
            let _ = self.held.0.bytes.set(permit.map_err(|_| busy())?);
        }
        M::decode(message).map_err(|error| Status::new(Code::Internal, error.to_string()))
    }

    /// What reads the appends of the request, which can be had once.
    pub(super) fn appends(&mut self) -> Result<MessageReader, Status> {
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

    /// Says when a call has lasted for as long as one may that everybody may make.
    pub(super) fn too_old(&self) -> CutOff {
        let age = self.shared.limits.public_stream_age;
        Box::pin(async move {
            sleep(age).await;
            let text =
                format!("the call has lasted for {age:?}, which is as long as it may: call again");
            Status::new(Code::Unavailable, text)
        })
    }

    /// Says when the caller may not do any more what they do; `None` if that can't be.
    pub(super) fn revoked(&self, action: Action, application_key: &str) -> Option<CutOff> {
        self.shared.authorizer.as_ref()?;
        let caller = self.caller.clone();
        Some(Box::pin(caller.revoked(action, application_key.to_owned())))
    }
}
