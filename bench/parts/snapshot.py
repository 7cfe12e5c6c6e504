"""How long a fetch takes while an old snapshot is held."""

import time

import variants
from bench_lab import STATEMENTS_SETTINGS, Lab
from lab import processes
from report import Report

CLIENTS = 4
# the target is judged at this length only
AIM_MINUTES = 10
# of the whole time, what counts as its start and as its end
WINDOW_SHARE = 0.1
FETCHES = """
SELECT coalesce(sum(calls), 0), coalesce(sum(total_exec_time), 0) FROM pg_stat_statements
WHERE query LIKE '%uncache.fetch%' AND userid = 'uncached'::regrole
"""


def run(settings):
    report = Report("snapshot", settings)
    with Lab(settings, STATEMENTS_SETTINGS) as lab:
        lab.sql("CREATE EXTENSION pg_stat_statements")
        _, ours = variants.create_watched(lab)
        _measure(lab, report, ours)
    size = f"{settings.minutes:g} min"
    for when in ("start", "end"):
        report.show_metric(f"ms for one fetch, at the {when}", f"fetch, {when}, ms", "uncache", size)
    report.show_ratio("fetch at the end / at the start", None, size,
                      (("fetch, end, ms", "uncache"), ("fetch, start, ms", "uncache")),
                      "<= 2" if settings.minutes >= AIM_MINUTES else None)
    report.finish()


def _measure(lab, report, ours):
    settings = lab.settings
    seconds = settings.minutes * 60
    window = seconds * WINDOW_SHARE
    reader = lab.session()
    reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM uncache.status;")
    load = lab.start_pgbench(
        "update_row.sql", ours.schema, "-c", CLIENTS, "-j", 1, "-T", 86400,
        "-R", settings.snapshot_tps, "-D", f"rows={settings.table_rows}",
    )
    try:
        time.sleep(min(1, window))
        size = f"{settings.minutes:g} min"
        report.add("fetch, start, ms", ours.name, size, 1, _fetch_ms(lab, window))
        time.sleep(max(0, seconds - 2 * window))
        report.add("fetch, end, ms", ours.name, size, 1, _fetch_ms(lab, window))
    finally:
        processes.stop(load)
        load.stdout.close()
        reader.run("ROLLBACK;")
        reader.close()
    ours.settle()


def _fetch_ms(lab, window_seconds):
    """Mean time of the fetches in a window that begins now."""
    before = [float(word) for word in lab.sql(FETCHES)[0].split("|")]
    time.sleep(window_seconds)
    after = [float(word) for word in lab.sql(FETCHES)[0].split("|")]
    return (after[1] - before[1]) / (after[0] - before[0])
