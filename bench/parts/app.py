"""The same writes from a Django application: cacheops' invalidation against a rule."""

import importlib.util
import json
import subprocess

import variants
from bench_lab import Lab
from lab import processes
from report import Report
from settings import ROOT

PROCESSES = (1, 4)


def run(settings):
    missing = [name for name in ("django", "cacheops", "psycopg2") if importlib.util.find_spec(name) is None]
    if missing or not settings.with_peers:
        print("bench: without the application: it needs python3-django-cacheops and python3-psycopg2")
        return
    report = Report("app", settings)
    counts = (2,) if settings.is_smoke else PROCESSES
    with Lab(settings) as lab:
        daemon = lab.start_daemon()
        ours = variants.Uncache(lab, daemon)
        plain = variants.Plain(lab)
        for variant in (plain, ours):
            variant.create(settings.table_rows)
        daemon.pause()
        for number in range(1, settings.rounds + 1):
            for count in counts:
                _run_round(lab, report, (plain, ours), count, number)
    for count in counts:
        report.show_metric("saves/s, no invalidation", "saves/s", "plain", count)
        report.show_ratio("saves/s, uncache / no invalidation", "saves/s", count, ("uncache", "plain"))
        report.show_ratio("saves/s, cacheops / no invalidation", "saves/s", count, ("cacheops", "plain"))
        report.show_ratio("saves/s, uncache / cacheops", "saves/s", count, ("uncache", "cacheops"))
    report.finish()


def _run_round(lab, report, pair, count, number):
    plain, ours = pair
    runs = [(plain, "plain"), (ours, "uncache"), (plain, "cacheops")]
    for variant, name in runs[number % 3:] + runs[:number % 3]:
        variant.start()
        report.add("saves/s", name, count, number, _saves_per_second(lab, variant, name == "cacheops", count))
        variant.stop()
    lab.sql("VACUUM", "CHECKPOINT")


def _saves_per_second(lab, variant, with_cacheops, count):
    """The sum over so many processes, each with a connection of its own."""
    arguments = {
        "host": str(lab.servers),
        "redis": str(lab.redis.socket),
        "schema": variant.schema,
        "rows": lab.settings.table_rows,
        "seconds": lab.settings.seconds,
        "cacheops": with_cacheops,
    }
    every = [
        processes.start(
            ["/usr/bin/python3", ROOT / "bench/peers/django_writer.py", json.dumps({**arguments, "seed": seed})],
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(count)
    ]
    texts = [process.communicate()[0] for process in every]
    if any(process.returncode for process in every):
        raise processes.Failure("the application failed")
    return sum(float(text) for text in texts)
