//! Each fault that a stream, a store or a handler can have is caught by the cases that are there for it, and
//! each case catches some fault: the suites can fail, and where they should.

#![allow(clippy::unwrap_used)]

mod support;

use std::{collections::BTreeSet, sync::Mutex, thread, time::Duration};

use eventstream_streamtest::{
    Case, CaseFailure, Timing, check_handler, check_store, check_stream, handler_cases,
    store_cases, stream_cases,
};
use support::{
    faults::Faults,
    faulty::{Fault, FaultyHarness},
    faulty_handler::{FaultyHandlers, HandlerFault},
    faulty_store::{FaultyStores, StoreFault},
    handler::InMemory,
    quick,
    store::Memory,
};

/// They wait, mostly.
const THREADS: usize = 16;

/// With a fault, a case may have to come to its deadline.
fn impatient() -> Timing {
    quick().deadline(Duration::from_secs(3))
}

fn stream(fault: Fault, case: &str) -> Result<(), CaseFailure> {
    check_stream(FaultyHarness::new(Some(fault), impatient()), case)
}

fn store(fault: StoreFault, case: &str) -> Result<(), CaseFailure> {
    check_store(Memory(FaultyStores::new(Some(fault), impatient())), case)
}

fn handler(fault: HandlerFault, case: &str) -> Result<(), CaseFailure> {
    check_handler(InMemory(FaultyHandlers::new(Some(fault), impatient())), case)
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

/// Runs all cases, which have to pass.
fn all_pass(cases: &[Case], check: impl Fn(&str) -> Result<(), CaseFailure> + Sync) {
    let failures: Vec<_> = side_by_side(cases.to_vec(), |case| check(case.name()).err())
        .into_iter()
        .flatten()
        .map(|failure| failure.to_string())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Whether a race is lost is up to the scheduler of a machine that has other things to do: a fault
/// that shows in one only is given so many chances.
const TRIES: usize = 4;

/// Has each fault looked for by its cases, which have to catch it.
fn all_are_caught<F: Faults>(check: impl Fn(F, &str) -> Result<(), CaseFailure> + Sync) {
    let jobs = F::ALL
        .iter()
        .flat_map(|fault| fault.caught_by().iter().map(|case| (*fault, *case)))
        .collect();
    let mut missed: Vec<_> = side_by_side(jobs, |(fault, case)| {
        match (0..TRIES).find_map(|_| check(fault, case).err()) {
            None => Some(format!("{case} has not caught {fault:?}")),
            Some(failure) if failure.happened().contains("harness") => Some(failure.to_string()),
            Some(_) => None,
        }
    })
    .into_iter()
    .flatten()
    .collect();
    missed.sort();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Whether the table of faults names each of the cases, and no others.
fn all_are_used<F: Faults>(cases: &[Case]) {
    let used: BTreeSet<_> = F::ALL.iter().flat_map(|fault| fault.caught_by()).collect();
    let all: BTreeSet<_> = cases.iter().map(Case::name).collect();
    let idle: Vec<_> = all.iter().filter(|case| !used.contains(case)).collect();
    assert!(idle.is_empty(), "these cases catch no fault: {idle:?}");
    let unknown: Vec<_> = used.iter().filter(|case| !all.contains(**case)).collect();
    assert!(unknown.is_empty(), "there are no such cases: {unknown:?}");
}

#[test]
fn without_a_fault_all_cases_pass() {
    all_pass(stream_cases(), |case| check_stream(FaultyHarness::new(None, quick()), case));
}

#[test]
fn without_a_fault_all_cases_of_stores_pass() {
    all_pass(store_cases(), |case| check_store(Memory(FaultyStores::new(None, quick())), case));
}

#[test]
fn without_a_fault_all_cases_of_handlers_pass() {
    all_pass(handler_cases(), |case| {
        check_handler(InMemory(FaultyHandlers::new(None, quick())), case)
    });
}

#[test]
fn each_fault_is_caught_by_the_cases_that_are_there_for_it() {
    all_are_caught(stream);
}

#[test]
fn each_fault_of_a_store_is_caught_by_the_cases_that_are_there_for_it() {
    all_are_caught(store);
}

#[test]
fn each_fault_of_a_handler_is_caught_by_the_cases_that_are_there_for_it() {
    all_are_caught(handler);
}

/// Whether a race is lost is up to the scheduler, but over so many appends it is.
#[test]
fn who_listens_too_late_is_caught_every_time() {
    let missed = side_by_side(vec![(); 8], |()| {
        [
            stream(Fault::ListensTooLate, "next::never_misses_a_wake_up").is_ok(),
            store(StoreFault::ListensTooLate, "wait_for::never_misses_a_commit").is_ok(),
        ]
    });
    assert_eq!(missed, [[false; 2]; 8]);
}

#[test]
fn each_case_is_there_for_some_fault() {
    all_are_used::<Fault>(stream_cases());
    all_are_used::<StoreFault>(store_cases());
    all_are_used::<HandlerFault>(handler_cases());
}
