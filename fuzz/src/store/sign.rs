//! Makes the checksums of changed files right again, as `docs/format.md` has them, so that what is
//! behind them is reached.

use std::{hash::Hasher, ops::Range};

use crc32c::{crc32c, crc32c_append};
use siphasher::sip::SipHasher13;

use super::{FilesOf, golden};

/// Where the checksum of a record stands; it is over all that follows.
const CHECKSUM: Range<usize> = 4..8;

pub(super) fn sign(files: &mut FilesOf) {
    if let Some(store) = files.get_mut("store") {
        charter(store);
    }
    let key = files.get("store").and_then(|store| store.get(20..36)).unwrap_or(&[0; 16]).to_vec();
    let hash = |text: &str| {
        let key = key.first_chunk().copied().unwrap_or_default();
        let mut hasher = SipHasher13::new_with_key(&key);
        hasher.write(text.as_bytes());
        hasher.write_u8(0xff);
        hasher.finish()
    };
    let (tag, seed) = (hash("store"), crc32c(&hash("seed").to_le_bytes()));
    let mut chain = None;
    for (name, file) in files.iter_mut() {
        match name.rsplit_once('.') {
            Some((first, "log")) => {
                chain = Some(log(file, tag, seed, first.parse().unwrap_or_default()));
            }
            Some((_, "segment")) => segment(file, seed),
            Some((_, "ids")) => run(file),
            _ if name == "oldest" => record(0, file, 0..16),
            _ => {}
        }
    }
    if let Some(head) = files.get_mut("head") {
        // What the next frame goes on from.
        if let Some(chain) = chain {
            put(head, 40, chain);
        }
        record(0, head, 0..48);
    }
}

/// Both copies say what the first one does.
fn charter(store: &mut [u8]) {
    let half = store.len() / 2;
    record(0, store, 0..half);
    let (first, second) = store.split_at_mut(half);
    second[..half].copy_from_slice(first);
}

/// The frames, from where they begin in the golden store; returns what the next goes on from.
fn log(file: &mut [u8], tag: u64, seed: u32, first: u64) -> u32 {
    record(0, file, 0..32);
    let header = [2_u64.to_le_bytes(), tag.to_le_bytes(), first.to_le_bytes()].concat();
    let mut chain = crc32c(&header);
    let mut at = 32;
    // The golden frames' lengths, so that one which says that it is longer is followed by another.
    let golden = golden::files().values().find(|file| file.starts_with(b"EVLG"));
    while let Some(golden) = golden.filter(|golden| golden.get(at..at + 4) == Some(b"EVFR")) {
        let (head, body) = (48 + 28 * number(golden, at + 40), number(golden, at + 44));
        let changed_head = 48_usize.saturating_add(number(file, at + 40).saturating_mul(28));
        let changed_body = number(file, at + 44);
        put(file, at + 8, chain);
        let start = at.saturating_add(changed_head);
        if let Some(body) = file.get(start..start.saturating_add(changed_body)) {
            let checksum = crc32c(body);
            put(file, at + 12, checksum);
        }
        record(seed, file, at..start);
        chain = u32::try_from(number(file, at + 4)).unwrap_or_default();
        at += (head + body).next_multiple_of(8);
    }
    chain
}

fn segment(file: &mut [u8], seed: u32) {
    record(0, file, 0..40);
    let Some(trailer) = file.len().checked_sub(72) else { return };
    let Some(directory) = wide(file, trailer + 8) else { return };
    for entry in (directory..trailer.min(directory.saturating_add(48 * 64))).step_by(48) {
        let (Some(at), Some(index)) = (wide(file, entry + 16), wide(file, entry + 24)) else {
            break;
        };
        let stored = at.saturating_add(48);
        if let Some(stored) =
            file.get(stored..stored.saturating_add(number(file, at.saturating_add(40))))
        {
            let checksum = crc32c(stored);
            put(file, at.saturating_add(8), checksum);
        }
        record(seed, file, at..stored);
        let end = index.saturating_add(number(file, entry + 44));
        if let Some(checked) = file.get(index.saturating_add(4)..end) {
            let checksum = crc32c(checked);
            put(file, index, checksum);
        }
    }
    if let Some(meta) = file.get(directory..trailer) {
        let checksum = crc32c(meta);
        put(file, trailer + 24, checksum);
    }
    record(0, file, trailer..trailer + 72);
}

fn run(file: &mut [u8]) {
    let filter = wide(file, 48).unwrap_or_default();
    if let Some(filter) = file.get(64..filter.saturating_add(64)) {
        let checksum = crc32c(filter);
        put(file, 12, checksum);
    }
    record(0, file, 0..64);
    let pages = file.len().saturating_sub(64) / 4096;
    let end = file.len();
    for page in 1..=pages {
        record(0, file, end - page * 4096..end - (page - 1) * 4096);
    }
}

/// Makes the checksum of a record right, if it is all there.
fn record(seed: u32, file: &mut [u8], range: Range<usize>) {
    if let Some(record) = file.get_mut(range).filter(|record| record.len() >= CHECKSUM.end) {
        let checksum = crc32c_append(seed, &record[CHECKSUM.end..]);
        record[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    }
}

fn put(file: &mut [u8], at: usize, value: u32) {
    if let Some(place) = file.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = value.to_le_bytes();
    }
}

/// Four bytes of a file; 0 if they are not there.
fn number(file: &[u8], at: usize) -> usize {
    let bytes = file.get(at..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
}

/// Eight bytes of a file.
fn wide(file: &[u8], at: usize) -> Option<usize> {
    let bytes = file.get(at..).and_then(|rest| rest.first_chunk())?;
    usize::try_from(u64::from_le_bytes(*bytes)).ok()
}
