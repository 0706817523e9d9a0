use std::future::pending;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

use super::{Lines, pump::pump};

/// What is done to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Forward,
    /// Nothing passes, until it is forwarded again.
    Hold,
    /// What comes is taken and thrown away, for ever.
    Swallow,
    Reset,
    Close,
}

/// A connection that a client has made.
pub(super) struct Connection {
    pub(super) client: TcpStream,
    pub(super) target: String,
    pub(super) lines: Lines,
    pub(super) random: fastrand::Rng,
    pub(super) fate: watch::Receiver<Fate>,
}

impl Connection {
    /// To its end, or until the proxy is gone.
    pub(super) async fn forward(mut self) {
        let mut fate = self.fate.clone();
        let end = async move {
            let is_end = |fate: &Fate| matches!(fate, Fate::Reset | Fate::Close);
            fate.wait_for(is_end).await.map_or(Fate::Reset, |fate| *fate)
        };
        tokio::pin!(end);
        let connected = tokio::select! {
            server = self.connect() => server,
            how = &mut end => return finish(self.client, how).await,
        };
        // Nobody listens: the client sees it by the end of its own connection.
        let Some(mut server) = connected else { return };
        for stream in [&self.client, &server] {
            // Delays are those of the lines. A connection that has gone already shows below.
            drop(stream.set_nodelay(true));
        }
        let how = {
            let (client_reads, client_writes) = self.client.split();
            let (server_reads, server_writes) = server.split();
            let Lines { requests, responses } = &self.lines;
            let (random, fate) = (&mut self.random, &self.fate);
            let requests = pump(client_reads, server_writes, requests, random.fork(), fate.clone());
            let responses =
                pump(server_reads, client_writes, responses, random.fork(), fate.clone());
            tokio::select! {
                biased;
                how = &mut end => how,
                ended = async { tokio::try_join!(requests, responses) } => match ended {
                    Ok(_) => Fate::Close,
                    Err(_) => Fate::Reset,
                },
            }
        };
        tokio::join!(finish(self.client, how), finish(server, how));
    }

    /// `None` if nobody is there.
    async fn connect(&mut self) -> Option<TcpStream> {
        let fate = *self.fate.wait_for(|fate| *fate != Fate::Hold).await.ok()?;
        if fate == Fate::Swallow {
            while self.client.read(&mut [0; 1024]).await.is_ok_and(|len| len > 0) {}
            pending::<()>().await;
        }
        TcpStream::connect(&self.target).await.ok()
    }
}

async fn finish(mut stream: TcpStream, how: Fate) {
    if how == Fate::Reset {
        // What has not arrived yet is lost.
        drop(stream.set_zero_linger());
    } else {
        drop(stream.shutdown().await);
    }
}
