/// What an append expects of the store, for optimistic concurrency control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Expect {
    /// Nothing: the events go to the end, wherever it is.
    #[default]
    Any,
    /// The store's next offset is this one, so that nothing was appended since it was read.
    Offset(u64),
}
