use eventstream_core::{EventTypes, Parcel};

use crate::{
    Parcels, RepositoryHarness,
    failure::Check,
    parcels::{B, TYPES},
    payloads,
    scene::Scene,
};

pub(crate) async fn empty<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    holds_as_appended(scene, payloads::empty).await
}

pub(crate) async fn one_mebibyte<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    holds_as_appended(scene, payloads::one_mebibyte).await
}

pub(crate) async fn five_mebibytes_in_one_append<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    holds_as_appended(scene, |parcels| {
        let payload = payloads::text_of(128 << 10);
        Ok((0..40).map(|i| parcels.make_with(TYPES[i % 3], payload.clone())).collect())
    })
    .await
}

pub(crate) async fn unknown_fields_are_kept<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    holds_as_appended(scene, payloads::unknown_fields).await
}

/// Appends these parcels and reads them back.
async fn holds_as_appended<H: RepositoryHarness>(
    scene: Scene<H>,
    make: impl FnOnce(&mut Parcels) -> Check<Vec<Parcel>>,
) -> Check {
    let mut stage = scene.repository().await?;
    let parcels = make(&mut stage.parcels)?;
    stage.append_parcels(parcels).await?;
    stage.holds(0, EventTypes::any()).await?;
    stage.holds(0, EventTypes::from(B)).await?;
    let mut scan = stage.load_any(1).await?;
    scan.rest_is(usize::MAX, &stage.matching(1, &EventTypes::any()), stage.end()).await
}
