//! What all suites have in common: how their cases are listed, run, and made into tests.

use std::{future::Future, pin::Pin, sync::Arc};

use crate::{Case, CaseFailure, Profile, Timing, failure::Check, run, scene::Scene};

/// What a case does.
pub(crate) type Body<H> = fn(Scene<H>) -> Pin<Box<dyn Future<Output = Check> + Send>>;

/// Makes the list of a table's cases, and the function that finds what each of them does, for the
/// harnesses of a suite: its cases stand in the suite's module.
macro_rules! define_cases {
    ([$suite:ident $harness:ident]
    $($module:ident { $($rule:literal => { $($case:ident,)+ })+ })+) => {
        pub(crate) const CASES: &[$crate::Case] = &[$($($(
            $crate::Case::new(concat!(stringify!($module), "::", stringify!($case)), $rule),
        )+)+)+];

        pub(crate) fn body<H: $crate::$harness>(name: &str) -> Option<$crate::suite::Body<H>> {
            $($($(
                if name == concat!(stringify!($module), "::", stringify!($case)) {
                    return Some(|scene| Box::pin($crate::$suite::cases::$module::$case(scene)));
                }
            )+)+)+
            None
        }
    };
}

pub(crate) use define_cases;

/// Runs the case of this name, as the profile has it.
pub(crate) fn check<H>(
    cases: &[Case],
    body: Option<Body<H>>,
    harness: H,
    profile: &Profile,
    timing: Timing,
    name: &str,
) -> Result<(), CaseFailure> {
    let (Some(case), Some(body)) = (cases.iter().find(|case| case.name() == name), body) else {
        return Err(CaseFailure::no_such_case(name));
    };
    run::run(cases, *case, profile, timing, |progress| {
        body(Scene::new(Arc::new(harness), timing, profile.read_ahead, progress))
    })
}

/// The test of a case succeeds, or says why not.
#[track_caller]
pub(crate) fn passed(result: &Result<(), CaseFailure>) {
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

/// The module of tests that the macro of a suite makes: one for each case of these tables.
#[doc(hidden)]
#[macro_export]
macro_rules! __suite {
    ($(#[$attribute:meta])* mod $name:ident: $harness:expr,
    $trait:ident $test:ident [$($table:ident)+]) => {
        $(#[$attribute])*
        mod $name {
            // A module of its own, so that nothing in it has the name of what the expression
            // means.
            mod __harness {
                #[allow(unused_imports)]
                use super::super::*;

                pub(super) fn new() -> impl $crate::$trait {
                    $harness
                }
            }

            $($crate::$table! { [$crate::__tests] $test })+
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ([$test:ident] $($module:ident { $($rule:literal => { $($case:ident,)+ })+ })+) => {
        $(
            mod $module {
                $($(
                    #[test]
                    fn $case() {
                        $crate::$test(
                            super::__harness::new(),
                            concat!(stringify!($module), "::", stringify!($case)),
                        );
                    }
                )+)+
            }
        )+
    };
}
