/// Why a [`Consumer`](crate::Consumer) has ended well.
///
/// # Examples
///
/// ```
/// use eventstream_core::Finish;
///
/// fn exit_code(finish: Finish) -> u8 {
///     match finish {
///         Finish::Cancelled => 0,
///         Finish::NoRelevantEventTypes => 1,
///         _ => 2,
///     }
/// }
/// # assert_eq!(exit_code(Finish::Cancelled), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finish {
    /// It was cancelled. The handler has finished what it had in hand.
    Cancelled,
    /// The stream carries none of the event types that the consumer wants.
    NoRelevantEventTypes,
}
