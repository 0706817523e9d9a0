use crate::support::faults::faults;

faults! {
    /// What can be wrong with a store, as a repository or otherwise.
    StoreFault;

    // What queries return, and in which order.

    /// Every tenth event is left out.
    SkipsSome: [
        "offsets::are_dense", "query::returns_what_was_committed", "query::never_exceeds_max",
        "readers::see_no_gap", "model::random_operations", "store_model::random_operations",
    ],
    /// Two events of a batch change places.
    SwapsTwo: [
        "offsets::are_dense", "query::returns_what_was_committed", "model::random_operations",
    ],
    /// Events come in the order of the times that they were recorded at.
    SortsByTime: ["offsets::ignore_created_at"],
    /// Offsets begin with 1.
    CountsFromOne: ["offsets::are_dense", "load::from_an_offset"],
    /// Offsets have 63 bits.
    CountsIn63Bits: ["offsets::near_the_largest"],
    /// An append for which there is no offset does nothing, without a word.
    AppendsPastTheLastOffset: [
        "offsets::near_the_largest", "append::fails_if_too_few_offsets_are_left",
    ],
    /// The next offset is the number of events that are there.
    NextOffsetCountsWhatIsThere: ["offsets::next_offset_counts_what_is_committed"],
    /// The next offset is that of the last event.
    NextOffsetIsTheLast: ["offsets::next_offset_counts_what_is_committed", "offsets::are_dense"],
    /// All types come.
    IgnoresTheFilter: ["load::by_type", "model::random_operations"],
    /// A type is each that begins with its name.
    ComparesBeginnings: ["load::by_type"],
    /// Of several types that are asked for only one comes.
    TakesOneType: ["load::by_type", "model::random_operations"],
    /// Every query begins with the oldest event.
    IgnoresTheOffset: ["load::from_an_offset", "model::random_operations"],
    /// A query begins after the event at its offset.
    BeginsAfterTheOffset: ["load::from_an_offset", "store_model::random_operations"],
    /// A type of which nothing is there is refused.
    RefusesUnknownTypes: ["load::what_never_was_is_empty"],
    /// A source of which nothing is there is refused.
    RefusesUnknownSources: ["load::what_never_was_is_empty"],
    /// An offset past the end is refused.
    RefusesPastTheEnd: ["load::past_the_end_is_empty"],
    /// An offset at or past the end becomes that of the last event.
    BeginsAtTheLast: ["load::past_the_end_is_empty"],
    /// All instances of a handler are one.
    IgnoresTheInstance: ["source::gives_one_instance", "model::random_operations"],
    /// Instances of the same id are one, whatever their handlers.
    IgnoresTheHandler: ["source::gives_one_instance"],
    /// Handler and instance are told by one text, in which both stand.
    JoinsHandlerAndInstance: ["source::gives_one_instance"],
    /// Events of no handler are each handler's.
    AddsWhatHasNoHandler: ["source::gives_one_instance"],
    /// Handlers are told by their names.
    TellsHandlersByName: ["source::tells_handlers_by_their_keys"],

    // How queries return it.

    /// A query ends before the last event.
    EndsTooEarly: ["query::returns_what_was_committed", "query::ends_past_what_was_committed"],
    /// Events that are appended meanwhile come, but for the first.
    AppendsLeaveAGap: ["query::appends_leave_no_gap", "model::random_operations"],
    /// The position is where the query began.
    PositionStays: ["query::position_follows_the_events", "model::random_operations"],
    /// The position is one too far.
    PositionIsAhead: ["query::position_follows_the_events", "model::random_operations"],
    /// The position is behind the last event that was returned, to the end.
    PositionStopsAtTheLastMatch: ["query::ends_past_what_was_committed"],
    /// A batch has one event more than it may.
    ExceedsMax: ["query::never_exceeds_max", "model::random_operations"],
    /// A batch adds nothing where nothing matches for long.
    EndsWhereAPageIsEmpty: ["query::adds_nothing_only_at_the_end"],
    /// A batch of none has one.
    MaxZeroAddsOne: ["query::max_zero_adds_nothing", "model::random_operations"],
    /// A batch of none ends the query.
    MaxZeroEnds: ["query::max_zero_adds_nothing", "model::random_operations"],
    /// The buffer is cleared first.
    ClearsTheBuffer: ["query::keeps_what_the_buffer_held"],
    /// Batches have any number of bytes.
    BatchesHaveNoBound: ["query::is_bounded_in_bytes"],
    /// What one query has returned, no other does.
    QueriesCompete: ["query::queries_do_not_compete", "model::random_operations"],
    /// A batch that is dropped takes its events with it.
    DroppedBatchLoses: ["cancel::dropping_next_batch_loses_nothing", "model::random_operations"],
    /// A batch that is dropped has added to the buffer.
    DroppedBatchAdds: ["cancel::dropping_next_batch_loses_nothing", "model::random_operations"],

    // Waiting.

    /// A wait is for the next commit, whatever is there.
    WaitsForTheNextCommit: ["wait_for::returns_at_once_if_it_is_there"],
    /// A wait for what is truncated is refused.
    WaitRefusesTheTruncated: ["wait_for::returns_at_once_if_it_is_there"],
    /// A wait returns the offset behind its own.
    WaitReturnsItsOwn: [
        "wait_for::returns_at_once_if_it_is_there", "model::random_operations",
    ],
    /// Any commit ends any wait.
    WakesForAnyCommit: ["wait_for::waits_for_its_own_offset", "wait_for::wakes_all_who_wait"],
    /// A commit that goes past the offset does not end a wait for it.
    WakesAtItsOwnOnly: ["wait_for::waits_for_its_own_offset"],
    /// A wait for an offset past the next is refused.
    WaitRefusesPastTheEnd: ["wait_for::waits_for_its_own_offset", "model::random_operations"],
    /// A commit wakes one of those who wait.
    WakesOne: ["wait_for::wakes_all_who_wait"],
    /// Who is woken wakes the next one, if it gets as far.
    WakesInTurn: ["cancel::dropping_wait_for_harms_nobody"],
    /// It looks first, and then listens.
    ListensTooLate: ["wait_for::never_misses_a_commit"],
    /// Every third wait is never woken.
    LosesSomeWakeUps: ["wait_for::never_misses_a_commit", "wait_for::wakes_all_who_wait"],
    /// Who waits is woken just before the commit.
    WakesBeforeTheCommit: ["wait_for::what_it_says_can_be_read"],

    // Truncation.

    /// Nothing is ever truncated.
    NeverTruncates: [
        "truncation::before_the_oldest_is_an_error", "truncation::overtakes_a_query",
        "truncation::is_said_again",
    ],
    /// A truncated offset becomes the oldest, as if nothing had been.
    BeginsAtTheOldest: [
        "truncation::before_the_oldest_is_an_error", "model::random_operations",
        "store_model::random_operations",
    ],
    /// The oldest event is truncated.
    TruncatesOneMore: ["truncation::the_oldest_can_be_read", "model::random_operations"],
    /// A source that had truncated events is truncated.
    SourcesAreTruncated: [
        "truncation::sources_start_at_the_oldest", "model::random_operations",
    ],
    /// A query that was overtaken goes on with the oldest event.
    SkipsWhatIsTruncated: ["truncation::overtakes_a_query", "truncation::is_said_again"],
    /// A query that was overtaken ends.
    EndsWhereItIsTruncated: ["truncation::overtakes_a_query", "truncation::is_said_again"],
    /// A query says once that it is truncated, and then goes on with the oldest event.
    TruncatedOnce: ["truncation::is_said_again"],
    /// A truncation ends all queries.
    TruncatesAllQueries: [
        "truncation::spares_a_query_ahead_of_it", "model::random_operations",
    ],
    /// The error has the last offset that is gone.
    TruncatedNamesTheGone: [
        "truncation::before_the_oldest_is_an_error", "truncation::overtakes_a_query",
    ],

    // What is stored.

    /// Payloads are cut at 64 KiB.
    CutsPayloads: ["payload::one_mebibyte", "payload::five_mebibytes_in_one_append"],
    /// Events without a payload are left out.
    DropsEmptyPayloads: ["payload::empty"],
    /// Envelopes are decoded and encoded again.
    DropsUnknownFields: ["payload::unknown_fields_are_kept"],
    /// An append has 4 MiB at most.
    RefusesLargeAppends: ["payload::five_mebibytes_in_one_append"],
    /// The first event of an append can be read a little after the others.
    ShowsTheFirstLater: ["readers::see_no_gap"],
    /// All stores have the same events.
    SharesData: ["isolation::repositories_are_separate", "dedupe::is_for_one_store"],

    // Appending.

    /// The range that is returned is one too far.
    ReturnsOneTooFar: ["append::returns_its_range", "concurrency::appenders_leave_no_gap"],
    /// The last parcel of an append comes first.
    TurnsAppendsAround: ["append::returns_its_range", "offsets::are_dense"],
    /// An append of nothing is refused.
    RefusesNothing: ["append::of_nothing_stores_nothing", "store_model::random_operations"],
    /// An append of nothing returns 0..0.
    NothingIsAtZero: ["append::of_nothing_stores_nothing", "store_model::random_operations"],
    /// The events of any application are stored.
    TakesAnyApplication: ["append::refuses_another_applications_events"],
    /// Events of another application are refused, but those beside them are stored.
    StoresWhatIsBesideForeign: ["append::refuses_another_applications_events"],
    /// Applications are told by their names.
    TellsApplicationsByName: ["append::refuses_another_applications_events"],
    /// A message that is there twice in an append is stored once.
    TakesAnIdTwice: ["append::refuses_an_id_that_is_there_twice"],
    /// Of an append that needs too many offsets, as many are stored as there are left.
    StoresWhatFits: ["append::fails_if_too_few_offsets_are_left"],
    /// What an append expects is nothing to it.
    IgnoresTheExpectation: [
        "expect::another_offset_is_a_conflict", "expect::one_of_several_succeeds",
        "store_model::random_operations",
    ],
    /// The offset that is expected is that of the last event.
    ExpectsTheLast: ["expect::the_next_offset", "store_model::random_operations"],
    /// An offset below the one that is expected is as good.
    ExpectsAtMost: ["expect::another_offset_is_a_conflict", "store_model::random_operations"],
    /// The error names what was expected twice.
    ConflictNamesOneOffset: ["expect::another_offset_is_a_conflict"],
    /// An append that is a conflict is stored all the same.
    ConflictStores: ["expect::another_offset_is_a_conflict", "store_model::random_operations"],
    /// The append after one that fails fails as well.
    FailsTheNext: ["expect::fails_for_one_caller_only"],
    /// What is expected is looked at before the lock is taken.
    ExpectsBeforeItLocks: ["expect::one_of_several_succeeds"],

    // Repetitions.

    /// Messages are stored as often as they are appended.
    StoresRepetitions: [
        "dedupe::a_repetition_returns_its_range",
        "dedupe::a_run_of_several_appends_is_a_repetition",
        "dedupe::repetitions_at_the_same_time_get_one_range",
        "dedupe::a_partial_overlap_is_an_error", "store_model::random_operations",
    ],
    /// A repetition is an error.
    RefusesRepetitions: [
        "dedupe::a_repetition_returns_its_range", "reopen::keeps_message_ids",
    ],
    /// A repetition is refused if it does not expect the next offset.
    RepetitionsAreExpected: [
        "dedupe::a_repetition_returns_its_range", "store_model::random_operations",
    ],
    /// A repetition returns an empty range at the end.
    RepetitionsReturnTheEnd: ["dedupe::a_repetition_returns_its_range"],
    /// Only what was one append is known as a repetition.
    KnowsWholeAppendsOnly: [
        "dedupe::a_run_of_several_appends_is_a_repetition", "store_model::random_operations",
    ],
    /// Messages are looked for before the lock is taken.
    LooksBeforeItLocks: ["dedupe::repetitions_at_the_same_time_get_one_range"],
    /// Of an append that is stored in part, the other part is stored.
    StoresTheNewOnes: [
        "dedupe::a_partial_overlap_is_an_error", "store_model::random_operations",
    ],
    /// Of an append that is stored in part, the other part is stored, and yet it is an error.
    RefusesAndStoresTheNewOnes: ["dedupe::a_partial_overlap_is_an_error"],
    /// The error names the last message that is stored.
    NamesTheLastDuplicate: ["dedupe::a_partial_overlap_is_an_error"],
    /// An append whose first message is stored is a repetition.
    LooksAtTheFirstOnly: [
        "dedupe::a_partial_overlap_is_an_error", "dedupe::another_order_is_an_error",
    ],
    /// The order of a repetition is nothing to it.
    TakesAnyOrder: ["dedupe::another_order_is_an_error"],
    /// A truncation has all message ids forgotten.
    TruncationForgetsAllIds: [
        "dedupe::outlasts_a_truncation_of_others", "store_model::random_operations",
    ],

    // Appends side by side.

    /// An append is stored one parcel after the other.
    AppendsOneByOne: [
        "atomicity::readers_never_see_a_part", "atomicity::a_dropped_append_is_all_or_nothing",
    ],
    /// Of an append that is dropped after its commit the messages are not known.
    DroppedAppendsAreUnknown: ["atomicity::a_dropped_append_is_all_or_nothing"],
    /// Every thirtieth append is not stored.
    LosesSomeAppends: ["concurrency::appenders_leave_no_gap"],
    /// The range is looked up before the lock is taken.
    CountsBeforeItLocks: ["concurrency::appenders_leave_no_gap"],
    /// Some appends return before they are stored, and are so after the next one.
    HoldsSomeBack: ["concurrency::keeps_the_order_of_each_appender"],
    /// A commit that takes long has its offsets beforehand, and does not hold up those behind it.
    LateCommitsAreLate: ["concurrency::a_late_commit_is_never_stepped_over"],

    // Truncating and opening again.

    /// A store that is truncated to its end begins anew.
    BeginsAnew: ["retention::never_gives_an_offset_again", "store_model::random_operations"],
    /// A store that is opened without an event in it begins anew.
    BeginsAnewWhenReopened: ["retention::never_gives_an_offset_again"],
    /// Truncating below the oldest event is an error.
    RefusesBelowTheOldest: [
        "retention::below_the_oldest_does_nothing", "store_model::random_operations",
    ],
    /// Truncating below the oldest event removes that.
    BelowTheOldestTruncatesOne: ["retention::below_the_oldest_does_nothing"],
    /// Truncating past the end truncates all.
    TakesPastTheEnd: ["retention::past_the_end_is_an_error", "store_model::random_operations"],
    /// Truncating past the end truncates all, and is an error.
    PastTheEndTruncatesAll: ["retention::past_the_end_is_an_error"],
    /// The last event is lost when the store is opened again.
    ReopeningLosesTheLast: ["reopen::keeps_events_and_offsets", "store_model::random_operations"],
    /// The message ids are lost when the store is opened again.
    ReopeningLosesIds: ["reopen::keeps_message_ids", "store_model::random_operations"],

    // Several handles.

    /// Another handle has a copy of what was there when it was opened.
    OthersHaveACopy: ["handles::see_each_others_events", "handles::append_side_by_side"],
    /// A commit wakes nobody who waits by another handle.
    OthersAreNotWoken: ["handles::wake_each_other"],
    /// Another handle knows no messages but its own.
    OthersKnowNoMessages: ["handles::know_each_others_messages"],
    /// Another handle takes no lock for what it is about to append.
    OthersTakeNoLock: ["handles::append_side_by_side"],
}
