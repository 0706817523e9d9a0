"""`grpc.health.v1.Health`, by the client that grpcio-health-checking has."""

import grpc
from environment import TIMEOUT, Waiting, expect, failure
from grpc_health.v1 import health_pb2, health_pb2_grpc

SERVICES = (
    "",
    "eventstream.v1.EventStream",
    "dogma.interop.v1.eventstream.StreamAPI",
    "dogma.messaging.v1.EventStream",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
)


def _stub(environment):
    return health_pb2_grpc.HealthStub(environment.channel)


def each_service_is_serving(environment):
    for service in SERVICES:
        request = health_pb2.HealthCheckRequest(service=service)
        found = _stub(environment).Check(request, timeout=TIMEOUT).status
        assert found == health_pb2.HealthCheckResponse.SERVING, f"{service!r}: {found}"


def an_unknown_service_is_not_found(environment):
    request = health_pb2.HealthCheckRequest(service="nothing")
    error = failure(lambda: _stub(environment).Check(request, timeout=TIMEOUT))
    expect(error, grpc.StatusCode.NOT_FOUND)


def a_watch_says_how_it_is_and_goes_on(environment):
    response = health_pb2.HealthCheckResponse
    for service, status in (("", response.SERVING), ("nothing", response.SERVICE_UNKNOWN)):
        request = health_pb2.HealthCheckRequest(service=service)
        with Waiting(_stub(environment).Watch(request, timeout=TIMEOUT)) as waiting:
            assert waiting.next().status == status
            assert waiting.is_quiet()
