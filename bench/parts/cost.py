"""What one transaction costs at a fixed rate: processor time of all who work for it, and WAL."""

import math
import time
from statistics import mean

import meter
import variants
from bench_lab import Lab
from lab import processes
from report import Report

# what the rate is of what the machine can do with our rule
LOAD_SHARE = 0.4
CAPACITY_RUNS = 3
# pgbench's arrivals are random; fewer by more standard deviations than that: the machine did not keep the rate
MAX_DEVIATIONS = 4
# of a run of pgbench, before and after the window
SETTLING_S = 0.5
ENDING_S = 0.2
# the daemon trims every ten seconds, so that a window would have many trims or none:
# rows stay while windows are measured, and all go at the end
RETENTION = "ALTER ROLE uncached SET uncache.retention = {}"
LONG_RETENTION_S = 3600
TRIM_WAIT_S = 120
WORKER = "SELECT worker_pid FROM uncache.status"
DISCONNECT = f"SELECT pg_terminate_backend(worker_pid) FROM ({WORKER}) worker"
JOURNAL_ROWS = "SELECT count(*) FROM uncache.journal"
HAS_JOURNAL = "SELECT 1 FROM uncache.journal LIMIT 1"
# what each row has in Redis before the window
FILL = "for i = 1, tonumber(ARGV[2]) do redis.call('SET', ARGV[1] .. ':' .. i, 'cached') end"
TRIMS, VACUUM = "trims", "vacuum"
TIME, WAL = "us", "bytes"
# smaller shares are not in the table
MIN_SHOWN = 0.5


def run(settings):
    report = Report("cost", settings)
    rate = _measure(report, "replica", settings.cost_rounds, (variants.NotifyPg, variants.NotifyPostgres))
    if settings.with_peers:
        # for logical decoding everybody's WAL is larger
        _measure(report, "logical", settings.cost_peer_rounds, (variants.Pgoutput,), rate)
    report.finish()


def _measure(report, wal_level, round_count, peers, rate=0):
    """All rounds on a new server; the rate."""
    settings = report.settings
    with Lab(settings, f"wal_level = {wal_level}\n") as lab:
        lab.sql(RETENTION.format(LONG_RETENTION_S))
        daemon = lab.start_daemon()
        pair = (variants.Plain(lab), variants.Uncache(lab, daemon))
        others = [peer(lab) for peer in variants.peer_classes(settings) if peer in peers]
        for variant in (*pair, *others):
            variant.create(settings.table_rows)
            # each page has been written since the last checkpoint, and its rows move within it
            lab.sql(f"UPDATE {variant.schema}.account SET balance = balance + 1")
        rate = rate or settings.cost_rate or _find_rate(lab, pair[1])
        pair[1].stop()
        bench = Bench(lab, report, rate, "" if wal_level == "replica" else f", wal_level {wal_level}")
        bench.measure_rounds(pair, others, round_count)
        bench.measure_trims(pair[1], range(1, round_count + 1))
        bench.summarize([variant.name for variant in others])
    return rate


def _find_rate(lab, ours):
    """The share of the best of a few runs, as one digit, so that runs can be compared."""
    capacity = max(
        lab.pgbench(
            "update_row.sql", ours.schema, "-c", lab.settings.cost_clients, "-j", 2, "-T", lab.settings.cost_seconds,
            *_rows(lab.settings),
        )
        for _ in range(CAPACITY_RUNS)
    )
    return int(float(f"{capacity * LOAD_SHARE:.0e}"))


def _rows(settings):
    return ["-D", f"rows={settings.table_rows}"]


class Bench:
    """The rounds on one server; what a metric's values are is in its name."""

    def __init__(self, lab, report, rate, suffix):
        self._lab = lab
        self._report = report
        self._rate = rate
        self._suffix = suffix
        self._meter = meter.Meter(lab)

    def measure_rounds(self, pair, others, round_count):
        """Round 0 warms up. A round in which the machine did not keep the rate is measured again, up to a limit."""
        settings = self._lab.settings
        spare_rounds = 0 if settings.is_smoke else round_count
        number = int(settings.is_smoke)
        while number <= round_count:
            windows = self._measure_round((*pair, *reversed(pair)), number)
            if number > 0 and spare_rounds > 0 and not self._has_kept_rate(windows):
                spare_rounds -= 1
                continue
            if number <= settings.cost_peer_rounds:
                windows.update(self._measure_round(others, number))
            if number > 0:
                self._add_windows(windows, number)
            number += 1

    def _measure_round(self, order, number):
        """Name to windows. Those that a target compares have two each, A B B A."""
        windows = {}
        for variant in order:
            windows.setdefault(variant.name, []).append(self._measure_window(variant, number))
        return windows

    def _has_kept_rate(self, windows):
        seconds = self._lab.settings.cost_seconds - SETTLING_S - ENDING_S
        min_tps = self._rate - MAX_DEVIATIONS * math.sqrt(self._rate / seconds)
        return all(window["tps"] >= min_tps for pair in windows.values() for window in pair)

    def _add_windows(self, windows, number):
        for name, figures in windows.items():
            for metric in sorted(set().union(*figures)):
                self._add(metric, name, number, mean(window.get(metric, 0) for window in figures))

    def _add(self, metric, name, number, value):
        self._report.add(metric, name + self._suffix, self._rate, number, value)

    def _measure_window(self, variant, number):
        """Metric to value, for one transaction of a run of pgbench. All processes live throughout the window."""
        settings = self._lab.settings
        self._lab.cache.eval(FILL, 0, variant.schema, settings.table_rows)
        variant.start()
        load = self._lab.start_pgbench(
            "update_row.sql", variant.schema, "-c", settings.cost_clients, "-T", settings.cost_seconds,
            "-R", self._rate, "--random-seed", number + 1, *_rows(settings),
            "-l", "--log-prefix", self._lab.dir / "transactions",
        )
        time.sleep(SETTLING_S)
        roles = self._meter.roles(variant)
        before = self._meter.sample(roles)
        time.sleep(settings.cost_seconds - SETTLING_S - ENDING_S)
        after = self._meter.sample(roles)
        text, _ = load.communicate()
        if load.returncode != 0:
            raise processes.Failure(f"pgbench said: {text}")
        variant.stop()
        count = self._count_transactions(before.at, after.at)
        return {
            "tps": count / (after.at - before.at),
            **{f"{TIME}, {role}": ns / 1000 / count for role, ns in meter.used_ns(roles, before, after).items()},
            **{f"{WAL}, {kind}": size / count for kind, size in self._meter.wal(before, after).items()},
        }

    def _count_transactions(self, begin, end):
        """Those that the last run of pgbench logged in between; the log is removed."""
        count = 0
        for log in self._lab.dir.glob("transactions.*"):
            for line in log.read_text("ascii").splitlines():
                seconds, microseconds = map(int, line.split()[4:6])
                count += begin <= seconds + microseconds / 1e6 < end
            log.unlink()
        if count == 0:
            raise processes.Failure("pgbench logged no transaction")
        return count

    def measure_trims(self, ours, rounds):
        """All rows that the rounds left in the journal, in one go, and VACUUM; their share is added to each round."""
        row_count = int(self._meter.value(JOURNAL_ROWS))
        ours.start()
        self._reconnect(RETENTION.format(0))
        roles = self._meter.roles(ours)
        before = self._meter.sample(roles)
        processes.wait_for(lambda: not self._lab.sql(HAS_JOURNAL), "the journal is not trimmed", TRIM_WAIT_S, 0.5)
        after = self._meter.sample(roles)
        used = meter.used_ns(roles, before, after)
        vacuum_ns, vacuum_bytes = self._meter.vacuum()
        for number in rounds:
            # Redis and the background have nothing to do with it: theirs is what ten seconds cost
            self._add(f"{TIME}, {TRIMS}", ours.name, number,
                      (used[meter.BACKEND] + used[meter.LISTENER]) / 1000 / row_count)
            self._add(f"{WAL}, {TRIMS}", ours.name, number, self._meter.wal(before, after)[meter.ALL] / row_count)
            self._add(f"{TIME}, {VACUUM}", ours.name, number, vacuum_ns / 1000 / row_count)
            self._add(f"{WAL}, {VACUUM}", ours.name, number, vacuum_bytes / row_count)

    def _reconnect(self, setting):
        """The daemon's session gets a setting of its role."""
        old = self._lab.sql(WORKER)
        self._lab.sql(setting, DISCONNECT)
        processes.wait_for(lambda: self._lab.sql(WORKER) not in (old, [""]), "the daemon stays away", pause_s=0.1)

    def _sum(self, name, metrics, total):
        """Adds the metrics' sum in each round as another metric."""
        parts = [self._report.values(metric, name + self._suffix, self._rate) for metric in metrics]
        for number in parts[0]:
            self._add(total, name, number, sum(part.get(number, 0) for part in parts))

    def summarize(self, others):
        names = ["plain", "uncache", *others]
        for name in names:
            self._sum(name, [f"{TIME}, {part}" for part in (*meter.ROLES, TRIMS, VACUUM)], TIME)
            self._sum(name, [f"{WAL}, {part}" for part in (meter.ALL, TRIMS, VACUUM)], WAL)
        for name in names[1:]:
            has_target = name == "uncache" and not self._suffix
            self._show_ratio("processor time", TIME, name, "<= 1.15" if has_target else None)
            self._show_ratio("WAL", WAL, name, "<= 1.5" if has_target else None)
        for name in names:
            self._show_parts(name)

    def _show_ratio(self, what, metric, name, target):
        self._report.show_ratio(f"{what}, {name} / plain{self._suffix}", metric, self._rate,
                                (name + self._suffix, "plain" + self._suffix), target)

    def _show_parts(self, name):
        """How much of the rate there was, and all that is not negligible."""
        variant = name + self._suffix
        metrics = self._report.metrics(variant, self._rate)
        for metric in sorted(metrics):
            if max(metrics[metric]) >= MIN_SHOWN and not metric.endswith(meter.ALL):
                self._report.show_metric(f"{metric}, {variant}", metric, variant, self._rate)
