use crate::Case;

/// What a suite may expect of an implementation: everything, unless it is waived.
///
/// A waived case still runs, and has to fail. Once it passes, its test fails as a *stale waiver*,
/// so that the profile always says what is true.
///
/// # Examples
///
/// ```
/// use eventstream_streamtest::Profile;
///
/// let profile = Profile::full()
///     .without("offsets::near_the_largest", "the server counts in 63 bits")
///     .read_ahead(64);
/// # let _ = profile;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Profile {
    waivers: Vec<Waiver>,
    pub(crate) read_ahead: usize,
}

#[derive(Clone, Debug)]
struct Waiver {
    case: String,
    reason: String,
}

impl Profile {
    /// Everything is expected.
    pub fn full() -> Self {
        Self { waivers: Vec::new(), read_ahead: 1_024 }
    }

    /// Waives a case, and says why. If it fails by hanging, its test takes the whole
    /// [deadline](crate::Timing::deadline).
    pub fn without(mut self, case: impl Into<String>, reason: impl Into<String>) -> Self {
        self.waivers.push(Waiver { case: case.into(), reason: reason.into() });
        self
    }

    /// How many events a cursor or a query reads ahead at most: so many may still come after it was
    /// truncated over. 1,024 if not set. Where it reads ahead by bytes, count events of 4 KiB.
    pub fn read_ahead(self, events: usize) -> Self {
        Self { read_ahead: events, ..self }
    }

    /// As if none of these cases were waived.
    pub(crate) fn without_waivers_of(mut self, cases: &[Case]) -> Self {
        self.waivers.retain(|waiver| cases.iter().all(|case| case.name() != waiver.case));
        self
    }

    /// Why a case is waived, if it is.
    pub(crate) fn waiver(&self, case: Case) -> Option<&str> {
        self.waivers
            .iter()
            .find(|waiver| waiver.case == case.name())
            .map(|waiver| waiver.reason.as_str())
    }

    /// A waiver that names none of these cases.
    pub(crate) fn unknown_waiver(&self, cases: &[Case]) -> Option<&str> {
        self.waivers
            .iter()
            .map(|waiver| waiver.case.as_str())
            .find(|name| cases.iter().all(|case| case.name() != *name))
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::full()
    }
}
