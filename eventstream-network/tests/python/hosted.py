"""The applications of the server: each has a way of its own to answer `Consume`."""

import threading

import grpc
from dogma.interop.v1.envelope import envelope_pb2
from dogma.interop.v1.eventstream import eventstream_pb2 as a
from dogma.interop.v1.eventstream import eventstream_pb2_grpc
from eventstream.v1 import eventstream_pb2 as ours
from google.protobuf import any_pb2
from google.rpc import status_pb2
from grpc_status import rpc_status

TYPES = ("even", "odd")
MEDIA_TYPES = ("text/plain", "text/html")

# A field that nobody knows: number 100, a text.
UNKNOWN = b"\xa2\x06\x07unknown"


def envelope(offset, media_type):
    identity = envelope_pb2.Identity(name="app", key="app-key")
    found = envelope_pb2.Envelope(
        message_id=f"m-{offset}",
        causation_id=f"m-{offset}",
        correlation_id=f"m-{offset}",
        source_application=identity,
        created_at="2024-02-29T12:34:56.123456789Z",
        portable_name=TYPES[offset % 2],
        media_type=media_type,
        data=f"payload {offset}".encode(),
    )
    found.MergeFromString(UNKNOWN)
    return found


def abort(context, code, text, *details):
    """Ends the call, with `grpc-status-details-bin` if there are details."""
    if not details:
        context.abort(code, text)
    status = status_pb2.Status(code=code.value[0], message=text)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    context.abort_with_status(rpc_status.to_status(status))


class Hosted(eventstream_pb2_grpc.StreamAPIServicer):
    def __init__(self, count):
        self.count = count
        self.answers = {
            "app-key": self.all,
            "verity-key": self.truncated_as_verity_says_it,
            "truncated-key": self.truncated,
            "detailed-key": self.truncated_with_its_detail,
            "busy-key": self.busy_after_three,
            "broken-key": self.broken_after_three,
            "ended-key": self.ended_after_three,
            "choosy-key": self.unrecognized,
            "media-key": self.no_media_type,
            "invalid-key": self.invalid_after_three,
        }

    def answer(self, key, context):
        if key not in self.answers:
            detail = a.UnrecognizedApplication(application_key=key)
            abort(context, grpc.StatusCode.NOT_FOUND, f"unrecognized application: {key}", detail)
        return self.answers[key]

    def EventTypes(self, request, context):
        self.answer(request.application_key, context)
        if request.application_key == "choosy-key":
            # One that does not say what it has.
            return a.EventTypesResponse()
        types = [a.EventType(portable_name=name, media_types=MEDIA_TYPES) for name in TYPES]
        return a.EventTypesResponse(event_types=types)

    def Consume(self, request, context):
        # What every client has to say.
        assert request.WhichOneof("start_point") == "offset", request
        assert request.event_types, request
        yield from self.answer(request.application_key, context)(request, context)

    def events(self, request, end):
        media_types = {one.portable_name: one.media_types for one in request.event_types}
        for offset in range(request.offset, end):
            wanted = media_types.get(TYPES[offset % 2])
            if wanted is not None:
                media_type = wanted[0] if wanted else MEDIA_TYPES[0]
                yield a.ConsumeResponse(offset=offset, envelope=envelope(offset, media_type))

    def all(self, request, context):
        yield from self.events(request, self.count)
        # The tail: nothing more will ever come.
        gone = threading.Event()
        if context.add_callback(gone.set):
            gone.wait()

    def truncated_as_verity_says_it(self, request, context):
        abort(context, grpc.StatusCode.UNKNOWN, "can not open cursor, stream is truncated")
        yield

    def truncated(self, request, context):
        abort(context, grpc.StatusCode.OUT_OF_RANGE, "these events are gone")
        yield

    def truncated_with_its_detail(self, request, context):
        detail = ours.Truncated(requested=request.offset, oldest=77)
        abort(context, grpc.StatusCode.OUT_OF_RANGE, "these events are gone", detail)
        yield

    def busy_after_three(self, request, context):
        yield from self.events(request, request.offset + 3)
        abort(context, grpc.StatusCode.UNAVAILABLE, "busy: 100 % \N{SNOWMAN}")

    def broken_after_three(self, request, context):
        yield from self.events(request, request.offset + 3)
        abort(context, grpc.StatusCode.INTERNAL, "broken")

    def ended_after_three(self, request, context):
        yield from self.events(request, request.offset + 3)

    def unrecognized(self, request, context):
        details = [
            a.UnrecognizedEventType(portable_name=one.portable_name) for one in request.event_types
        ]
        abort(context, grpc.StatusCode.INVALID_ARGUMENT, "unrecognized event types", *details)
        yield

    def no_media_type(self, request, context):
        details = [
            a.NoRecognizedMediaTypes(portable_name=one.portable_name)
            for one in request.event_types
        ]
        abort(context, grpc.StatusCode.INVALID_ARGUMENT, "no recognized media types", *details)
        yield

    def invalid_after_three(self, request, context):
        yield from self.events(request, request.offset + 3)
        found = envelope(request.offset + 3, MEDIA_TYPES[0])
        found.ClearField("created_at")
        yield a.ConsumeResponse(offset=request.offset + 3, envelope=found)
