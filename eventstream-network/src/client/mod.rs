//! The client: connections, calls, and what is made of the answers.

mod appender;
mod builder;
mod call_error;
mod calls;
mod catalogue;
mod channel;
mod cursor;
mod describe;
mod endpoint;
mod inbox;
mod live;
mod network_client;
mod network_error;
mod open;
mod options;
mod protocol;
mod query;
mod request_body;
mod responses;
mod security;
mod store;
mod stream;

pub use builder::NetworkClientBuilder;
pub use catalogue::ApplicationInfo;
pub use cursor::NetworkCursor;
pub use network_client::NetworkClient;
pub use network_error::NetworkError;
pub use protocol::Protocol;
pub use query::NetworkQuery;
pub use store::NetworkStore;
pub use stream::NetworkStream;
