"""An independent client of the server: walks the rules of the protocols, and says which are kept.

It knows the protocols by their `.proto` files alone. Each function of the modules in `rules` is a rule,
and is run with an `Environment`; one that raises has found its rule not kept.
"""

import argparse
import inspect
import sys
import traceback

import stubs


def rules_of(module):
    """The functions of a module that are rules, in their order, each with its name."""
    return [
        (f"{module.__name__.rpartition('.')[2]}: {name}", function)
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proto", required=True, help="the folder of the .proto files")
    parser.add_argument("--address", required=True, help="where the server listens")
    parser.add_argument("--events", required=True, help="a file of the events that it has")
    arguments = parser.parse_args()
    stubs.make(arguments.proto)

    # They import the stubs.
    from environment import Environment
    from rules import grpc_itself, health, protocol_a, protocol_b, reflection

    failed = 0
    with Environment(arguments.address, arguments.events) as environment:
        for module in (protocol_a, protocol_b, health, reflection, grpc_itself):
            for name, rule in rules_of(module):
                try:
                    rule(environment)
                    print("proved", name)
                except Exception:
                    failed += 1
                    print("FAILED", name)
                    traceback.print_exc()
    if failed:
        sys.exit(f"{failed} rules are not kept")


if __name__ == "__main__":
    main()
