"""What a daemon with nothing to do costs: processor time, queries, memory."""

import time

import variants
from bench_lab import STATEMENTS_SETTINGS, Lab
from lab import processes
from report import Report

CALLS = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE userid = 'uncached'::regrole"
WORKER = "SELECT worker_pid FROM uncache.status"


def run(settings):
    report = Report("idle", settings)
    with Lab(settings, STATEMENTS_SETTINGS) as lab:
        lab.sql("CREATE EXTENSION pg_stat_statements")
        daemon, ours = variants.create_watched(lab)
        ours.settle()
        # until the daemon looks only at its idle interval
        time.sleep(1 if settings.is_smoke else 5)
        for number in range(1, settings.rounds + 1):
            _measure(lab, report, daemon, number)
    size = settings.idle_seconds
    report.show_metric("% of a processor, the daemon", "cpu, %", "daemon", size, "<= 0.1")
    report.show_metric("% of a processor, its backend", "cpu, %", "backend", size)
    report.show_metric("queries a second", "queries/s", "daemon", size, "<= 2")
    report.show_metric("KiB resident, the daemon's peak", "peak, KiB", "daemon", size)
    report.finish()


def _measure(lab, report, daemon, number):
    seconds = lab.settings.idle_seconds
    backend = int(lab.sql(WORKER)[0])
    calls = int(lab.sql(CALLS)[0])
    used = {"daemon": processes.cpu_seconds(daemon.pid), "backend": processes.cpu_seconds(backend)}
    time.sleep(seconds)
    for name, pid in (("daemon", daemon.pid), ("backend", backend)):
        share = (processes.cpu_seconds(pid) - used[name]) / seconds * 100
        report.add("cpu, %", name, seconds, number, share)
    report.add("queries/s", "daemon", seconds, number, (int(lab.sql(CALLS)[0]) - calls) / seconds)
    report.add("peak, KiB", "daemon", seconds, number, processes.status_kib(daemon.pid, "VmHWM"))
