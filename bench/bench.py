#!/usr/bin/python3
"""Runs parts of the bench: bench.py PART...; see README.md for parts and settings."""

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = ("writer", "app", "bulk", "latency", "snapshot", "drain", "unlink", "idle", "ddl", "cost", "scrape")

sys.path[:0] = [str(HERE / "lib"), str(HERE / "parts"), str(HERE.parent / "tests")]

import settings  # noqa: E402
from lab.lab import end_on_signals  # noqa: E402
from lab.processes import Failure  # noqa: E402


def main(arguments):
    unknown = [name for name in arguments if name not in PARTS]
    if unknown or not arguments:
        print(f"usage: bench.py PART... ({', '.join(PARTS)})", file=sys.stderr)
        return 2
    end_on_signals()
    try:
        for name in arguments:
            importlib.import_module(name).run(settings.read())
    except Failure as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
