use crate::support::faults::faults;

faults! {
    /// What can be wrong with a stream.
    Fault;

    // What is delivered, and in which order.

    /// Two events change places, if both are there.
    SwapsTwo: [
        "next::delivers_in_order", "offsets::are_gapless", "open::honours_the_offset",
        "batch::never_exceeds_max", "model::random_operations",
    ],
    /// Every tenth event is left out.
    SkipsSome: [
        "next::delivers_in_order", "offsets::are_gapless", "batch::never_exceeds_max",
        "cancel::a_timeout_loses_nothing", "model::random_operations",
    ],
    /// When the next event arrives, the last one comes again.
    RepeatsTheLast: ["next::delivers_each_event_once", "next::never_misses_a_wake_up"],
    /// When an event that is filtered out arrives, the last one comes again.
    RepeatsAfterAFilteredEvent: ["next::does_not_repeat_after_a_filtered_event"],
    /// All types come.
    IgnoresTheFilter: ["next::delivers_only_the_types_asked_for", "model::random_operations"],
    /// The first event after one that is filtered out is filtered out, too.
    FiltersTooMuch: ["next::delivers_only_the_types_asked_for", "model::random_operations"],
    /// Offsets begin with 1.
    CountsFromOne: ["offsets::are_gapless", "open::honours_the_offset"],
    /// Offsets have two digits.
    CountsToAHundred: ["offsets::are_gapless"],
    /// Offsets count what the cursor delivers.
    CountsWhatItDelivers: ["next::delivers_only_the_types_asked_for"],
    /// Offsets have 63 bits.
    CountsIn63Bits: ["offsets::near_the_largest"],
    /// Events for which there is no offset are dropped without a word.
    AppendsPastTheLastOffset: ["offsets::near_the_largest"],
    /// The end of the stream is that of its last event.
    EndIsTheLastEvent: ["offsets::the_end_is_where_the_next_event_goes"],
    /// The end of the stream is the number of events that are there.
    EndCountsWhatIsThere: ["offsets::the_end_is_where_the_next_event_goes"],
    /// The end of the stream is found out once.
    EndStays: ["offsets::the_end_is_where_the_next_event_goes"],
    /// An empty stream can't say where it ends.
    EndFailsWhenEmpty: ["offsets::the_end_is_where_the_next_event_goes"],
    /// Payloads are cut at 64 KiB.
    CutsPayloads: ["payload::one_mebibyte"],
    /// Events without a payload are left out.
    DropsEmptyPayloads: ["payload::empty"],
    /// Envelopes are decoded and encoded again.
    DropsUnknownFields: ["payload::unknown_fields_are_kept"],
    /// All streams have the same events.
    SharesData: ["isolation::streams_are_separate"],

    // Opening.

    /// Every cursor begins with the oldest event.
    IgnoresTheOffset: ["open::honours_the_offset", "model::random_operations"],
    /// A cursor begins after the event at its offset.
    BeginsAfterTheOffset: ["open::honours_the_offset", "model::random_operations"],
    /// An offset past the end is refused.
    RefusesPastTheEnd: ["open::past_the_end_waits", "model::random_operations"],
    /// An offset past the end becomes that of the end.
    BeginsAtTheEnd: ["open::past_the_end_waits"],
    /// An empty filter makes a cursor that has nothing to deliver.
    AcceptsAnEmptyFilter: ["open::refuses_an_empty_filter"],
    /// A filter may name what it likes.
    AcceptsUndeclaredTypes: ["open::refuses_types_that_are_not_declared"],
    /// The error names all types that are asked for.
    NamesTheWrongTypes: ["open::refuses_types_that_are_not_declared"],
    /// A stream that is open refuses types that it has not seen.
    RefusesWhenOpen: ["open::refuses_types_that_are_not_declared"],
    /// One of the types that it carries is not declared.
    DeclaresTooFew: ["open::declares_what_it_carries"],

    // Waiting.

    /// The end of the stream is an error.
    FailsAtTheEnd: [
        "next::waits_when_nothing_is_there", "next::wakes_on_append", "open::past_the_end_waits",
        "batch::waits_for_the_first", "model::random_operations",
    ],
    /// Appends don't wake.
    NeverWakes: [
        "next::wakes_on_append", "next::never_misses_a_wake_up", "batch::waits_for_the_first",
        "batch::adds_what_is_at_hand", "next::cursors_do_not_compete",
    ],
    /// Every twentieth wait is not woken.
    LosesSomeWakeUps: ["next::never_misses_a_wake_up"],
    /// What is appended between looking and listening is not heard.
    ListensTooLate: ["next::never_misses_a_wake_up"],
    /// The same, and other tasks get their turn in between.
    YieldsBeforeItListens: ["next::never_misses_a_wake_up", "next::wakes_on_append"],
    /// An append wakes one of the cursors.
    WakesOneCursor: [
        "next::cursors_do_not_compete", "cancel::dropping_next_loses_nothing",
        "cancel::dropping_next_batch_loses_nothing",
    ],
    /// Cursors take events away from each other.
    Competes: ["next::cursors_do_not_compete", "close::is_for_one_cursor"],

    // Batches.

    /// A batch has one too many.
    BatchExceedsMax: ["batch::never_exceeds_max", "batch::mixes_with_next"],
    /// A max of 0 is taken for 1.
    BatchOfZeroWaits: ["batch::max_zero_returns_at_once"],
    /// A batch may be empty.
    BatchDoesNotWait: ["batch::waits_for_the_first"],
    /// A batch waits until it is full.
    BatchWaitsForAll: ["batch::adds_what_is_at_hand"],
    /// A batch says how long the buffer is.
    BatchMiscounts: ["batch::keeps_what_the_buffer_held"],
    /// A batch empties the buffer before it adds to it.
    BatchClearsTheBuffer: ["batch::keeps_what_the_buffer_held"],
    /// What the buffer held counts against the max.
    BatchFillsTheBuffer: ["batch::keeps_what_the_buffer_held"],
    /// What a batch has read ahead is not seen by `next`.
    BatchHidesFromNext: ["batch::mixes_with_next", "model::random_operations"],
    /// Events are added by a call that fails.
    BatchAddsAndFails: ["truncation::is_said_again", "close::wins_over_waiting_events"],

    // Closing.

    /// Closing does nothing.
    IgnoresClose: [
        "close::before_next", "close::wakes_a_pending_next", "close::wins_over_waiting_events",
        "close::twice_is_an_error", "model::random_operations",
    ],
    /// A pending call does not see that its cursor is closed.
    CloseDoesNotWake: ["close::wakes_a_pending_next"],
    /// Events that are there come after the close.
    DeliversAfterClose: ["close::wins_over_waiting_events", "model::random_operations"],
    /// A batch does not look whether its cursor is closed.
    BatchIgnoresClose: ["close::before_next", "close::wins_over_waiting_events"],
    /// A closed cursor says so once.
    ClosesForOneCall: ["close::before_next", "close::wakes_a_pending_next"],
    /// Each handle can close the cursor.
    ClosesTwice: ["close::twice_is_an_error", "model::random_operations"],
    /// A close closes all cursors of the stream.
    ClosesSiblings: ["close::is_for_one_cursor", "model::random_operations"],
    /// When the source goes away, its cursors are closed.
    SourceCloses: ["close::a_source_that_goes_away_is_not_a_close"],
    /// When the source has gone away, its cursors panic.
    SourcePanics: ["close::a_source_that_goes_away_is_not_a_close"],

    // Dropped calls.

    /// A `next` that is dropped takes its event with it.
    DroppedNextLoses: [
        "cancel::dropping_next_loses_nothing", "cancel::a_timeout_loses_nothing",
        "model::random_operations",
    ],
    /// A `next_batch` that is dropped takes its events with it.
    DroppedBatchLoses: [
        "cancel::dropping_next_batch_loses_nothing", "cancel::a_timeout_loses_nothing",
        "model::random_operations",
    ],
    /// A `next_batch` that is dropped has added to the buffer.
    DroppedBatchAdds: ["cancel::dropping_next_batch_loses_nothing", "model::random_operations"],
    /// A `next` that is dropped delivers its event twice.
    DroppedNextRepeats: ["cancel::dropping_next_loses_nothing", "model::random_operations"],
    /// A `next` that is dropped keeps its event, but moves the position.
    DroppedNextMoves: ["cancel::dropping_next_loses_nothing", "model::random_operations"],

    // Positions.

    /// The position is where the cursor was opened.
    PositionStays: ["position::follows_the_events", "model::random_operations"],
    /// The position is that of the last event.
    PositionIsBehind: ["position::follows_the_events", "model::random_operations"],
    /// The position is one too far.
    PositionIsAhead: ["position::follows_the_events", "model::random_operations"],
    /// The position moves with what is delivered only.
    PositionWaitsForAMatch: ["position::moves_over_filtered_events"],

    // Truncation.

    /// Nothing is ever truncated.
    NeverTruncates: [
        "truncation::before_the_oldest_is_an_error", "truncation::overtakes_a_cursor",
        "truncation::is_said_again",
    ],
    /// A truncated offset becomes the oldest, as if nothing had been.
    BeginsAtTheOldest: [
        "truncation::before_the_oldest_is_an_error", "model::random_operations",
    ],
    /// A cursor that was overtaken goes on with the oldest event.
    SkipsWhatIsTruncated: ["truncation::overtakes_a_cursor", "truncation::is_said_again"],
    /// A cursor that was overtaken waits.
    WaitsWhenTruncated: ["truncation::overtakes_a_cursor", "truncation::is_said_again"],
    /// A cursor says once that it is truncated, and then goes on with the oldest event.
    TruncatedOnce: ["truncation::is_said_again"],
    /// The oldest event is truncated.
    TruncatesOneMore: [
        "truncation::the_oldest_can_be_read", "truncation::spares_a_cursor_ahead_of_it",
    ],
    /// A truncation ends all cursors that are open.
    TruncatesAll: ["truncation::spares_a_cursor_ahead_of_it", "model::random_operations"],
    /// The error has the offset that the cursor was opened at.
    TruncatedNamesTheOpening: ["truncation::overtakes_a_cursor", "truncation::is_said_again"],
    /// The error has the last offset that is gone.
    TruncatedNamesTheGone: [
        "truncation::before_the_oldest_is_an_error", "truncation::overtakes_a_cursor",
    ],
}
