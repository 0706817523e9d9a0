/// The protocols that a server speaks: all, if not told otherwise.
///
/// # Examples
///
/// ```
/// use eventstream_network::Protocols;
///
/// let only_dogma = Protocols::none().with_a().with_b();
/// assert!(!only_dogma.ours() && only_dogma.a() && only_dogma.b());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Protocols {
    ours: bool,
    a: bool,
    b: bool,
}

impl Protocols {
    /// All of them.
    pub const fn all() -> Self {
        Self { ours: true, a: true, b: true }
    }

    /// None of them.
    pub const fn none() -> Self {
        Self { ours: false, a: false, b: false }
    }

    /// Ours as well: `eventstream.v1.EventStream`.
    pub const fn with_ours(self) -> Self {
        Self { ours: true, ..self }
    }

    /// Protocol A as well: `dogma.interop.v1.eventstream.StreamAPI`.
    pub const fn with_a(self) -> Self {
        Self { a: true, ..self }
    }

    /// Protocol B as well: `dogma.messaging.v1.EventStream`.
    pub const fn with_b(self) -> Self {
        Self { b: true, ..self }
    }

    /// Whether ours is among them.
    #[must_use]
    pub const fn ours(self) -> bool {
        self.ours
    }

    /// Whether protocol A is among them.
    #[must_use]
    pub const fn a(self) -> bool {
        self.a
    }

    /// Whether protocol B is among them.
    #[must_use]
    pub const fn b(self) -> bool {
        self.b
    }
}

impl Default for Protocols {
    fn default() -> Self {
        Self::all()
    }
}
