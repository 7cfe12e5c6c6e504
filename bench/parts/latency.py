"""From a commit to its key's end: alone, under load, beside a long transaction."""

import variants
from bench_lab import Lab
from lab import processes
from report import Report, percentile
from settings import ROOT

LOAD_CLIENTS = 16
LOAD_SHARE = 0.7
QUIET_MAX_GAP_US = 20000
LOADED_MAX_GAP_US = 5000
# between two questions of the probe, which would else take one of the processors
LOADED_PAUSE_US = 200


def run(settings):
    report = Report("latency", settings)
    with Lab(settings) as lab:
        daemon = lab.start_daemon()
        ours = variants.Uncache(lab, daemon)
        every = [ours] + [
            peer(lab) for peer in variants.peer_classes(settings) if peer is not variants.NotifyPostgres
        ]
        for variant in every:
            variant.create(settings.table_rows)
        capacity = _capacity(lab, ours)
        report.add("capacity, tps", ours.name, LOAD_CLIENTS, 0, capacity)
        for number in range(1, settings.rounds + 1):
            _run_round(lab, report, every, number, capacity * LOAD_SHARE)
    _summarize(report, every)
    report.finish()


def _capacity(lab, variant):
    variant.start()
    return lab.pgbench(
        "update_other_rows.sql", variant.schema, "-c", LOAD_CLIENTS, "-j", 2, "-T", lab.settings.seconds,
        *_rows(lab.settings),
    )


def _rows(settings):
    """The load leaves the probe's rows alone."""
    return ["-D", f"first={settings.commits + 1}", "-D", f"rows={settings.table_rows}"]


def _run_round(lab, report, every, number, rate):
    shift = number % len(every)
    for variant in every[shift:] + every[:shift]:
        variant.start()
        _add(report, "quiet", variant, number, _probe(lab, variant, number, QUIET_MAX_GAP_US))
        # at this rate the peers fall behind without end: there is no figure
        if isinstance(variant, variants.Uncache):
            _add(report, "loaded", variant, number, _probe_loaded(lab, variant, number, rate))
            _add(report, "long writer", variant, number, _probe_beside_writer(lab, variant, number, rate))
        variant.stop()
        lab.sql("VACUUM", "CHECKPOINT")


def _probe(lab, variant, number, max_gap_us, pause_us=0):
    """Microseconds of each commit."""
    lines = processes.run([
        ROOT / "bench/build/latency", lab.conninfo() + f" options='-c search_path={variant.schema}'",
        lab.redis.socket, variant.schema, 1, lab.settings.commits, max_gap_us, pause_us, number,
    ])
    return [float(line) for line in lines.splitlines()]


def _probe_loaded(lab, variant, number, rate):
    load = lab.start_pgbench(
        "update_other_rows.sql", variant.schema, "-c", LOAD_CLIENTS, "-j", 2, "-T", 3600,
        "-R", round(rate), *_rows(lab.settings),
    )
    try:
        return _probe(lab, variant, number, LOADED_MAX_GAP_US, LOADED_PAUSE_US)
    finally:
        processes.stop(load)
        load.stdout.close()


def _probe_beside_writer(lab, variant, number, rate):
    """A transaction that has written stays open meanwhile."""
    session = lab.session()
    session.run(f"BEGIN; UPDATE {variant.schema}.account SET balance = 0 WHERE id = {variants.SETTLED_ROW};")
    try:
        return _probe_loaded(lab, variant, number, rate)
    finally:
        session.run("ROLLBACK;")
        session.close()


def _add(report, situation, variant, number, times_us):
    for percent in (50, 99):
        report.add(f"{situation}, p{percent}, ms", variant.name, LOAD_CLIENTS, number,
                   percentile(times_us, percent) / 1000)


def _summarize(report, every):
    targets = {("quiet", 50): "<= 0.5", ("quiet", 99): "<= 2", ("loaded", 99): "<= 20"}
    for variant in every:
        for situation in ("quiet", "loaded", "long writer"):
            for percent in (50, 99):
                target = targets.get((situation, percent)) if variant.name == "uncache" else None
                report.show_metric(f"ms, {situation}, p{percent}, {variant.name}",
                                   f"{situation}, p{percent}, ms", variant.name, LOAD_CLIENTS, target)
    report.show_ratio("p99 beside a long writer / without", None, LOAD_CLIENTS,
                      (("long writer, p99, ms", "uncache"), ("loaded, p99, ms", "uncache")), "<= 1.2")
