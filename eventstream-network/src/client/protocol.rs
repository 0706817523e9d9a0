use std::fmt;

/// A protocol that events come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `eventstream.v1.EventStream`: ours, which carries everything.
    Ours,
    /// `dogma.interop.v1.eventstream.StreamAPI`.
    A,
    /// `dogma.messaging.v1.EventStream`: it can't ask for media types.
    B,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "eventstream.v1.EventStream",
            Self::A => "dogma.interop.v1.eventstream.StreamAPI",
            Self::B => "dogma.messaging.v1.EventStream",
        })
    }
}
