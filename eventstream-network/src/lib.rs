//! Ordered streams of event messages over gRPC: a server for any
//! [`EventStream`](eventstream_core::EventStream), and a client that is one.
//!
//! A [`NetworkServer`] hosts the streams of any number of applications. A [`NetworkStream`] is the
//! stream of one of them, somewhere else, and a [`NetworkStore`] the store behind it.
//!
//! An event is not encoded again: the server frames the bytes that the store has kept, and the client
//! slices them out of what comes. The protocols are in the folder `proto`; what Rust makes of them is
//! in [`proto`].
//!
//! # Examples
//!
//! A stream, and the same over the network:
//!
//! ```
//! use eventstream_core::{Cursor, Envelope, EventStream, EventTypes, Identity, Parcel};
//! use eventstream_memory::MemoryStream;
//! use eventstream_network::{NetworkServer, NetworkStream};
//! use tokio::net::TcpListener;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
//! let stream = MemoryStream::new(shop.clone());
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let endpoint = format!("http://{}", listener.local_addr()?);
//! let server = NetworkServer::builder().host(stream.clone()).build()?;
//! let serving = tokio::spawn(server.serve(listener, std::future::pending()));
//!
//! let remote = NetworkStream::connect(&endpoint, shop.clone()).await?;
//! let mut cursor = remote.open(0, EventTypes::any()).await?;
//! let placed = Envelope::new("m-1", shop, "order.placed", "application/json");
//! stream.append_one(Parcel::seal(placed)?)?;
//! assert_eq!(cursor.next().await?.parcel.message_id(), "m-1");
//! # serving.abort();
//! # Ok(())
//! # }
//! ```

mod client;
mod files;
mod forward_writes;
mod grpc;
mod poll_once;
pub mod proto;
mod server;
mod tls;
mod token_byte;
mod unfold;
mod wire;

pub use client::{
    ApplicationInfo, NetworkClient, NetworkClientBuilder, NetworkCursor, NetworkError,
    NetworkQuery, NetworkStore, NetworkStream, Protocol,
};
pub use files::FileError;
pub use server::{
    Access, Action, Authorizer, Denied, Hosted, InvalidTokenLine, Limits, NetworkServer,
    NetworkServerBuilder, Peer, PeerCertificate, Protocols, ServeError, Tls, TokenFile, Tokens,
};
