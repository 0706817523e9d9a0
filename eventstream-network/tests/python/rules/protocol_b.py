"""Protocol B: `dogma.messaging.v1.EventStream`."""

import grpc
from dogma.messaging.v1 import eventstream_pb2 as b
from dogma.messaging.v1 import eventstream_pb2_grpc
from environment import TIMEOUT, Waiting, expect, failure, take
from eventstream.v1 import eventstream_pb2 as ours
from google.protobuf.unknown_fields import UnknownFieldSet


def _consume(environment, key, types, offset=0):
    stub = eventstream_pb2_grpc.EventStreamStub(environment.channel)
    request = b.ConsumeRequest(application_key=key, offset=offset, types=types)
    return stub.Consume(request, timeout=TIMEOUT)


def _refused(environment, *arguments):
    return failure(lambda: _consume(environment, *arguments))


def _event_types(environment, key):
    stub = eventstream_pb2_grpc.EventStreamStub(environment.channel)
    request = b.MessageTypesRequest(application_key=key)
    return stub.EventTypes(request, timeout=TIMEOUT).message_types


def event_types_are_told_with_their_media_types_in_order(environment):
    media_types = ["application/json", "application/cbor"]
    found = _event_types(environment, "shop-key")
    assert all(one.config_name for one in found), found
    found = {one.portable_name: list(one.media_types) for one in found}
    assert found == {"order.placed": media_types, "order.paid": media_types}, found


def event_types_of_an_open_stream_are_those_that_have_appeared(environment):
    before = [one.portable_name for one in _event_types(environment, "open-key")]
    assert "new-by-b" not in before, before
    environment.append("open", "b-new", "new-by-b")
    after = [one.portable_name for one in _event_types(environment, "open-key")]
    assert after == sorted([*before, "new-by-b"]), after


def event_types_of_no_application_are_an_invalid_argument(environment):
    expect(failure(lambda: _event_types(environment, "")), grpc.StatusCode.INVALID_ARGUMENT)


def event_types_of_an_unknown_application_are_not_found(environment):
    error = failure(lambda: _event_types(environment, "nobody"))
    expect(error, grpc.StatusCode.NOT_FOUND, b.UnrecognizedApplication(application_key="nobody"))


def events_come_in_order_from_any_offset_on(environment):
    for first in range(10):
        call = _consume(environment, "shop-key", ["order.placed", "order.paid"], first)
        found = [(one.offset, one.envelope.message_id) for one in take(call, 10 - first)]
        assert found == [(offset, f"m-{offset}") for offset in range(first, 10)], found
        call.cancel()


def only_types_asked_for_come(environment):
    for name, offsets in (("order.placed", [0, 2, 4, 6, 8]), ("order.paid", [1, 3, 5, 7, 9])):
        call = _consume(environment, "shop-key", [name])
        found = take(call, 5)
        assert [one.offset for one in found] == offsets, found
        assert {one.envelope.portable_name for one in found} == {name}, found
        with Waiting(call) as waiting:
            assert waiting.is_quiet()


def an_event_is_the_bytes_that_were_stored(environment):
    consume = environment.channel.unary_stream("/dogma.messaging.v1.EventStream/Consume")
    types = ["order.placed", "order.paid"]
    request = b.ConsumeRequest(application_key="shop-key", types=types)
    call = consume(request.SerializeToString(), timeout=TIMEOUT)
    for offset, raw in enumerate(take(call, 10)):
        stored = environment.stored["shop-key", offset]
        assert raw.endswith(stored), f"offset {offset}: {raw!r} does not carry {stored!r}"
        assert len(raw) <= len(stored) + 6, raw
    call.cancel()


def fields_that_the_older_envelope_does_not_have_are_kept(environment):
    call = _consume(environment, "shop-key", ["order.placed"], 4)
    envelope = next(call).envelope
    call.cancel()
    assert (envelope.message_id, envelope.source_handler.key) == ("m-4", "handler-key"), envelope
    # The site, which came later, and the one that nobody knows.
    assert [one.field_number for one in UnknownFieldSet(envelope)] == [13, 100], envelope
    assert envelope.SerializeToString() == environment.stored["shop-key", 4]


def at_the_tail_it_waits_and_what_is_appended_later_comes(environment):
    first = environment.append("live", "b-tail-0", "tick")
    with Waiting(_consume(environment, "live-key", ["tick"], first)) as waiting:
        assert waiting.next().offset == first
        assert waiting.is_quiet()
        environment.append("live", "b-tail-other", "tock")
        offset = environment.append("live", "b-tail-1", "tick")
        found = waiting.next()
        assert (found.offset, found.envelope.message_id) == (offset, "b-tail-1"), found


def an_offset_past_the_end_waits_for_it(environment):
    end = environment.end("live")
    with Waiting(_consume(environment, "live-key", ["tick"], end + 1)) as waiting:
        assert waiting.is_quiet()
        for number in range(2):
            assert environment.append("live", f"b-past-{number}", "tick") == end + number
        assert waiting.next().offset == end + 1


def an_open_stream_takes_any_type(environment):
    with Waiting(_consume(environment, "open-key", ["never-heard-of"])) as waiting:
        assert waiting.is_quiet()
        offset = environment.append("open", "b-open", "never-heard-of")
        assert waiting.next().offset == offset


def no_application_is_an_invalid_argument(environment):
    expect(_refused(environment, "", ["order.placed"]), grpc.StatusCode.INVALID_ARGUMENT)


def an_unknown_application_is_not_found(environment):
    error = _refused(environment, "nobody", ["order.placed"])
    expect(error, grpc.StatusCode.NOT_FOUND, b.UnrecognizedApplication(application_key="nobody"))


def no_event_type_is_an_invalid_argument(environment):
    expect(_refused(environment, "shop-key", []), grpc.StatusCode.INVALID_ARGUMENT)


def each_unknown_event_type_is_named(environment):
    error = _refused(environment, "shop-key", ["x", "order.placed", "y"])
    details = [b.UnrecognizedMessage(name=name) for name in ("x", "y")]
    expect(error, grpc.StatusCode.INVALID_ARGUMENT, *details)


def truncated_is_out_of_range(environment):
    for offset in range(3):
        error = _refused(environment, "ledger-key", ["entry"], offset)
        detail = ours.Truncated(requested=offset, oldest=3)
        expect(error, grpc.StatusCode.OUT_OF_RANGE, detail)
    call = _consume(environment, "ledger-key", ["entry"], 3)
    assert [one.offset for one in take(call, 2)] == [3, 4]
    call.cancel()
