//! The sealed form of an envelope: its wire bytes, and where its fields stand in them.

mod check;
mod encode;
mod glance;
mod index;
mod pair;
mod repack;
mod sealed;
mod wire;

pub use sealed::Parcel;

/// The field numbers of `dogma.interop.v1.envelope.Envelope`, and the one that is ours.
mod number {
    pub(super) const MESSAGE_ID: u32 = 1;
    pub(super) const CAUSATION_ID: u32 = 2;
    pub(super) const CORRELATION_ID: u32 = 3;
    pub(super) const SOURCE_APPLICATION: u32 = 4;
    pub(super) const SOURCE_HANDLER: u32 = 5;
    pub(super) const SOURCE_INSTANCE_ID: u32 = 6;
    pub(super) const CREATED_AT: u32 = 7;
    pub(super) const SCHEDULED_FOR: u32 = 8;
    pub(super) const DESCRIPTION: u32 = 9;
    pub(super) const PORTABLE_NAME: u32 = 10;
    pub(super) const MEDIA_TYPE: u32 = 11;
    pub(super) const DATA: u32 = 12;
    pub(super) const SOURCE_SITE: u32 = 13;
    pub(super) const ATTRIBUTES: u32 = 1001;

    /// In `Identity` and in an entry of the attributes' map alike: the name or the key first,
    /// then what belongs to it.
    pub(super) const FIRST: u32 = 1;
    pub(super) const SECOND: u32 = 2;
}
