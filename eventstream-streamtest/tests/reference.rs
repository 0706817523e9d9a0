//! The suite passes on a stream that is right, erased or not, open or not.

mod support;

use std::{collections::BTreeSet, env, process::Command};

use eventstream_core::{BoxError, DynStream, EventTypes, Parcel};
use eventstream_streamtest::{Case, StreamEnv, StreamHarness, stream_cases, stream_suite};
use support::{log::Log, reference::Reference};

struct Declaring;

impl StreamHarness for Declaring {
    type Env = Reference;

    async fn start(&self) -> Result<Reference, BoxError> {
        Ok(Reference::declaring(0))
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Reference>, BoxError> {
        Ok(Some(Reference::declaring(first_offset)))
    }
}

/// The same stream, open for any type, and behind a pointer.
struct Erased {
    types: EventTypes,
}

impl Erased {
    fn new(types: EventTypes) -> Self {
        Self { types }
    }
}

struct ErasedEnv {
    log: Log,
    stream: DynStream,
}

impl StreamHarness for Erased {
    type Env = ErasedEnv;

    async fn start(&self) -> Result<ErasedEnv, BoxError> {
        Ok(ErasedEnv::new(Reference::new(0, self.types.clone())))
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<ErasedEnv>, BoxError> {
        let stream = Reference::new(first_offset, self.types.clone());
        Ok(Some(ErasedEnv::new(stream)))
    }
}

impl ErasedEnv {
    fn new(stream: Reference) -> Self {
        Self { log: stream.log.clone(), stream: DynStream::new(stream) }
    }
}

impl StreamEnv for ErasedEnv {
    type Stream = DynStream;

    fn stream(&self) -> &DynStream {
        &self.stream
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.log.append(parcels)
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        self.log.truncate(before);
        Ok(())
    }
}

stream_suite!(mod declaring: Declaring);
stream_suite!(mod erased: Erased::new(EventTypes::any()));

#[test]
fn the_macro_makes_a_test_of_each_case() {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--list", "--format", "terse"])
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let cases: BTreeSet<_> = stream_cases().iter().map(Case::name).collect();
    for module in ["declaring::", "erased::"] {
        let tests: BTreeSet<_> = listed
            .lines()
            .filter_map(|line| line.strip_prefix(module)?.strip_suffix(": test"))
            .collect();
        assert_eq!(tests, cases);
    }
}
