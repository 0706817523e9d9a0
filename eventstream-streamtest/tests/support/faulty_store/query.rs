use std::sync::{Arc, atomic::Ordering};

use eventstream_core::{Error, Event, EventQuery, IdentityRef, Parcel, Result};
use tokio::task::yield_now;

use super::{StoreFault, store::Shared};
use crate::support::store::{ReferenceQuery, Wanted};

pub struct FaultyQuery {
    fault: Option<StoreFault>,
    inner: ReferenceQuery,
    shared: Arc<Shared>,
    /// Where it began, and what was committed then.
    begin: u64,
    committed: u64,
    /// Behind the last event that was returned.
    returned: u64,
    truncations: usize,
    said_truncated: bool,
}

impl FaultyQuery {
    pub(super) fn new(
        fault: Option<StoreFault>,
        mut inner: ReferenceQuery,
        shared: Arc<Shared>,
    ) -> Self {
        let (begin, committed) = (inner.position, inner.end);
        if fault == Some(StoreFault::EndsTooEarly) {
            inner.end = inner.end.saturating_sub(1);
        }
        let truncations = shared.truncations.load(Ordering::SeqCst);
        Self {
            fault,
            inner,
            shared,
            begin,
            committed,
            returned: begin,
            truncations,
            said_truncated: false,
        }
    }

    /// What is read at once, with the faults of how it is read.
    async fn read(&mut self, events: &mut Vec<Event>, max: usize) -> Result<usize> {
        let data = self.inner.data.clone();
        match self.fault {
            Some(StoreFault::AppendsLeaveAGap) => self.inner.end = data.end(),
            Some(StoreFault::TruncatesAllQueries)
                if self.shared.truncations.load(Ordering::SeqCst) > self.truncations =>
            {
                let (requested, oldest) = (self.inner.position, data.oldest());
                return Err(Error::Truncated { requested, oldest });
            }
            Some(StoreFault::EndsWhereAPageIsEmpty) if max > 0 => {
                let next = self.inner.peek()?.map_or(self.inner.end, |event| event.offset);
                if next > self.inner.position + 100 {
                    self.inner.position += 100;
                    return Ok(0);
                }
            }
            Some(StoreFault::BatchesHaveNoBound) => {
                while self.inner.next_batch(events, max - events.len()).await? > 0 {}
                return Ok(events.len());
            }
            Some(fault) => {
                if let Some(result) = self.read_source(fault, events, max) {
                    return result;
                }
            }
            None => {}
        }
        match self.inner.next_batch(events, max).await {
            Err(Error::Truncated { requested, oldest }) => match self.fault {
                Some(StoreFault::EndsWhereItIsTruncated) => Ok(0),
                Some(StoreFault::SkipsWhatIsTruncated) => {
                    self.inner.position = oldest;
                    self.inner.next_batch(events, max).await
                }
                Some(StoreFault::TruncatedOnce) if self.said_truncated => {
                    self.inner.position = oldest;
                    self.inner.next_batch(events, max).await
                }
                Some(StoreFault::TruncatedNamesTheGone) => {
                    Err(Error::Truncated { requested, oldest: oldest - 1 })
                }
                _ => {
                    self.said_truncated = true;
                    Err(Error::Truncated { requested, oldest })
                }
            },
            result => result,
        }
    }

    /// With the faults of what is compared.
    fn read_source(
        &mut self,
        fault: StoreFault,
        events: &mut Vec<Event>,
        max: usize,
    ) -> Option<Result<usize>> {
        let handler = |parcel: &Parcel| parcel.source_handler().map(IdentityRef::to_identity);
        let wanted = self.inner.wanted.clone();
        let matches = move |parcel: &Parcel| match (&wanted, fault) {
            (Wanted::Types(types), StoreFault::ComparesBeginnings) => {
                types.names().is_none_or(|names| {
                    names.iter().any(|name| parcel.event_type().starts_with(name.as_str()))
                })
            }
            (Wanted::Source(key, _), StoreFault::IgnoresTheInstance) => {
                handler(parcel).is_some_and(|handler| handler.key == *key)
            }
            (Wanted::Source(_, id), StoreFault::IgnoresTheHandler) => {
                handler(parcel).is_some() && parcel.source_instance_id() == id
            }
            (Wanted::Source(key, id), StoreFault::JoinsHandlerAndInstance) => handler(parcel)
                .is_some_and(|handler| {
                    format!("{}{}", handler.key, parcel.source_instance_id())
                        == format!("{key}{id}")
                }),
            (Wanted::Source(..), StoreFault::AddsWhatHasNoHandler) => {
                handler(parcel).is_none() || wanted.matches(parcel)
            }
            // As if it were the key that was looked for: the name of the first that has it.
            (Wanted::Source(key, id), StoreFault::TellsHandlersByName) => {
                handler(parcel).is_some_and(|handler| handler.name == *key)
                    && parcel.source_instance_id() == id
            }
            _ => wanted.matches(parcel),
        };
        if !matches!(
            fault,
            StoreFault::ComparesBeginnings
                | StoreFault::IgnoresTheInstance
                | StoreFault::IgnoresTheHandler
                | StoreFault::JoinsHandlerAndInstance
                | StoreFault::AddsWhatHasNoHandler
                | StoreFault::TellsHandlersByName
        ) {
            return None;
        }
        let inner = &mut self.inner;
        while events.len() < max {
            match inner.data.find(inner.position, inner.end, &matches) {
                Ok(Some(event)) => {
                    inner.position = event.offset + 1;
                    events.push(event);
                }
                Ok(None) => {
                    inner.position = inner.position.max(inner.end);
                    break;
                }
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(events.len()))
    }

    /// What becomes of events on their way.
    fn alter(&self, events: &mut Vec<Event>) {
        let hidden = self.shared.hidden.lock().unwrap().clone();
        events.retain(|event| !hidden.contains(&event.offset));
        match self.fault {
            Some(StoreFault::SkipsSome) => events.retain(|event| event.offset % 10 != 5),
            Some(StoreFault::AppendsLeaveAGap) => {
                events.retain(|event| event.offset != self.committed);
            }
            Some(StoreFault::QueriesCompete) => {
                events.retain(|event| self.shared.taken.lock().unwrap().insert(event.offset));
            }
            Some(StoreFault::DropsEmptyPayloads) => {
                events.retain(|event| !event.parcel.data().is_empty());
            }
            Some(StoreFault::SwapsTwo) if events.len() > 1 => events.swap(0, 1),
            Some(StoreFault::SortsByTime) => events.sort_by_key(|event| event.parcel.created_at()),
            _ => {}
        }
        for event in events {
            match self.fault {
                Some(StoreFault::CountsFromOne) => event.offset += 1,
                Some(StoreFault::CountsIn63Bits) => event.offset &= u64::MAX >> 1,
                Some(StoreFault::CutsPayloads) if event.parcel.data().len() > 1 << 16 => {
                    let mut envelope = event.parcel.to_envelope();
                    envelope.data.truncate(1 << 16);
                    event.parcel = Parcel::seal(envelope).unwrap();
                }
                Some(StoreFault::DropsUnknownFields) => {
                    event.parcel = Parcel::seal(event.parcel.to_envelope()).unwrap();
                }
                _ => {}
            }
        }
    }
}

impl EventQuery for FaultyQuery {
    async fn next_batch(&mut self, buf: &mut Vec<Event>, mut max: usize) -> Result<usize> {
        match self.fault {
            Some(StoreFault::MaxZeroAddsOne) if max == 0 => max = 1,
            Some(StoreFault::MaxZeroEnds) if max == 0 => self.inner.position = self.inner.end,
            Some(StoreFault::ExceedsMax) if max > 0 => max = max.saturating_add(1),
            Some(StoreFault::ClearsTheBuffer) => buf.clear(),
            _ => {}
        }
        let mut events = Vec::new();
        self.read(&mut events, max).await?;
        self.alter(&mut events);
        if self.fault == Some(StoreFault::DroppedBatchLoses) {
            yield_now().await;
        }
        if let Some(last) = events.last() {
            self.returned = last.offset + 1;
        }
        let count = events.len();
        buf.extend(events);
        if self.fault == Some(StoreFault::DroppedBatchAdds) {
            yield_now().await;
        }
        Ok(count)
    }

    fn position(&self) -> u64 {
        match self.fault {
            Some(StoreFault::PositionStays) => self.begin,
            Some(StoreFault::PositionIsAhead) => self.inner.position.saturating_add(1),
            Some(StoreFault::PositionStopsAtTheLastMatch) => self.returned,
            _ => self.inner.position,
        }
    }
}
