use eventstream_core::Error;
use tokio::sync::Mutex;

use super::{
    call_error::CallError, endpoint::Endpoint, live::Live, options::ConnectionOptions,
    security::Security,
};

/// A connection to a server that is made anew when it is needed and gone.
pub(super) struct Channel {
    pub(super) endpoint: Endpoint,
    pub(super) options: ConnectionOptions,
    security: Security,
    live: Mutex<Option<Live>>,
}

impl Channel {
    pub(super) fn new(endpoint: Endpoint, options: ConnectionOptions, security: Security) -> Self {
        Self { endpoint, options, security, live: Mutex::new(None) }
    }

    /// The connection. Who asks while it is being made waits for it.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped at any time: the next one who asks begins again.
    pub(super) async fn live(&self) -> Result<Live, CallError> {
        let mut live = self.live.lock().await;
        if let Some(live) = live.as_ref().filter(|live| !live.is_closed()) {
            return Ok(live.clone());
        }
        // Boxed, as it is large and rare: the futures of all calls have room for what they wait for.
        let connecting = Live::connect(&self.endpoint, &self.options, &self.security);
        let made = Box::pin(connecting).await?;
        Ok(live.insert(made).clone())
    }

    /// What is made of an error, for the traits.
    pub(super) fn failed(&self, operation: &'static str) -> impl Fn(CallError) -> Error {
        move |error| error.into_error(&self.endpoint, operation, 0)
    }
}
