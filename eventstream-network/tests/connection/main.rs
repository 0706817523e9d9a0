//! Connections that break, fall silent, or never really begin; servers that go away and come back.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod appends;
mod begin;
mod counted_stream;
mod drain;
mod lost;
mod protocols;
mod resume;
mod slow;
mod slow_stream;
mod unread;
mod until;
