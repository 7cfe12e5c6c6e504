#!/usr/bin/python3
"""Holds the includes against the order of the rooms that ARCHITECTURE.md claims.

    check_layers.py [--measures]

Its section on each half begins with a table of rooms, one row for each folder below src/, lowest
first; files in src/ itself are above all. A file may include headers of its own room
and of lower ones, never of higher ones; no files include each other in a circle; a header named
*_internal.h is its room's alone. Each source file has its place in a table of the document.
Prints what breaks that, and fails. With --measures it prints figures of the tree instead.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HALVES = {"The extension": "extension/src", "The daemon": "listener/src"}
INCLUDE = re.compile(r'^#include "([a-z_0-9/]+\.h)"', re.MULTILINE)
ROOM = re.compile(r"^\| `([a-z]+)/` \|", re.MULTILINE)
FILE = re.compile(r"`([a-z_0-9*]+\.[ch])`")


def read_section(document, title):
    """The text from the heading of that title to the next one of its level."""
    begin = re.search(rf"^(#+) {re.escape(title)}$", document, re.MULTILINE)
    if not begin:
        sys.exit(f"ARCHITECTURE.md: there is no section \"{title}\"")
    end = re.search(rf"^#{{1,{len(begin[1])}}} ", document[begin.end():], re.MULTILINE)
    return document[begin.end():begin.end() + end.start()] if end else document[begin.end():]


class Half:
    """The files below one src/, and which of them include which."""

    def __init__(self, source, section):
        self.source = source
        self.rooms = ROOM.findall(section)
        self.described = FILE.findall(section)
        self.files = {str(path.relative_to(ROOT / source)): path.read_text()
                      for path in sorted((ROOT / source).rglob("*.[ch]"))}
        self.includes = {name: [header for header in INCLUDE.findall(text) if header in self.files]
                         for name, text in self.files.items()}
        self.problems = []

    def rank(self, name):
        room, slash, _ = name.rpartition("/")
        return self.rooms.index(room) if slash else len(self.rooms)

    def check_rooms(self):
        folders = {name.rpartition("/")[0] for name in self.files} - {""}
        for folder in sorted(folders ^ set(self.rooms)):
            self.problems.append(f"{self.source}: {folder}/ is "
                                 + ("not among the rooms" if folder in folders else "a room without files"))
        return not self.problems

    def check_order(self):
        for name, headers in self.includes.items():
            for header in headers:
                if self.rank(header) > self.rank(name):
                    self.problems.append(f"{self.source}: {name} includes {header}, which is in a higher room")
                if header.endswith("_internal.h") and self.rank(header) != self.rank(name):
                    self.problems.append(f"{self.source}: {name} includes {header}, which is private to its room")

    def modules(self):
        """{module: the modules that its header or source includes}; a module is a name without .c and .h."""
        modules = collections.defaultdict(set)
        for name, headers in self.includes.items():
            modules[name[:-2]] |= {header[:-2] for header in headers} - {name[:-2]}
        return modules

    def circles(self):
        """Sets of modules of which each reaches all the others (Tarjan)."""
        modules, index, low, stack, found = self.modules(), {}, {}, [], []

        def visit(module):
            index[module] = low[module] = len(index)
            stack.append(module)
            for other in modules[module]:
                if other not in index:
                    visit(other)
                    low[module] = min(low[module], low[other])
                elif other in stack:
                    low[module] = min(low[module], index[other])
            if low[module] == index[module]:
                place = stack.index(module)
                found.append(stack[place:])
                del stack[place:]

        for module in list(modules):
            if module not in index:
                visit(module)
        return [sorted(circle) for circle in found if len(circle) > 1]

    def check_circles(self):
        for circle in self.circles():
            self.problems.append(f"{self.source}: these include each other in a circle: {', '.join(circle)}")

    def check_described(self):
        patterns = [re.compile(pattern.replace(".", r"\.").replace("*", ".*") + "$") for pattern in self.described]
        names = {pathlib.Path(name).name for name in self.files}
        for name in sorted(names):
            if name.endswith(".c") and not any(pattern.match(name) for pattern in patterns):
                self.problems.append(f"{self.source}: {name} has no place in ARCHITECTURE.md")
        for described, pattern in zip(self.described, patterns):
            if not any(pattern.match(name) for name in names):
                self.problems.append(f"ARCHITECTURE.md: there is no {described} in {self.source}")

    def measures(self):
        modules = self.modules()
        included = collections.Counter(header for others in modules.values() for header in others)
        arrows = {(name.rpartition("/")[0], header.rpartition("/")[0])
                  for name, headers in self.includes.items() for header in headers}
        headers = [text for name, text in self.files.items() if name.endswith(".h")]
        sources = [text for name, text in self.files.items() if name.endswith(".c")]
        lines = [text.count("\n") for text in sources]
        print(f"{self.source}: {len(self.rooms)} rooms, {len(sources)} sources, {len(headers)} headers, "
              f"{sum(lines)} lines of C; longest source {max(lines)} lines, longest header "
              f"{max(text.count(chr(10)) for text in headers)}\n"
              f"  arrows between rooms: {sum(a != b for a, b in arrows)}, between modules: "
              f"{sum(map(len, modules.values()))}; circles: {len(self.circles())}; "
              f"headers with one includer: {sum(count == 1 for count in included.values())} of {len(included)}")


def main():
    document = (ROOT / "ARCHITECTURE.md").read_text()
    problems = []
    for title, source in HALVES.items():
        half = Half(source, read_section(document, title))
        if half.check_rooms():
            half.check_order()
            half.check_circles()
            half.check_described()
            if "--measures" in sys.argv[1:]:
                half.measures()
        problems += half.problems
    if problems:
        sys.exit("\n".join(problems))
    print("The includes keep to the order of the rooms.")


if __name__ == "__main__":
    main()
