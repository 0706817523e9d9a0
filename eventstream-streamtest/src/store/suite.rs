//! From the table of cases to the list, to what runs them, and to the tests of a suite's user.

use std::sync::LazyLock;

use crate::{Case, CaseFailure, StoreHarness, repository, suite};

crate::__store_cases! { [suite::define_cases] store StoreHarness }

static ALL: LazyLock<Vec<Case>> = LazyLock::new(|| [repository::suite::CASES, CASES].concat());

/// The cases of [`store_suite!`](crate::store_suite): those of
/// [`repository_suite!`](crate::repository_suite) and then its own, in the order of their tables.
///
/// # Examples
///
/// ```
/// use eventstream_streamtest::{repository_cases, store_cases};
///
/// assert!(store_cases().starts_with(repository_cases()));
/// for case in store_cases() {
///     println!("{}: {}", case.name(), case.rule());
/// }
/// ```
#[must_use]
pub fn store_cases() -> &'static [Case] {
    &ALL
}

/// Runs one case of [`store_suite!`](crate::store_suite), for those who want no `#[test]`.
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
/// See [the crate](crate#stores).
pub fn check_store(harness: impl StoreHarness, case: &str) -> Result<(), CaseFailure> {
    let (profile, timing) = (harness.profile(), harness.timing());
    let body = repository::suite::body(case).or_else(|| body(case));
    suite::check(store_cases(), body, harness, &profile, timing, case)
}

/// What the tests of a suite call.
#[doc(hidden)]
#[track_caller]
pub fn __test_store(harness: impl StoreHarness, case: &str) {
    suite::passed(&check_store(harness, case));
}

/// Makes a module of tests, one for each case of the suite, for a store that a
/// [`StoreHarness`](crate::StoreHarness) starts. The cases of
/// [`repository_suite!`](crate::repository_suite) are among them, as each store is a repository.
///
/// The form is that of [`stream_suite!`](crate::stream_suite).
///
/// # Examples
///
/// See [the crate](crate#stores).
#[macro_export]
macro_rules! store_suite {
    ($(#[$attribute:meta])* mod $name:ident: $harness:expr $(,)?) => {
        $crate::__suite! {
            $(#[$attribute])* mod $name: $harness,
            StoreHarness __test_store [__repository_cases __store_cases]
        }
    };
}
