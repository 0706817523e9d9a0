use bytes::Bytes;
use eventstream_core::{BoxQuery, Event, EventQuery};
use tokio_util::sync::CancellationToken;

use super::framer::Framer;
use crate::{
    grpc::Status,
    server::{
        dialect::Dialect,
        response::Reply,
        shared::Shared,
        status::{going_away_at, status_of_reading},
    },
    unfold::unfold,
};

/// Read at a time.
const BATCH: usize = 256;

/// All events of a query, and at the end its position.
pub(in crate::server) fn load_all(query: BoxQuery, shared: &Shared) -> Reply {
    let mut framer = Framer::new(true);
    // At once, so that the client knows that there is an answer, and where it begins.
    framer.say_position(query.position(), false);
    let ending = shared.drain.streams.clone();
    let loading = Loading { query, framer, events: Vec::new(), at: 0, ended: false, ending };
    Reply::stream(unfold(loading, |mut loading: Loading| async {
        let piece = loading.piece().await.transpose()?;
        Some((piece, loading))
    }))
}

struct Loading {
    query: BoxQuery,
    framer: Framer,
    /// Read, and not framed before `at`.
    events: Vec<Event>,
    at: usize,
    ended: bool,
    ending: CancellationToken,
}

impl Loading {
    async fn piece(&mut self) -> Result<Option<Bytes>, Status> {
        loop {
            if let Some(piece) = self.framer.take() {
                return Ok(Some(piece));
            }
            if self.ended {
                return Ok(None);
            }
            if self.ending.is_cancelled() {
                return Err(going_away_at(self.position()));
            }
            if self.at == self.events.len() {
                self.read().await?;
            }
            while let Some(event) = self.events.get(self.at).filter(|_| !self.framer.is_full()) {
                self.framer.push(event);
                self.at += 1;
            }
            let position = self.position();
            if self.ended {
                self.framer.say_position(position, true);
            } else {
                self.framer.end_batch(position, false);
            }
        }
    }

    async fn read(&mut self) -> Result<(), Status> {
        self.events.clear();
        self.at = 0;
        let read = self.query.next_batch(&mut self.events, BATCH).await;
        let count = read.map_err(|error| status_of_reading(&error, Dialect::Ours))?;
        self.framer.reserve(&self.events);
        self.ended = count == 0;
        Ok(())
    }

    fn position(&self) -> u64 {
        self.events.get(self.at).map_or_else(|| self.query.position(), |event| event.offset)
    }
}
