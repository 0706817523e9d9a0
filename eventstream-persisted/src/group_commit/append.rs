use std::collections::HashSet;

use eventstream_core::{Error, Expect, Identity, Parcel, Result};

/// An append as it was asked for: its parcels are of one application, and their ids differ.
#[derive(Debug)]
pub(crate) struct Append {
    parcels: Vec<Parcel>,
    expect: Expect,
    bytes: usize,
}

impl Append {
    /// # Errors
    ///
    /// [`Error::InvalidEnvelope`] if a parcel is another application's, or has more bytes than
    /// `max_bytes`, or if a message id is there twice.
    pub(crate) fn new(
        application: &Identity,
        parcels: Vec<Parcel>,
        expect: Expect,
        max_bytes: usize,
    ) -> Result<Self> {
        let mut bytes = 0_usize;
        for parcel in &parcels {
            parcel.check_is_from(application)?;
            let size = parcel.wire().len();
            if size > max_bytes {
                let problem = format!("is larger than {max_bytes} bytes, which the store can keep");
                return Err(Error::invalid("envelope", problem));
            }
            bytes = bytes.saturating_add(size);
        }
        if parcels.len() > 1 {
            let mut ids = HashSet::with_capacity(parcels.len());
            for parcel in &parcels {
                let id = parcel.message_id();
                if !ids.insert(id) {
                    return Err(Error::invalid("message_id", format!("{id} is there twice")));
                }
            }
        }
        Ok(Self { parcels, expect, bytes })
    }

    pub(crate) fn parcels(&self) -> &[Parcel] {
        &self.parcels
    }

    pub(crate) fn into_parcels(self) -> Vec<Parcel> {
        self.parcels
    }

    pub(crate) fn expect(&self) -> Expect {
        self.expect
    }

    /// What its parcels have on the wire.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}
