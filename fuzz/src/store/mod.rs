//! The files of an embedded store, some of which have changed.

mod golden;
mod harm;
mod session;
mod sign;

use std::{collections::BTreeMap, sync::Mutex};

use arbitrary::Unstructured;

use crate::memory::bounded;

/// Numbers that are too large for what they count.
pub const WORDS: &[&[u8]] = &[
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x00\x00\x00\x00\x00\x00\x00\x80",
    b"\xff\xff\xff\xff\x00\x00\x00\x00",
    b"\xfe\xff\xff\xff\xff\xff\xff\xff",
    b"\x01\x01\x00\x00\x00\x00\x00\x00",
];

/// What opening, reading, checking, appending and compacting ask for in all: much more than the
/// store has, as files are read in large pieces, several times.
const MEMORY: usize = 256 * 1024 * 1024;

pub(crate) type FilesOf = BTreeMap<String, Vec<u8>>;

/// A store whose files have changed is read: what is read is right, and what is lost is reported.
///
/// If the checksums are made right again (by the first byte), what is read may be anything. Then it
/// is enough that nothing panics or goes on for ever, and that no more memory is asked for than a
/// store of this size may take.
///
/// # Panics
///
/// If not.
pub fn check(data: &[u8]) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock();
    let mut input = Unstructured::new(data);
    let is_signed = input.arbitrary().unwrap_or(false);
    let mut files = golden::files().clone();
    harm::harm(&mut files, &mut input);
    if is_signed {
        sign::sign(&mut files);
    }
    bounded(MEMORY, || session::run(&files, !is_signed));
}
