use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use tokio::time::sleep;

use super::{Access, Action, Denied, Peer, shared::Shared};
use crate::grpc::{Code, Status};

/// How often it is asked again whether a call may go on.
const ASKED_AGAIN: Duration = Duration::from_secs(5);

/// Who has made a call.
pub(super) struct Caller {
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    headers: HeaderMap,
}

impl Caller {
    pub(super) fn new(shared: Arc<Shared>, peer: Arc<Peer>, headers: HeaderMap) -> Self {
        Self { shared, peer, headers }
    }

    pub(super) fn authorize(
        &self,
        action: Action,
        application_key: Option<&str>,
    ) -> Result<(), Status> {
        let Some(authorizer) = &self.shared.authorizer else { return Ok(()) };
        authorizer.authorize(&self.access(action, application_key)).map_err(refused)
    }

    /// Whether it is worth while to listen to what the caller wants.
    pub(super) fn admit(&self, action: Action) -> Result<(), Status> {
        let Some(authorizer) = &self.shared.authorizer else { return Ok(()) };
        authorizer.admit(&self.access(action, None)).map_err(refused)
    }

    fn access<'a>(&'a self, action: Action, application_key: Option<&'a str>) -> Access<'a> {
        Access { action, application_key, headers: &self.headers, peer: &self.peer }
    }

    /// Waits until the caller may not do any more what they do; then their call has to end.
    pub(super) async fn revoked(
        self: Arc<Self>,
        action: Action,
        application_key: String,
    ) -> Status {
        loop {
            sleep(ASKED_AGAIN).await;
            if let Err(status) = self.authorize(action, Some(&application_key)) {
                return status;
            }
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // As `map_err` wants it.
fn refused(denied: Denied) -> Status {
    let code = match denied {
        Denied::Unknown => Code::Unauthenticated,
        Denied::Forbidden => Code::PermissionDenied,
    };
    Status::new(code, denied.to_string())
}
