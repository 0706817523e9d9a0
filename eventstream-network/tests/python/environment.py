"""What the rules have in common."""

import queue
import threading

import grpc
from dogma.interop.v1.envelope import envelope_pb2
from eventstream.v1 import eventstream_pb2 as ours
from eventstream.v1 import eventstream_pb2_grpc
from grpc_status import rpc_status

# Seconds that any call may take: what hangs is a failure, and says so.
TIMEOUT = 60

# Seconds in which nothing has to come. If something came later the rule would not see it, but it
# never fails where nothing is wrong.
QUIET = 0.3


class Environment:
    """A connection to the server, and what is known of its events."""

    def __init__(self, address, events):
        self.address = address
        self.stored = {}
        with open(events, encoding="ascii") as lines:
            for line in lines:
                key, offset, wire = line.split()
                self.stored[key, int(offset)] = bytes.fromhex(wire)
        self.channel = self.connect()
        self.ours = eventstream_pb2_grpc.EventStreamStub(self.channel)

    def connect(self, **options):
        options = {"grpc.max_receive_message_length": -1, **options}
        # A channel of its own, not one that grpcio shares among all to the same address.
        options["grpc.use_local_subchannel_pool"] = 1
        return grpc.insecure_channel(self.address, options=list(options.items()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def append(self, application, message_id, event_type):
        """Appends an event, and gives its offset."""
        identity = envelope_pb2.Identity(name=application, key=f"{application}-key")
        envelope = envelope_pb2.Envelope(
            message_id=message_id,
            causation_id=message_id,
            correlation_id=message_id,
            source_application=identity,
            created_at="2024-02-29T12:34:56.123456789Z",
            portable_name=event_type,
            media_type="text/plain",
            data=message_id.encode(),
        )
        request = ours.AppendRequest(application_key=identity.key, envelopes=[envelope])
        return self.ours.Append(request, timeout=TIMEOUT).first_offset

    def end(self, application):
        """The offset that the next event will get."""
        request = ours.DescribeRequest(application_key=f"{application}-key")
        return self.ours.Describe(request, timeout=TIMEOUT).next_offset


def take(call, count):
    """The next responses of a call that goes on."""
    return [next(call) for _ in range(count)]


class Waiting:
    """Reads a call in a thread of its own, so that it can be seen to wait."""

    def __init__(self, call):
        self.call = call
        self.found = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for response in self.call:
                self.found.put(response)
            self.found.put(EOFError("the call has ended, and well"))
        except grpc.RpcError as error:
            self.found.put(error)

    def next(self):
        found = self.found.get(timeout=TIMEOUT)
        if isinstance(found, Exception):
            raise found
        return found

    def is_quiet(self):
        """Whether nothing comes, and the call has not ended."""
        try:
            found = self.found.get(timeout=QUIET)
        except queue.Empty:
            return self.call.is_active()
        raise AssertionError(f"nothing should have come: {found!r}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call.cancel()


def failure(call):
    """How a call fails before anything is answered. `call` makes it, and reads it to the end."""
    try:
        found = call()
        if hasattr(found, "__next__"):
            found = next(found)
    except StopIteration:
        raise AssertionError("the call has ended well, and should fail") from None
    except grpc.RpcError as error:
        return error
    raise AssertionError(f"the call should fail, and was answered: {found}")


def details_of(error):
    """The details of an error: those in `grpc-status-details-bin`, decoded."""
    # Checks that the code and the text in there are those of the call.
    status = rpc_status.from_call(error)
    return [] if status is None else list(status.details)


def expect(error, code, *details):
    """The error has this code, a text for people, and these details, in any order."""
    assert error.code() is code, f"{code} was expected, not {error.code()}: {error.details()}"
    assert error.details(), "an error has to say in words what is wrong"
    found = []
    for any_ in details_of(error):
        kind = next((type(known) for known in details if any_.Is(known.DESCRIPTOR)), None)
        assert kind, f"a detail that was not expected: {any_.type_url}"
        assert any_.type_url == f"type.googleapis.com/{kind.DESCRIPTOR.full_name}"
        found.append(kind.FromString(any_.value))
    key = repr
    assert sorted(found, key=key) == sorted(details, key=key), f"{found} instead of {details}"
