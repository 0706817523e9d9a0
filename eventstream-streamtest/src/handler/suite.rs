//! From the table of cases to the list, to what runs them, and to the tests of a suite's user.

use crate::{Case, CaseFailure, HandlerHarness, suite};

crate::__handler_cases! { [suite::define_cases] handler HandlerHarness }

/// The cases of [`handler_suite!`](crate::handler_suite), in the order of its table.
///
/// # Examples
///
/// ```
/// for case in eventstream_streamtest::handler_cases() {
///     println!("{}: {}", case.name(), case.rule());
/// }
/// ```
#[must_use]
pub fn handler_cases() -> &'static [Case] {
    CASES
}

/// Runs one case of [`handler_suite!`](crate::handler_suite), for those who want no `#[test]`.
///
/// It starts a runtime, so it can't be called from within one.
///
/// # Errors
///
/// If the case fails though it is not waived, if it passes though it is waived, or if it, or
/// any waiver of the profile, names no case.
///
/// # Examples
///
/// See [the crate](crate#handlers).
pub fn check_handler(harness: impl HandlerHarness, case: &str) -> Result<(), CaseFailure> {
    let (profile, timing) = (harness.profile(), harness.timing());
    suite::check(handler_cases(), body(case), harness, &profile, timing, case)
}

/// What the tests of a suite call.
#[doc(hidden)]
#[track_caller]
pub fn __test_handler(harness: impl HandlerHarness, case: &str) {
    suite::passed(&check_handler(harness, case));
}

/// Makes a module of tests, one for each case of the suite, for the handlers that a
/// [`HandlerHarness`](crate::HandlerHarness) opens.
///
/// The form is that of [`stream_suite!`](crate::stream_suite).
///
/// # Examples
///
/// See [the crate](crate#handlers).
#[macro_export]
macro_rules! handler_suite {
    ($(#[$attribute:meta])* mod $name:ident: $harness:expr $(,)?) => {
        $crate::__suite! {
            $(#[$attribute])* mod $name: $harness,
            HandlerHarness __test_handler [__handler_cases]
        }
    };
}
