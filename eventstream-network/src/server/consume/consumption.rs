use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use eventstream_core::{BoxCursor, EventStream, EventTypes};

use super::{MediaTypes, kept::Kept, producer::Producer};
use crate::{
    grpc::{Code, Status},
    proto::eventstream::v1::IncarnationChanged,
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
        let cursor = self.cursor_at(offset).await?;
        let revoked = call.revoked(Action::Read, &self.host.application.key);
        let producer = Producer::new(self, cursor, call.shared.drain.streams.clone());
        let kept = Kept::new(producer, call.shared.limits.unread_timeout);
        let reply = Reply::stream(unfold(kept, |mut kept: Kept| async {
            let piece = kept.piece().await?;
            Some((piece, kept))
        }));
        Ok(reply.until(revoked))
    }

    async fn cursor_at(&self, offset: u64) -> Result<BoxCursor, Status> {
        let opened = self.host.stream.open(offset, self.types.clone()).await;
        opened.map_err(|error| status_of(&error, self.dialect))
    }

    /// A cursor in place of one that was at a position, if it is still the same stream.
    pub(super) async fn reopen(&self, position: u64) -> Result<BoxCursor, Status> {
        let failed = |error| status_of(&error, self.dialect);
        if !self.incarnation.is_empty() {
            let found = self.host.stream.incarnation().await.map_err(failed)?;
            let found = found.map_or_else(Bytes::new, |found| found.as_bytes().to_vec().into());
            if found != self.incarnation {
                return Err(incarnation_changed(found));
            }
        }
        if self.host.stream.end().await.map_err(failed)?.is_some_and(|end| end < position) {
            return Err(incarnation_changed(Bytes::new()));
        }
        self.cursor_at(position).await
    }
}

/// Of a stream that is not the one that was read.
pub(in crate::server) fn incarnation_changed(incarnation: Bytes) -> Status {
    let text = "another stream has taken the place of the one that was asked for";
    let status = Status::new(Code::FailedPrecondition, text);
    status.with(&IncarnationChanged { incarnation })
}
