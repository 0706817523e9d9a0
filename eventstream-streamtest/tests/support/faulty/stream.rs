use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use eventstream_core::{
    BoxError, CloseHandle, Cursor, Error, EventStream, EventTypes, Identity, Parcel, Result,
};
use eventstream_streamtest::{Profile, StreamEnv, StreamHarness, Timing, event_types};
use tokio::sync::Notify;

use super::{Fault, alter::alter_error, cursor::FaultyCursor};
use crate::support::{log::Log, reference::Reference};

/// Starts streams that all have the same fault, or none.
pub struct FaultyHarness {
    fault: Option<Fault>,
    timing: Timing,
    profile: Profile,
    data: OnceLock<Log>,
}

impl FaultyHarness {
    pub fn new(fault: Option<Fault>, timing: Timing) -> Self {
        // Less to do for the cases that have to go past it.
        let profile = Profile::full().read_ahead(16);
        Self { fault, timing, profile, data: OnceLock::new() }
    }

    pub fn profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    fn env(&self, first_offset: u64) -> FaultyEnv {
        let types = match self.fault {
            Some(Fault::RefusesWhenOpen) => EventTypes::any(),
            _ => event_types(),
        };
        let mut reference = Reference::new(first_offset, types);
        if self.fault == Some(Fault::SharesData) {
            reference.log = self.data.get_or_init(|| reference.log.clone()).clone();
        }
        FaultyEnv(FaultyStream { fault: self.fault, reference, shared: Arc::default() })
    }
}

impl StreamHarness for FaultyHarness {
    type Env = FaultyEnv;

    async fn start(&self) -> Result<FaultyEnv, BoxError> {
        Ok(self.env(0))
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<FaultyEnv>, BoxError> {
        Ok(Some(self.env(first_offset)))
    }

    fn timing(&self) -> Timing {
        self.timing
    }

    fn profile(&self) -> Profile {
        self.profile.clone()
    }
}

pub struct FaultyEnv(FaultyStream);

pub struct FaultyStream {
    fault: Option<Fault>,
    reference: Reference,
    shared: Arc<Shared>,
}

/// What the cursors of a stream have in common.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) taken: Mutex<HashSet<u64>>,
    pub(super) one_waiter: Notify,
    pub(super) waits: AtomicUsize,
    pub(super) close: CloseHandle,
    pub(super) truncations: AtomicUsize,
    pub(super) gone: AtomicBool,
    end: OnceLock<u64>,
    handles: Mutex<Vec<CloseHandle>>,
}

impl EventStream for FaultyStream {
    type Cursor = FaultyCursor;

    fn application(&self) -> &Identity {
        self.reference.application()
    }

    async fn event_types(&self) -> Result<EventTypes> {
        let types = self.reference.event_types().await?;
        Ok(match self.fault {
            Some(Fault::DeclaresTooFew) => {
                types.names().unwrap_or_default()[1..].iter().cloned().collect()
            }
            _ => types,
        })
    }

    async fn open(&self, offset: u64, types: EventTypes) -> Result<FaultyCursor> {
        let log = &self.reference.log;
        let mut begin = offset;
        let mut filter = types.clone();
        match self.fault {
            Some(Fault::IgnoresTheFilter) if !types.is_empty() => filter = EventTypes::any(),
            Some(Fault::IgnoresTheOffset) => begin = log.oldest(),
            Some(Fault::BeginsAfterTheOffset) if offset < u64::MAX => begin += 1,
            Some(Fault::BeginsAtTheEnd) => begin = offset.min(log.end()),
            Some(Fault::BeginsAtTheOldest) => begin = offset.max(log.oldest()),
            Some(Fault::RefusesPastTheEnd) if offset > log.end() => {
                return Err(Error::backend("open", false, "there is no such offset"));
            }
            Some(Fault::AcceptsAnEmptyFilter) if types.is_empty() => filter = event_types(),
            Some(Fault::AcceptsUndeclaredTypes) if !types.is_empty() => {
                filter = types.intersection(&event_types()).union(&event_types());
            }
            Some(Fault::RefusesWhenOpen) => types.check_supported_by(&event_types())?,
            _ => {}
        }
        let inner = match self.reference.open(begin, filter.clone()).await {
            Err(Error::UnsupportedEventTypes { .. })
                if self.fault == Some(Fault::NamesTheWrongTypes) =>
            {
                return Err(Error::UnsupportedEventTypes { types });
            }
            Err(error) => return Err(alter_error(self.fault, offset, error)),
            Ok(inner) => inner,
        };
        if self.fault == Some(Fault::TruncatesOneMore) && begin == log.oldest() && begin > 0 {
            return Err(Error::Truncated { requested: begin, oldest: begin + 1 });
        }
        let handle = inner.close_handle();
        self.shared.handles.lock().unwrap().push(handle);
        Ok(FaultyCursor::new(self.fault, inner, log.clone(), filter, Arc::clone(&self.shared)))
    }

    async fn end(&self) -> Result<Option<u64>> {
        let log = &self.reference.log;
        let (there, end) = (log.size().0 as u64, log.end());
        Ok(Some(match self.fault {
            Some(Fault::EndIsTheLastEvent) => end.saturating_sub(1),
            Some(Fault::EndCountsWhatIsThere) => there,
            Some(Fault::EndStays) => *self.shared.end.get_or_init(|| end),
            Some(Fault::EndFailsWhenEmpty) if there == 0 => {
                return Err(Error::backend("find the end", false, "there is no event"));
            }
            _ => end,
        }))
    }
}

impl StreamEnv for FaultyEnv {
    type Stream = FaultyStream;

    fn stream(&self) -> &FaultyStream {
        &self.0
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        let FaultyStream { fault, reference, shared } = &self.0;
        let result = reference.append(parcels).await;
        shared.one_waiter.notify_one();
        if *fault == Some(Fault::AppendsPastTheLastOffset) {
            return Ok(());
        }
        result
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        let FaultyStream { fault, reference, shared } = &self.0;
        if *fault == Some(Fault::NeverTruncates) {
            return Ok(());
        }
        shared.truncations.fetch_add(1, Ordering::SeqCst);
        reference.truncate(before).await
    }
}

impl Drop for FaultyEnv {
    fn drop(&mut self) {
        let shared = &self.0.shared;
        shared.gone.store(true, Ordering::SeqCst);
        if self.0.fault == Some(Fault::SourceCloses) {
            for handle in shared.handles.lock().unwrap().drain(..) {
                handle.close().ok();
            }
        }
    }
}
