/// Which events there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::postgres) struct Bounds {
    pub(in crate::postgres) next: u64,
    pub(in crate::postgres) oldest: u64,
}
