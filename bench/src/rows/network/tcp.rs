//! Raw TCP: the most that there is to be had.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::workload::parcels;

/// Written and read at a time.
const PIECE: usize = 64 << 10;

/// Length, offset and envelope of each event.
pub fn framed(events: u64) -> Arc<Vec<u8>> {
    let mut buffer = Vec::new();
    for first in (0..events).step_by(1_000) {
        for (offset, parcel) in (first..).zip(parcels(first, 1_000, 128)) {
            let len = 8 + parcel.wire().len();
            buffer.put_u32(u32::try_from(len).expect("a length"));
            buffer.put_u64(offset);
            buffer.put_slice(parcel.wire());
        }
    }
    Arc::new(buffer)
}

/// Writes all to each one who comes.
pub async fn serve(listener: TcpListener, framed: Arc<Vec<u8>>) {
    loop {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let framed = framed.clone();
        tokio::spawn(async move {
            stream.set_nodelay(true).expect("an option");
            for piece in framed.chunks(PIECE) {
                // Who has read enough goes away.
                if stream.write_all(piece).await.is_err() {
                    return;
                }
            }
        });
    }
}

pub async fn read(address: String, events: u64) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut buffer = BytesMut::new();
    let mut left = events;
    while left > 0 {
        buffer.reserve(PIECE);
        assert!(stream.read_buf(&mut buffer).await.expect("read") > 0, "there is more");
        while left > 0
            && let Some(mut event) = split(&mut buffer)
        {
            let offset = event.get_u64();
            std::hint::black_box((offset, event));
            left -= 1;
        }
    }
}

fn split(buffer: &mut BytesMut) -> Option<Bytes> {
    let len = u32::from_be_bytes(buffer.get(..4)?.try_into().ok()?) as usize;
    if buffer.len() < 4 + len {
        return None;
    }
    buffer.advance(4);
    Some(buffer.split_to(len).freeze())
}
