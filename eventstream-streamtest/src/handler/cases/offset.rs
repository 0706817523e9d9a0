use std::fmt;

use eventstream_core::{Handler, Identity};

use crate::{
    HandlerHarness,
    failure::{Check, ensure, fail},
    hand::Hand,
    handler::{
        outcome::said,
        subject::{INCARNATION, Subject},
    },
    scene::Scene,
};

pub(crate) async fn begins_at_zero<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    stage.fits(&mut handler).await?;
    // Having been there makes no difference.
    handler = stage.restart(handler).await?;
    let first = stage.event(0);
    stage.handles_and_fits(&mut handler, first).await
}

pub(crate) async fn is_one_past_the_event<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for offset in 0..3 {
        let event = stage.event(offset);
        stage.handles_and_fits(&mut handler, event).await?;
    }
    // Also if nobody asks in between.
    for offset in 3..12 {
        let event = stage.event(offset);
        stage.handles(&mut handler, event).await?;
    }
    stage.fits(&mut handler).await
}

pub(crate) async fn moves_over_gaps<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for offset in [3, 4, 7, 20] {
        let event = stage.event(offset);
        stage.handles_and_fits(&mut handler, event).await?;
    }
    for offset in [22, 23, 1_000, 70_000] {
        let event = stage.event(offset);
        stage.handles(&mut handler, event).await?;
    }
    stage.fits(&mut handler).await
}

/// The arithmetic of offsets must neither wrap nor lose bits.
pub(crate) async fn near_the_largest<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    let event = stage.event(u64::MAX - 3);
    stage.handles_and_fits(&mut handler, event).await?;
    stage.skips(&mut handler, u64::MAX - 1).await?;
    stage.fits(&mut handler).await?;
    let last = stage.event(u64::MAX - 1);
    stage.handles_and_fits(&mut handler, last.clone()).await?;
    handler = stage.restart(handler).await?;
    stage.refuses(&mut handler, u64::MAX - 1, last).await
}

pub(crate) async fn asking_changes_nothing<H: HandlerHarness>(scene: Scene<H>) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for offset in [0, 1, 4] {
        let (next, source) = (stage.next, stage.source.clone());
        let has_begun = handler.has_begun(&source).await?;
        for _ in 0..3 {
            let now = handler.next_offset(&source).await?;
            ensure!(now == next, "asked again, {} goes from offset {next} to {now}", handler.name);
        }
        for _ in 0..2 {
            handler.begin(&source).await?;
            ensure!(
                handler.has_begun(&source).await? == has_begun,
                "{} says once that it has begun, and once that it has not, though nothing was \
                 done in between",
                handler.name
            );
        }
        stage.did("the handler was asked for its offset, several times");
        stage.fits(&mut handler).await?;
        let event = stage.event(offset);
        stage.handles_and_fits(&mut handler, event).await?;
        handler = stage.restart(handler).await?;
    }
    Ok(())
}

pub(crate) async fn dropping_a_question_changes_nothing<H: HandlerHarness>(
    scene: Scene<H>,
) -> Check {
    let mut stage = scene.stage().await?;
    let mut handler = stage.open("the handler").await?;
    for polls in 0..4 {
        for question in Question::ALL {
            question.drop_after(polls, &mut handler, &stage.source).await?;
            let name = &handler.name;
            stage.did(format!("`{question}` of {name} was dropped after {polls} polls"));
            stage.fits(&mut handler).await?;
            let event = stage.event(stage.next + polls as u64 % 2);
            stage.handles_and_fits(&mut handler, event).await?;
        }
        handler = stage.restart(handler).await?;
    }
    Ok(())
}

/// What a consumer asks, and drops when it is cancelled.
#[derive(Clone, Copy)]
enum Question {
    Begin,
    NextOffset,
    HasBegun,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Begin => "begin",
            Self::NextOffset => "next_offset",
            Self::HasBegun => "has_begun",
        })
    }
}

impl Question {
    const ALL: [Self; 3] = [Self::Begin, Self::NextOffset, Self::HasBegun];

    /// An error is one, also if the question was to be dropped later.
    async fn drop_after<H: Handler>(
        self,
        polls: usize,
        subject: &mut Subject<H>,
        source: &Identity,
    ) -> Check {
        let handler = &mut subject.handler;
        let asked = async move {
            match self {
                Self::Begin => handler.begin(source, Some(INCARNATION)).await,
                Self::NextOffset => handler.next_offset(source).await.map(drop),
                Self::HasBegun => handler.has_begun(source).await.map(drop),
            }
        };
        match Hand::new(asked).polls(polls).await {
            Some(Err(error)) => fail!("`{self}` of {} says: {}", subject.name, said(&error)),
            _ => Ok(()),
        }
    }
}
