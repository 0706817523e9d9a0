use eventstream_core::Parcel;

use crate::{Parcels, StreamHarness, failure::Check, payloads, scene::Scene, stream::call::Call};

pub(crate) async fn empty<H: StreamHarness>(scene: Scene<H>) -> Check {
    delivers_as_appended(scene, payloads::empty).await
}

pub(crate) async fn one_mebibyte<H: StreamHarness>(scene: Scene<H>) -> Check {
    delivers_as_appended(scene, payloads::one_mebibyte).await
}

pub(crate) async fn unknown_fields_are_kept<H: StreamHarness>(scene: Scene<H>) -> Check {
    delivers_as_appended(scene, payloads::unknown_fields).await
}

/// Appends these parcels and reads them back, from the history and as they come, in both ways.
async fn delivers_as_appended<H: StreamHarness>(
    scene: Scene<H>,
    make: impl FnOnce(&mut Parcels) -> Check<Vec<Parcel>>,
) -> Check {
    let mut stage = scene.start().await?;
    let mut live = stage.open_any(0).await?;
    let parcels = make(&mut stage.parcels)?;
    let events = stage.append_parcels(parcels).await?;
    live.expect(&events).await?;
    for call in Call::BOTH {
        stage.open_any(0).await?.expect_by(call, &events).await?;
    }
    Ok(())
}
