//! What is checked in under `src/proto/generated` is what the `.proto` files give.
//!
//! With `EVENTSTREAM_REGENERATE=1` in its environment, the test writes it anew.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use prost::Message;

/// In the order in which they depend on each other.
const FILES: [&str; 7] = [
    "dogma/interop/v1/envelope/envelope.proto",
    "dogma/interop/v1/eventstream/eventstream.proto",
    "dogma/envelope/v1/envelope.proto",
    "dogma/messaging/v1/eventstream.proto",
    "eventstream/v1/eventstream.proto",
    "grpc/health/v1/health.proto",
    "grpc/reflection/v1/reflection.proto",
];

/// Not served, and so not described by reflection.
const MESSAGES_ONLY: &str = "google/rpc/status.proto";

const DESCRIPTORS: &str = "descriptors.bin";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The name and the content of each file.
fn generate() -> BTreeMap<String, Vec<u8>> {
    let proto = root().join("proto");
    let mut described = protox::compile(FILES, [&proto]).unwrap();
    let all = protox::compile(FILES.into_iter().chain([MESSAGES_ONLY]), [&proto]).unwrap();
    let out = tempfile::tempdir().unwrap();
    prost_build::Config::new()
        .bytes(["."])
        .enable_type_names()
        .type_name_domain(["."], "type.googleapis.com")
        .out_dir(out.path())
        .compile_fds(all)
        .unwrap();
    let mut files = read(out.path());
    // Where a file comes from makes no difference to those who ask for it by reflection.
    for file in &mut described.file {
        file.source_code_info = None;
    }
    files.insert(DESCRIPTORS.to_owned(), described.encode_to_vec());
    files
}

fn read(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

#[test]
fn the_generated_code_is_that_of_the_proto_files() {
    let directory = root().join("src/proto/generated");
    let generated = generate();
    if env::var_os("EVENTSTREAM_REGENERATE").is_some_and(|value| value == "1") {
        fs::create_dir_all(&directory).unwrap();
        for (name, content) in &generated {
            fs::write(directory.join(name), content).unwrap();
        }
    }
    let there = read(&directory);
    assert!(
        there.keys().eq(generated.keys()),
        "{} has other files than the .proto files give: {:?} and {:?}",
        directory.display(),
        there.keys(),
        generated.keys()
    );
    for (name, content) in &generated {
        assert!(
            there[name] == *content,
            "{name} is not what the .proto files give: run this test with EVENTSTREAM_REGENERATE=1"
        );
    }
}
