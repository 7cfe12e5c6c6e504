#!/usr/bin/python3
"""Are the log lines that a document quotes those of the source?

    check_quotes.py DOCUMENT...

A line of a ```log block has fields of the daemon's log, NAME=VALUE; one of a
```server block is a message of PostgreSQL's log. "…" stands for whatever is
said there. What remains has to be a part of a string of the source: of the
listener, or of the extension and its SQL. Fields without a value say only that
there is such a field.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIELD = re.compile(r'([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"…]\S*))?')
C_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
SQL_STRING = re.compile(r"'((?:[^']|'')*)'")
LEVELS = {"error", "warning", "info", "debug"}


def c_strings(path):
    """Adjacent literals are one string; macros between them end it."""
    text = re.sub(r'"\s*\\?\n?\s*"', "", path.read_text())
    return [s.replace('\\"', '"') for s in C_STRING.findall(text)]


def sql_strings(path):
    text = re.sub(r"/\*.*?\*/|--.*?$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [s.replace("''", "'") for s in SQL_STRING.findall(text)]


def read_strings():
    daemon = [s for p in sorted((ROOT / "listener/src").rglob("*.[ch]")) for s in c_strings(p)]
    server = [s for p in sorted((ROOT / "extension/src").rglob("*.c")) for s in c_strings(p)]
    server += [s for p in sorted((ROOT / "sql/uncache").glob("*.sql")) for s in sql_strings(p)]
    return daemon, server


def is_said(quote, strings):
    """Whether one string has all parts of the quote, in order; formats stand for anything."""
    parts = [part.strip() for part in quote.split("…") if part.strip()]
    pattern = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    return any(pattern.search(re.sub(r"%[a-z]*", "…", s)) or pattern.search(s) for s in strings)


def wrong_fields(line, daemon, server):
    for name, quoted, plain in FIELD.findall(line):
        value = quoted or plain
        if name == "level":
            if value not in LEVELS:
                yield f"there is no level {value}"
        elif not is_said(name, daemon):
            yield f"no line has a field {name}"
        elif value and name != "sqlstate" and not is_said(value, daemon + server):
            yield f"nothing says: {value}"


def wrong_message(line, server):
    message = re.sub(r"^(WARNING|HINT|DETAIL|ERROR): +", "", line)
    if not is_said(message, server):
        yield f"nothing says: {message}"


def check(document, daemon, server):
    """The number of lines looked at, and what is wrong with them."""
    kind, count, problems = None, 0, []
    for number, line in enumerate(document.read_text().splitlines(), 1):
        fence = re.match(r"```(\w*)", line)
        if fence:
            kind = fence.group(1) if kind is None else None
        elif kind in ("log", "server"):
            count += 1
            wrong = wrong_fields(line, daemon, server) if kind == "log" else wrong_message(line, server)
            problems += [f"{document}:{number}: {what}" for what in wrong]
    return count, problems


def main():
    daemon, server = read_strings()
    for name in sys.argv[1:]:
        count, problems = check(pathlib.Path(name), daemon, server)
        if count == 0:
            problems.append(f"{name}: it quotes no log line")
        if problems:
            sys.exit("\n".join(problems))
        print(f"{name}: {count} quoted log lines are in the source")


if __name__ == "__main__":
    main()
