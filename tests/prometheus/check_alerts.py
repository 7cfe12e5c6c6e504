#!/usr/bin/python3
"""Does each alert fire when it should, keep quiet when it should, and end?

    tests/prometheus/check_alerts.py

promtool evaluates the rules of docker/prometheus over the series below. Each alert has a case, and
each names a paragraph of docs/failures.md that is there.
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docker/prometheus/uncached.rules.yml"
FAILURES = ROOT / "docs/failures.md"
OPERATIONS = ROOT / "docs/operations.md"

WHERE = 'job="uncached",instance="a:9180"'
OF = WHERE + ',target="default"'
LABELS = {"job": "uncached", "instance": "a:9180"}
OF_LABELS = {**LABELS, "target": "default"}


def state(name):
    return f'uncached_target_state{{{OF},state="{name}"}}'


# name: series with their values (one a minute), labels of the alert, minutes at which it is quiet, fires, is over
CASES = {
    "UncachedDown": ({f"up{{{WHERE}}}": "1x5 0x5 1x20"}, LABELS, (5, 8, 15)),
    # started at each of five minutes, then never again
    "UncachedRestarts": ({f"process_start_time_seconds{{{WHERE}}}": "100x5 110 120 130 140 150x40"}, LABELS, (5, 11, 40)),
    "UncachedTargetNotServed": (
        {state("ready"): "1x5 0x10 1x20", state("resync"): "0x40", state("standby"): "0x5 1x10 0x20"},
        {"target": "default"}, (5, 10, 20)),
    "UncachedTargetWaits": ({state("waiting"): "0x3 1x20 0x20"}, {**OF_LABELS, "state": "waiting"}, (12, 20, 30)),
    "UncachedConflict": ({state("conflict"): "0x3 1x10 0x20"}, {**OF_LABELS, "state": "conflict"}, (3, 8, 20)),
    "UncachedLag": ({f"uncached_lag_seconds{{{OF}}}": "0x5 10+30x10 0x20"}, OF_LABELS, (7, 14, 25)),
    "UncachedRedisDown": ({f"uncached_redis_connected{{{OF}}}": "1x5 0x10 1x20"}, OF_LABELS, (5, 10, 20)),
    "UncachedPostgresDown": ({f"uncached_postgres_connected{{{OF}}}": "1x5 0x10 1x20"}, OF_LABELS, (5, 10, 20)),
    "UncachedRedisRefusesUser": ({f'uncached_redis_errors_total{{{OF},kind="permission"}}': "0x5 1+1x5 6x40"},
                                 {**OF_LABELS, "kind": "permission"}, (5, 9, 30)),
    "UncachedRedisRefuses": ({f'uncached_redis_errors_total{{{OF},kind="memory"}}': "0x5 1+1x10 11x40"},
                             {**OF_LABELS, "kind": "memory"}, (8, 15, 40)),
    "UncachedPostgresRefuses": ({f'uncached_postgres_errors_total{{{OF},kind="statement"}}': "0x5 1+1x10 11x40"},
                                {**OF_LABELS, "kind": "statement"}, (8, 15, 40)),
    "UncachedResyncs": (
        {f'uncached_resyncs_total{{{OF},reason="redis"}}': "0x5 1+1x5 6x120",
         f'uncached_resyncs_total{{{OF},reason="registration"}}': "0+1x200"},
        {"instance": "a:9180", "target": "default"}, (6, 15, 100)),
    "UncachedKeysNeverThere": (
        {f"uncached_keys_not_found_total{{{OF}}}": "0+100x500",
         f"uncached_keys_deleted_total{{{OF}}}": "0x400 10x100"},
        OF_LABELS, (60, 300, 420)),
    "UncachedStandbyLate": ({f"uncached_late_standbys{{{OF}}}": "0x5 1x20 0x20"}, OF_LABELS, (8, 20, 35)),
}


def read_rules():
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def fill_in(template, labels):
    """As Prometheus does; only labels are used in them."""
    return re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels.get(found[1], ""), template)


def expected(rule, labels):
    return [{
        "exp_labels": {**labels, **rule["labels"]},
        "exp_annotations": {name: fill_in(text, labels) for name, text in rule["annotations"].items()},
    }]


def make_test(name, rule):
    series, labels, (quiet, fires, over) = CASES[name]
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": series_name, "values": values} for series_name, values in series.items()],
        "alert_rule_test": [
            {"alertname": name, "eval_time": f"{quiet}m", "exp_alerts": []},
            {"alertname": name, "eval_time": f"{fires}m", "exp_alerts": expected(rule, labels)},
            {"alertname": name, "eval_time": f"{over}m", "exp_alerts": []},
        ],
    }


def anchors():
    """Of the headings of docs/failures.md, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FAILURES.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def wrong_texts(rules):
    known = anchors()
    table = OPERATIONS.read_text()
    for name, rule in rules.items():
        path, _, anchor = rule["annotations"].get("failures", "").partition("#")
        if path != "docs/failures.md" or anchor not in known:
            yield f"{name}: there is no paragraph {path}#{anchor}"
        if not re.search(rf"^\| `{name}` \|.*\(failures\.md#{re.escape(anchor)}\)", table, re.MULTILINE):
            yield f"{name}: docs/operations.md has no row that leads to failures.md#{anchor}"
        if "summary" not in rule["annotations"] or rule["labels"].get("severity") not in ("critical", "warning"):
            yield f"{name}: it has no summary, or no severity"
    for name in sorted(rules.keys() ^ CASES.keys()):
        yield f"{name}: it has no case here, or is no alert"
    for name in re.findall(r"^\| `(Uncached\w+)` \|", table, re.MULTILINE):
        if name not in rules:
            yield f"{name}: docs/operations.md has it, but it is no alert"


def promtool(*arguments):
    run = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(run.stdout + run.stderr)


def main():
    rules = read_rules()
    problems = list(wrong_texts(rules))
    if problems:
        sys.exit("\n".join(problems))
    promtool("check", "rules", "--lint-fatal", RULES)
    tests = {"rule_files": [str(RULES)], "evaluation_interval": "1m",
             "tests": [make_test(name, rule) for name, rule in rules.items()]}
    with tempfile.TemporaryDirectory(prefix="uncache-alerts.") as directory:
        path = Path(directory) / "tests.yml"
        path.write_text(json.dumps(tests))
        promtool("test", "rules", path)
    print(f"{len(rules)} alerts fire, keep quiet and end as they should")


if __name__ == "__main__":
    main()
