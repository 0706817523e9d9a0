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
        let Self { headers, peer, .. } = self;
        let access = Access { action, application_key, headers, peer };
        authorizer.authorize(&access).map_err(|denied| {
            let code = match denied {
                Denied::Unknown => Code::Unauthenticated,
                Denied::Forbidden => Code::PermissionDenied,
            };
            Status::new(code, denied.to_string())
        })
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
