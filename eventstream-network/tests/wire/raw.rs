use base64::Engine;
use bytes::{Bytes, BytesMut};
use eventstream_network::proto::google::rpc;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http2::{SendRequest, handshake},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::{Message, Name};
use tokio::net::TcpStream;

/// A client that knows nothing but gRPC.
pub(crate) struct Raw(SendRequest<Full<Bytes>>);

pub(crate) fn frame(message: &[u8]) -> Vec<u8> {
    let len = u32::try_from(message.len()).unwrap();
    [&[0], &len.to_be_bytes()[..], message].concat()
}

impl Raw {
    pub(crate) async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) =
            handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        self.try_send(request).await.unwrap()
    }

    /// An error if there is no answer.
    pub(crate) async fn try_send(&self, request: Request<Full<Bytes>>) -> hyper::Result<Answer> {
        let response = self.0.clone().send_request(request).await?;
        let (head, body) = response.into_parts();
        let end = head.headers.contains_key("grpc-status").then(|| head.headers.clone());
        Ok(Answer { http: head.status, body, held: BytesMut::new(), end })
    }

    pub(crate) fn request(path: &str, body: Vec<u8>) -> Request<Full<Bytes>> {
        Request::builder()
            .method(Method::POST)
            .uri(format!("http://server{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::from(body))
            .unwrap()
    }

    pub(crate) async fn frames(&self, path: &str, body: Vec<u8>) -> Answer {
        self.send(Self::request(path, body)).await
    }

    pub(crate) async fn call(&self, path: &str, message: &impl Message) -> Answer {
        self.frames(path, frame(&message.encode_to_vec())).await
    }

    /// A call that has to succeed with one answer.
    pub(crate) async fn ask<M: Message + Default>(&self, path: &str, message: &impl Message) -> M {
        let mut answer = self.call(path, message).await;
        let found = answer.next().await.expect("an answer");
        assert_eq!(answer.end().await.code, 0);
        found
    }

    /// A call that has to fail before anything is answered.
    pub(crate) async fn fails(&self, path: &str, message: &impl Message) -> Ended {
        let answer = self.call(path, message).await;
        let ended = answer.end.as_ref().map(Ended::of);
        ended.expect("the call has to fail with its headers")
    }
}

pub(crate) struct Answer {
    pub(crate) http: StatusCode,
    body: Incoming,
    held: BytesMut,
    end: Option<HeaderMap>,
}

impl Answer {
    pub(crate) async fn next<M: Message + Default>(&mut self) -> Option<M> {
        self.next_bytes().await.map(|message| M::decode(message).unwrap())
    }

    pub(crate) async fn next_bytes(&mut self) -> Option<Bytes> {
        loop {
            if let Some((prefix, rest)) = self.held.split_at_checked(5) {
                let len = u32::from_be_bytes(prefix[1..].try_into().unwrap()) as usize;
                if rest.len() >= len {
                    assert_eq!(prefix[0], 0);
                    let message = self.held.split_to(5 + len).freeze();
                    return Some(message.slice(5..));
                }
            }
            match self.body.frame().await?.unwrap().into_data() {
                Ok(data) => self.held.extend_from_slice(&data),
                Err(trailers) => self.end = Some(trailers.into_trailers().unwrap()),
            }
        }
    }

    /// How the call has ended, without anything before.
    pub(crate) async fn end(mut self) -> Ended {
        while let Some(found) = self.body.frame().await {
            if let Ok(trailers) = found.unwrap().into_trailers() {
                self.end = Some(trailers);
            } else {
                panic!("there is more");
            }
        }
        assert!(self.held.is_empty());
        Ended::of(&self.end.expect("a status"))
    }
}

#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    details: Vec<prost_types::Any>,
}

impl Ended {
    fn of(headers: &HeaderMap) -> Self {
        let code = headers["grpc-status"].to_str().unwrap().parse().unwrap();
        let details = headers.get("grpc-status-details-bin").map_or_else(Vec::new, |encoded| {
            let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
            let bytes = engine.decode(encoded).unwrap();
            let status = rpc::Status::decode(bytes.as_slice()).unwrap();
            assert_eq!(status.code, code, "the details are of another code");
            status.details
        });
        Self { code, details }
    }

    /// It has this code, and these details and no others.
    pub(crate) fn is<M: Name + Default + PartialEq + std::fmt::Debug>(
        &self,
        code: i32,
        details: &[M],
    ) {
        let found: Vec<M> = self.details.iter().map(|any| any.to_msg().unwrap()).collect();
        assert_eq!((self.code, found.as_slice()), (code, details));
    }

    pub(crate) fn is_bare(&self, code: i32) {
        assert_eq!((self.code, self.details.len()), (code, 0), "{self:?}");
    }
}
