//! The example of the README: events are recorded, and a consumer adds up what was paid.

// Apart, because a test runs it too, and compares it with the README.
include!("program.rs");
