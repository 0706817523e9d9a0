use eventstream_core::{Error, EventTypes, Expect};

use crate::{
    StoreHarness,
    failure::Check,
    parcels::{A, B},
    payloads,
    repository::{stage::is_truncated, wanted::Wanted},
    scene::Scene,
};

pub(crate) async fn keeps_events_and_offsets<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    // Nothing, too.
    stage = stage.reopen().await?;
    stage.holds_all_from(0).await?;
    for count in [1, 20, 3] {
        stage.append_many(count).await?;
        stage = stage.reopen().await?;
        stage.holds_all_from(0).await?;
    }
    let parcels = [
        payloads::empty(&mut stage.parcels)?,
        payloads::unknown_fields(&mut stage.parcels)?,
        payloads::one_mebibyte(&mut stage.parcels)?,
    ];
    stage.stores(parcels.concat(), Expect::Any).await?;
    stage = stage.reopen().await?.reopen().await?;
    stage.holds_all_from(0).await?;
    stage.holds(0, EventTypes::from(A)).await?;
    let handler = stage.parcels.handler().key.clone();
    stage.holds(0, Wanted::source(&handler, "instance-2")).await?;

    // What is truncated is so for ever.
    stage.truncate(10).await?;
    stage = stage.reopen().await?;
    stage.holds_all_from(10).await?;
    stage.holds(10, Wanted::source(&handler, "instance-2")).await?;
    let error = match stage.try_load(9, EventTypes::any()).await {
        Ok(mut scan) => scan.batch(5).await?.err(),
        Err(error) => Some(error),
    };
    is_truncated("a query from 9, after the store was opened again,", 9, 10, error.as_ref())?;
    let parcels = stage.make(&[A, B]);
    stage.stores(parcels, Expect::Offset(stage.end())).await?;
    stage.holds_all_from(10).await
}

pub(crate) async fn keeps_message_ids<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    let mut appended = Vec::new();
    for count in [2, 3] {
        let parcels = stage.make_many(count);
        let start = stage.end();
        stage.stores(parcels.clone(), Expect::Any).await?;
        appended.push((start..stage.end(), parcels));
        stage = stage.reopen().await?;
        for (range, parcels) in &appended {
            for expect in [Expect::Any, Expect::Offset(range.start), Expect::Offset(stage.end())] {
                stage.repeats(parcels, expect, range.clone()).await?;
            }
            let overlap = [&parcels[1..2], &stage.make(&[A])].concat();
            let is_it = |error: &Error| {
                matches!(error, Error::DuplicateMessage { message_id, offset }
                    if message_id == overlap[0].message_id() && *offset == range.start + 1)
            };
            stage.refuses(&overlap, Expect::Any, 0, "DuplicateMessage", is_it).await?;
        }
    }
    stage.holds_all_from(0).await
}
