"""`grpc.reflection`: used as grpcurl does, without any stub."""

from environment import TIMEOUT
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from rules.health import SERVICES

# One who calls by the newer name sends and gets the same messages.
NEWER = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"


def _pool(environment):
    return DescriptorPool(ProtoReflectionDescriptorDatabase(environment.channel))


def _method(environment, name):
    service, _, method = name.rpartition(".")
    return _pool(environment).FindServiceByName(service).FindMethodByName(method)


def services_are_listed(environment):
    found = ProtoReflectionDescriptorDatabase(environment.channel).get_services()
    assert sorted(found) == sorted(filter(None, SERVICES)), found


def each_service_is_described_with_all_that_it_imports(environment):
    pool = _pool(environment)
    for name in filter(None, SERVICES):
        found = pool.FindServiceByName(name)
        assert found.methods, name
        for method in found.methods:
            assert method.input_type.full_name and method.output_type.full_name, method


def a_unary_method_can_be_called_by_its_description(environment):
    method = _method(environment, "dogma.interop.v1.eventstream.StreamAPI.EventTypes")
    call = environment.channel.unary_unary(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    request = GetMessageClass(method.input_type)(application_key="shop-key")
    found = sorted(one.portable_name for one in call(request, timeout=TIMEOUT).event_types)
    assert found == ["order.paid", "order.placed"], found


def a_streaming_method_can_be_called_by_its_description(environment):
    method = _method(environment, "dogma.messaging.v1.EventStream.Consume")
    assert method.server_streaming and not method.client_streaming
    call = environment.channel.unary_stream(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    request = GetMessageClass(method.input_type)(
        application_key="shop-key", offset=7, types=["order.paid"]
    )
    responses = call(request, timeout=TIMEOUT)
    assert next(responses).envelope.message_id == "m-7"
    responses.cancel()


def details_of_errors_are_described(environment):
    pool = _pool(environment)
    for name in (
        "dogma.interop.v1.eventstream.UnrecognizedApplication",
        "dogma.interop.v1.eventstream.NoRecognizedMediaTypes",
        "dogma.messaging.v1.UnrecognizedMessage",
        "eventstream.v1.Truncated",
    ):
        assert pool.FindMessageTypeByName(name).full_name == name


def what_is_not_there_is_an_error_in_the_answer(environment):
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.such.Thing")
    stub = reflection_pb2_grpc.ServerReflectionStub(environment.channel)
    (found,) = stub.ServerReflectionInfo(iter([request]), timeout=TIMEOUT)
    assert found.error_response.error_code == 5, found


def the_newer_name_is_the_same(environment):
    call = environment.channel.stream_stream(
        NEWER,
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    request = reflection_pb2.ServerReflectionRequest(list_services="*")
    (found,) = call(iter([request]), timeout=TIMEOUT)
    names = [one.name for one in found.list_services_response.service]
    assert sorted(names) == sorted(filter(None, SERVICES)), names
