use std::{future::Future, sync::Arc};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A server that writes what it likes to each connection, and reads nothing. Gone when it is dropped.
pub(crate) struct RawServer {
    pub(crate) endpoint: String,
    serving: JoinHandle<()>,
}

impl RawServer {
    pub(crate) async fn says(bytes: Vec<u8>, then: Then) -> Self {
        let bytes = Arc::new(bytes);
        Self::serve(move |mut stream| {
            let (bytes, then) = (bytes.clone(), then.clone());
            async move {
                // The client may have had enough.
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
                match then {
                    Then::Close => {}
                    Then::Silence => std::future::pending().await,
                    Then::Endless(bytes) => while stream.write_all(&bytes).await.is_ok() {},
                }
            }
        })
        .await
    }

    async fn serve<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream));
            }
        });
        Self { endpoint, serving }
    }
}

/// What comes behind all that is said.
#[derive(Clone)]
pub(crate) enum Then {
    Close,
    Silence,
    Endless(Vec<u8>),
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
