#!/usr/bin/python3
"""Adds up what gcov counted, and says how much of each source file was run.

    report.py TREE FILE

TREE was built with --coverage and its programs have run. The table goes to
standard output; FILE gets the lines that were never run, too. A line counts as
run if any program ran it. Fails where less is covered than is promised.
"""
import json
import pathlib
import subprocess
import sys

# The least share of lines, in percent: of the whole daemon, and of some modules.
PROMISED = 95.0
PROMISED_MODULES = ["extension/src/rule/template.c", "extension/src/write/render.c", "extension/src/write/pending.c"]
HALVES = {"daemon": "listener/src/", "extension": "extension/src/"}


def read_counts(tree):
    """{source: {line: count}} over all objects of the tree."""
    counts = {}
    for notes in sorted(tree.rglob("*.gcno")):
        data = notes.with_suffix(".gcda")
        answer = subprocess.run(
            ["gcov", "--json-format", "--stdout", str(data if data.exists() else notes)],
            cwd=notes.parent, check=True, capture_output=True, text=True).stdout
        for document in filter(None, answer.splitlines()):
            report = json.loads(document)
            for file in report["files"]:
                path = pathlib.Path(report["current_working_directory"], file["file"]).resolve()
                if not path.is_relative_to(tree):
                    continue
                lines = counts.setdefault(str(path.relative_to(tree)), {})
                for line in file["lines"]:
                    number = line["line_number"]
                    lines[number] = lines.get(number, 0) + line["count"]
    return counts


def missed(lines):
    return sorted(number for number, count in lines.items() if count == 0)


def percent(lines):
    return 100.0 * (len(lines) - len(missed(lines))) / len(lines) if lines else 100.0


def describe(name, lines):
    return f"{name:<40} {len(lines):>6} {len(missed(lines)):>6} {percent(lines):>7.1f} %"


def as_ranges(numbers):
    """[1, 2, 3, 7] -> [(1, 3), (7, 7)]"""
    ranges = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def list_missed(tree, source, lines):
    text = (tree / source).read_text().splitlines()
    for first, last in as_ranges(missed(lines)):
        for number in range(first, last + 1):
            yield f"{source}:{number}: {text[number - 1].strip()}"


def main():
    tree, file = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    counts = read_counts(tree)
    table, misses, short = [f"{'file':<40} {'lines':>6} {'missed':>6} {'run':>9}"], [], []

    for half, directory in HALVES.items():
        sources = sorted(name for name in counts if name.startswith(directory))
        if not sources:
            sys.exit(f"report.py: nothing of the {half} was built with --coverage")
        whole = {(name, number): count for name in sources for number, count in counts[name].items()}
        for name in sources:
            table.append(describe(name, counts[name]))
            misses.extend(list_missed(tree, name, counts[name]))
            if name in PROMISED_MODULES and percent(counts[name]) < PROMISED:
                short.append(name)
        table.append(describe(f"{half}, all", whole))
        if half == "daemon" and percent(whole) < PROMISED:
            short.append("the daemon")
    print("\n".join(table))
    file.write_text("\n".join([*table, "", "lines that no test runs:", *misses]) + "\n")
    if short:
        sys.exit(f"report.py: less than {PROMISED} % is covered of {', '.join(short)}")


if __name__ == "__main__":
    main()
