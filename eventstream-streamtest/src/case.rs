/// A case of a suite: its name, and the rule of the contract that it proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    name: &'static str,
    rule: &'static str,
}

impl Case {
    pub(crate) const fn new(name: &'static str, rule: &'static str) -> Self {
        Self { name, rule }
    }

    /// The name, such as `next::delivers_in_order`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The rule, in the words of the trait's documentation.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}
