//! Where an append goes: what a store of any kind says about message ids, offsets and what is
//! expected of them.

use std::ops::Range;

use eventstream_core::{Error, Expect, Result};

/// Finds out whether an append is a repetition of an earlier one: told of its messages one by one, in
/// their order, and of where each of them is stored.
#[derive(Debug, Default)]
pub(crate) struct Repetition<'a> {
    count: u64,
    first_known: Option<(&'a str, u64)>,
    /// Where the first message is stored, if all so far stand one after another from there on.
    run: Option<u64>,
}

impl<'a> Repetition<'a> {
    /// Takes note of the next message of the append.
    pub(crate) fn saw(&mut self, message_id: &'a str, stored: Option<u64>) {
        if self.first_known.is_none()
            && let Some(offset) = stored
        {
            self.first_known = Some((message_id, offset));
        }
        let expected = match self.count {
            0 => stored,
            n => self.run.and_then(|first| first.checked_add(n)),
        };
        if stored.is_none() || stored != expected {
            self.run = None;
        } else if self.count == 0 {
            self.run = stored;
        }
        self.count += 1;
    }

    /// The range that the messages were given before, or an error if that is so of some only; `None`
    /// if all are new.
    pub(crate) fn outcome(self) -> Option<Result<Range<u64>>> {
        let (message_id, offset) = self.first_known?;
        Some(match self.run {
            Some(first) => Ok(first..first + self.count),
            None => Err(Error::DuplicateMessage { message_id: message_id.to_owned(), offset }),
        })
    }
}

/// The offsets that so many new messages get in a store whose next offset is `actual`.
pub(crate) fn place(actual: u64, count: usize, expect: Expect) -> Result<Range<u64>> {
    if let Expect::Offset(expected) = expect
        && expected != actual
    {
        return Err(Error::OffsetConflict { expected, actual });
    }
    let next = actual.checked_add(count as u64);
    let next =
        next.ok_or_else(|| Error::backend("append", false, "the store has no offsets left"))?;
    Ok(actual..next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(stored: &[Option<u64>]) -> Option<Result<Range<u64>>> {
        let mut repetition = Repetition::default();
        for place in stored {
            repetition.saw("m", *place);
        }
        repetition.outcome()
    }

    #[test]
    fn a_run_is_a_repetition() {
        assert_eq!(outcome(&[Some(7), Some(8), Some(9)]).unwrap().unwrap(), 7..10);
    }

    #[test]
    fn what_is_new_is_none() {
        assert!(outcome(&[]).is_none() && outcome(&[None, None]).is_none());
    }

    #[test]
    fn all_else_names_the_first_one_that_is_known() {
        for (stored, first) in [
            (&[Some(7), None][..], 7),
            (&[None, Some(8)], 8),
            (&[Some(8), Some(7)], 8),
            (&[Some(7), Some(9)], 7),
            (&[Some(7), None, Some(9)], 7),
            (&[Some(u64::MAX), Some(0)], u64::MAX),
        ] {
            match outcome(stored) {
                Some(Err(Error::DuplicateMessage { offset, .. })) => assert_eq!(offset, first),
                other => panic!("{stored:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn offsets_go_on_until_none_is_left() {
        assert_eq!(place(3, 2, Expect::Offset(3)).unwrap(), 3..5);
        assert!(matches!(
            place(3, 2, Expect::Offset(4)),
            Err(Error::OffsetConflict { expected: 4, actual: 3 })
        ));
        assert_eq!(place(u64::MAX - 1, 1, Expect::Any).unwrap().end, u64::MAX);
        assert!(place(u64::MAX - 1, 2, Expect::Any).is_err());
    }
}
