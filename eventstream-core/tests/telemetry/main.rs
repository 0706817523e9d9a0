//! The metrics and the links of a consumer, as those who collect them see them.

mod meters;
mod support;
mod traces;
