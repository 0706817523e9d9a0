"""Makes the stubs of the `.proto` files, in a temporary folder from which they are imported."""

import atexit
import pathlib
import shutil
import sys
import tempfile

import grpc_tools
from grpc_tools import protoc


def make(proto):
    """Makes those of the protocols for events; health, reflection and statuses are grpcio's own."""
    proto = pathlib.Path(proto)
    folder = tempfile.mkdtemp(prefix="eventstream-stubs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    files = [*proto.glob("dogma/**/*.proto"), *proto.glob("eventstream/**/*.proto")]
    assert files, f"there are no .proto files in {proto}"
    arguments = [
        "protoc",
        f"--proto_path={proto}",
        f"--proto_path={pathlib.Path(grpc_tools.__file__).parent / '_proto'}",
        f"--python_out={folder}",
        f"--grpc_python_out={folder}",
        *map(str, files),
    ]
    assert protoc.main(arguments) == 0, "protoc has failed"
    sys.path.insert(0, folder)
