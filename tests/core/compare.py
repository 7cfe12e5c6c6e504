#!/usr/bin/python3
"""What does PostgreSQL's suite say otherwise with uncache than without?

    compare.py DIRECTORY ALLOWED

DIRECTORY has "plain" and "watched", each with results/*.out, suite.log and
milliseconds. ALLOWED lists the differences that are meant. Exits with 1 if
there are others, or if one that is listed has gone.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# a line of the list: TEST | regular expression | reason
FIELDS = 3
# instead of a test's name: whichever
ANY = "any"


def read_allowed(path):
    """Test to patterns; every line of a difference has to match one of its test's, or of the test "any"."""
    allowed = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split(" | ")]
        if len(fields) != FIELDS or not all(fields):
            sys.exit(f"{path}:{number}: not TEST | PATTERN | REASON")
        allowed.setdefault(fields[0], []).append(re.compile(fields[1]))
    return allowed


def read_text(path):
    """A column's width depends on its values: spaces and rules count as one."""
    text = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
    lines = (re.sub(r"-{2,}", "--", re.sub(r"\s+", " ", line)).strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines)


def find_difference(plain, watched):
    """The lines of diff(1), which finds smaller differences than difflib."""
    with tempfile.TemporaryDirectory() as directory:
        paths = []
        for name, source in (("plain", plain), ("watched", watched)):
            paths.append(Path(directory) / name)
            paths[-1].write_text(read_text(source), encoding="utf-8", errors="surrogateescape")
        command = ["diff", "--minimal", "-U2", *map(str, paths)]
        text = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
    return text.decode("utf-8", "surrogateescape").splitlines()[2:]


def list_hunks(difference):
    """Each from its line with @@ on."""
    hunks = []
    for line in difference:
        if line.startswith("@@"):
            hunks.append([])
        hunks[-1].append(line)
    return hunks


def is_allowed(difference, patterns):
    """Is each line that differs?"""
    return all(
        any(pattern.search(line) for pattern in patterns)
        for line in difference
        if line.startswith(("-", "+"))
    )


def count_failed(directory):
    log = (directory / "suite.log").read_text(encoding="utf-8", errors="replace")
    return len(re.findall(r"\.\.\. FAILED|^not ok ", log, re.M)), len(re.findall(r"\.\.\. (?:ok|FAILED)|^(?:not )?ok ", log, re.M))


def main(directory, allowed_path):
    directory = Path(directory)
    allowed = read_allowed(Path(allowed_path))
    plain, watched = directory / "plain", directory / "watched"
    names = sorted({path.name for each in (plain, watched) for path in (each / "results").glob("*.out")})
    differing, unexpected = set(), 0
    for name in names:
        difference = find_difference(plain / "results" / name, watched / "results" / name)
        if not difference:
            continue
        test = name.removesuffix(".out")
        differing.add(test)
        (directory / f"{test}.diff").write_text("\n".join(difference) + "\n", encoding="utf-8", errors="surrogateescape")
        patterns = allowed.get(ANY, []) + allowed.get(test, [])
        hunks = [hunk for hunk in list_hunks(difference) if not is_allowed(hunk, patterns)]
        if hunks:
            unexpected += 1
            print(f"==== {test} differs with uncache")
            for hunk in hunks:
                print("\n".join(hunk).encode("utf-8", "replace").decode())
    for which in (plain, watched):
        failed, count = count_failed(which)
        print(f"{which.name}: {count} tests, {failed} differ from what the source expects")
    seconds = [int((which / "milliseconds").read_text()) / 1000 for which in (plain, watched)]
    print(f"total time: {seconds[0]:.1f} s without uncache, {seconds[1]:.1f} s with it, ratio {seconds[1] / seconds[0]:.2f}")
    gone = sorted(set(allowed) - differing - {ANY})
    for test in gone:
        print(f"==== {test} is listed, but does not differ")
    print(f"{len(differing)} tests differ between the two, {unexpected} of them in ways that are not listed")
    return 1 if unexpected or gone else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
