//! Changes bytes at random, as libFuzzer does, but without knowing what they reach.

use fastrand::Rng;

/// An input becomes no longer.
const LONGEST: usize = 4096;

/// Numbers that are at the edge of something.
const EDGES: [u64; 8] = [0, 1, 0x7f, 0x80, 0xff, 0xffff_ffff, i64::MAX as u64, u64::MAX];

/// An input made of one of the seeds, with some changes.
pub fn mutated(random: &mut Rng, seeds: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
    let mut input = random.choice(seeds).cloned().unwrap_or_default();
    for _ in 0..random.u32(1..=6) {
        change(random, &mut input, seeds, words);
    }
    input.truncate(LONGEST);
    input
}

fn change(random: &mut Rng, input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&[u8]]) {
    let at = random.usize(0..=input.len());
    let end = random.usize(at..=input.len().min(at + 32));
    match random.u8(0..9) {
        0 => put(input, at, &[1 << random.u8(0..8)], |byte, bit| byte ^ bit),
        1 => put(input, at, &[random.u8(..)], |_, new| new),
        2 => {
            let edge = random.choice(EDGES).unwrap_or_default().to_le_bytes();
            put(input, at, &edge[..1 << random.u8(0..4)], |_, new| new);
        }
        3 => drop(input.drain(at..end)),
        4 => drop(input.splice(at..at, [random.u8(..)])),
        5 => {
            let piece = input[at..end].to_vec();
            input.splice(at..at, piece);
        }
        6 | 7 => {
            let word = random.choice(words).copied().unwrap_or_default();
            let over = if random.bool() { at } else { input.len().min(at + word.len()) };
            input.splice(at..over, word.iter().copied());
        }
        _ => {
            // The rest of another one.
            let other = random.choice(seeds).map_or(&[][..], Vec::as_slice);
            let from = random.usize(0..=other.len());
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
    }
}

fn put(input: &mut [u8], at: usize, with: &[u8], how: impl Fn(u8, u8) -> u8) {
    for (byte, with) in input[at..].iter_mut().zip(with) {
        *byte = how(*byte, *with);
    }
}
