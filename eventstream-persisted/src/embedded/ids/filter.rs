/// Bits for each entry: some in a thousand that are not there pass.
const BITS: usize = 16;
/// Of them so many are set.
const PROBES: u32 = 7;
/// The bytes that all bits of one entry lie in: what a processor reads at once.
const BLOCK: usize = 64;

/// Says of a hash that it is not there, or that it may be: a Bloom filter in blocks.
#[derive(Debug)]
pub(crate) struct Filter {
    bytes: Vec<u8>,
}

impl Filter {
    /// An empty one, for so many entries.
    pub(crate) fn for_entries(entries: u64) -> Self {
        let blocks = usize::try_from(entries).unwrap_or(usize::MAX).saturating_mul(BITS);
        let blocks = blocks.div_ceil(BLOCK * 8).max(1);
        Self { bytes: vec![0; blocks * BLOCK] }
    }

    /// The filter that had these bytes.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        (!bytes.is_empty() && bytes.len().is_multiple_of(BLOCK)).then_some(Self { bytes })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn insert(&mut self, hash: u64) {
        let block = self.block(hash);
        for bit in bits(hash) {
            self.bytes[block + bit / 8] |= 1 << (bit % 8);
        }
    }

    pub(crate) fn may_contain(&self, hash: u64) -> bool {
        let block = self.block(hash);
        bits(hash).all(|bit| self.bytes[block + bit / 8] & 1 << (bit % 8) != 0)
    }

    /// Where the block of a hash begins: by its upper bits.
    fn block(&self, hash: u64) -> usize {
        let blocks = (self.bytes.len() / BLOCK) as u128;
        usize::try_from((u128::from(hash) * blocks) >> 64).unwrap_or_default() * BLOCK
    }
}

/// The bits of a hash within its block: by its lower bits, nine for each.
fn bits(hash: u64) -> impl Iterator<Item = usize> {
    // Spread, because the lower bits are too few for all.
    let mut rest = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..PROBES).map(move |_| {
        let bit = usize::try_from(rest >> 55).unwrap_or_default();
        rest <<= 9;
        bit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u64) -> u64 {
        // The finalizer of SplitMix64.
        let mut n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    #[test]
    fn what_is_there_passes_and_most_of_the_rest_does_not() {
        let mut filter = Filter::for_entries(10_000);
        (0..10_000).for_each(|n| filter.insert(hash(n)));
        assert!((0..10_000).all(|n| filter.may_contain(hash(n))));
        let passing = (10_000..110_000).filter(|n| filter.may_contain(hash(*n))).count();
        assert!(passing < 500, "{passing} of 100,000");
        let again = Filter::from_bytes(filter.bytes().to_vec()).unwrap();
        assert!((0..10_000).all(|n| again.may_contain(hash(n))));
        assert!(Filter::from_bytes(vec![0; 63]).is_none() && Filter::from_bytes(vec![]).is_none());
    }
}
