//! Something between a store and its server that can go silent, as a network does.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
    task::JoinHandle,
};

/// Connections made before a silence stay open, and nothing gets through them any more.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// How many silences there were.
    silences: Arc<watch::Sender<u64>>,
    /// Whether new connections get an answer.
    answers: Arc<watch::Sender<bool>>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let silences = Arc::new(watch::Sender::new(0));
        let answers = Arc::new(watch::Sender::new(true));
        let (silent, answering) = (silences.clone(), answers.subscribe());
        let task = tokio::spawn(async move {
            let mut unanswered = Vec::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                if !*answering.borrow() {
                    unanswered.push(client);
                    continue;
                }
                let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)).await else {
                    continue;
                };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = upstream.into_split();
                tokio::spawn(pump(from_client, to_server, silent.subscribe()));
                tokio::spawn(pump(from_server, to_client, silent.subscribe()));
            }
        });
        Self { port, silences, answers, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://admin@127.0.0.1:{}/postgres", self.port)
    }

    /// From now on nothing gets through the connections that there are.
    pub(crate) fn silence(&self) {
        self.silences.send_modify(|silences| *silences += 1);
    }

    /// Whether connections that are made from now on get an answer.
    pub(crate) fn answer(&self, answers: bool) {
        self.answers.send_replace(answers);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Passes on what comes, until there is a silence: then it holds both ends open.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut silences: watch::Receiver<u64>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        tokio::select! {
            biased;
            silent = silences.changed() => {
                if silent.is_ok() {
                    // Until the test is over.
                    while silences.changed().await.is_ok() {}
                }
                return;
            }
            read = from.read(&mut buffer) => {
                let Ok(length @ 1..) = read else { return };
                if to.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
