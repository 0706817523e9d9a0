use eventstream_core::EventTypes;

use crate::{
    StreamEnv, StreamHarness,
    failure::{Check, ensure},
    parcels::{A, B, C},
    scene::Scene,
    stream::call::Call,
    stream::stage::Stage,
};

/// More than a hundred, over several appends: offsets of one, two and three digits are not in
/// the order of their texts.
pub(crate) async fn are_gapless<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start().await?;
    for count in [1, 2, 7, 1, 40, 60] {
        stage.append_many(count).await?;
    }
    stage.open_any(0).await?.expect(stage.log()).await?;

    // Nothing that is appended later changes them.
    stage.append_many(9).await?;
    for offset in [0, 9, 10, 11, 99, 100, 101, 110] {
        let events = stage.matching(offset, &EventTypes::any());
        stage.open_any(offset).await?.expect(&events).await?;
    }
    Ok(())
}

/// The arithmetic of offsets must neither wrap nor lose bits.
pub(crate) async fn near_the_largest<H: StreamHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.start_at(u64::MAX - 4).await?;
    stage.append_many(2).await?;
    let mut reader = stage.open_any(u64::MAX - 4).await?;
    reader.expect(stage.log()).await?;
    stage.end_fits().await?;

    let mut last = stage.open_any(u64::MAX - 1).await?;
    let mut past = stage.open_any(u64::MAX).await?;
    last.expect_quiet().await?;
    past.expect_quiet().await?;
    stage.append_many(2).await?;
    reader.expect(&stage.events(2..4)).await?;
    last.expect(&stage.events(3..4)).await?;
    let mut again = stage.open_any(u64::MAX - 4).await?;
    again.expect_by(Call::Batch(3), stage.log()).await?;

    // There is no offset left: the append must say so, and nothing may come of it.
    let parcel = stage.parcels.make(A);
    stage.progress.doing("appending past the last offset");
    ensure!(
        stage.env.append(vec![parcel]).await.is_err(),
        "the last offset is given, but an append succeeds"
    );
    for reader in [&mut reader, &mut last, &mut past, &mut again] {
        reader.expect_quiet().await?;
        reader.position_is(u64::MAX)?;
    }
    stage.end_fits().await
}

/// Whatever was appended or truncated before. A stream that can't tell has nothing to show here.
pub(crate) async fn the_end_is_where_the_next_event_goes<H: StreamHarness>(
    scene: Scene<H>,
) -> Check {
    follows_the_end(scene.start().await?).await?;
    // Not each harness can begin elsewhere, and this case does not ask for it.
    match scene.try_start_at(1_000).await? {
        Some(stage) => follows_the_end(stage).await,
        None => Ok(()),
    }
}

async fn follows_the_end<E: StreamEnv>(mut stage: Stage<E>) -> Check {
    stage.end_fits().await?;
    // Each ends with another type: those that a consumer does not want count, too.
    for types in [&[A][..], &[B, A], &[C], &[A, A, B, C, B]] {
        // Who opens a cursor there gets what comes next, and asking moves nothing.
        let mut reader = stage.open_any(stage.end()).await?;
        let events = stage.append(types).await?;
        stage.end_fits().await?;
        stage.end_fits().await?;
        reader.expect(&events).await?;
    }
    let end = stage.end();
    for before in [end - 6, end - 1, end] {
        stage.truncate(before).await?;
        stage.end_fits().await?;
    }
    // Nothing is there any more, and then something is again.
    stage.append(&[B, C]).await?;
    stage.end_fits().await
}
