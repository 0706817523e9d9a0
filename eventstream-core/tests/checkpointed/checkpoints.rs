//! Checkpoints in memory.

use eventstream_core::{Checkpoints, Identity, MemoryCheckpoints};

use crate::support::{at, is_conflict, shop, stored};

#[tokio::test]
async fn are_compared_before_they_are_set() {
    let checkpoints = MemoryCheckpoints::new();
    assert_eq!(stored(&checkpoints).await, None);
    let store = async |expected, now| checkpoints.store(&shop(), expected, at(now)).await;
    assert!(is_conflict(&store(Some(at(0)), 5).await), "there is none");
    store(None, 5).await.unwrap();
    assert!(is_conflict(&store(None, 6).await), "there is one");
    assert!(is_conflict(&store(Some(at(4)), 6).await), "it is another one");
    assert_eq!(stored(&checkpoints).await, Some(5));
    store(Some(at(5)), 3).await.unwrap();
    assert_eq!(stored(&checkpoints).await, Some(3));
}

#[tokio::test]
async fn are_those_of_applications_by_their_keys() {
    let checkpoints = MemoryCheckpoints::new();
    checkpoints.store(&shop(), None, at(5)).await.unwrap();
    let bank = Identity::new("shop", "c7a2");
    assert_eq!(checkpoints.load(&bank).await.unwrap(), None);
    let renamed = Identity { name: "store".to_owned(), ..shop() };
    assert_eq!(checkpoints.load(&renamed).await.unwrap(), Some(at(5)));
}

#[tokio::test]
async fn are_shared_by_clones() {
    let checkpoints = MemoryCheckpoints::new();
    checkpoints.clone().store(&shop(), None, at(5)).await.unwrap();
    assert_eq!(stored(&checkpoints).await, Some(5));
}
