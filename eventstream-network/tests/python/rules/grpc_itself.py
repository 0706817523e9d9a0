"""What gRPC itself asks of a server."""

import grpc
from dogma.interop.v1.eventstream import eventstream_pb2 as a
from dogma.interop.v1.eventstream import eventstream_pb2_grpc
from environment import TIMEOUT, expect, failure, take

# As much as there is in the event of the application `large`.
LARGE = 5 << 20


def _request(key, *types):
    types = [a.EventType(portable_name=name) for name in types]
    return a.ConsumeRequest(application_key=key, event_types=types, offset=0)


def a_method_that_is_not_there_is_unimplemented(environment):
    for path in ("/dogma.interop.v1.eventstream.StreamAPI/Nothing", "/no.such.Service/Consume"):
        call = environment.channel.unary_unary(path)
        error = failure(lambda call=call: call(b"", timeout=TIMEOUT))
        expect(error, grpc.StatusCode.UNIMPLEMENTED)


def a_request_that_is_no_message_is_an_error_and_the_connection_goes_on(environment):
    call = environment.channel.unary_unary("/dogma.interop.v1.eventstream.StreamAPI/EventTypes")
    error = failure(lambda: call(b"\x0a\xff", timeout=TIMEOUT))
    expect(error, grpc.StatusCode.INTERNAL)
    found = call(b"\x0a\x08shop-key", timeout=TIMEOUT)
    assert len(a.EventTypesResponse.FromString(found).event_types) == 2


def a_call_ends_at_its_deadline(environment):
    stub = eventstream_pb2_grpc.StreamAPIStub(environment.channel)
    call = stub.Consume(_request("shop-key", "order.paid"), timeout=1)
    take(call, 5)
    error = failure(lambda: call)
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED, error


def many_calls_share_a_connection(environment):
    stub = eventstream_pb2_grpc.StreamAPIStub(environment.channel)
    request = _request("shop-key", "order.placed", "order.paid")
    calls = [stub.Consume(request, timeout=TIMEOUT) for _ in range(50)]
    for call in reversed(calls):
        assert [one.offset for one in take(call, 10)] == list(range(10))
    for call in calls:
        call.cancel()


def a_large_event_comes_to_who_takes_it_and_fails_only_the_call_of_who_does_not(environment):
    stub = eventstream_pb2_grpc.StreamAPIStub(environment.channel)
    call = stub.Consume(_request("large-key", "blob"), timeout=TIMEOUT)
    assert next(call).envelope.data == b"x" * LARGE
    call.cancel()
    with environment.connect(**{"grpc.max_receive_message_length": 4 << 20}) as channel:
        stub = eventstream_pb2_grpc.StreamAPIStub(channel)
        error = failure(lambda: stub.Consume(_request("large-key", "blob"), timeout=TIMEOUT))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, error
        call = stub.Consume(_request("shop-key", "order.placed"), timeout=TIMEOUT)
        assert next(call).offset == 0
        call.cancel()


def a_compressed_request_is_unimplemented(environment):
    stub = eventstream_pb2_grpc.StreamAPIStub(environment.channel)
    # Long enough that grpcio does compress it.
    request = a.EventTypesRequest(application_key="x" * 10_000)
    gzip = grpc.Compression.Gzip
    error = failure(lambda: stub.EventTypes(request, timeout=TIMEOUT, compression=gzip))
    expect(error, grpc.StatusCode.UNIMPLEMENTED)
