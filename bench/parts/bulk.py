"""What a rule costs one statement that updates many rows, in processor time and in memory."""

import time
from statistics import mean

import meter
import variants
from bench_lab import Lab
from lab import processes
from report import Report

# targets are judged at this size only
AIM_ROWS = 1000000
# twice uncache.pending_limit
MAX_CONTEXTS = "<= 8192"
CPU, SECONDS = "processor seconds", "seconds"
CONTEXTS, PRIVATE = "own contexts, KiB", "private memory, KiB"
FIND_CONTEXTS = """
SELECT coalesce(sum(total_bytes), 0) / 1024 FROM pg_backend_memory_contexts WHERE name LIKE 'uncache%';
"""


def run(settings):
    report = Report("bulk", settings)
    with Lab(settings) as lab:
        daemon = lab.start_daemon()
        every = [variants.Plain(lab), variants.Uncache(lab, daemon), variants.EmptyTrigger(lab)]
        every += [peer(lab) for peer in variants.peer_classes(settings) if peer is variants.NotifyPg]
        for variant in every:
            variant.create(max(settings.bulk_rows))
        daemon.pause()
        for variant in every:
            # the first writes of a table take longer
            _measure(lab, variant, min(AIM_ROWS, max(settings.bulk_rows)))
        for number in range(1, settings.rounds + 1):
            for row_count in settings.bulk_rows:
                if row_count <= AIM_ROWS or number == 1:
                    _run_round(lab, report, every, row_count, number)
    _summarize(report)
    report.finish()


def _run_round(lab, report, every, row_count, number):
    """A B C C B A. Peers once, and not beyond the target's size: they keep a notification for each row in memory."""
    shift = number % len(every)
    order = [
        variant for variant in every[shift:] + every[:shift]
        if row_count <= AIM_ROWS or not isinstance(variant, variants.Peer)
    ]
    again = [variant for variant in reversed(order) if not isinstance(variant, variants.Peer)]
    figures = {}
    for variant in order + again:
        figures.setdefault(variant.name, []).append(_measure(lab, variant, row_count))
    for name, measured in figures.items():
        for metric in measured[0]:
            report.add(metric, name, row_count, number, mean(figure[metric] for figure in measured))


def _measure(lab, variant, row_count):
    """Metric to value. Looking at the memory does not count."""
    table = f"{variant.schema}.account"
    variant.start()
    lab.sql(f"VACUUM {table}", "CHECKPOINT")
    session = lab.session()
    pid = int(session.run("SELECT pg_backend_pid();")[0])
    session.run(f"SELECT count(*) FROM {table};")
    update = _time(session, pid, f"BEGIN; UPDATE {table} SET balance = balance + 1 WHERE id BETWEEN 1 AND {row_count};")
    contexts_kib = float(session.run(FIND_CONTEXTS)[0])
    commit = _time(session, pid, "COMMIT;")
    private_kib = processes.status_kib(pid, "RssAnon")
    session.close()
    variant.stop()
    return {
        CPU: update[0] + commit[0], SECONDS: update[1] + commit[1], CONTEXTS: contexts_kib, PRIVATE: private_kib,
    }


def _time(session, pid, script):
    """The processor time that the session's backend has for a script, and the time that passes."""
    used_ns = meter.process_ns(pid)
    began = time.monotonic()
    session.run(script)
    seconds = time.monotonic() - began
    return (meter.process_ns(pid) - used_ns) / 1e9, seconds


def _summarize(report):
    for rows in report.settings.bulk_rows:
        is_aim = rows == AIM_ROWS
        report.show_metric("processor seconds, no trigger", CPU, "plain", rows)
        report.show_ratio("processor time, uncache / a trigger that does nothing", CPU, rows,
                          ("uncache", "empty_trigger"), "<= 1.10" if is_aim else None)
        report.show_ratio("processor time, a trigger that does nothing / no trigger", CPU, rows,
                          ("empty_trigger", "plain"))
        report.show_ratio("processor time, uncache / no trigger", CPU, rows, ("uncache", "plain"))
        report.show_ratio("processor time, notify_pg / no trigger", CPU, rows, ("notify_pg", "plain"))
        report.show_ratio("seconds, uncache / no trigger", SECONDS, rows, ("uncache", "plain"))
        report.show_metric("KiB of our memory contexts after the statement", CONTEXTS, "uncache", rows,
                           MAX_CONTEXTS if is_aim else None)
        for name in ("plain", "uncache"):
            report.show_metric(f"KiB of private memory after the commit, {name}", PRIVATE, name, rows)
