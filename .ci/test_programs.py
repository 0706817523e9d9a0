#!/usr/bin/env python3
"""Builds the tests, as `cargo test` does with the same arguments, and runs them, several programs at
a time: most of them wait most of the time. Of those that succeed one line is shown, of others all."""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

AT_A_TIME = 2
# What takes longest begins first.
LONGEST = ["cli", "jetstream", "postgres", "suite", "embedded", "hostile", "faults", "sqlite"]


def built(arguments):
    """The test programs: the folder of the package, the name, the path."""
    command = ["cargo", "test", "--no-run", "--message-format=json-render-diagnostics", *arguments]
    programs = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cargo:
        for line in cargo.stdout:
            message = json.loads(line)
            if message["reason"] == "compiler-artifact" and message["profile"]["test"]:
                package = os.path.dirname(message["manifest_path"])
                if message["executable"]:
                    programs.append((package, message["target"]["name"], message["executable"]))
    if cargo.returncode != 0:
        sys.exit(cargo.returncode)
    return programs


def run(program):
    package, name, path = program
    begin = time.monotonic()
    with tempfile.TemporaryFile() as output:
        ended = subprocess.run(
            [path],
            cwd=package,
            env={**os.environ, "CARGO_MANIFEST_DIR": package},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        output.seek(0)
        text = output.read().decode(errors="replace")
    shown = f"{os.path.basename(package)} {name} ({time.monotonic() - begin:.0f} s)"
    return shown, ended.returncode, text


def main():
    programs = built(sys.argv[1:])
    if not programs:
        sys.exit("no test program was built")
    rank = {name: place for place, name in enumerate(LONGEST)}
    programs.sort(key=lambda program: rank.get(program[1], len(rank)))
    failed = []
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for done in as_completed([pool.submit(run, program) for program in programs]):
            shown, code, text = done.result()
            results = [line for line in text.splitlines() if line.startswith("test result:")]
            if code == 0 and results:
                print(f"{shown}: {results[-1]}", flush=True)
            else:
                failed.append(shown)
                print(f"{text}\n{shown}: FAILED, exit code {code}", flush=True)
    if failed:
        sys.exit("failed: " + ", ".join(failed))


main()
