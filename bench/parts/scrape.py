"""From a commit to its key's end, with 50 scrapes a second and with none."""

import threading
import time
import urllib.request

import variants
from bench_lab import Lab
from lab import daemon, processes
from report import Report, percentile
from settings import ROOT

SCRAPES_PER_S = 50
MAX_GAP_US = 20000
KINDS = ("none", "scrapes", "scrapes", "none")


class Scraper:
    """Asks for /metrics at a fixed rate; "with" it runs."""

    def __init__(self, port):
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._thread = threading.Thread(target=self._run)
        self._is_over = threading.Event()
        self.count = 0

    def __enter__(self):
        self._begin = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._begin

    def _run(self):
        while not self._is_over.wait(max(0, self._begin + self.count / SCRAPES_PER_S - time.monotonic())):
            with urllib.request.urlopen(self._url, timeout=5) as answer:
                if b"uncached_batches_total" not in answer.read():
                    raise processes.Failure("a scrape without metrics")
            self.count += 1


def run(settings):
    report = Report("scrape", settings)
    with Lab(settings) as lab:
        port = processes.free_port()
        launched = lab.launch_daemon("--http", str(port))
        launched.wait_until_ready(lambda: lab.sql(daemon.COUNT_READY)[0])
        ours = variants.Uncache(lab, launched)
        ours.create(settings.table_rows)
        ours.start()
        for number in range(1, settings.rounds + 1):
            _run_round(lab, report, ours, port, number)
    for kind in ("none", "scrapes"):
        for percent in (50, 99):
            report.show_metric(f"ms, p{percent}, {kind}", f"p{percent}, ms", kind, SCRAPES_PER_S)
    report.show_metric("scrapes a second", "scrapes a second", "scrapes", SCRAPES_PER_S)
    for percent in (50, 99):
        report.show_ratio(f"p{percent} with scrapes / none", f"p{percent}, ms", SCRAPES_PER_S, ("scrapes", "none"),
                          "<= 1.2" if percent == 99 else None)
    report.finish()


def _run_round(lab, report, ours, port, number):
    """In the order A B B A, so that a machine that gets slower meanwhile counts for neither."""
    times_us = {"none": [], "scrapes": []}
    for turn, kind in enumerate(KINDS):
        seed = number * len(KINDS) + turn
        if kind == "none":
            times_us[kind] += _probe(lab, ours, seed)
            continue
        with Scraper(port) as scraper:
            times_us[kind] += _probe(lab, ours, seed)
    report.add("scrapes a second", "scrapes", SCRAPES_PER_S, number, scraper.count / scraper.seconds)
    for kind, times in times_us.items():
        for percent in (50, 99):
            report.add(f"p{percent}, ms", kind, SCRAPES_PER_S, number, percentile(times, percent) / 1000)
    lab.sql("VACUUM", "CHECKPOINT")


def _probe(lab, ours, seed):
    """Microseconds of each commit."""
    lines = processes.run([
        ROOT / "bench/build/latency", lab.conninfo() + f" options='-c search_path={ours.schema}'",
        lab.redis.socket, ours.schema, 1, lab.settings.commits, MAX_GAP_US, 0, seed,
    ])
    return [float(line) for line in lines.splitlines()]
