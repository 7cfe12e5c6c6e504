#!/usr/bin/python3
"""Does a document's table of settings say what the daemon's table says?

    check_settings.py DOCUMENT          checks the rows that begin with "| `["
    check_settings.py                   prints them as they should be

The daemon's table stands in listener/src/config/config_settings.c.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "listener/src/config/config_settings.c"
ROW = re.compile(r"^\t(?:\[SETTING_[A-Z_]+\] = )?\{\n(.*?)^\t\},", re.MULTILINE | re.DOTALL)
TEXT = r'\.{} = "([^"]*)"'


def read_settings():
    """One dictionary for each setting that the file can have."""
    table = TABLE.read_text()
    table = table[table.index("config_settings[] = {"):]
    for body in ROW.findall(table):
        row = {name: found[1] if (found := re.search(TEXT.format(name), body)) else None
               for name in ("section", "key", "variable", "option", "default_text")}
        if "OF_TARGET" in body:
            row["section"] = "target"
        if row["section"] and row["key"]:
            yield row


def code(text):
    return f"`{text}`" if text else ""


def as_row(row):
    cells = [f"`[{row['section']}]`", code(row["key"]), code(row["option"]), code(row["variable"]),
             code(row["default_text"])]
    return re.sub(r" +", " ", "| " + " | ".join(cells) + " |")


def main():
    expected = [as_row(row) for row in read_settings()]
    if len(sys.argv) == 1:
        print("\n".join(expected))
        return
    lines = pathlib.Path(sys.argv[1]).read_text().splitlines()
    found = [line for line in lines if line.startswith("| `[")]
    wrong = ["is missing: " + line for line in expected if line not in found]
    wrong += ["is no setting: " + line for line in found if line not in expected]
    if not expected or wrong:
        sys.exit("\n".join(f"{sys.argv[1]}: {text}" for text in wrong) or f"{TABLE}: no settings")
    print(f"{sys.argv[1]}: the table has all {len(expected)} settings")


if __name__ == "__main__":
    main()
