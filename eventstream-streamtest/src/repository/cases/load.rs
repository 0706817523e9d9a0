use eventstream_core::EventTypes;

use crate::{
    RepositoryHarness,
    failure::Check,
    parcels::{A, B, C},
    repository::wanted::Wanted,
    scene::Scene,
};

pub(crate) async fn by_type<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    // With long runs that are passed over, at the beginning and further on.
    stage.append(&[B; 40]).await?;
    stage.append(&[A, B, C, C, A, B]).await?;
    stage.append(&[C; 40]).await?;
    stage.append(&[A, C, B]).await?;
    let named = |names: &[&str]| names.iter().copied().collect::<EventTypes>();
    for types in [
        named(&[A]),
        named(&[B]),
        named(&[C]),
        named(&[A, C]),
        named(&[A, B, C]),
        // One that never was takes nothing away.
        named(&[B, "streamtest.unheard-of"]),
        EventTypes::any(),
    ] {
        stage.holds(0, types).await?;
    }
    // Each type has its name, and not only the beginning of it.
    let (longer, shorter) = (format!("{A}.again"), &A[..A.len() - 1]);
    stage.append(&[&longer, A, shorter]).await?;
    for name in [A, &longer, shorter] {
        stage.holds(0, EventTypes::from(name)).await?;
    }
    Ok(())
}

pub(crate) async fn from_an_offset<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    stage.append(&[A, B, B, A, C, B]).await?;
    stage.append(&[A, A, C, B, A, B]).await?;
    for types in [EventTypes::any(), A.into(), [B, C].into_iter().collect()] {
        for offset in 0..=stage.end() {
            stage.holds(offset, types.clone()).await?;
        }
    }
    Ok(())
}

pub(crate) async fn what_never_was_is_empty<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for _ in 0..2 {
        for wanted in [
            Wanted::from("streamtest.unheard-of"),
            Wanted::from(["streamtest.unheard-of", ""].into_iter().collect::<EventTypes>()),
            Wanted::source("nobody", "instance-1"),
        ] {
            stage.holds(0, wanted).await?;
        }
        // Of what was appended, too.
        stage.append_many(30).await?;
    }
    Ok(())
}

pub(crate) async fn past_the_end_is_empty<H: RepositoryHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.repository().await?;
    for _ in 0..2 {
        let end = stage.end();
        for offset in [end, end + 1, end + 1_000, u64::MAX >> 1, u64::MAX] {
            for types in [EventTypes::any(), A.into()] {
                stage.holds(offset, types).await?;
            }
        }
        stage.append(&[A, B, A]).await?;
    }
    Ok(())
}
