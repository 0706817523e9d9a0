use eventstream_core::{EventTypes, Identity};

use crate::{
    RepositoryHarness,
    failure::Check,
    parcels::{A, B},
    repository::wanted::Wanted,
    scene::Scene,
};

pub(crate) async fn gives_one_instance<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let order = Identity::new("order", "2a1f6c0e-73f4-4d39-8e5b-6a9b0c4f1d01");
    let payment = Identity::new("payment", "2a1f6c0e-73f4-4d39-8e5b-6a9b0c4f1d02");
    // Keys and ids that are the same text when they are put together.
    let (short, long) = (Identity::new("order", "key-1"), Identity::new("order", "key-11"));

    let mut stage = scene.repository().await?;
    for round in 0..3 {
        let mut parcels = Vec::new();
        for (handler, instance) in [
            (Some(&order), "1"),
            (Some(&payment), "1"),
            (None, ""),
            (Some(&order), "2"),
            (Some(&order), ""),
            (Some(&order), "1"),
            (Some(&order), "11"),
            (Some(&payment), "2"),
            (Some(&short), "12"),
            (Some(&long), "2"),
        ] {
            parcels.push(stage.parcels.make_from(handler, instance));
        }
        stage.append_parcels(parcels).await?;
        // Where no event is of any of them.
        stage.append(&[A, B].repeat(10 * round)).await?;
    }
    for handler in [&order, &payment, &short, &long] {
        for instance in ["1", "2", "11", "12", "", "3"] {
            stage.holds(0, Wanted::source(&handler.key, instance)).await?;
        }
    }
    stage.holds(0, EventTypes::any()).await
}

pub(crate) async fn tells_handlers_by_their_keys<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    const KEY: &str = "2a1f6c0e-73f4-4d39-8e5b-6a9b0c4f1d03";

    let mut stage = scene.repository().await?;
    for (name, key) in [("order", KEY), ("purchase", KEY), ("order", "another")] {
        let handler = Identity::new(name, key);
        let parcel = stage.parcels.make_from(Some(&handler), "1");
        stage.append_parcels(vec![parcel]).await?;
    }
    for key in [KEY, "another", "order"] {
        stage.holds(0, Wanted::source(key, "1")).await?;
    }
    Ok(())
}
