/// What others want of a consumer.
// Each of the flags says something else; together they are no state.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    /// It is to stand still.
    pub(crate) pause: bool,
    /// There are parked events to be replayed.
    pub(crate) replay: bool,
    /// Somebody waits for it to come past its position.
    pub(crate) position: bool,
    /// The stream goes on past its position, as far as is known.
    pub(crate) behind: bool,
}
