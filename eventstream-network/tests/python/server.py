"""An independent server of protocol A, with applications that behave and some that do not.

It knows the protocol by its `.proto` files alone. It ends with its standard input, so that it does not
outlive who has started it.
"""

import argparse
import sys
from concurrent import futures

import grpc
import stubs

# Threads: as many calls may be under way.
CALLS = 64


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proto", required=True, help="the folder of the .proto files")
    parser.add_argument("--port", type=int, required=True, help="where to listen; 0 for any")
    parser.add_argument("--count", type=int, required=True, help="the events of most applications")
    arguments = parser.parse_args()
    stubs.make(arguments.proto)

    # It imports the stubs.
    from dogma.interop.v1.eventstream import eventstream_pb2_grpc
    from hosted import Hosted

    server = grpc.server(futures.ThreadPoolExecutor(CALLS, thread_name_prefix="call"))
    eventstream_pb2_grpc.add_StreamAPIServicer_to_server(Hosted(arguments.count), server)
    port = server.add_insecure_port(f"127.0.0.1:{arguments.port}")
    server.start()
    print("port", port, flush=True)
    sys.stdin.read()
    server.stop(grace=None).wait()


if __name__ == "__main__":
    main()
