"""What a rule costs one statement that updates many rows, in time and in memory."""

import time

import variants
from bench_lab import Lab
from lab import processes
from report import Report

# the target is judged at this size only
AIM_ROWS = 1000000
CONTEXTS = """
SELECT coalesce(sum(total_bytes), 0) / 1024 FROM pg_backend_memory_contexts WHERE name LIKE 'uncache%';
"""


def run(settings):
    report = Report("bulk", settings)
    with Lab(settings) as lab:
        daemon = lab.start_daemon()
        every = [variants.Plain(lab), variants.Uncache(lab, daemon), variants.UncacheOff(lab, daemon)]
        every += [peer(lab) for peer in variants.peer_classes(settings) if peer is variants.NotifyPg]
        for variant in every:
            variant.create(max(settings.bulk_rows))
        daemon.pause()
        for number in range(1, settings.rounds + 1):
            for row_count in settings.bulk_rows:
                if row_count <= AIM_ROWS or number == 1:
                    _run_round(lab, report, every, row_count, number)
    _summarize(report)
    report.finish()


def _run_round(lab, report, every, row_count, number):
    """Beyond the target's size once, and without peers, which keep a notification for each row in memory."""
    shift = number % len(every)
    for variant in every[shift:] + every[:shift]:
        if row_count <= AIM_ROWS or not isinstance(variant, variants.Peer):
            _measure(lab, report, variant, row_count, number)


def _measure(lab, report, variant, row_count, number):
    table = f"{variant.schema}.account"
    variant.start()
    lab.sql(f"VACUUM {table}", "CHECKPOINT")
    session = lab.session()
    pid = int(session.run("SELECT pg_backend_pid();")[0])
    session.run(f"{variant.session_settings} SELECT count(*) FROM {table};")
    began = time.monotonic()
    session.run(f"BEGIN; UPDATE {table} SET balance = balance + 1 WHERE id BETWEEN 1 AND {row_count};")
    contexts_kib = float(session.run(CONTEXTS)[0])
    session.run("COMMIT;")
    seconds = time.monotonic() - began
    report.add("seconds", variant.name, row_count, number, seconds)
    report.add("own contexts, KiB", variant.name, row_count, number, contexts_kib)
    report.add("private memory, KiB", variant.name, row_count, number, processes.status_kib(pid, "RssAnon"))
    session.close()
    variant.stop()


def _summarize(report):
    for rows in report.settings.bulk_rows:
        is_aim = rows >= AIM_ROWS
        report.show_metric("seconds, no trigger", "seconds", "plain", rows)
        report.show_ratio("seconds, uncache / no trigger", "seconds", rows, ("uncache", "plain"),
                          "<= 1.10" if is_aim else None)
        report.show_ratio("seconds, a trigger that does nothing / no trigger", "seconds", rows, ("uncache_off", "plain"))
        report.show_ratio("seconds, uncache / a trigger that does nothing", "seconds", rows, ("uncache", "uncache_off"))
        report.show_ratio("seconds, notify_pg / no trigger", "seconds", rows, ("notify_pg", "plain"))
        report.show_metric("KiB of our memory contexts after the statement", "own contexts, KiB", "uncache", rows)
        for name in ("plain", "uncache"):
            report.show_metric(f"KiB of private memory after the commit, {name}", "private memory, KiB", name, rows)
