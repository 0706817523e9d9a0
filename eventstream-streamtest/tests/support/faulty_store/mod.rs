//! The reference store with one fault at a time.
