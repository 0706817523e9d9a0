/// How an [`EmbeddedStore`](crate::EmbeddedStore) packs events that are sealed.
///
/// Whatever it is, a store reads what was packed in any way.
///
/// # Examples
///
/// ```
/// use eventstream_persisted::{Compression, EmbeddedStore};
///
/// let builder = EmbeddedStore::builder("./shop").compression(Compression::None);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all: where the payloads are packed or encrypted already.
    None,
    /// With LZ4, where it gains something. Unpacking is about as fast as reading what is not
    /// packed.
    #[default]
    Lz4,
}
