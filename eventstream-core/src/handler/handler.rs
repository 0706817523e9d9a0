use std::future::Future;

use crate::{Event, HandlerError, Identity, Incarnation};

/// Handles the events of a stream, and keeps the offset that it has come to.
///
/// # Contract
///
/// Every rule names the case of `eventstream-streamtest` that proves it: `handler_suite!` does so for
/// a handler of your own.
///
/// - The handler's offset is that of the *next* event to handle, never that of the last one handled;
///   at the beginning it is 0. (`offset::begins_at_zero`, `offset::is_one_past_the_event`,
///   `model::random_operations`)
/// - An event lies at the handler's offset or, if others were filtered out, past it; once it is
///   handled, the offset is one past the event. (`offset::moves_over_gaps`)
/// - The last offset that an event can have is `u64::MAX - 1`; once that is handled, the handler's
///   offset is `u64::MAX`. (`offset::near_the_largest`)
/// - The offset is kept together with the effects of the events, so that both are there or neither:
///   in the same transaction, the same file, the same row. (`together::survive_a_restart`,
///   `together::are_seen_together`)
/// - Whoever hands in another offset than the handler's is told of a [`HandlerError::Conflict`];
///   there is no effect, and the offset does not move. (`conflict::at_a_lower_offset`,
///   `conflict::at_a_higher_offset`, `batch::at_another_offset_is_a_conflict`)
/// - Handlers on the same store are replicas of each other. Of two that are handed the same event at
///   the same offset, one handles it, and the other is told of a conflict; its offset is then that
///   of the faster one. (`replicas::of_two_one_handles_it`)
/// - However many replicas run side by side, each effect is made once, in the order of the events.
///   (`replicas::side_by_side_make_each_effect_once`)
/// - A batch is handled as its events would be one by one: it has their effects, in their order, and
///   the offset is then one past the last of them. (`batch::has_its_effects_in_order`)
/// - A batch that fails may have handled those of its events that stand before the one at fault, or
///   the first of them, offset included; the others have had no effect.
///   (`batch::that_fails_has_handled_its_first_events`)
/// - An event that fails has had no effect, and the offset has not moved. The error is no conflict;
///   the event can be tried again, and it can be passed over. (`failure::leaves_no_effect`,
///   `failure::can_be_tried_again`, `failure::can_be_passed_over`)
/// - [`skip`](Self::skip) returns the offset that the handler has now, which is neither below
///   `offset` nor past `next`, and is kept as any other. (`skip::returns_the_offset`,
///   `skip::survives_a_restart`)
/// - A skip has no effect, and the next event is handled at the offset that it has returned.
///   (`skip::has_no_effect`, `skip::goes_on_with_the_next_event`)
/// - A skip from another offset than the handler's moves nothing; for a handler whose offset moves
///   by [`skip`](Self::skip), it is a conflict. (`skip::from_another_offset_moves_nothing`)
/// - Asking changes nothing: [`begin`](Self::begin) with the incarnation that was there before,
///   [`next_offset`](Self::next_offset) and [`has_begun`](Self::has_begun) can be called as often as
///   one likes, and be dropped. (`offset::asking_changes_nothing`,
///   `offset::dropping_a_question_changes_nothing`)
/// - [`begin_at`](Self::begin_at) stores the offset that the handler begins at:
///   [`has_begun`](Self::has_begun) and [`next_offset`](Self::next_offset) say so from then on, also
///   after a restart. A handler that can't store it rejects it, and nothing changes.
///   (`start::is_stored_or_rejected`)
/// - A handler begins once: when it has an offset of its own, by [`begin_at`](Self::begin_at) or
///   because it was moved by events, [`has_begun`](Self::has_begun) is true and
///   [`begin_at`](Self::begin_at) is a conflict. (`start::is_taken_once`,
///   `start::comes_too_late_after_an_event`, `start::of_two_replicas_one_begins`)
/// - A [`begin_at`](Self::begin_at) that is dropped is done or not, never in part.
///   (`start::a_dropped_one_is_done_or_not`)
/// - [`handle_parked`](Self::handle_parked) makes the effect of a parked event out of turn, and once;
///   the offset stays where it is. (`parked::is_made_out_of_turn`, `parked::is_made_once`)
/// - If the event is not parked, or can't be handled, [`handle_parked`](Self::handle_parked) is an
///   error, and has no effect. (`parked::what_is_not_parked_is_refused`,
///   `parked::what_fails_again_has_no_effect`)
/// - A handler has an offset for each application. Applications are told apart by their keys; a name
///   may change. (`applications::have_offsets_of_their_own`,
///   `applications::are_told_apart_by_their_keys`)
///
/// Which application an event is of says its parcel:
/// [`source_application`](crate::Parcel::source_application).
///
/// A handler that rejects [`begin_at`](Self::begin_at) need not know whether it has begun: that it
/// is asked for is of use for a start position only.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Event, Handler, HandlerError, Identity};
///
/// /// Counts events, in memory.
/// #[derive(Default)]
/// struct Counter { count: u64, next: u64 }
///
/// impl Handler for Counter {
///     async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
///         Ok(self.next)
///     }
///
///     async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
///         if offset != self.next {
///             return Err(HandlerError::Conflict);
///         }
///         self.count += 1;
///         self.next = event.offset + 1;
///         Ok(())
///     }
/// }
/// ```
pub trait Handler: Send {
    /// Called before [`next_offset`](Self::next_offset), with what tells the stream from one that
    /// took its place; `None` if the stream can't tell.
    ///
    /// A stream that was restored from a backup, or created anew, gives offsets again that others
    /// had before. A handler that keeps the incarnation beside its offset can refuse it, or begin
    /// anew. As provided, it does nothing.
    ///
    /// # Cancel safety
    ///
    /// A [`Consumer`](crate::Consumer) drops this future when it is cancelled.
    ///
    /// # Errors
    ///
    /// If the handler does not take its offset for one of this stream; the consumer asks again after
    /// a while.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_core::{Event, Handler, HandlerError, Identity, Incarnation};
    ///
    /// #[derive(Default)]
    /// struct Counter { next: u64, of: Option<Incarnation> }
    ///
    /// impl Handler for Counter {
    ///     async fn begin(
    ///         &mut self,
    ///         source: &Identity,
    ///         incarnation: Option<Incarnation>,
    ///     ) -> Result<(), HandlerError> {
    ///         match (self.of, incarnation) {
    ///             (Some(known), Some(found)) if known != found => {
    ///                 Err(format!("the stream of {source} is {found}, not {known}").into())
    ///             }
    ///             _ => {
    ///                 self.of = incarnation;
    ///                 Ok(())
    ///             }
    ///         }
    ///     }
    ///
    ///     async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
    ///         Ok(self.next)
    ///     }
    ///
    ///     async fn handle_event(&mut self, _: u64, event: Event) -> Result<(), HandlerError> {
    ///         self.next = event.offset + 1;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        let _ = (source, incarnation);
        async { Ok(()) }
    }

    /// The offset of the next event to handle of the application's stream; 0 at the beginning.
    ///
    /// # Cancel safety
    ///
    /// A [`Consumer`](crate::Consumer) drops this future when it is cancelled.
    ///
    /// # Errors
    ///
    /// If it can't be read; the consumer asks again after a while.
    fn next_offset(
        &mut self,
        source: &Identity,
    ) -> impl Future<Output = Result<u64, HandlerError>> + Send;

    /// Handles an event. `offset` is what [`next_offset`](Self::next_offset) would return now; on
    /// success it becomes `event.offset + 1`.
    ///
    /// # Cancel safety
    ///
    /// A [`Consumer`](crate::Consumer) never drops this future: when it is cancelled, it finishes
    /// the event in hand.
    ///
    /// # Errors
    ///
    /// [`HandlerError::Conflict`] if `offset` is not the handler's offset. After any error the
    /// offset has not moved and the event has had no effect.
    fn handle_event(
        &mut self,
        offset: u64,
        event: Event,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// Handles events that follow each other, as [`handle_event`](Self::handle_event) would one by
    /// one; on success the offset becomes that of the last event, plus one.
    ///
    /// A handler that has transactions does it in one. As provided, it is a loop, which may have
    /// handled some of the events, offset included, when it fails with another.
    ///
    /// # Cancel safety
    ///
    /// As for [`handle_event`](Self::handle_event): it is never dropped.
    ///
    /// # Errors
    ///
    /// As for [`handle_event`](Self::handle_event).
    fn handle_batch(
        &mut self,
        offset: u64,
        events: Vec<Event>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        async move {
            let mut offset = offset;
            for event in events {
                let next = event.offset.saturating_add(1);
                self.handle_event(offset, event).await?;
                offset = next;
            }
            Ok(())
        }
    }

    /// Notes that nothing relevant lies between `offset`, which is what
    /// [`next_offset`](Self::next_offset) would return now, and `next`: on success the offset may
    /// become `next`, so that a restart does not look through those events again.
    ///
    /// As provided, it does nothing, and the offset stays. It returns the offset that the handler
    /// has now, which is neither below `offset` nor past `next`.
    ///
    /// # Cancel safety
    ///
    /// As for [`handle_event`](Self::handle_event): it is never dropped.
    ///
    /// # Errors
    ///
    /// [`HandlerError::Conflict`] if `offset` is not the handler's offset.
    fn skip(
        &mut self,
        offset: u64,
        next: u64,
    ) -> impl Future<Output = Result<u64, HandlerError>> + Send {
        let _ = next;
        async move { Ok(offset) }
    }

    /// Whether the handler has begun with the application's stream: whether it has an offset of its
    /// own. Asked only by a consumer with a [start position](crate::Consumer::start), before
    /// [`next_offset`](Self::next_offset). As provided, `false`.
    ///
    /// # Cancel safety
    ///
    /// A [`Consumer`](crate::Consumer) drops this future when it is cancelled.
    ///
    /// # Errors
    ///
    /// If it can't be found out; the consumer asks again after a while.
    fn has_begun(
        &mut self,
        source: &Identity,
    ) -> impl Future<Output = Result<bool, HandlerError>> + Send {
        let _ = source;
        async { Ok(false) }
    }

    /// Begins with the application's stream at `offset`, and stores that: from now on it has begun,
    /// and `offset` is its [`next_offset`](Self::next_offset).
    ///
    /// As provided, it is an error: a start position that is not stored would be taken again after
    /// each restart, and events be lost without a word.
    ///
    /// # Cancel safety
    ///
    /// A [`Consumer`](crate::Consumer) drops this future when it is cancelled.
    ///
    /// # Errors
    ///
    /// [`HandlerError::Conflict`] if it has begun already; [`HandlerError::Reject`] if it can't keep
    /// a start position.
    fn begin_at(
        &mut self,
        source: &Identity,
        offset: u64,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        let _ = (source, offset);
        async {
            let error = "the handler can't store a start position: it has no `begin_at`";
            Err(HandlerError::Reject(error.into()))
        }
    }

    /// Handles an event that was parked, and is [replayed](crate::ParkedEvents::replay): its effect
    /// is made out of turn, and the offset stays where it is.
    ///
    /// As provided, it is an error.
    ///
    /// # Cancel safety
    ///
    /// As for [`handle_event`](Self::handle_event): it is never dropped.
    ///
    /// # Errors
    ///
    /// [`HandlerError::Conflict`] if the event is not parked any more; others if it can't be
    /// handled. After any error it has had no effect.
    fn handle_parked(
        &mut self,
        source: &Identity,
        event: Event,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        let _ = (source, event);
        async {
            let error = "the handler can't replay events: it has no `handle_parked`";
            Err(HandlerError::Reject(error.into()))
        }
    }
}
