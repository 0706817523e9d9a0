//! From the table of cases to the list, to what runs them, and to the tests of a suite's user.

use crate::{Case, CaseFailure, StreamHarness, suite};

crate::__stream_cases! { [suite::define_cases] stream StreamHarness }

/// The cases of [`stream_suite!`](crate::stream_suite), in the order of its table.
///
/// # Examples
///
/// ```
/// for case in eventstream_streamtest::stream_cases() {
///     println!("{}: {}", case.name(), case.rule());
/// }
/// ```
#[must_use]
pub fn stream_cases() -> &'static [Case] {
    CASES
}

/// Runs one case of [`stream_suite!`](crate::stream_suite), for those who want no `#[test]`.
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
/// See [the crate](crate#examples).
pub fn check_stream(harness: impl StreamHarness, case: &str) -> Result<(), CaseFailure> {
    let (profile, timing) = (harness.profile(), harness.timing());
    suite::check(stream_cases(), body(case), harness, &profile, timing, case)
}

/// What the tests of a suite call.
#[doc(hidden)]
#[track_caller]
pub fn __test_stream(harness: impl StreamHarness, case: &str) {
    suite::passed(&check_stream(harness, case));
}

/// Makes a module of tests, one for each case of the suite, for a stream that a
/// [`StreamHarness`](crate::StreamHarness) starts.
///
/// The harness is any expression that can be evaluated where the macro stands; each test evaluates
/// it anew. Attributes before `mod` go to the module.
///
/// # Examples
///
/// A harness of a unit struct, and one that is made; see [the crate](crate#examples) for what
/// they have to do.
///
/// ```
/// # use eventstream_core::{BoxError, DynStream, Parcel};
/// use eventstream_streamtest::{StreamEnv, StreamHarness, stream_suite};
/// #
/// # struct Env(DynStream);
/// # impl StreamEnv for Env {
/// #     type Stream = DynStream;
/// #     fn stream(&self) -> &DynStream { &self.0 }
/// #     async fn append(&self, _: Vec<Parcel>) -> Result<(), BoxError> { Ok(()) }
/// #     async fn truncate(&self, _: u64) -> Result<(), BoxError> { Ok(()) }
/// # }
/// # struct Memory;
/// # impl StreamHarness for Memory {
/// #     type Env = Env;
/// #     async fn start(&self) -> Result<Env, BoxError> { Err("none".into()) }
/// # }
/// # struct Server(u16);
/// # impl Server { fn new(port: u16) -> Self { Self(port) } }
/// # impl StreamHarness for Server {
/// #     type Env = Env;
/// #     async fn start(&self) -> Result<Env, BoxError> { Err("none".into()) }
/// # }
///
/// // => memory::next::delivers_in_order, memory::close::wakes_a_pending_next, …
/// stream_suite!(mod memory: Memory);
///
/// stream_suite!(
///     #[cfg(unix)]
///     mod server: Server::new(5432)
/// );
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! stream_suite {
    ($(#[$attribute:meta])* mod $name:ident: $harness:expr $(,)?) => {
        $crate::__suite! {
            $(#[$attribute])* mod $name: $harness,
            StreamHarness __test_stream [__stream_cases]
        }
    };
}
