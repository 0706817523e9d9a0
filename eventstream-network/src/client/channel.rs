use std::sync::atomic::{AtomicU64, Ordering};

use eventstream_core::Error;
use tokio::sync::Mutex;

use super::{
    call_error::CallError, endpoint::Endpoint, live::Live, options::ConnectionOptions,
    security::Security,
};

/// How many calls are begun on a connection before there is another one. Servers let a client have
/// about as many at least, ours 256 if not told otherwise; more would wait, and time out, until others
/// have ended, which a stream may never do.
const CALLS: usize = 100;

/// Connections to a server, made anew when they are needed and gone: one, unless there are very many
/// calls at a time.
pub(super) struct Channel {
    pub(super) endpoint: Endpoint,
    pub(super) options: ConnectionOptions,
    security: Security,
    made: Mutex<Made>,
    /// How often it was tried to connect, in vain.
    failures: AtomicU64,
}

#[derive(Default)]
struct Made {
    live: Vec<Live>,
    /// Why the last attempt to connect has failed.
    failure: Option<CallError>,
}

impl Channel {
    pub(super) fn new(endpoint: Endpoint, options: ConnectionOptions, security: Security) -> Self {
        let failures = AtomicU64::new(0);
        Self { endpoint, options, security, made: Mutex::default(), failures }
    }

    /// A connection. Who asks while it is being made waits for it, and fails if that does.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped at any time: the next one who asks begins again.
    pub(super) async fn live(&self) -> Result<Live, CallError> {
        let failures = self.failures.load(Ordering::Acquire);
        let mut made = self.made.lock().await;
        made.live.retain(|live| !live.is_closed());
        if let Some(live) = made.live.iter().find(|live| live.calls() < CALLS) {
            return Ok(live.clone());
        }
        if self.failures.load(Ordering::Acquire) != failures
            && let Some(failure) = &made.failure
        {
            // An attempt has failed since: to make one more each would take that much longer for all
            // who wait.
            return Err(failure.clone());
        }
        // Boxed, as it is large and rare: the futures of all calls have room for what they wait for.
        let connecting = Live::connect(&self.endpoint, &self.options, &self.security);
        match Box::pin(connecting).await {
            Ok(live) => {
                made.failure = None;
                made.live.push(live.clone());
                Ok(live)
            }
            Err(error) => {
                made.failure = Some(error.clone());
                self.failures.fetch_add(1, Ordering::Release);
                Err(error)
            }
        }
    }

    /// What is made of an error, for the traits.
    pub(super) fn failed(&self, operation: &'static str) -> impl Fn(CallError) -> Error {
        move |error| error.into_error(&self.endpoint, operation, 0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        net::{TcpSocket, TcpStream},
        time::timeout,
    };

    use super::*;

    #[tokio::test]
    async fn who_waits_for_a_connection_in_vain_makes_no_attempt_of_its_own() {
        // One that has more waiting than it takes does not answer.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(made) = timeout(Duration::from_secs(1), TcpStream::connect(address)).await {
            waiting.push(made.unwrap());
        }
        let endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
        let connect_timeout = Duration::from_secs(2);
        let options = ConnectionOptions { connect_timeout, ..ConnectionOptions::default() };
        let channel = Channel::new(endpoint, options, Security::default());
        let asking = async {
            let all: [_; 20] = std::array::from_fn(|_| channel.live());
            let mut all = all.map(Box::pin);
            // All begin to wait before the first one is done.
            for asking in &mut all {
                assert!(crate::poll_once::poll_once(asking).is_none());
            }
            for asking in all {
                assert!(matches!(asking.await, Err(CallError::Timeout(_))));
            }
        };
        // One after the other they would take twice as long.
        timeout(10 * connect_timeout, asking).await.unwrap();
    }
}
