/// The list of the cases that stores have besides those of repositories. No group has the name of
/// one of theirs.
///
/// It is handed on as that of streams is. The rule of a case is taken from the documentation of
/// `EventStore`; a test compares them.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_cases {
    ([$($callback:tt)+] $($argument:ident)*) => {
        $($callback)+! {
            [$($argument)*]
            append {
                "`append` gives its parcels offsets one after another, in their order, and returns \
                 those." => {
                    returns_its_range,
                }
                "An append of no parcels stores nothing and returns an empty range at the next \
                 offset." => {
                    of_nothing_stores_nothing,
                }
                "A parcel of another application is refused, and so is an append that has a \
                 message id twice: nothing of it is stored." => {
                    refuses_another_applications_events, refuses_an_id_that_is_there_twice,
                }
                "An append for which too few offsets are left fails, and stores nothing." => {
                    fails_if_too_few_offsets_are_left,
                }
            }
            expect {
                "`Expect::Offset` lets an append succeed only at that offset. Otherwise the error \
                 names what was expected and what the next offset is, and nothing is stored." => {
                    the_next_offset, another_offset_is_a_conflict,
                }
                "An append that fails fails alone: those that run beside it are stored." => {
                    fails_for_one_caller_only,
                }
                "Of several that expect the same offset, one succeeds." => {
                    one_of_several_succeeds,
                }
            }
            dedupe {
                "An append of which every message is stored already, one after another in its \
                 order, is a repetition: it stores nothing and returns the range first given, \
                 whatever it expects." => {
                    a_repetition_returns_its_range, a_run_of_several_appends_is_a_repetition,
                    repetitions_at_the_same_time_get_one_range,
                }
                "If only some of the messages are stored already, or in another order or place, it \
                 is an error that names the first of them and its offset, and nothing is \
                 stored." => {
                    a_partial_overlap_is_an_error, another_order_is_an_error,
                }
                "The messages of one store are nothing to another one." => {
                    is_for_one_store,
                }
                "The ids of those that are still there are never forgotten." => {
                    outlasts_a_truncation_of_others,
                }
            }
            atomicity {
                "An append is atomic: who reads or asks for the next offset sees all of it or \
                 nothing." => {
                    readers_never_see_a_part,
                }
                "An append that is dropped has stored all or nothing; which of the two, is not \
                 known. To find out, append the same parcels again: a repetition stores \
                 nothing." => {
                    a_dropped_append_is_all_or_nothing,
                }
            }
            concurrency {
                "Offsets are dense, and given in the order of commits, however many append at the \
                 same time; what a caller appends after an append of its own has returned lies \
                 behind that." => {
                    appenders_leave_no_gap, keeps_the_order_of_each_appender,
                }
                "A commit that takes long holds up those behind it: no reader ever steps over a \
                 lower offset that is committed later." => {
                    a_late_commit_is_never_stepped_over,
                }
            }
            retention {
                "The offsets of truncated events are never given again, also if all events are \
                 truncated, and after the store is opened again." => {
                    never_gives_an_offset_again,
                }
                "Truncating below the oldest event does nothing; truncating past the next offset \
                 is an error that names both, and does nothing." => {
                    below_the_oldest_does_nothing, past_the_end_is_an_error,
                }
            }
            reopen {
                "An append is durable before it returns: a store that is opened again has its \
                 events, offsets and message ids." => {
                    keeps_events_and_offsets, keeps_message_ids,
                }
            }
            handles {
                "What one handle does to a store, another one sees, also one of another \
                 process." => {
                    see_each_others_events, wake_each_other, know_each_others_messages,
                    append_side_by_side,
                }
            }
            store_model {
                "`append` gives its parcels offsets one after another, in their order, and returns \
                 those." => {
                    random_operations,
                }
            }
        }
    };
}
