use std::hash::{BuildHasher, Hasher, RandomState};

/// Hashes the names of event types: short texts, one for each event that is appended.
///
/// Faster than the standard library's hasher, and seeded like it: who chooses the names of types
/// can't choose them so that they collide.
#[derive(Clone, Debug)]
pub(crate) struct TypeHash {
    seed: u64,
    factor: u64,
}

impl Default for TypeHash {
    fn default() -> Self {
        let random = RandomState::new();
        // An even factor would lose bits.
        Self { seed: random.hash_one(0), factor: random.hash_one(1) | 1 }
    }
}

impl BuildHasher for TypeHash {
    type Hasher = TypeHasher;

    #[inline]
    fn build_hasher(&self) -> TypeHasher {
        TypeHasher { state: self.seed, factor: self.factor }
    }
}

#[derive(Debug)]
pub(crate) struct TypeHasher {
    state: u64,
    factor: u64,
}

impl TypeHasher {
    /// Both halves of the product, so that each bit has its say in all others.
    #[inline]
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.factor);
        #[allow(clippy::cast_possible_truncation)]
        let (low, high) = (product as u64, (product >> 64) as u64);
        self.state = low ^ high.rotate_left(29);
    }
}

impl Hasher for TypeHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if rest.is_empty() {
            return;
        }
        // The last eight bytes, some of them again; of short names all there are. What the length
        // is comes before them, through `write_usize`.
        let last = bytes.last_chunk::<8>().map_or_else(
            || rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
            |last| u64::from_le_bytes(*last),
        );
        self.mix(last);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_that_are_much_alike_are_told_apart() {
        let hash = TypeHash::default();
        let mut names: Vec<String> = (0..1_000).map(|n| format!("shop.order-{n}.placed")).collect();
        names.extend((0..100).map(|len| "a".repeat(len)));
        names.extend((0..100).map(|len| "\0".repeat(len)));
        let hashes: HashSet<u64> =
            names.iter().map(|name| hash.hash_one(name.as_bytes())).collect();
        // The empty name stands among both repetitions.
        assert_eq!(hashes.len(), names.len() - 1);
        // Tables look at the low bits and at the high ones.
        for shift in [0, 54] {
            let places: HashSet<u64> = hashes.iter().map(|hash| hash >> shift & 0x3ff).collect();
            assert!(places.len() > 500, "{}", places.len());
        }
    }

    #[test]
    fn each_table_has_a_seed_of_its_own() {
        assert_ne!(TypeHash::default().hash_one(b"type"), TypeHash::default().hash_one(b"type"));
    }
}
