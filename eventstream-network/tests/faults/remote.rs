//! Clients that find out soon that something is wrong.

use std::time::Duration;

use eventstream_core::Result;
use eventstream_network::{NetworkClient, NetworkStream, Protocol};

use crate::{history::EVENTS, support::application};

pub(crate) const PROTOCOLS: [Protocol; 3] = [Protocol::Ours, Protocol::A, Protocol::B];

pub(crate) const HEARTBEAT: Duration = Duration::from_millis(200);

pub(crate) const KEEP_ALIVE: Duration = Duration::from_millis(300);

/// By then it is noticed that nothing comes: much later than by these settings, as the machine may be
/// busy with something else, and sooner than by those that a client has if nothing is set.
pub(crate) const NOTICED: Duration = Duration::from_secs(15);

/// Longer than anything takes that does not take for ever.
pub(crate) const GENEROUS: Duration = Duration::from_secs(60);

/// So many events are read by a protocol: all by ours. By A and B each event is a message, which takes
/// longer.
pub(crate) fn events_by(protocol: Protocol) -> u64 {
    match protocol {
        Protocol::Ours => EVENTS,
        _ => EVENTS / 5,
    }
}

pub(crate) fn soon(_failures: u32) -> Duration {
    Duration::from_millis(5)
}

pub(crate) async fn client(endpoint: &str) -> Result<NetworkClient> {
    NetworkClient::connect(endpoint).keep_alive(KEEP_ALIVE, KEEP_ALIVE).await
}

/// The stream behind a network that works at first. Its cursors do not resume.
pub(crate) async fn remote(endpoint: &str, protocol: Protocol) -> NetworkStream {
    client(endpoint).await.unwrap().stream(application()).protocol(protocol).heartbeat(HEARTBEAT)
}
