//! Tests of what lies within: on a disk in memory, which fails and loses its power when it is told
//! to.

mod crash;
mod edges;
mod faults;
mod fixture;
mod flips;
mod ids;
mod once_broken;
mod runs;
