/// The one list of cases: what the list, the tests and the rules are made from.
///
/// It hands itself to the macro whose name it is given, in brackets, behind what stands after them.
/// The rule of a case is taken from the documentation of `EventStream` or `Cursor`; a test compares
/// them.
#[doc(hidden)]
#[macro_export]
macro_rules! __stream_cases {
    ([$($callback:tt)+] $($argument:ident)*) => {
        $($callback)+! {
            [$($argument)*]
            offsets {
                "Offsets are 0-based and gapless, and an event keeps its offset for ever." => {
                    are_gapless,
                }
                "The last offset that is given is `u64::MAX - 1`, so that the next one can always \
                 be named." => {
                    near_the_largest,
                }
                "`end`, where the stream can tell, is the offset that the next event will get." => {
                    the_end_is_where_the_next_event_goes,
                }
            }
            open {
                "`event_types` holds every type that the stream carries; a stream that declares \
                 none carries any type: `EventTypes::any`." => {
                    declares_what_it_carries,
                }
                "`open` gives a cursor whose first event is the first of the types asked for at or \
                 after `offset`." => {
                    honours_the_offset,
                }
                "An offset past the end is no error: the cursor waits until the stream has come \
                 there." => {
                    past_the_end_waits,
                }
                "An empty filter is refused." => {
                    refuses_an_empty_filter,
                }
                "A filter that names a type which the stream does not declare is refused, and the \
                 error names those types and no others; an open stream refuses none." => {
                    refuses_types_that_are_not_declared,
                }
            }
            next {
                "Events come in the order of their offsets, each once, none left out." => {
                    delivers_in_order,
                }
                "An event that was delivered is not delivered again when the next one arrives, \
                 whether or not one that is filtered out stands before it." => {
                    delivers_each_event_once, does_not_repeat_after_a_filtered_event,
                }
                "Only events of the types asked for come; the others are passed over." => {
                    delivers_only_the_types_asked_for,
                }
                "At the end of the stream `next` waits, and an append wakes it." => {
                    waits_when_nothing_is_there, wakes_on_append, never_misses_a_wake_up,
                }
                "Cursors are independent of each other: each gets every event." => {
                    cursors_do_not_compete,
                }
            }
            batch {
                "`next_batch` waits for one event, then adds what is at hand, `max` in all; it may \
                 add fewer than are there, but never more than `max`, and with a `max` of 0 it \
                 returns at once and adds nothing." => {
                    waits_for_the_first, adds_what_is_at_hand, never_exceeds_max,
                    max_zero_returns_at_once,
                }
                "What `buf` held before stays." => {
                    keeps_what_the_buffer_held,
                }
                "`next` and `next_batch` may be mixed as one likes." => {
                    mixes_with_next,
                }
            }
            close {
                "Closing wakes a pending call, and from then on every call says \
                 `Error::CursorClosed`, also if events are waiting." => {
                    before_next, wakes_a_pending_next, wins_over_waiting_events,
                    twice_is_an_error, is_for_one_cursor,
                }
                "A stream that goes away while a cursor is open ends that cursor with \
                 `Error::Backend`, or not at all; never with `Error::CursorClosed`, and never with \
                 a panic." => {
                    a_source_that_goes_away_is_not_a_close,
                }
            }
            cancel {
                "`next` and `next_batch` can be dropped while they are pending, and nothing is \
                 lost or repeated: state lives in the cursor, never in the future." => {
                    dropping_next_loses_nothing, dropping_next_batch_loses_nothing,
                    a_timeout_loses_nothing,
                }
            }
            position {
                "`position` is the offset of the next event that the cursor will look at: \
                 everything below it was delivered or filtered out." => {
                    follows_the_events, moves_over_filtered_events,
                }
            }
            truncation {
                "An offset below the oldest event that is still there is refused, at once or by \
                 the cursor's first `next`. It never starts somewhere else." => {
                    before_the_oldest_is_an_error, the_oldest_can_be_read,
                }
                "A cursor that comes to a truncated part says `Error::Truncated` with its position \
                 and the oldest offset that is there." => {
                    overtakes_a_cursor, spares_a_cursor_ahead_of_it,
                }
                "An error consumes nothing: the next call says the same, or tries again." => {
                    is_said_again,
                }
            }
            payload {
                "An event comes as it was appended: unknown fields, an empty payload and a large \
                 one included." => {
                    unknown_fields_are_kept, empty, one_mebibyte,
                }
            }
            isolation {
                "Streams are independent of each other." => {
                    streams_are_separate,
                }
            }
            model {
                "Events come in the order of their offsets, each once, none left out." => {
                    random_operations,
                }
            }
        }
    };
}
