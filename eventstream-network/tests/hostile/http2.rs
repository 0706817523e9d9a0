//! HTTP/2 by hand: frames as nobody sends them who means well.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Mutex, watch},
    task::JoinHandle,
    time::timeout,
};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// Something has to happen within this time, or it never will.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(crate) fn settings(pairs: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> = pairs
        .iter()
        .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat())
        .collect();
    frame(SETTINGS, 0, 0, &payload)
}

fn text(block: &mut Vec<u8>, text: &str) {
    let mut len = text.len();
    if len < 127 {
        block.push(u8::try_from(len).unwrap());
    } else {
        block.push(127);
        len -= 127;
        while len >= 128 {
            block.push(u8::try_from(len % 128).unwrap() | 128);
            len /= 128;
        }
        block.push(u8::try_from(len).unwrap());
    }
    block.extend_from_slice(text.as_bytes());
}

/// A header, as a literal that is not kept in tables.
pub(crate) fn header(block: &mut Vec<u8>, name: &str, value: &str) {
    block.push(0);
    text(block, name);
    text(block, value);
}

/// The headers of a call.
pub(crate) fn call_headers(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    // POST, http.
    let mut block = vec![0x83, 0x86];
    for (name, value) in [
        (":path", path),
        (":authority", "server"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ] {
        header(&mut block, name, value);
    }
    for (name, value) in more {
        header(&mut block, name, value);
    }
    block
}

/// A call with all of its request.
pub(crate) fn call(stream: u32, path: &str, more: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let head = frame(HEADERS, END_HEADERS, stream, &call_headers(path, more));
    [head, frame(DATA, END_STREAM, stream, body)].concat()
}

/// What the server has said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// Answers that have begun.
    pub(crate) headers: usize,
    /// Answers that have ended.
    pub(crate) ended: usize,
    /// Streams that were reset, with the code.
    pub(crate) resets: Vec<(u32, u32)>,
    /// The code with which the connection is ended.
    pub(crate) goaway: Option<u32>,
    pub(crate) settings_acknowledged: usize,
    pub(crate) pongs: usize,
    pub(crate) last_pong: Option<[u8; 8]>,
    /// Bytes of answers.
    pub(crate) data: usize,
    pub(crate) closed: bool,
}

/// A connection whose frames are written by hand.
pub(crate) struct Connection {
    writer: Arc<Mutex<OwnedWriteHalf>>,
    heard: watch::Receiver<Heard>,
    reading: JoinHandle<()>,
}

impl Connection {
    /// Connects, and says nothing yet.
    pub(crate) async fn silent(address: &str) -> Self {
        Self::connect(address, false).await
    }

    /// Whoever answers pings is not taken for somebody who has vanished.
    async fn connect(address: &str, answers_pings: bool) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (reader, writer) = stream.into_split();
        let (tell, heard) = watch::channel(Heard::default());
        let writer = Arc::new(Mutex::new(writer));
        let answering = answers_pings.then(|| writer.clone());
        let reading = tokio::spawn(async move {
            // A reset is an end, too.
            let _ = listen(reader, &tell, answering.as_deref()).await;
            tell.send_modify(|heard| heard.closed = true);
        });
        Self { writer, heard, reading }
    }

    /// Begins to speak HTTP/2.
    pub(crate) async fn open(address: &str, pairs: &[(u16, u32)]) -> Self {
        Self::silent(address).await.begin(pairs).await
    }

    /// The same, by somebody who answers pings.
    pub(crate) async fn open_alive(address: &str) -> Self {
        Self::connect(address, true).await.begin(&[]).await
    }

    async fn begin(mut self, pairs: &[(u16, u32)]) -> Self {
        self.send(PREFACE).await;
        self.send(&settings(pairs)).await;
        self
    }

    /// Whether it could be sent: the server may have had enough.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        let mut writer = self.writer.lock().await;
        let sent = timeout(PATIENCE, writer.write_all(bytes)).await;
        sent.expect("the server takes nothing, and does not close the connection").is_ok()
    }

    /// Whether it could be sent within some time.
    pub(crate) async fn send_for(&mut self, bytes: &[u8], time: Duration) -> bool {
        let mut writer = self.writer.lock().await;
        timeout(time, writer.write_all(bytes)).await.is_ok_and(|sent| sent.is_ok())
    }

    /// Waits until something was heard.
    pub(crate) async fn until(&mut self, what: impl FnMut(&Heard) -> bool) -> Heard {
        let heard = timeout(PATIENCE, self.heard.wait_for(what)).await;
        heard.expect("it is never said").expect("it is said until the end").clone()
    }

    /// Waits until the server has closed the connection.
    pub(crate) async fn closed(&mut self) -> Heard {
        self.until(|heard| heard.closed).await
    }

    /// Reads nothing from now on.
    pub(crate) fn read_no_more(&self) {
        self.reading.abort();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn listen(
    mut reader: OwnedReadHalf,
    tell: &watch::Sender<Heard>,
    answering: Option<&Mutex<OwnedWriteHalf>>,
) -> std::io::Result<()> {
    loop {
        let mut head = [0; 9];
        reader.read_exact(&mut head).await?;
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; len];
        reader.read_exact(&mut payload).await?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let number = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().unwrap());
        tell.send_modify(|heard| match head[3] {
            DATA => heard.data += len,
            HEADERS => {
                heard.headers += 1;
                heard.ended += usize::from(head[4] & END_STREAM);
            }
            RST_STREAM => heard.resets.push((stream, number(0))),
            SETTINGS if head[4] & 1 == 1 => heard.settings_acknowledged += 1,
            PING if head[4] & 1 == 1 => {
                heard.pongs += 1;
                heard.last_pong = payload.as_slice().try_into().ok();
            }
            GOAWAY => heard.goaway = Some(number(4)),
            _ => {}
        });
        if let Some(writer) = answering
            && head[3] == PING
            && head[4] & 1 == 0
        {
            writer.lock().await.write_all(&frame(PING, 1, 0, &payload)).await?;
        }
    }
}
