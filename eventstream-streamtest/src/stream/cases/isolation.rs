use crate::{
    StreamHarness,
    failure::Check,
    parcels::{A, B},
    scene::Scene,
    stream::call::Call,
    stream::reader::Depth,
};

pub(crate) async fn streams_are_separate<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut one = scene.start().await?;
    let mut other = scene.start().await?;
    one.append(&[A, B, A]).await?;
    let mut of_other = other.open_any(0).await?;
    of_other.expect_quiet().await?;

    // The same offsets, other events.
    other.append(&[B, B]).await?;
    of_other.expect(other.log()).await?;
    one.open_any(0).await?.expect(one.log()).await?;
    let mut waiting = of_other.wait(Call::Next, Depth::Settled).await?;
    one.append(&[A]).await?;
    waiting.is_quiet(Depth::Settled).await?;

    // Nor does what happens to the one happen to the other.
    one.truncate(2).await?;
    let mut of_one = one.open_any(2).await?;
    of_one.expect(&one.events(2..4)).await?;
    drop(one);
    let events = other.append(&[B]).await?;
    waiting.brings(&events).await?;
    other.open_any(0).await?.expect(other.log()).await
}
