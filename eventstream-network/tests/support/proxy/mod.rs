//! A network between client and server in which things go wrong.

mod connection;
mod line;
mod pump;

use std::sync::{Arc, Mutex};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use self::connection::{Connection, Fate};
pub(crate) use self::line::{Line, Lines};

/// Stands between client and server, and does to their connections what it is told.
pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    target: Mutex<String>,
    lines: Mutex<Lines>,
    /// Of the connections that are made from now on.
    fate: Mutex<Fate>,
    connections: Mutex<Vec<watch::Sender<Fate>>>,
    taken: watch::Sender<u64>,
}

impl Proxy {
    /// One that forwards everything, until it is told otherwise.
    pub(crate) async fn to(target: &str) -> Self {
        Self::with(target, Lines::default(), 0).await
    }

    /// One whose connections are as `lines` says; what is random about them follows from the seed.
    pub(crate) async fn with(target: &str, lines: Lines, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            target: Mutex::new(target.to_owned()),
            lines: Mutex::new(lines),
            fate: Mutex::new(Fate::Forward),
            connections: Mutex::default(),
            taken: watch::Sender::new(0),
        });
        let shared = state.clone();
        let mut random = fastrand::Rng::with_seed(seed);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                shared.take(client, random.fork());
            }
        });
        Self { endpoint, state, accepting }
    }

    /// Where connections go that are made from now on.
    pub(crate) fn retarget(&self, target: &str) {
        target.clone_into(&mut self.state.target.lock().unwrap());
    }

    /// How the connections are that are made from now on.
    pub(crate) fn set_lines(&self, lines: Lines) {
        *self.state.lines.lock().unwrap() = lines;
    }

    /// How many connections there have been.
    pub(crate) fn taken(&self) -> watch::Receiver<u64> {
        self.state.taken.subscribe()
    }

    /// Resets all connections.
    pub(crate) fn cut(&self) {
        self.state.end(Fate::Reset);
    }

    /// Closes all connections, as a program does that ends well.
    pub(crate) fn close(&self) {
        self.state.end(Fate::Close);
    }

    /// A partition: nothing passes, and nothing is lost, until it [heals](Self::heal).
    pub(crate) fn hold(&self) {
        self.state.change(Fate::Hold);
    }

    /// As if the other side had vanished: what is sent is taken, and nothing comes back. Connections
    /// that were there stay so, also when it has [healed](Self::heal).
    pub(crate) fn swallow(&self) {
        self.state.change(Fate::Swallow);
    }

    /// From now on connections are forwarded again.
    pub(crate) fn heal(&self) {
        self.state.change(Fate::Forward);
    }
}

impl State {
    fn take(&self, client: TcpStream, random: fastrand::Rng) {
        let fate = watch::Sender::new(*self.fate.lock().unwrap());
        let connection = Connection {
            client,
            target: self.target.lock().unwrap().clone(),
            lines: self.lines.lock().unwrap().clone(),
            random,
            fate: fate.subscribe(),
        };
        tokio::spawn(connection.forward());
        let mut connections = self.connections.lock().unwrap();
        connections.retain(|connection| !connection.is_closed());
        connections.push(fate);
        self.taken.send_modify(|taken| *taken += 1);
    }

    /// For the connections that are there, and those that are made from now on.
    fn change(&self, to: Fate) {
        *self.fate.lock().unwrap() = to;
        for connection in &*self.connections.lock().unwrap() {
            connection.send_if_modified(|fate| {
                let changes = *fate != Fate::Swallow;
                if changes {
                    *fate = to;
                }
                changes
            });
        }
    }

    fn end(&self, how: Fate) {
        for connection in self.connections.lock().unwrap().drain(..) {
            connection.send_replace(how);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}
