use bytes::Bytes;
use serde_json::{Value, json};

use super::Server;

/// What an administrator does to a stream, behind a store's back.
pub(crate) struct Raw(pub(crate) async_nats::Client);

impl Raw {
    pub(crate) async fn connect(server: &Server) -> Self {
        Self(async_nats::connect(server.address()).await.unwrap())
    }

    pub(crate) async fn call(&self, request: &str, body: Value) -> Value {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let answer = self.0.request(format!("$JS.API.{request}"), body).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        assert!(answer.get("error").is_none(), "{request}: {answer}");
        answer
    }

    pub(crate) async fn config(&self, stream: &str) -> Value {
        self.call(&format!("STREAM.INFO.{stream}"), Value::Null).await["config"].clone()
    }

    /// Deletes a stream, and makes it anew with some settings changed.
    pub(crate) async fn make_anew(&self, stream: &str, changes: &Value) {
        let mut config = self.config(stream).await;
        for (setting, value) in changes.as_object().unwrap() {
            config[setting] = value.clone();
        }
        self.call(&format!("STREAM.DELETE.{stream}"), Value::Null).await;
        self.call(&format!("STREAM.CREATE.{stream}"), config).await;
    }

    pub(crate) async fn delete(&self, stream: &str, offset: u64) {
        let body = json!({ "seq": offset + 1, "no_erase": true });
        self.call(&format!("STREAM.MSG.DELETE.{stream}"), body).await;
    }
}
