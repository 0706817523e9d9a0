use std::time::Duration;

use super::super::{failure_count::Origin, settings::Settings};
use crate::{Identity, Status};

/// Without the feature `metrics`, nothing is measured.
pub(in super::super) struct Meters;

#[allow(clippy::unused_self, reason = "it stands for the one that measures")]
impl Meters {
    pub(in super::super) fn new(_application: &Identity, _settings: &Settings) -> Self {
        Self
    }

    pub(in super::super) fn processed(&self, _: usize, _: impl FnOnce() -> Duration, _: bool) {}
    pub(in super::super) fn failed(&self, _: Origin) {}
    pub(in super::super) fn observe(&self, _: impl FnOnce() -> Status) {}
}
