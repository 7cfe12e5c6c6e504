#!/usr/bin/python3
"""Runs parts of the bench: bench.py PART...; see README.md for parts and settings."""

import importlib
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = ("writer", "app", "bulk", "latency", "snapshot", "drain", "unlink", "idle", "ddl")

sys.path[:0] = [str(HERE / "lib"), str(HERE / "parts")]


def main(arguments):
    unknown = [name for name in arguments if name not in PARTS]
    if unknown or not arguments:
        print(f"usage: bench.py PART... ({', '.join(PARTS)})", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    settings = importlib.import_module("settings").read()
    for name in arguments:
        importlib.import_module(name).run(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
