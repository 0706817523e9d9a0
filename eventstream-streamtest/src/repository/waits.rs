//! Calls that wait for an offset, and what a case expects of them.

use std::ops::RangeInclusive;

use eventstream_core::{EventRepository, Result};

use super::stage::Stage;
use crate::{
    RepositoryEnv,
    failure::{Check, chain, fail},
    hand::Hand,
};

/// Whether a wait for an offset says that it is there, and what comes next.
pub(crate) fn says(got: &Result<u64>, offset: u64, next: RangeInclusive<u64>) -> Check {
    match got {
        Ok(said) if next.contains(said) => Ok(()),
        Ok(said) => fail!(
            "waiting for offset {offset} says that the next offset is {said}, but it is {}",
            next.end()
        ),
        Err(error) => fail!("waiting for offset {offset} says: {}", chain(error)),
    }
}

impl<E: RepositoryEnv> Stage<E> {
    /// A call that waits for an offset goes on waiting: it is polled once, or until it has come
    /// to rest.
    pub(crate) async fn waits(
        &self,
        hand: &mut Hand<'_, Result<u64>>,
        offset: u64,
        settled: bool,
    ) -> Check {
        let got = if settled { hand.settle(self.timing.quiet).await } else { hand.poll() };
        match got {
            None => Ok(()),
            Some(got) => fail!(
                "waiting for offset {offset} must wait, as the next offset is {}, but says {got:?}",
                self.end()
            ),
        }
    }

    /// A call that waits for an offset, which is there now, is woken and says so.
    pub(crate) async fn is_woken(&self, hand: &mut Hand<'_, Result<u64>>, offset: u64) -> Check {
        self.progress.doing(format!("waiting for the commit of offset {offset} to wake a call"));
        says(&hand.finish().await, offset, offset + 1..=self.end())
    }

    /// A wait for this offset, which is committed, returns at once.
    pub(crate) async fn is_there(&self, offset: u64) -> Check {
        let what = format!("waiting for offset {offset}, which is committed,");
        let got = self.at_once(&what, self.env.repository().wait_for(offset)).await?;
        says(&got, offset, self.end()..=self.end())
    }
}
