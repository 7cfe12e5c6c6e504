"""What UNLINKs of many keys do to another client's GET: why uncached sends 100 at a time."""

import subprocess

from bench_lab import Lab
from lab import processes
from report import Report

KEYS = 1000000
SMOKE_KEYS = 10000
VALUE = "x" * 200
# 0: nobody unlinks
KEYS_PER_COMMAND = [0, 10, 100, 1000, 10000]
# keys that are under way at any time, unless one command has more
KEYS_UNDER_WAY = 1000
# few enough that keys are left when the last one is answered
GETS = 5000
FIGURES = {"p50": 4, "p99": 6, "max": 7}


def run(settings):
    report = Report("unlink", settings)
    key_count = SMOKE_KEYS if settings.is_smoke else KEYS
    with Lab(settings) as lab:
        for number in range(1, settings.rounds + 1):
            for count in KEYS_PER_COMMAND:
                _measure(lab, report, key_count, count, number)
    for count in KEYS_PER_COMMAND:
        for figure in FIGURES:
            report.show_metric(f"ms, a GET beside UNLINKs of so many keys, {figure}", figure, "GET", count)
    report.finish()


def _measure(lab, report, key_count, count, number):
    lab.fill_redis(key_count, VALUE)
    load = _start_unlinking(lab, key_count, count) if count else None
    text = processes.run(
        ["redis-benchmark", "-s", lab.redis.socket, "-c", 1, "-n", GETS, "--csv", "GET", "another"]
    )
    if load is not None:
        if load.poll() is not None:
            raise processes.Failure("the UNLINKs ended before the GETs")
        processes.stop(load)
    words = [word.strip('"') for word in text.splitlines()[-1].split('","')]
    for figure, column in FIGURES.items():
        report.add(figure, "GET", count, number, float(words[column]))


def _start_unlinking(lab, key_count, count):
    return processes.start(
        ["redis-benchmark", "-s", lab.redis.socket, "-c", 1, "-P", max(1, KEYS_UNDER_WAY // count),
         "-n", 1000000000, "-r", key_count, "-q", "UNLINK", *["key:__rand_int__"] * count],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
