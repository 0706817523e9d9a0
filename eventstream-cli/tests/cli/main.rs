//! The built program, run as a user runs it.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod append;
mod append_at_once;
mod append_errors;
mod authors;
mod book;
mod chance;
mod demo;
mod followed;
mod harness;
mod info;
mod killed;
mod tail;
mod tail_follow;
