use std::time::Duration;

use super::super::failure_count::Origin;
use crate::{Identity, Status};

/// Without the feature `metrics`, nothing is measured.
pub(in super::super) struct Meters;

#[allow(clippy::unused_self, reason = "it stands for the one that measures")]
impl Meters {
    /// Whether anything is measured, so that the figures have to be kept up to date.
    pub(in super::super) const MEASURES: bool = false;

    pub(in super::super) fn new(_application: &Identity, _consumer: Option<&str>) -> Self {
        Self
    }

    pub(in super::super) fn processed(&self, _: usize, _: impl FnOnce() -> Duration, _: bool) {}
    pub(in super::super) fn failed(&self, _: Origin) {}
    pub(in super::super) fn observe(&self, _: &Status) {}
}
