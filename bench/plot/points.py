#!/usr/bin/python3
"""points.py SUMMARY WHAT [LABEL [SIZE]]: LABEL or size, median, low and high of the lines of a summary."""

import csv
import sys


def main(summary, what, label=None, size=None):
    with open(summary, newline="", encoding="ascii") as file:
        for row in csv.DictReader(file):
            if row["what"] == what and size in (None, row["size"]):
                print(label or row["size"], row["median"], row["low"], row["high"])


if __name__ == "__main__":
    main(*sys.argv[1:])
