use std::{borrow::Cow, fmt};

use super::Severity;

/// What was found out about one thing that a store depends on: a setting of a server, a right, a
/// limit.
///
/// Stores look when they are opened: an error stops them, and a warning is logged. All findings can be
/// asked for, too: see the stores.
///
/// # Examples
///
/// ```
/// use eventstream_persisted::{Finding, Severity};
///
/// let finding = Finding::warning("replicas", "there is one copy of the events").advice("make it 3");
/// assert_eq!(finding.severity(), Severity::Warning);
/// assert_eq!(finding.to_string(), "replicas: there is one copy of the events; make it 3");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    severity: Severity,
    check: &'static str,
    what: Cow<'static, str>,
    advice: Option<Cow<'static, str>>,
}

impl Finding {
    /// `check` is what was looked at, in a word or two; `what` is how it is.
    pub fn new(
        severity: Severity,
        check: &'static str,
        what: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { severity, check, what: what.into(), advice: None }
    }

    /// It is as it should be.
    pub fn fine(check: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Severity::Fine, check, what)
    }

    /// It can't be found out.
    pub fn unknown(check: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Severity::Unknown, check, what)
    }

    /// It should be otherwise.
    pub fn warning(check: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Severity::Warning, check, what)
    }

    /// It has to be otherwise.
    pub fn error(check: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Severity::Error, check, what)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// How much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What was looked at, in a word or two.
    #[must_use]
    pub fn check(&self) -> &'static str {
        self.check
    }

    /// How it is.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it, if there is something to be done.
    #[must_use]
    pub fn what_to_do(&self) -> Option<&str> {
        self.advice.as_deref()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.what)?;
        match &self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}
