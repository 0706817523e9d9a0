//! Reading events, page by page.

mod filter;
mod page;
mod pages;
mod query;

pub(super) use filter::Filter;
pub(super) use pages::Pages;
pub use query::PostgresQuery;
