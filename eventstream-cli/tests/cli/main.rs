//! The built program, run as a user runs it.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod append;
mod append_at_once;
mod append_errors;
#[allow(dead_code)] // The server's own tests use more of it.
#[path = "../../../eventstream-network/tests/support/authority.rs"]
mod authority;
mod authors;
mod backup;
mod book;
mod busy;
mod chance;
mod compact;
mod connect;
mod consumed;
mod consumers;
mod copied;
mod copy;
mod damaged;
mod demo;
mod demo_summary;
mod disk;
mod disk_full;
mod disk_read_only;
mod doctor;
mod elsewhere;
mod followed;
mod half_sent;
mod harness;
mod info;
mod killed;
#[cfg(target_os = "linux")]
mod locked;
mod nats;
mod no_database;
mod original;
mod parked;
mod permission;
mod postgres;
mod reconnected;
mod running;
mod salvage;
mod secured;
mod serve;
mod served;
mod stats;
mod stores;
mod tail;
mod tail_follow;
mod truncate;
mod variables;
mod verify;
