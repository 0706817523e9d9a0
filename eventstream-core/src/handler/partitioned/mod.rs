//! Events of different partitions at the same time, those of one in order.

mod batch;
mod builder;
mod handle;
mod partitions;
mod workers;

pub use builder::Partitioned;
