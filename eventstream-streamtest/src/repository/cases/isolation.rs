use eventstream_core::EventRepository;

use crate::{
    RepositoryEnv, RepositoryHarness,
    failure::Check,
    hand::Hand,
    parcels::{A, B},
    scene::Scene,
};

pub(crate) async fn repositories_are_separate<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut one = scene.repository().await?;
    let mut other = scene.repository().await?;
    one.append(&[A, B, A]).await?;
    other.holds_all_from(0).await?;

    // The same offsets, other events.
    other.append(&[B, B]).await?;
    other.holds_all_from(0).await?;
    one.holds_all_from(0).await?;
    let env = other.env.clone();
    let mut waiting = Hand::new(env.repository().wait_for(2));
    other.waits(&mut waiting, 2, true).await?;
    one.append(&[A]).await?;
    other.waits(&mut waiting, 2, true).await?;

    // Nor does what happens to the one happen to the other.
    one.truncate(2).await?;
    one.holds_all_from(2).await?;
    drop(one);
    other.append(&[B]).await?;
    other.is_woken(&mut waiting, 2).await?;
    other.holds_all_from(0).await
}
