/// The list of the cases of repositories, which those of stores have in common with them.
///
/// It is handed on as that of streams is. The rule of a case is taken from the documentation of
/// `EventRepository` or `EventQuery`; a test compares them.
#[doc(hidden)]
#[macro_export]
macro_rules! __repository_cases {
    ([$($callback:tt)+] $($argument:ident)*) => {
        $($callback)+! {
            [$($argument)*]
            offsets {
                "Offsets are dense, and given in the order of commits: once an event can be read, \
                 so can all below it that are not truncated, and none below it will ever be \
                 added." => {
                    are_dense,
                }
                "The order of commits is the only one: what the events say about when they were \
                 recorded changes nothing." => {
                    ignore_created_at,
                }
                "The last offset that is given is `u64::MAX - 1`, so that the next one can always \
                 be named." => {
                    near_the_largest,
                }
                "`next_offset` is the offset that the next event will get. An append that has \
                 returned is counted, and can be read." => {
                    next_offset_counts_what_is_committed,
                }
            }
            load {
                "`load_by_type` gives the events of the types asked for at or after `offset`, and \
                 no others." => {
                    by_type, from_an_offset,
                }
                "Where nothing matches, the query is empty, and there is no error: for a type or a \
                 source that never was, and for an offset at or past the end." => {
                    what_never_was_is_empty, past_the_end_is_empty,
                }
            }
            source {
                "`load_by_source` gives the events of one instance of one handler: none of another \
                 instance, of another handler or of no handler." => {
                    gives_one_instance,
                }
                "Handlers are told apart by their keys; their names may change." => {
                    tells_handlers_by_their_keys,
                }
            }
            query {
                "All that matches and was committed when the query was made comes, in the order of \
                 the offsets, each event once." => {
                    returns_what_was_committed,
                }
                "What was committed since may come, and then without a gap." => {
                    appends_leave_no_gap,
                }
                "`position` is the offset of the next event that the query will look at: it never \
                 moves past an event that matches and has not been returned, nor back." => {
                    position_follows_the_events,
                }
                "At the end the position is past every event that was committed when the query was \
                 made, whether or not it matches." => {
                    ends_past_what_was_committed,
                }
                "`next_batch` adds `max` events at most; it may add fewer than are there, but none \
                 only at the end. With a `max` of 0 it adds nothing, and that is not the end. What \
                 `buf` held before stays." => {
                    never_exceeds_max, adds_nothing_only_at_the_end, max_zero_adds_nothing,
                    keeps_what_the_buffer_held,
                }
                "However large `max` is, a batch of several events holds 4 MiB of parcels at \
                 most: reading takes bounded memory." => {
                    is_bounded_in_bytes,
                }
                "Queries are independent of each other." => {
                    queries_do_not_compete,
                }
            }
            cancel {
                "`next_batch` can be dropped while it is pending, and nothing is lost or repeated: \
                 state lives in the query, never in the future." => {
                    dropping_next_batch_loses_nothing,
                }
                "A `wait_for` that is dropped, woken or not, takes the wake-up away from nobody \
                 else." => {
                    dropping_wait_for_harms_nobody,
                }
            }
            truncation {
                "An offset below the oldest event that is still there is refused, by \
                 `load_by_type` or by the query's first batch. It never starts somewhere else." => {
                    before_the_oldest_is_an_error, the_oldest_can_be_read,
                }
                "`load_by_source` starts at the oldest event that is still there." => {
                    sources_start_at_the_oldest,
                }
                "A query that comes to a truncated part says `Error::Truncated` with its position \
                 and the oldest offset that is there." => {
                    overtakes_a_query, spares_a_query_ahead_of_it,
                }
                "An error consumes nothing: the next call says the same, or tries again." => {
                    is_said_again,
                }
            }
            wait_for {
                "`wait_for` returns at once if the event was committed already, whether or not it \
                 is truncated since." => {
                    returns_at_once_if_it_is_there,
                }
                "Otherwise it waits for the event at its own offset, and the commit of that wakes \
                 all who wait for it: none too early, none too late, none never." => {
                    waits_for_its_own_offset, wakes_all_who_wait, never_misses_a_commit,
                }
                "What `wait_for` says is committed can be read." => {
                    what_it_says_can_be_read,
                }
            }
            payload {
                "An event comes as it was appended: unknown fields, an empty payload and a large \
                 one included, and many megabytes in one append, too." => {
                    unknown_fields_are_kept, empty, one_mebibyte, five_mebibytes_in_one_append,
                }
            }
            readers {
                "Offsets are dense, and given in the order of commits: once an event can be read, \
                 so can all below it that are not truncated, and none below it will ever be \
                 added." => {
                    see_no_gap,
                }
            }
            isolation {
                "Repositories are independent of each other." => {
                    repositories_are_separate,
                }
            }
            model {
                "Offsets are dense, and given in the order of commits: once an event can be read, \
                 so can all below it that are not truncated, and none below it will ever be \
                 added." => {
                    random_operations,
                }
            }
        }
    };
}
