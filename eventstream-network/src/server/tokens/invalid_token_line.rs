/// Why [`Tokens`](super::Tokens) can't be read. It repeats nothing of what was read: that may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("line {line}: {problem}")]
pub struct InvalidTokenLine {
    /// Which line: the first is 1.
    pub line: usize,
    /// What is wrong with it, and what has to be there.
    pub problem: &'static str,
}
