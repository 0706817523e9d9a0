//! From the table of cases to the list, to what runs them, and to the tests of a suite's user.

use crate::{Case, CaseFailure, RepositoryHarness, suite};

crate::__repository_cases! { [suite::define_cases] repository RepositoryHarness }

/// The cases of [`repository_suite!`](crate::repository_suite), in the order of its table.
///
/// # Examples
///
/// ```
/// for case in eventstream_streamtest::repository_cases() {
///     println!("{}: {}", case.name(), case.rule());
/// }
/// ```
#[must_use]
pub fn repository_cases() -> &'static [Case] {
    CASES
}

/// Runs one case of [`repository_suite!`](crate::repository_suite), for those who want no
/// `#[test]`.
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
/// See [the crate](crate#repositories).
pub fn check_repository(harness: impl RepositoryHarness, case: &str) -> Result<(), CaseFailure> {
    let (profile, timing) = (harness.profile(), harness.timing());
    suite::check(repository_cases(), body(case), harness, &profile, timing, case)
}

/// What the tests of a suite call.
#[doc(hidden)]
#[track_caller]
pub fn __test_repository(harness: impl RepositoryHarness, case: &str) {
    suite::passed(&check_repository(harness, case));
}

/// Makes a module of tests, one for each case of the suite, for a repository that a
/// [`RepositoryHarness`](crate::RepositoryHarness) starts.
///
/// The form is that of [`stream_suite!`](crate::stream_suite).
///
/// # Examples
///
/// See [the crate](crate#repositories).
#[macro_export]
macro_rules! repository_suite {
    ($(#[$attribute:meta])* mod $name:ident: $harness:expr $(,)?) => {
        $crate::__suite! {
            $(#[$attribute])* mod $name: $harness,
            RepositoryHarness __test_repository [__repository_cases]
        }
    };
}
