use std::time::Duration;

/// How long the cases of a suite wait.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use eventstream_streamtest::Timing;
///
/// // Events come over a network, and may take a while.
/// let timing = Timing::default().quiet(Duration::from_millis(200));
/// # let _ = timing;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Timing {
    pub(crate) deadline: Duration,
    pub(crate) quiet: Duration,
}

impl Timing {
    /// How long a case may take from its start to its end; then it has failed. 60 seconds if not
    /// set: it is there for what hangs, not for what is slow.
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// How long a case watches before it is satisfied that nothing comes. 50 milliseconds if not
    /// set.
    ///
    /// A value that is too small never fails a good stream, but lets a bad one pass: it has to be
    /// longer than a wrong event would take to arrive.
    pub fn quiet(self, quiet: Duration) -> Self {
        Self { quiet, ..self }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(60), quiet: Duration::from_millis(50) }
    }
}
