use std::{io, time::Duration};

use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(3);
/// An answer is some kilobytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// What the server says of its JetStream.
#[derive(Debug, Deserialize)]
pub(super) struct Settings {
    #[serde(default)]
    pub(super) sync_always: bool,
    /// In nanoseconds.
    #[serde(default)]
    pub(super) sync_interval: u64,
}

/// Asks the server's monitoring port.
pub(super) async fn settings(address: &str) -> Result<Settings, String> {
    let answer = timeout(PATIENCE, fetch(address)).await;
    let answer = answer.map_err(|_| "does not answer".to_owned())?;
    read(&answer.map_err(|error| format!("can't be asked: {error}"))?)
}

async fn fetch(address: &str) -> io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect(address).await?;
    let request = format!("GET /varz HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    connection.take(MOST_BYTES).read_to_end(&mut answer).await?;
    Ok(answer)
}

fn read(answer: &[u8]) -> Result<Settings, String> {
    #[derive(Deserialize)]
    struct Varz {
        jetstream: Option<JetStream>,
    }
    #[derive(Deserialize)]
    struct JetStream {
        config: Option<Settings>,
    }
    let is_good = answer.starts_with(b"HTTP/1.1 200") || answer.starts_with(b"HTTP/1.0 200");
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").filter(|_| is_good);
    let head = head.ok_or("does not answer as a NATS server does")?;
    let varz: Varz = serde_json::from_slice(&answer[head + 4..])
        .map_err(|_| "does not answer as a NATS server does")?;
    varz.jetstream.and_then(|it| it.config).ok_or_else(|| "says nothing of JetStream".to_owned())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn answers_are_read() {
        let head = "HTTP/1.0 200 OK\r\nX: y\r\n\r\n";
        let always = format!(r#"{head}{{"jetstream":{{"config":{{"sync_always":true}}}}}}"#);
        assert!(read(always.as_bytes()).unwrap().sync_always);
        let late =
            format!(r#"{head}{{"jetstream":{{"config":{{"sync_interval":120000000000}}}}}}"#);
        assert_eq!(read(late.as_bytes()).unwrap().sync_interval / 1_000_000_000, 120);
        for bad in ["", "HTTP/1.1 404 Not Found\r\n\r\n{}", "HTTP/1.0 200 OK\r\n\r\n[", "220 smtp"]
        {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(read(format!("{head}{{}}").as_bytes()).unwrap_err().contains("JetStream"));
    }
}
