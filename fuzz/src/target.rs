use crate::{cloud_event, envelope, marshaler, network, parcel, store, texts};

/// Something that decodes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is also that of its folder of seeds.
    pub name: &'static str,
    /// Panics if something is wrong with what becomes of the bytes.
    pub check: fn(&[u8]),
    /// How often `quick` does it, unless it is told.
    pub runs: u32,
    /// What is often found in its input.
    pub words: &'static [&'static [u8]],
}

/// All there are.
pub const TARGETS: [Target; 7] = [
    Target { name: "parcel", check: parcel::check, runs: 200_000, words: parcel::WORDS },
    Target { name: "envelope", check: envelope::check, runs: 50_000, words: envelope::WORDS },
    Target { name: "texts", check: texts::check, runs: 200_000, words: texts::WORDS },
    Target { name: "marshaler", check: marshaler::check, runs: 50_000, words: marshaler::WORDS },
    Target {
        name: "cloud_event",
        check: cloud_event::check,
        runs: 50_000,
        words: cloud_event::WORDS,
    },
    Target { name: "network", check: network::check, runs: 200_000, words: network::WORDS },
    Target { name: "store", check: store::check, runs: 300, words: store::WORDS },
];
