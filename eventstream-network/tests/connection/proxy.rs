use std::sync::{Arc, Mutex};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinHandle},
};

/// Stands between client and server.
pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    target: Mutex<String>,
    connections: Mutex<Vec<AbortHandle>>,
}

impl Proxy {
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            target: Mutex::new(target.to_owned()),
            connections: Mutex::default(),
        });
        let shared = state.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let target = shared.target.lock().unwrap().clone();
                let forwarding = tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(target).await {
                        drop(copy_bidirectional(&mut client, &mut server).await);
                    }
                });
                shared.connections.lock().unwrap().push(forwarding.abort_handle());
            }
        });
        Self { endpoint, state, accepting }
    }

    /// Where connections go that are made from now on.
    pub(crate) fn retarget(&self, target: &str) {
        target.clone_into(&mut self.state.target.lock().unwrap());
    }

    /// Cuts all connections.
    pub(crate) fn cut(&self) {
        for connection in self.state.connections.lock().unwrap().drain(..) {
            connection.abort();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}
