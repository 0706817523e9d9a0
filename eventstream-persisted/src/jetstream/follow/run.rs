use async_nats::Subject;
use eventstream_core::Parcel;

use crate::jetstream::{core::Core, read::Delivered};

/// So many are handed to the cache at once, unless a batch has more.
const MOST: usize = 1_000;

/// Events one after another, which are to be made known: up to the end of a batch, as the server puts
/// its messages into the stream one by one.
pub(super) struct Run<'a> {
    core: &'a Core,
    first: u64,
    parcels: Vec<Parcel>,
    /// Of the last message.
    subject: Option<Subject>,
    /// How many of the batch are missing.
    left: u64,
}

impl<'a> Run<'a> {
    pub(super) fn new(core: &'a Core, next: u64) -> Self {
        Self { core, first: next, parcels: Vec::new(), subject: None, left: 0 }
    }

    /// The offset of the message that comes next.
    pub(super) fn next(&self) -> u64 {
        self.first + self.parcels.len() as u64
    }

    pub(super) fn is_full(&self) -> bool {
        self.left == 0 && self.parcels.len() >= MOST
    }

    pub(super) fn add(&mut self, delivered: Delivered) {
        let offset = delivered.offset();
        let parcel =
            if self.core.keeps_recent { Parcel::from_wire(delivered.content).ok() } else { None };
        if offset != self.next() {
            // Something is missing: the cache begins anew behind it, and whoever reads there finds out.
            self.left = 0;
            self.commit();
            self.first = offset;
        }
        self.left = delivered.left_in_batch;
        self.subject = Some(delivered.subject);
        if let Some(parcel) = parcel {
            self.parcels.push(parcel);
        } else {
            self.core.recent.record(self.first, &self.parcels);
            self.parcels.clear();
            self.first = offset + 1;
        }
    }

    /// Makes known what is complete.
    pub(super) fn commit(&mut self) {
        if self.left > 0 {
            return;
        }
        self.core.committed(self.first, &self.parcels, self.subject.as_deref());
        self.first = self.next();
        self.parcels.clear();
    }
}
