//! From the table of cases to the list, to what runs them, and to the tests of a suite's user.

use std::{future::Future, pin::Pin, sync::Arc};

use crate::{Case, CaseFailure, StreamHarness, cases, failure::Check, run, stage::Scene};

type Body<H> = fn(Scene<H>) -> Pin<Box<dyn Future<Output = Check> + Send>>;

macro_rules! define_stream_cases {
    ($($module:ident { $($rule:literal => { $($case:ident,)+ })+ })+) => {
        const STREAM_CASES: &[Case] = &[$($($(
            Case::new(concat!(stringify!($module), "::", stringify!($case)), $rule),
        )+)+)+];

        fn stream_body<H: StreamHarness>(name: &str) -> Option<Body<H>> {
            $($($(
                if name == concat!(stringify!($module), "::", stringify!($case)) {
                    return Some(|scene| Box::pin(cases::$module::$case(scene)));
                }
            )+)+)+
            None
        }
    };
}

crate::__stream_cases! { [define_stream_cases] }

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
    STREAM_CASES
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
    check(harness, case)
}

fn check<H: StreamHarness>(harness: H, name: &str) -> Result<(), CaseFailure> {
    let (Some(case), Some(body)) =
        (STREAM_CASES.iter().find(|case| case.name() == name), stream_body::<H>(name))
    else {
        return Err(CaseFailure::no_such_case(name));
    };
    let (profile, timing) = (harness.profile(), harness.timing());
    run::run(STREAM_CASES, *case, &profile, timing, |progress| {
        body(Scene::new(Arc::new(harness), timing, profile.read_ahead, progress))
    })
}

/// What the tests of a suite call.
#[doc(hidden)]
#[track_caller]
pub fn __test_stream(harness: impl StreamHarness, case: &str) {
    if let Err(failure) = check(harness, case) {
        panic!("{failure}");
    }
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
        $(#[$attribute])*
        mod $name {
            // A module of its own, so that nothing in it has the name of what the expression
            // means.
            mod __harness {
                #[allow(unused_imports)]
                use super::super::*;

                pub(super) fn new() -> impl $crate::StreamHarness {
                    $harness
                }
            }

            $crate::__stream_cases! { [$crate::__stream_tests] }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __stream_tests {
    ($($module:ident { $($rule:literal => { $($case:ident,)+ })+ })+) => {
        $(
            mod $module {
                $($(
                    #[test]
                    fn $case() {
                        $crate::__test_stream(
                            super::__harness::new(),
                            concat!(stringify!($module), "::", stringify!($case)),
                        );
                    }
                )+)+
            }
        )+
    };
}
