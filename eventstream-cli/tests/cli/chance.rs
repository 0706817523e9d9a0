use std::{
    env,
    ops::{Deref, DerefMut},
    thread,
};

/// Random numbers, which a test that fails can be run with again: it prints their seed, and takes
/// one from `EVENTSTREAM_SEED`.
pub(crate) struct Chance {
    pub(crate) seed: u64,
    numbers: fastrand::Rng,
}

impl Chance {
    pub(crate) fn new() -> Self {
        let seed = number("EVENTSTREAM_SEED").unwrap_or_else(|| fastrand::u64(..));
        Self { seed, numbers: fastrand::Rng::with_seed(seed) }
    }
}

impl Deref for Chance {
    type Target = fastrand::Rng;

    fn deref(&self) -> &fastrand::Rng {
        &self.numbers
    }
}

impl DerefMut for Chance {
    fn deref_mut(&mut self) -> &mut fastrand::Rng {
        &mut self.numbers
    }
}

impl Drop for Chance {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("to have the same numbers again: EVENTSTREAM_SEED={}", self.seed);
        }
    }
}

/// How often a test does what it does: as often as the variable says, if it is set.
pub(crate) fn rounds(variable: &str, usual: u64) -> u64 {
    number(variable).unwrap_or(usual)
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text:?}")))
}
