use std::fmt;

/// The faults that an implementation can have.
pub trait Faults: Copy + fmt::Debug + Send + Sync + 'static {
    const ALL: &'static [Self];

    /// The cases that have to catch it; others may.
    fn caught_by(self) -> &'static [&'static str];
}

/// Makes the faults, and the table of what has to catch them, out of one list.
macro_rules! faults {
    (
        $(#[doc = $about:literal])+ $name:ident;
        $($(#[doc = $doc:literal])+ $fault:ident: [$($case:literal),+ $(,)?],)+
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $doc])+ $fault,)+
        }

        impl $crate::support::faults::Faults for $name {
            const ALL: &'static [Self] = &[$(Self::$fault),+];

            fn caught_by(self) -> &'static [&'static str] {
                match self {
                    $(Self::$fault => &[$($case),+],)+
                }
            }
        }
    };
}

pub(crate) use faults;
