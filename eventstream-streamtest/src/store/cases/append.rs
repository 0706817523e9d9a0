use eventstream_core::{Error, Expect, Identity};

use crate::{
    Parcels, StoreHarness,
    failure::Check,
    parcels::{A, B},
    scene::Scene,
};

pub(crate) async fn returns_its_range<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for count in [1, 3, 1, 40, 2] {
        let parcels = stage.make_many(count);
        stage.stores(parcels, Expect::Any).await?;
    }
    stage.holds_all_from(0).await
}

pub(crate) async fn of_nothing_stores_nothing<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for count in [0, 3, 1] {
        if count > 0 {
            stage.append_many(count).await?;
        }
        stage.stores(Vec::new(), Expect::Any).await?;
        stage.stores(Vec::new(), Expect::Offset(stage.end())).await?;
        stage.holds_all_from(0).await?;
    }
    stage.truncate(3).await?;
    stage.stores(Vec::new(), Expect::Any).await?;
    stage.holds_all_from(3).await
}

pub(crate) async fn refuses_another_applications_events<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A, B]).await?;
    let own = stage.make(&[A, B]);
    let application = own[0].source_application().to_identity();
    // By another key; the name may be the same.
    for name in ["another", &application.name] {
        let other = Identity::new(name, "7c1d9a52-0f3e-4a86-9b7a-51f2f0f7f5a1");
        let foreign = Parcels::new(other).make(A);
        for parcels in [
            vec![foreign.clone()],
            vec![own[0].clone(), foreign.clone()],
            vec![foreign.clone(), own[0].clone(), own[1].clone()],
        ] {
            let is_it = |error: &Error| matches!(error, Error::InvalidEnvelope { .. });
            stage.refuses(&parcels, Expect::Any, 0, "InvalidEnvelope", is_it).await?;
        }
    }
    // The same key with another name is the same application.
    let renamed = Identity::new(format!("{} renamed", application.name), application.key);
    stage.stores(vec![Parcels::new(renamed).make(A)], Expect::Any).await?;
    // What came with one that is refused is not stored yet.
    stage.stores(own, Expect::Any).await?;
    stage.holds_all_from(0).await
}

pub(crate) async fn refuses_an_id_that_is_there_twice<H: StoreHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A, B]).await?;
    let own = stage.make(&[A, B, A]);
    for order in [&[0, 0][..], &[0, 1, 0], &[0, 1, 2, 2]] {
        let parcels: Vec<_> = order.iter().map(|i: &usize| own[*i].clone()).collect();
        let is_it = |error: &Error| matches!(error, Error::InvalidEnvelope { .. });
        stage.refuses(&parcels, Expect::Any, 0, "InvalidEnvelope", is_it).await?;
    }
    stage.stores(own, Expect::Any).await?;
    stage.holds_all_from(0).await
}

pub(crate) async fn fails_if_too_few_offsets_are_left<H: StoreHarness>(scene: Scene<H>) -> Check {
    const FIRST: u64 = u64::MAX - 5;

    let mut stage = scene.repository_at(FIRST).await?;
    let two = stage.make(&[A, B]);
    stage.stores(two.clone(), Expect::Offset(FIRST)).await?;
    let three = stage.make(&[A, B, A]);
    let four = [three.clone(), stage.make(&[B])].concat();
    stage.refuses(&four, Expect::Any, FIRST, "some error", |_| true).await?;
    stage.stores(three.clone(), Expect::Any).await?;
    stage.refuses(&four[3..], Expect::Any, FIRST, "some error", |_| true).await?;
    // What needs no offset is no harder than before.
    stage.stores(Vec::new(), Expect::Any).await?;
    stage.repeats(&three, Expect::Any, FIRST + 2..u64::MAX).await?;
    stage.repeats(&two, Expect::Any, FIRST..FIRST + 2).await?;
    stage.holds_all_from(FIRST).await
}
