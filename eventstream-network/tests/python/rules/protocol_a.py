"""Protocol A: `dogma.interop.v1.eventstream.StreamAPI`."""

import json

import cbor2
import grpc
from dogma.interop.v1.envelope import envelope_pb2
from dogma.interop.v1.eventstream import eventstream_pb2 as a
from dogma.interop.v1.eventstream import eventstream_pb2_grpc
from environment import TIMEOUT, Waiting, expect, failure, take
from eventstream.v1 import eventstream_pb2 as ours
from google.protobuf.unknown_fields import UnknownFieldSet

JSON = "application/json"
CBOR = "application/cbor"


def _types(*names, media_types=()):
    return [a.EventType(portable_name=name, media_types=media_types) for name in names]


def _consume(environment, key, types, offset=0):
    request = a.ConsumeRequest(application_key=key, event_types=types, offset=offset)
    return _call(environment, request)


def _call(environment, request):
    stub = eventstream_pb2_grpc.StreamAPIStub(environment.channel)
    return stub.Consume(request, timeout=TIMEOUT)


def _refused(environment, *arguments, **options):
    return failure(lambda: _consume(environment, *arguments, **options))


def _event_types(environment, key):
    stub = eventstream_pb2_grpc.StreamAPIStub(environment.channel)
    return stub.EventTypes(a.EventTypesRequest(application_key=key), timeout=TIMEOUT).event_types


def event_types_are_told_with_their_media_types_in_order(environment):
    found = _event_types(environment, "shop-key")
    found = {one.portable_name: list(one.media_types) for one in found}
    assert found == {"order.placed": [JSON, CBOR], "order.paid": [JSON, CBOR]}, found


def event_types_of_an_open_stream_are_those_that_have_appeared(environment):
    before = [one.portable_name for one in _event_types(environment, "open-key")]
    assert "new-by-a" not in before, before
    environment.append("open", "a-new", "new-by-a")
    after = [one.portable_name for one in _event_types(environment, "open-key")]
    assert after == sorted([*before, "new-by-a"]), after


def event_types_of_no_application_are_an_invalid_argument(environment):
    expect(failure(lambda: _event_types(environment, "")), grpc.StatusCode.INVALID_ARGUMENT)


def event_types_of_an_unknown_application_are_not_found(environment):
    error = failure(lambda: _event_types(environment, "nobody"))
    expect(error, grpc.StatusCode.NOT_FOUND, a.UnrecognizedApplication(application_key="nobody"))


def events_come_in_order_from_the_first(environment):
    call = _consume(environment, "shop-key", _types("order.placed", "order.paid"))
    found = [(one.offset, one.envelope.message_id) for one in take(call, 10)]
    assert found == [(offset, f"m-{offset}") for offset in range(10)], found
    call.cancel()


def events_come_from_any_offset_on(environment):
    for first in range(10):
        types = _types("order.placed", "order.paid")
        call = _consume(environment, "shop-key", types, offset=first)
        found = [one.offset for one in take(call, 10 - first)]
        assert found == list(range(first, 10)), found
        call.cancel()


def only_types_asked_for_come(environment):
    for name, offsets in (("order.placed", [0, 2, 4, 6, 8]), ("order.paid", [1, 3, 5, 7, 9])):
        call = _consume(environment, "shop-key", _types(name))
        found = take(call, 5)
        assert [one.offset for one in found] == offsets, found
        assert {one.envelope.portable_name for one in found} == {name}, found
        with Waiting(call) as waiting:
            assert waiting.is_quiet()


def an_event_is_the_bytes_that_were_stored(environment):
    consume = environment.channel.unary_stream("/dogma.interop.v1.eventstream.StreamAPI/Consume")
    types = _types("order.placed", "order.paid", media_types=[JSON])
    request = a.ConsumeRequest(application_key="shop-key", event_types=types, offset=0)
    call = consume(request.SerializeToString(), timeout=TIMEOUT)
    for offset, raw in enumerate(take(call, 10)):
        stored = environment.stored["shop-key", offset]
        assert raw.endswith(stored), f"offset {offset}: {raw!r} does not carry {stored!r}"
        # The offset and the envelope, and nothing else.
        assert len(raw) <= len(stored) + 6, raw
        found = a.ConsumeResponse.FromString(raw)
        assert found.offset == offset and found.envelope.message_id == f"m-{offset}", found
    call.cancel()


def every_field_of_the_envelope_comes(environment):
    call = _consume(environment, "shop-key", _types("order.placed"), offset=4)
    envelope = next(call).envelope
    call.cancel()
    found = {
        name: getattr(envelope, name)
        for name in (
            "message_id causation_id correlation_id source_instance_id scheduled_for description "
            "portable_name"
        ).split()
    }
    assert found == {
        "message_id": "m-4",
        "causation_id": "c-4",
        "correlation_id": "r-4",
        "source_instance_id": "instance-4",
        "scheduled_for": "",
        "description": "four",
        "portable_name": "order.placed",
    }, found
    for field, name in (
        (envelope.source_application, "shop"),
        (envelope.source_handler, "handler"),
        (envelope.source_site, "site"),
    ):
        assert (field.name, field.key) == (name, f"{name}-key"), field
    assert json.loads(envelope.data) == {"amount": 4}, envelope.data
    assert envelope.created_at, envelope


def fields_that_nobody_knows_are_kept(environment):
    call = _consume(environment, "shop-key", _types("order.placed", media_types=[JSON]), offset=4)
    unknown = [(one.field_number, one.data) for one in UnknownFieldSet(next(call).envelope)]
    assert unknown == [(100, b"unknown")], unknown
    call.cancel()


def an_event_in_a_media_type_asked_for_comes_as_it_is_stored(environment):
    for media_types in ([JSON], [CBOR, JSON], [JSON, CBOR], []):
        types = _types("order.placed", media_types=media_types)
        call = _consume(environment, "shop-key", types)
        stored = environment.stored["shop-key", 0]
        assert next(call).envelope.SerializeToString() == stored, media_types
        call.cancel()


def an_event_is_transcoded_to_the_first_media_type_that_can_be_had(environment):
    types = _types("order.placed", media_types=["text/html", CBOR])
    call = _consume(environment, "shop-key", types)
    for offset in (0, 2, 4, 6, 8):
        found = next(call)
        assert found.offset == offset and found.envelope.media_type == CBOR, found
        assert cbor2.loads(found.envelope.data) == {"amount": offset}, found
    call.cancel()


def a_transcoded_event_is_otherwise_the_same(environment):
    call = _consume(environment, "shop-key", _types("order.placed", media_types=[CBOR]), offset=4)
    found = next(call).envelope
    call.cancel()
    stored = envelope_pb2.Envelope.FromString(environment.stored["shop-key", 4])
    stored.media_type, stored.data = found.media_type, found.data
    # Those that nobody knows are among what is compared.
    assert len(UnknownFieldSet(found)) == 1, found
    assert found == stored, f"{found} instead of {stored}"


def each_type_has_media_types_of_its_own(environment):
    types = _types("order.placed", media_types=[CBOR]) + _types("order.paid", media_types=[JSON])
    call = _consume(environment, "shop-key", types)
    found = [one.envelope.media_type for one in take(call, 10)]
    assert found == [CBOR, JSON] * 5, found
    call.cancel()


def a_media_type_that_can_not_be_had_is_refused_before_the_first_event(environment):
    types = _types("order.placed", "order.paid", media_types=["text/html", "no media type"])
    details = [
        a.NoRecognizedMediaTypes(portable_name=name) for name in ("order.placed", "order.paid")
    ]
    # Nothing is at that offset, so that no event can be what tells.
    for offset in (0, 1000):
        error = _refused(environment, "shop-key", types, offset)
        expect(error, grpc.StatusCode.INVALID_ARGUMENT, *details)
    types = _types("order.placed", media_types=["text/html"]) + _types("order.paid")
    error = _refused(environment, "shop-key", types)
    expect(error, grpc.StatusCode.INVALID_ARGUMENT, details[0])


def a_media_type_of_which_nothing_is_known_is_refused_at_the_event(environment):
    types = _types("note", media_types=["text/html"])
    detail = a.NoRecognizedMediaTypes(portable_name="note")
    expect(_refused(environment, "unspoken-key", types), grpc.StatusCode.INVALID_ARGUMENT, detail)
    call = _consume(environment, "unspoken-key", _types("note", media_types=["text/plain"]))
    assert next(call).envelope.data == b"payload 0"
    call.cancel()


def at_the_tail_it_waits_and_what_is_appended_later_comes(environment):
    first = environment.append("live", "a-tail-0", "tick")
    with Waiting(_consume(environment, "live-key", _types("tick"), offset=first)) as waiting:
        assert waiting.next().offset == first
        assert waiting.is_quiet()
        for id_ in ("a-tail-1", "a-tail-2"):
            # One in between that is not asked for.
            environment.append("live", f"{id_}-other", "tock")
            offset = environment.append("live", id_, "tick")
            found = waiting.next()
            assert (found.offset, found.envelope.message_id) == (offset, id_), found
        assert waiting.is_quiet()


def an_offset_past_the_end_waits_for_it(environment):
    end = environment.end("live")
    with Waiting(_consume(environment, "live-key", _types("tick"), offset=end + 2)) as waiting:
        assert waiting.is_quiet()
        for number in range(4):
            assert environment.append("live", f"a-past-{number}", "tick") == end + number
        assert [waiting.next().offset for _ in range(2)] == [end + 2, end + 3]


def the_greatest_offset_waits(environment):
    types = _types("order.placed")
    with Waiting(_consume(environment, "shop-key", types, offset=2**64 - 1)) as waiting:
        assert waiting.is_quiet()


def an_open_stream_takes_any_type(environment):
    with Waiting(_consume(environment, "open-key", _types("unheard-of"))) as waiting:
        assert waiting.is_quiet()
        offset = environment.append("open", "a-open", "unheard-of")
        assert waiting.next().offset == offset


def no_application_is_an_invalid_argument(environment):
    error = _refused(environment, "", _types("order.placed"))
    expect(error, grpc.StatusCode.INVALID_ARGUMENT)


def an_unknown_application_is_not_found(environment):
    error = _refused(environment, "nobody", _types("order.placed"))
    expect(error, grpc.StatusCode.NOT_FOUND, a.UnrecognizedApplication(application_key="nobody"))


def no_event_type_is_an_invalid_argument(environment):
    expect(_refused(environment, "shop-key", []), grpc.StatusCode.INVALID_ARGUMENT)


def each_unknown_event_type_is_named(environment):
    error = _refused(environment, "shop-key", _types("x", "order.placed", "y"))
    details = [a.UnrecognizedEventType(portable_name=name) for name in ("x", "y")]
    expect(error, grpc.StatusCode.INVALID_ARGUMENT, *details)


def no_start_point_is_unimplemented(environment):
    request = a.ConsumeRequest(application_key="shop-key", event_types=_types("order.placed"))
    error = failure(lambda: _call(environment, request))
    expect(error, grpc.StatusCode.UNIMPLEMENTED, a.UnsupportedStartPoint())


def a_start_point_of_another_kind_is_unimplemented(environment):
    request = a.ConsumeRequest(application_key="shop-key", event_types=_types("order.placed"))
    # A field that a later version may have in the place of the offset: number 4, a text.
    request.MergeFromString(b"\x22\x03now")
    error = failure(lambda: _call(environment, request))
    expect(error, grpc.StatusCode.UNIMPLEMENTED, a.UnsupportedStartPoint())


def truncated_is_out_of_range(environment):
    for offset in range(3):
        error = _refused(environment, "ledger-key", _types("entry"), offset)
        detail = ours.Truncated(requested=offset, oldest=3)
        expect(error, grpc.StatusCode.OUT_OF_RANGE, detail)
    call = _consume(environment, "ledger-key", _types("entry"), offset=3)
    found = take(call, 2)
    assert [one.offset for one in found] == [3, 4], found
    for one in found:
        stored = environment.stored["ledger-key", one.offset]
        assert one.envelope.SerializeToString() == stored, one
    call.cancel()
