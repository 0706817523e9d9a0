//! Reading events: by pages, each of a range of offsets.

mod event;
mod filter;
mod page;
mod query;

pub(super) use event::{ReadEvent, read_event};
pub(super) use filter::Filter;
pub(super) use page::{Page, read_page};
pub use query::EmbeddedQuery;
