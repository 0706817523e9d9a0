/// The list of the cases for handlers.
///
/// It is handed on as that of streams is. The rule of a case is taken from the documentation of
/// `Handler`; a test compares them.
#[doc(hidden)]
#[macro_export]
macro_rules! __handler_cases {
    ([$($callback:tt)+] $($argument:ident)*) => {
        $($callback)+! {
            [$($argument)*]
            offset {
                "The handler's offset is that of the *next* event to handle, never that of the \
                 last one handled; at the beginning it is 0." => {
                    begins_at_zero, is_one_past_the_event,
                }
                "An event lies at the handler's offset or, if others were filtered out, past it; \
                 once it is handled, the offset is one past the event." => {
                    moves_over_gaps,
                }
                "The last offset that an event can have is `u64::MAX - 1`; once that is handled, \
                 the handler's offset is `u64::MAX`." => {
                    near_the_largest,
                }
                "Asking changes nothing: `begin` with the incarnation that was there before, \
                 `next_offset` and `has_begun` can be called as often as one likes, and be \
                 dropped." => {
                    asking_changes_nothing, dropping_a_question_changes_nothing,
                }
            }
            together {
                "The offset is kept together with the effects of the events, so that both are \
                 there or neither: in the same transaction, the same file, the same row." => {
                    survive_a_restart, are_seen_together,
                }
            }
            conflict {
                "Whoever hands in another offset than the handler's is told of a \
                 `HandlerError::Conflict`; there is no effect, and the offset does not move." => {
                    at_a_lower_offset, at_a_higher_offset,
                }
            }
            replicas {
                "Handlers on the same store are replicas of each other. Of two that are handed the \
                 same event at the same offset, one handles it, and the other is told of a \
                 conflict; its offset is then that of the faster one." => {
                    of_two_one_handles_it,
                }
                "However many replicas run side by side, each effect is made once, in the order of \
                 the events." => {
                    side_by_side_make_each_effect_once,
                }
            }
            batch {
                "A batch is handled as its events would be one by one: it has their effects, in \
                 their order, and the offset is then one past the last of them." => {
                    has_its_effects_in_order,
                }
                "Whoever hands in another offset than the handler's is told of a \
                 `HandlerError::Conflict`; there is no effect, and the offset does not move." => {
                    at_another_offset_is_a_conflict,
                }
                "A batch that fails may have handled those of its events that stand before the one \
                 at fault, or the first of them, offset included; the others have had no \
                 effect." => {
                    that_fails_has_handled_its_first_events,
                }
            }
            failure {
                "An event that fails has had no effect, and the offset has not moved. The error is \
                 no conflict; the event can be tried again, and it can be passed over." => {
                    leaves_no_effect, can_be_tried_again, can_be_passed_over,
                }
            }
            skip {
                "`skip` returns the offset that the handler has now, which is neither below \
                 `offset` nor past `next`, and is kept as any other." => {
                    returns_the_offset, survives_a_restart,
                }
                "A skip has no effect, and the next event is handled at the offset that it has \
                 returned." => {
                    has_no_effect, goes_on_with_the_next_event,
                }
                "A skip from another offset than the handler's moves nothing; for a handler whose \
                 offset moves by `skip`, it is a conflict." => {
                    from_another_offset_moves_nothing,
                }
            }
            start {
                "`begin_at` stores the offset that the handler begins at: `has_begun` and \
                 `next_offset` say so from then on, also after a restart. A handler that can't \
                 store it rejects it, and nothing changes." => {
                    is_stored_or_rejected,
                }
                "A handler begins once: when it has an offset of its own, by `begin_at` or because \
                 it was moved by events, `has_begun` is true and `begin_at` is a conflict." => {
                    is_taken_once, comes_too_late_after_an_event, of_two_replicas_one_begins,
                }
                "A `begin_at` that is dropped is done or not, never in part." => {
                    a_dropped_one_is_done_or_not,
                }
            }
            parked {
                "`handle_parked` makes the effect of a parked event out of turn, and once; the \
                 offset stays where it is." => {
                    is_made_out_of_turn, is_made_once,
                }
                "If the event is not parked, or can't be handled, `handle_parked` is an error, and \
                 has no effect." => {
                    what_is_not_parked_is_refused, what_fails_again_has_no_effect,
                }
            }
            applications {
                "A handler has an offset for each application. Applications are told apart by \
                 their keys; a name may change." => {
                    have_offsets_of_their_own, are_told_apart_by_their_keys,
                }
            }
            model {
                "The handler's offset is that of the *next* event to handle, never that of the \
                 last one handled; at the beginning it is 0." => {
                    random_operations,
                }
            }
        }
    };
}
