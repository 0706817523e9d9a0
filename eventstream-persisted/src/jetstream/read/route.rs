use std::ops::Range;

use eventstream_core::{Error, Result};

use super::{Filter, Pull};
use crate::jetstream::{
    api::{GetMessage, StreamInfo},
    core::Core,
    error::JetStreamError,
    subjects,
};

/// The way from a position to the end of a query, or to what was deleted before that.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) pull: Pull,
    /// All below this offset can be read.
    pub(super) stop: u64,
    /// How many messages were deleted from the middle of the stream.
    deleted: u64,
    /// Whether the consumer is where all messages are, so that it knows when it has delivered them.
    is_counted: bool,
}

impl Route {
    /// Finds the way, and begins to read.
    pub(super) async fn begin(
        core: &Core,
        filter: &Filter,
        position: u64,
        end: u64,
    ) -> Result<Self> {
        let failed = |error: JetStreamError| error.or_replaced().into_error("read");
        let info = core.info().await.map_err(failed)?;
        check_oldest(&info, position)?;
        let mut stop = end;
        let mut filters = filter.subjects().to_vec();
        if filter.is_by_server()
            && let Some(hole) = hole(core, &info, position, end).await?
        {
            if hole.start == position {
                return Err(failed(deleted(core, &hole)));
            }
            stop = hole.start;
        }
        // A server is slow with several filters, as it looks through its index of all subjects for each
        // file: so not where there is but one copy, which the consumer can't lag behind.
        let is_counted = filter.is_by_server() && info.config.limit("num_replicas") == Some(1);
        if filter.is_by_server() && !is_counted {
            // The last message is wanted, too: once it comes, all that match have come, however far
            // behind the copy is that the consumer reads.
            let last = core.link.find(GetMessage::Sequence(stop)).await.map_err(failed)?;
            let last = last.ok_or_else(|| {
                // Removed just now: whoever tries again finds out.
                let problem = format!("the message at offset {} is gone", stop - 1);
                failed(JetStreamError::NoAnswer { action: "look a message up", problem })
            })?;
            if !filters.iter().any(|filter| subjects::matches(filter, &last.subject)) {
                filters.push(last.subject);
            }
        }
        let pull = Pull::open(&core.link, position + 1, filters, false).await.map_err(failed)?;
        Ok(Self { pull, stop, deleted: info.state.num_deleted, is_counted })
    }

    /// Whether no more messages come before the end, as so many were still to be delivered.
    pub(super) fn ends_with(&self, pending: u64) -> bool {
        self.is_counted && pending == 0
    }

    /// Checks that nothing was removed from `position` on while it was read with a filter, which would
    /// have hidden that. Says whether the way has to be found anew.
    pub(super) async fn check(&self, core: &Core, position: u64) -> Result<bool> {
        let info = core.info().await.map_err(|error| error.into_error("read"))?;
        check_oldest(&info, position)?;
        Ok(info.state.num_deleted <= self.deleted)
    }
}

/// Says what is the matter where an event should be and is not.
pub(super) async fn explain_gap(core: &Core, position: u64, end: u64) -> Error {
    let info = match core.info().await {
        Ok(info) => info,
        Err(error) => return error.into_error("read"),
    };
    if let Err(error) = check_oldest(&info, position) {
        return error;
    }
    match hole(core, &info, position, end).await {
        Ok(Some(hole)) if hole.start == position => deleted(core, &hole).into_error("read"),
        Err(error) => error,
        Ok(_) => {
            let problem = format!("the message at offset {position} has not come");
            JetStreamError::NoAnswer { action: "deliver messages", problem }.into_error("read")
        }
    }
}

fn check_oldest(info: &StreamInfo, position: u64) -> Result<()> {
    let oldest = info.oldest();
    if position < oldest {
        return Err(Error::Truncated { requested: position, oldest });
    }
    Ok(())
}

fn deleted(core: &Core, hole: &Range<u64>) -> JetStreamError {
    JetStreamError::Deleted {
        stream: core.link.stream.to_string(),
        first: hole.start,
        last: hole.end - 1,
    }
}

/// The first offsets in a row that were removed between two offsets.
async fn hole(
    core: &Core,
    info: &StreamInfo,
    position: u64,
    end: u64,
) -> Result<Option<Range<u64>>> {
    if info.state.num_deleted == 0 {
        return Ok(None);
    }
    let info = core.link.info_with_deleted().await.map_err(|error| error.into_error("read"))?;
    let mut offsets: Vec<u64> = info.state.deleted.unwrap_or_default();
    offsets.sort_unstable();
    let mut hole: Option<Range<u64>> = None;
    for offset in offsets.into_iter().map(|sequence| sequence - 1) {
        match &mut hole {
            _ if offset < position || offset >= end => {}
            None => hole = Some(offset..offset + 1),
            Some(hole) if hole.end == offset => hole.end += 1,
            Some(_) => break,
        }
    }
    Ok(hole)
}
