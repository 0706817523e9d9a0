//! Few commits for many appends, for stores whose engine is asynchronous.
//!
//! Whoever appends queues up. One task commits all that is queued, up to a bound, with one call of
//! the [`Engine`]; what queues up while that is on its way is the next commit. There is no timer: a
//! lone append is committed at once.
//!
//! Each append keeps an outcome of its own. A [`Plan`] decides on them in their order, as if each
//! were committed by itself.

mod append;
mod engine;
mod plan;
mod queue;
#[cfg(test)]
mod tests;

pub(crate) use append::Append;
pub(crate) use engine::{Engine, Outcomes};
pub(crate) use plan::Plan;
pub(crate) use queue::{GroupCommit, Limits, Unanswered};
