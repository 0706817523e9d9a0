use std::ops::Range;

use eventstream_core::{
    Error, EventRepository, EventStore, EventTypes, Expect, Identity, Parcel, Result,
};

use super::{Data, ReferenceQuery, Wanted};

/// A store of some [`Data`].
#[derive(Clone)]
pub struct ReferenceStore {
    pub data: Data,
    pub application: Identity,
}

impl ReferenceStore {
    pub fn new(data: Data) -> Self {
        let application = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
        Self { data, application }
    }

    pub fn query(&self, wanted: Wanted, position: u64) -> ReferenceQuery {
        ReferenceQuery { data: self.data.clone(), wanted, position, end: self.data.end() }
    }
}

impl EventRepository for ReferenceStore {
    type Query = ReferenceQuery;

    async fn next_offset(&self) -> Result<u64> {
        Ok(self.data.end())
    }

    async fn load_by_type(&self, types: EventTypes, offset: u64) -> Result<ReferenceQuery> {
        let oldest = self.data.oldest();
        if offset < oldest {
            return Err(Error::Truncated { requested: offset, oldest });
        }
        Ok(self.query(Wanted::Types(types), offset))
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<ReferenceQuery> {
        let wanted = Wanted::Source(handler_key.to_owned(), instance_id.to_owned());
        Ok(self.query(wanted, self.data.oldest()))
    }

    async fn wait_for(&self, offset: u64) -> Result<u64> {
        loop {
            // Made before it looks: what is committed in between is not missed.
            let committed = self.data.committed();
            let end = self.data.end();
            if offset < end {
                return Ok(end);
            }
            committed.await;
        }
    }
}

impl EventStore for ReferenceStore {
    async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let _lock = self.data.write_lock().await;
        self.data.append(&self.application, parcels, expect)
    }

    async fn truncate(&self, before: u64) -> Result<()> {
        self.data.truncate(before)
    }
}
