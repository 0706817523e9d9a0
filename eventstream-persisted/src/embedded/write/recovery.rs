//! Finding out where a store ends: when it is opened, and when others have appended.

use super::{
    core::State,
    live::Live,
    rotation::{self, NotRotated, Reuse},
};
use crate::embedded::{
    disk::{names, replace},
    error::Result,
    files::{Files, Frame, Mark},
    ids::Ids,
    layout::{Head, Oldest},
};

/// Where a store ends.
pub(crate) enum Found {
    /// Where its newest log does. From the place on, what is there may not be synced.
    End(State, u64),
    /// That log has lost its end, or is gone. What was known of the end is all that there is.
    Lost { oldest: u64, next: u64 },
}

/// Finds where a store ends, after whatever has happened to those who appended: nothing is left out
/// that was acknowledged, and nothing is taken for whole that is not. It changes nothing.
pub(crate) fn find_end(files: &Files) -> Result<Found> {
    let catalog = files.refresh()?;
    let head = files.head()?;
    let stored = files.stored_oldest()?.unwrap_or(files.charter.first_offset);
    let oldest = stored.max(head.map_or(0, |head| head.oldest)).max(files.charter.first_offset);
    files.truncated(oldest);
    // What is known to have been there, whether or not it can be found.
    let sealed = catalog.segments().map(|segment| segment.next()).max().unwrap_or(0);
    let known = head.map_or(0, |head| head.next).max(sealed).max(oldest);
    let lost = Found::Lost { oldest, next: known };
    let Some(log) = catalog.newest_log() else {
        return Ok(lost);
    };
    let name = log.name();
    let error = files.error("read", &name);
    let file = log.file(&*files.disk).map_err(&error)?;
    let len = file.len().map_err(&error)?;
    let (position, end) = match head.filter(|head| head.log == log.first()) {
        Some(Head { tail, .. }) if tail > len => return Ok(lost),
        Some(Head { next, tail, chain, .. }) => (next, Mark { at: tail, previous: chain }),
        None => (log.first(), log.start(files.charter.tag())),
    };
    let mut live = Live::new(log.clone(), file, end).map_err(&error)?;
    let next = take_in(files, &mut live, position, len, None)?;
    if next < known { Ok(lost) } else { Ok(Found::End(State { live, oldest, next }, end.at)) }
}

/// Finds where a store ends, and has it go on there.
pub(super) fn recover(files: &Files) -> Result<State> {
    let state = match find_end(files)? {
        Found::End(state, from) if from < state.live.end.at => {
            // Before anybody hears that it is there.
            let synced = state.live.sync_again(from);
            synced.map_err(files.error("sync", &state.live.log.name()))?;
            state
        }
        Found::End(state, _) => state,
        // Its offsets are not given again: whoever reads them hears that they are damaged.
        Found::Lost { oldest, next } => {
            let live = rotation::create_log(files, next, Reuse::Nothing);
            State { live: live.map_err(NotRotated::into_error)?, oldest, next }
        }
    };
    // So are names: of a log, by somebody who was killed.
    files.disk.sync_names().map_err(files.error("sync", ""))?;
    if files.stored_oldest()?.is_none() {
        // It is damaged, or gone. What is known otherwise is noted again.
        replace(&*files.disk, names::OLDEST, &Oldest(state.oldest).encode())
            .map_err(files.error("write to", names::OLDEST))?;
    }
    Ok(state)
}

/// Takes in the commits that stand behind the end, and are whole. Returns where they end.
pub(super) fn take_in(
    files: &Files,
    live: &mut Live,
    position: u64,
    tail: u64,
    mut ids: Option<&mut Ids>,
) -> Result<u64> {
    let name = live.log.name();
    let mut frames = live.behind(files.charter.seed(), position, tail);
    let mut next = position;
    // The frames of a commit of which not all were seen yet.
    let mut begun: Vec<Frame> = Vec::new();
    while let Ok(frame) = frames.next().map_err(files.error("read", &name))? {
        let commit_next = frame.header.commit_next;
        let is_one = begun.last().is_none_or(|last| last.header.commit_next == commit_next);
        if !is_one || frame.header.next() > commit_next {
            break;
        }
        begun.push(frame);
        if frames.position() < commit_next {
            continue;
        }
        for frame in begun.drain(..) {
            live.log.mark(frame.header.first, frame.mark);
            if let Some(ids) = ids.as_deref_mut() {
                for (entry, offset) in frame.entries().zip(frame.header.first..) {
                    ids.insert(entry.id, offset);
                }
            }
        }
        next = commit_next;
        live.end = frames.mark();
    }
    Ok(next)
}
