//! A store in a stream of NATS JetStream: `docs/decisions/0011-jetstream-ids-in-subjects.md` says why
//! it is as it is.
//!
//! | room | what is in it |
//! |---|---|
//! | `api/` | the requests to JetStream, and their answers |
//! | `append/` | batches, which the server takes as a whole or not at all |
//! | `read/` | queries, over consumers that are made anew when something goes wrong |
//! | `follow/` | knowing what is appended |
//! | `checks/` | what is found out about the stream and the server |

mod address;
mod api;
mod append;
mod batch_place;
mod builder;
mod charter;
mod checks;
mod core;
mod error;
mod follow;
mod last_known;
mod link;
mod opening;
mod read;
mod server_version;
mod signals;
mod store;
mod subjects;

pub use builder::JetStreamStoreBuilder;
pub use error::JetStreamError;
pub use read::JetStreamQuery;
pub use store::JetStreamStore;
