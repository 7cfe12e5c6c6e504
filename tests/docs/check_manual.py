#!/usr/bin/python3
"""Do the manual pages and bash's completion say what --help and docs/operations.md say?

    check_manual.py         after make listener

The pages are read as man shows them, the completion as bash uses it.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANUAL = ROOT / "listener/build/manual"
problems = []


def run(*command, **settings):
    done = subprocess.run(command, capture_output=True, text=True, check=True, **settings)
    return done.stdout, done.stderr


def read_page(name):
    """The page's sections, by title: lines without the indentation of all."""
    shown, warnings = run("man", "--warnings=w", "--encoding=UTF-8", "--local-file", str(MANUAL / name),
                          env=dict(os.environ, MANWIDTH="200", LC_ALL="C.UTF-8", MAN_KEEP_FORMATTING=""))
    if warnings:
        problems.append(f"{name}: {warnings.strip()}")
    sections, title = {}, None
    for line in shown.splitlines():
        if line and line[0] != " ":
            title = line
            sections[title] = []
        elif title:
            sections[title].append(line[7:])
    return sections


def first_column(line, width):
    """The term in front of what explains it; one that is too wide has a line of its own."""
    return (line[:width] if line[width - 1:width] == " " else line).strip()


def entries(lines, known=()):
    """The terms of a page's list; a known one may have a blank where another's column ends."""
    return [line if line in known else first_column(line, 7) for line in lines if line and line[0] != " "]


def read_help():
    """The blocks of --help, by heading: terms."""
    blocks, heading = {}, None
    shown, _ = run(str(ROOT / "listener/uncached"), "--help")
    for line in shown.splitlines():
        if re.fullmatch(r"[A-Z].*:", line):
            heading = line
            blocks[heading] = []
        elif not line.startswith(" "):
            heading = heading if not line else None
        elif heading:
            blocks[heading].append(line)
    return blocks


def help_terms(lines):
    return [first_column(line[2:], 21) for line in lines if line[2] != " "]


def help_keys(lines):
    """(section, key) of each."""
    section = None
    for line in lines:
        if line[2] == "[":
            section = re.match(r" *(\[[a-zA-Z ]+\])", line)[1]
            line = line.replace(section, "", 1)
        yield from ((section, key) for key in re.findall(r"[a-z_]+", line))


def compare(what, expected, found):
    expected, found = set(expected), set(found)
    problems.extend(f"{what} lacks {name}" for name in sorted(map(str, expected - found)))
    problems.extend(f"{what} has {name}, which is not there" for name in sorted(map(str, found - expected)))


def check_program_page(helps):
    page = read_page("uncached.8")
    options = help_terms(helps["Options:"])
    compare("uncached(8)", options, entries(page["OPTIONS"], options))
    compare("uncached(8)", help_terms(helps["Environment:"]), entries(page["ENVIRONMENT"]))
    notes = " ".join(" ".join(page["NOTES"]).split())
    for text in ("The command line goes before the environment", "SIGUSR1 opens the log file again.",
                 "2 if the command line or the configuration was refused."):
        if text not in notes:
            problems.append(f"uncached(8) does not say: {text}")


def check_file_page(helps):
    page = read_page("uncached.ini.5")
    keys = list(help_keys(helps["Sections and keys of the configuration file:"]))
    compare("uncached.ini(5)", keys,
            [(title, key) for title, lines in page.items() if title[0] == "[" for key in entries(lines)])
    for row in (ROOT / "docs/operations.md").read_text().splitlines():
        if not row.startswith("| `["):
            continue
        section, key, option, variable = (cell.strip(" `") for cell in row.split("|")[1:5])
        said = "Variable " + variable + (f", option {option}" if option else "")
        lines = page["[target NAME]" if section == "[target]" else section]
        begin = next((i for i, line in enumerate(lines) if line and first_column(line, 7) == key), None)
        if begin is None or said not in [line.strip() for line in lines[begin:begin + 8]]:
            problems.append(f"uncached.ini(5): at {section} {key} there is no \"{said}\"")


def complete(directory, *words):
    """What bash offers for the last word."""
    script = ('. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _uncached;'
              ' printf "%s\\n" "${COMPREPLY[@]}"')
    shown, said = run("bash", "-c", script, str(MANUAL / "uncached.bash"), "uncached", *words, cwd=directory)
    problems.extend([f"completion: {said.strip()}"] if said else [])
    return shown.split()


def check_completion(helps):
    options = [option for line in help_terms(helps["Options:"]) for option in re.findall(r"--?[a-zA-Z][-a-z]*", line)]
    with tempfile.TemporaryDirectory() as directory:
        for name in ("one.ini", "one.log", "two.ini"):
            pathlib.Path(directory, name).touch()
        compare("completion", options, complete(directory, ""))
        compare("completion of --check", [name for name in options if name.startswith("--check")],
                complete(directory, "--check"))
        compare("completion of a path", ["one.ini", "one.log"], complete(directory, "--config", "on"))
        compare("completion of a path", ["two.ini"], complete(directory, "-c", "t"))
        compare("completion of words", ["json"], complete(directory, "--log-format", "j"))
        shown, _ = run("bash", "-c", '. "$0"; complete -p uncached', str(MANUAL / "uncached.bash"))
        compare("bash", ["complete -F _uncached uncached"], [shown.strip()])


def main():
    helps = read_help()
    check_program_page(helps)
    check_file_page(helps)
    check_completion(helps)
    if problems:
        sys.exit("\n".join(problems))
    print("uncached(8), uncached.ini(5) and the completion agree with --help")


if __name__ == "__main__":
    main()
