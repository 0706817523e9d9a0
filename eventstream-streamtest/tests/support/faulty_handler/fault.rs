use crate::support::faults::faults;

faults! {
    /// What can be wrong with a handler.
    HandlerFault;

    // Offsets.

    /// A new handler begins with the second event.
    BeginsAtOne: ["offset::begins_at_zero", "model::random_operations"],
    /// The offset is that of the last event.
    StoresTheLast: ["offset::is_one_past_the_event", "batch::has_its_effects_in_order"],
    /// The offset counts what was handled.
    CountsEvents: ["offset::moves_over_gaps", "model::random_operations"],
    /// Events have to follow each other.
    RefusesGaps: ["offset::moves_over_gaps"],
    /// Offsets have 63 bits.
    CountsIn63Bits: ["offset::near_the_largest"],
    /// Asked twice, it gives another answer.
    AskingMoves: ["offset::asking_changes_nothing"],
    /// Each time it is told of the stream it begins anew.
    BeginsAnew: ["offset::asking_changes_nothing"],
    /// A question that is dropped takes the offset with it.
    DroppedQuestionForgets: ["offset::dropping_a_question_changes_nothing"],

    // Effect and offset.

    /// The offset is kept in memory.
    OffsetInMemory: ["together::survive_a_restart", "model::random_operations"],
    /// The offset is stored now and then.
    OffsetIsStoredLater: ["together::survive_a_restart"],
    /// What has no offset yet is lost with the handler.
    EffectsAreStoredLater: ["together::survive_a_restart"],
    /// The effect is stored, and then the offset.
    EffectBeforeOffset: ["together::are_seen_together"],
    /// The offset is stored, and then the effect.
    OffsetBeforeEffect: ["together::are_seen_together"],

    // Conflicts.

    /// A lower offset is as good as that of the handler.
    TakesLowerOffsets: ["conflict::at_a_lower_offset", "replicas::of_two_one_handles_it"],
    /// A higher offset is as good as that of the handler.
    TakesHigherOffsets: ["conflict::at_a_higher_offset"],
    /// A wrong offset is to be tried again later.
    ConflictIsToBeRetried: [
        "conflict::at_a_lower_offset", "conflict::at_a_higher_offset",
        "replicas::of_two_one_handles_it", "batch::at_another_offset_is_a_conflict",
    ],
    /// The effect is made before the offset is compared.
    ConflictHasTheEffect: [
        "conflict::at_a_lower_offset", "conflict::at_a_higher_offset",
        "replicas::of_two_one_handles_it", "batch::at_another_offset_is_a_conflict",
    ],
    /// A conflict moves the offset.
    ConflictMoves: [
        "conflict::at_a_lower_offset", "conflict::at_a_higher_offset", "model::random_operations",
    ],
    /// It compares with the offset that it knows.
    TrustsItsMemory: ["replicas::of_two_one_handles_it"],
    /// It asks for its offset once.
    NeverLearns: ["replicas::of_two_one_handles_it"],
    /// Others come between the comparison and the change.
    ComparesAndThenSets: ["replicas::side_by_side_make_each_effect_once"],

    // Batches.

    /// The effects of a batch are made from its end.
    BatchIsReversed: ["batch::has_its_effects_in_order", "model::random_operations"],
    /// The last event of a batch has no effect.
    BatchLosesTheLast: ["batch::has_its_effects_in_order"],
    /// A batch moves the offset by the number of its events.
    BatchCounts: ["batch::has_its_effects_in_order"],
    /// A batch is handled at any offset.
    BatchIsNotCompared: [
        "batch::at_another_offset_is_a_conflict", "replicas::of_two_one_handles_it",
    ],
    /// When a batch fails, its first effects are there, but not the offset.
    BatchFailureHasEffects: [
        "batch::that_fails_has_handled_its_first_events", "model::random_operations",
    ],
    /// When a batch fails, its offset is there, but not the first effects.
    BatchFailureMoves: ["batch::that_fails_has_handled_its_first_events"],
    /// When a batch fails, the events behind the one at fault are handled.
    BatchFailureGoesOn: ["batch::that_fails_has_handled_its_first_events"],

    // Events that fail.

    /// An event that fails leaves its effect.
    FailureHasAnEffect: ["failure::leaves_no_effect", "model::random_operations"],
    /// An event that fails moves the offset.
    FailureMoves: ["failure::leaves_no_effect", "failure::can_be_tried_again"],
    /// An event that fails is passed over without a word.
    FailureIsSwallowed: ["failure::leaves_no_effect", "failure::can_be_tried_again"],
    /// An event that fails is a conflict.
    FailureIsAConflict: ["failure::leaves_no_effect"],
    /// After a failure, nothing succeeds any more.
    FailureIsFinal: ["failure::can_be_tried_again", "failure::can_be_passed_over"],
    /// What has failed has to be handled before all else.
    FailureHasToBeHandled: ["failure::can_be_passed_over"],

    // Skips.

    /// A skip goes one too far.
    SkipsTooFar: ["skip::returns_the_offset", "model::random_operations"],
    /// A skip goes back.
    SkipsBack: ["skip::returns_the_offset"],
    /// A skip says that it has moved the offset, which is where it was.
    SkipIsNotStored: ["skip::returns_the_offset", "skip::survives_a_restart"],
    /// A skip moves the offset in memory.
    SkipInMemory: ["skip::survives_a_restart"],
    /// A skip says that the offset is where it was, though it has moved.
    SkipDeniesIt: ["skip::returns_the_offset", "skip::goes_on_with_the_next_event"],
    /// What is skipped has an effect.
    SkipHasAnEffect: ["skip::has_no_effect"],
    /// A skip stores nothing, but the next event has to be handed in at where it went.
    SkipExpectsItsNext: ["skip::goes_on_with_the_next_event"],
    /// A skip moves the offset from wherever it is.
    SkipIsNotCompared: ["skip::from_another_offset_moves_nothing"],
    /// A skip from a wrong offset says where the handler is.
    SkipKnowsNoConflict: ["skip::from_another_offset_moves_nothing"],

    // Start positions.

    /// A start position is taken, and nothing done.
    StartIsNotStored: ["start::is_stored_or_rejected", "start::is_taken_once"],
    /// A start position is kept in memory.
    StartInMemory: ["start::is_stored_or_rejected"],
    /// A start position is rejected, but stored.
    StartIsRejectedAndStored: ["start::is_stored_or_rejected"],
    /// That a handler can't store a start position is to be tried again.
    StartIsToBeRetried: ["start::is_stored_or_rejected"],
    /// It never says that it has begun.
    HasNeverBegun: ["start::is_stored_or_rejected", "start::comes_too_late_after_an_event"],
    /// It always says that it has begun.
    HasAlwaysBegun: ["start::is_stored_or_rejected"],
    /// That it has begun is known until it is opened again.
    HasBegunInMemory: ["start::is_stored_or_rejected"],
    /// It can begin as often as one likes.
    StartsAgain: ["start::is_taken_once", "start::of_two_replicas_one_begins"],
    /// Who begins at 0 has not begun.
    ZeroIsNoStart: ["start::is_taken_once"],
    /// Who has handled events has not begun.
    EventsAreNoStart: ["start::comes_too_late_after_an_event"],
    /// Others begin while it finds out that it has not begun.
    AsksAndThenStarts: ["start::of_two_replicas_one_begins"],
    /// That it has begun is stored, and then where.
    StartsInTwoSteps: ["start::a_dropped_one_is_done_or_not"],

    // Parked events.

    /// The effect is not made.
    ReplayIsSwallowed: ["parked::is_made_out_of_turn"],
    /// The offset moves back.
    ReplayMoves: ["parked::is_made_out_of_turn"],
    /// It stays parked.
    ReplaysAgain: ["parked::is_made_once"],
    /// What is parked no more is to be tried again.
    ReplayIsToBeRetried: ["parked::is_made_once"],
    /// Whatever it is, it is handled.
    ReplaysAnything: ["parked::what_is_not_parked_is_refused", "parked::is_made_once"],
    /// The effect is made before it is looked for.
    RefusedReplayHasTheEffect: [
        "parked::what_is_not_parked_is_refused", "parked::is_made_once",
    ],
    /// One that fails again leaves its effect.
    FailedReplayHasAnEffect: ["parked::what_fails_again_has_no_effect"],

    // Applications.

    /// There is one offset for all applications.
    OneOffsetForAll: ["applications::have_offsets_of_their_own"],
    /// Applications of the same name have one offset, and lose it with their name.
    GoesByTheName: ["applications::are_told_apart_by_their_keys"],
    /// Applications lose their offset with their name.
    GoesByNameAndKey: ["applications::are_told_apart_by_their_keys"],
    /// A handler stays with the first application that it is told of.
    StaysWithTheFirst: ["applications::have_offsets_of_their_own"],
}
