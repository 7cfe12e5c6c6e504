"""Samples, their medians and ratios, as tables and as CSV files."""

import csv
from dataclasses import dataclass, field
from statistics import median

FIELDS = ("part", "metric", "variant", "size", "fsync", "round", "value")
SUMMARY_FIELDS = ("part", "what", "size", "fsync", "rounds", "median", "low", "high", "target", "met")


def percentile(values, percent):
    """The smallest value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[rank - 1]


@dataclass
class Report:
    """What one part of the bench measures. Sizes are clients, rules, rows or keys."""

    part: str
    settings: object
    _samples: list = field(default_factory=list)
    _lines: list = field(default_factory=list)

    def add(self, metric, variant, size, round_number, value):
        """A finished round is on disk before the next one begins."""
        if self._samples and self._samples[-1][3] != round_number:
            self._save_samples()
        self._samples.append((metric, variant, size, round_number, value))

    def values(self, metric, variant, size):
        """Round to value."""
        return {
            sample[3]: sample[4]
            for sample in self._samples
            if sample[:3] == (metric, variant, size)
        }

    def metrics(self, variant, size):
        """Metric to its values, whatever was measured."""
        found = {}
        for metric, name, at, _, value in self._samples:
            if (name, at) == (variant, size):
                found.setdefault(metric, []).append(value)
        return found

    def show(self, what, size, values, target=None):
        """Puts a line into the table: the values' median and spread; target is like "<= 1.1"."""
        if not values:
            return
        if self.settings.is_smoke:
            target = None
        middle = median(values)
        self._lines.append(
            (what, size, len(values), middle, min(values), max(values), target or "", _is_met(middle, target))
        )

    def show_metric(self, what, metric, variant, size, target=None):
        self.show(what, size, list(self.values(metric, variant, size).values()), target)

    def show_ratio(self, what, metric, size, variants, target=None):
        """The ratio of two variants in the same round; of two metrics if they are tuples."""
        above, below = (
            self.values(*variant, size) if isinstance(variant, tuple) else self.values(metric, variant, size)
            for variant in variants
        )
        self.show(what, size, [above[n] / below[n] for n in above if below.get(n)], target)

    def finish(self):
        """Prints the table and writes the files."""
        self._print()
        self._save_samples()
        self._save("-summary", SUMMARY_FIELDS, [
            (self.part, what, size, self.settings.fsync, count, *(f"{figure:.4g}" for figure in figures), target, met)
            for what, size, count, *figures, target, met in self._lines
        ])

    def _save_samples(self):
        self._save("", FIELDS, [
            (self.part, metric, variant, size, self.settings.fsync, number, f"{value:.6g}")
            for metric, variant, size, number, value in self._samples
        ])

    def _save(self, suffix, fields, rows):
        results = self.settings.results
        results.mkdir(parents=True, exist_ok=True)
        with open(results / f"{self.part}{suffix}.csv", "w", newline="", encoding="ascii") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(fields)
            writer.writerows(rows)

    def _print(self):
        print(f"\n{self.part} (fsync {self.settings.fsync}, medians of the rounds)")
        print(f"  {'what':58} {'size':>9} {'median':>10} {'low':>10} {'high':>10}  target")
        for what, size, _, middle, low, high, target, met in self._lines:
            figures = " ".join(f"{figure:10.4g}" for figure in (middle, low, high))
            print(f"  {what:58} {size:>9} {figures}  {target} {met}".rstrip())


def _is_met(value, target):
    if target is None:
        return ""
    operator, limit = target.split()
    is_met = value >= float(limit) if operator == ">=" else value <= float(limit)
    return "met" if is_met else "MISSED"
