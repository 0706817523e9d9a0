use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// A call that is under way: its request was begun, and the rest of it does not come.
pub(crate) struct HalfSent(#[allow(dead_code)] TcpStream); // Held open.

const SETTINGS: u8 = 4;
const HEADERS: u8 = 1;
const PING: u8 = 6;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

impl HalfSent {
    /// Begins an append; returns when the server has seen it.
    pub(crate) fn append(address: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        sent.extend(frame(SETTINGS, 0, 0, &[]));
        // POST and http, of the table that HTTP/2 has; the others as literals, by their number in it or
        // by their name.
        let mut headers = vec![0x83, 0x86];
        headers.extend(literal(&[0x04], "/eventstream.v1.EventStream/Append"));
        headers.extend(literal(&[0x01], address));
        headers.extend(literal(b"\x00\x0ccontent-type", "application/grpc"));
        headers.extend(literal(b"\x00\x02te", "trailers"));
        sent.extend(frame(HEADERS, END_HEADERS, 1, &headers));
        sent.extend(frame(PING, 0, 0, &[7; 8]));
        stream.write_all(&sent).unwrap();
        // What is answered was read, and all before it.
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            stream.read_exact(&mut payload).unwrap();
            if head[3] == PING && head[4] & ACK != 0 && payload == [7; 8] {
                return Self(stream);
            }
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn literal(name: &[u8], value: &str) -> Vec<u8> {
    let mut header = name.to_vec();
    header.push(u8::try_from(value.len()).unwrap());
    header.extend(value.as_bytes());
    header
}
