use eventstream_core::EventTypes;

use crate::{
    RepositoryEnv, RepositoryHarness,
    failure::{Check, Failure, ensure},
    parcels::A,
    scene::Scene,
};

/// More than a hundred, over several appends: offsets of one, two and three digits are not in
/// the order of their texts.
pub(crate) async fn are_dense<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for count in [1, 2, 7, 1, 40, 60] {
        stage.append_many(count).await?;
        stage.holds_all_from(0).await?;
    }
    for offset in [0, 9, 10, 11, 99, 100, 101, 110] {
        stage.holds(offset, EventTypes::any()).await?;
    }
    Ok(())
}

pub(crate) async fn ignore_created_at<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    // Backwards in one append, and from one append to the next.
    for times in [
        ["2026-03-01T12:00:02Z", "2026-03-01T12:00:01Z", "2026-03-01T12:00:00Z"],
        ["2016-08-26T23:26:03.100+02:00", "0001-01-01T00:00:00Z", "2016-08-26T23:26:03.1Z"],
        ["9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "2026-03-01T12:00:01Z"],
    ] {
        let mut parcels = Vec::new();
        for text in times {
            let time = text.parse().map_err(|error| Failure::new(format!("{text} {error}")))?;
            parcels.push(stage.parcels.make_at(time));
        }
        stage.append_parcels(parcels).await?;
    }
    stage.holds_all_from(0).await?;
    stage.holds(4, EventTypes::from(A)).await
}

/// The arithmetic of offsets must neither wrap nor lose bits.
pub(crate) async fn near_the_largest<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    const FIRST: u64 = u64::MAX - 4;

    let mut stage = scene.repository_at(FIRST).await?;
    stage.next_offset_fits().await?;
    stage.holds_all_from(FIRST).await?;
    for _ in 0..2 {
        stage.append_many(2).await?;
        stage.holds_all_from(FIRST).await?;
        for offset in [FIRST + 1, u64::MAX - 1, u64::MAX] {
            stage.holds(offset, EventTypes::any()).await?;
            stage.holds(offset, EventTypes::from(A)).await?;
        }
    }
    stage.is_there(u64::MAX - 1).await?;

    // There is no offset left: the append must say so, and nothing may come of it.
    let parcel = stage.parcels.make(A);
    stage.progress.doing("appending past the last offset");
    ensure!(
        stage.env.append(vec![parcel]).await.is_err(),
        "the last offset is given, but an append succeeds"
    );
    stage.holds_all_from(FIRST).await
}

pub(crate) async fn next_offset_counts_what_is_committed<H: RepositoryHarness>(
    scene: Scene<H>,
) -> Check {
    let mut stage = scene.repository().await?;
    stage.next_offset_fits().await?;
    for count in [1, 3, 1, 8] {
        stage.append_many(count).await?;
        stage.next_offset_fits().await?;
    }
    // Reading and truncating change nothing.
    stage.holds(0, EventTypes::any()).await?;
    stage.next_offset_fits().await?;
    for before in [5, 13] {
        stage.truncate(before).await?;
        stage.next_offset_fits().await?;
    }
    stage.append_many(1).await?;
    stage.holds_all_from(13).await
}
