//! Each fault that a stream can have is caught by the cases that are there for it, and each case
//! catches some fault: the suite can fail, and where it should.

#![allow(clippy::unwrap_used)]

mod support;

use std::{collections::BTreeSet, sync::Mutex, thread, time::Duration};

use eventstream_streamtest::{Case, CaseFailure, check_stream, stream_cases};
use support::{
    faulty::{Fault, FaultyHarness},
    quick,
};

/// They wait, mostly.
const THREADS: usize = 16;

/// With a fault, a case may have to come to its deadline.
fn check(fault: Fault, case: &str) -> Result<(), CaseFailure> {
    let timing = quick().deadline(Duration::from_secs(3));
    check_stream(FaultyHarness::new(Some(fault), timing), case)
}

/// Does all of it, a few at a time; returns what it has come to, in no order.
fn side_by_side<T: Send, R: Send>(jobs: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let jobs = Mutex::new(jobs);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let Some(job) = jobs.lock().unwrap().pop() else {
                        break;
                    };
                    let result = work(job);
                    results.lock().unwrap().push(result);
                }
            });
        }
    });
    results.into_inner().unwrap()
}

#[test]
fn without_a_fault_all_cases_pass() {
    let failures: Vec<_> = side_by_side(stream_cases().to_vec(), |case| {
        check_stream(FaultyHarness::new(None, quick()), case.name()).err()
    })
    .into_iter()
    .flatten()
    .map(|failure| failure.to_string())
    .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn each_fault_is_caught_by_the_cases_that_are_there_for_it() {
    let jobs = Fault::ALL
        .iter()
        .flat_map(|fault| fault.caught_by().iter().map(|case| (*fault, *case)))
        .collect();
    let mut missed: Vec<_> = side_by_side(jobs, |(fault, case)| match check(fault, case) {
        Ok(()) => Some(format!("{case} has not caught {fault:?}")),
        Err(failure) if failure.happened().contains("harness") => Some(failure.to_string()),
        Err(_) => None,
    })
    .into_iter()
    .flatten()
    .collect();
    missed.sort();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Whether a race is lost is up to the scheduler, but over so many appends it is.
#[test]
fn a_cursor_that_listens_too_late_is_caught_every_time() {
    let missed = side_by_side(vec![(); 8], |()| {
        check(Fault::ListensTooLate, "next::never_misses_a_wake_up").is_ok()
    });
    assert_eq!(missed, [false; 8]);
}

#[test]
fn each_case_is_there_for_some_fault() {
    let used: BTreeSet<_> = Fault::ALL.iter().flat_map(|f| f.caught_by()).collect();
    let all: BTreeSet<_> = stream_cases().iter().map(Case::name).collect();
    let idle: Vec<_> = all.iter().filter(|case| !used.contains(case)).collect();
    assert!(idle.is_empty(), "these cases catch no fault: {idle:?}");
    let unknown: Vec<_> = used.iter().filter(|case| !all.contains(**case)).collect();
    assert!(unknown.is_empty(), "there are no such cases: {unknown:?}");
}
