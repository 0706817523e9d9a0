use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use eventstream_core::{EventStream, EventTypes};

use super::{MediaTypes, producer::Producer};
use crate::{
    grpc::Status,
    server::{Action, Hosted, call::Call, dialect::Dialect, response::Reply, status::status_of},
    unfold::unfold,
};

/// What a client wants to consume; checked already.
pub(in crate::server) struct Consumption {
    pub(super) dialect: Dialect,
    pub(super) host: Arc<Hosted>,
    types: EventTypes,
    pub(super) media_types: MediaTypes,
    pub(super) heartbeat: Duration,
    pub(super) incarnation: Bytes,
}

impl Consumption {
    pub(in crate::server) fn new(
        dialect: Dialect,
        host: Arc<Hosted>,
        types: EventTypes,
        media_types: MediaTypes,
    ) -> Self {
        // By the other protocols nothing is said while there is nothing.
        let heartbeat = Duration::MAX;
        Self { dialect, host, types, media_types, heartbeat, incarnation: Bytes::new() }
    }

    pub(in crate::server) fn heartbeat(self, heartbeat: Duration) -> Self {
        Self { heartbeat, ..self }
    }

    pub(in crate::server) fn incarnation(self, incarnation: Bytes) -> Self {
        Self { incarnation, ..self }
    }

    /// Opens a cursor, whose events are the answer.
    pub(in crate::server) async fn open(self, call: &Call, offset: u64) -> Result<Reply, Status> {
        let opened = self.host.stream.open(offset, self.types.clone()).await;
        let cursor = opened.map_err(|error| status_of(&error, self.dialect))?;
        let revoked = call.revoked(Action::Read, &self.host.application.key);
        let producer = Producer::new(self, cursor, call.shared.drain.streams.clone());
        let reply = Reply::stream(unfold(producer, |mut producer: Producer| async {
            let piece = producer.piece().await;
            Some((piece, producer))
        }));
        Ok(reply.until(revoked))
    }
}
