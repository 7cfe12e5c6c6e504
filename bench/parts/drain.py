"""How fast what waits in the journal is deleted, and in how much memory."""

import time

from bench_lab import Lab
from lab import processes
from lab.certificate import Certificate
from report import Report

KEYS_PER_COMMAND = 100
PIPELINE = 16
# a target is judged at its own size only
AIM_KEYS = 5000000
AIM_DOWN_ROWS = 10000000
AIM_TLS_KEYS = 1000000
CLUSTER = "at a cluster of three"
# redis-benchmark draws keys at random: of the first tenth, 95 % still exist
BENCHMARK_SHARE = 10
ROWS_PER_TRANSACTION = 1000
PREPARE = """
CREATE TABLE item (id int PRIMARY KEY, code text NOT NULL) WITH (fillfactor = 50);
CREATE PROCEDURE touch(row_count int, rows_per_transaction int) LANGUAGE plpgsql AS $$
BEGIN
	FOR start IN 0 .. row_count - 1 BY rows_per_transaction LOOP
		UPDATE item SET code = code WHERE id >= start AND id < least(start + rows_per_transaction, row_count);
		COMMIT;
	END LOOP;
END $$;
"""


def run(settings):
    report = Report("drain", settings)
    shapes = [(ROWS_PER_TRANSACTION, count) for count in settings.drain_keys]
    shapes.append((1, settings.drain_single_keys))
    with Lab(settings) as lab:
        _prepare(lab, max(settings.drain_tls_keys, *(count for _, count in shapes)))
        for number in range(1, settings.rounds + 1):
            for rows_per_transaction, key_count in shapes:
                _measure(lab, report, rows_per_transaction, key_count, number)
        _measure_while_down(lab, report)
        _measure_transports(lab, report)
    _summarize(report, shapes)
    report.finish()


def _prepare(lab, row_count):
    lab.sql(
        PREPARE,
        f"INSERT INTO item SELECT n, lpad(n::text, 12, '0') FROM generate_series(0, {row_count - 1}) n",
        "VACUUM ANALYZE item",
        "SELECT uncache.watch('item', 'key:{code}')",
    )
    lab.start_daemon().stop()


def _measure(lab, report, rows_per_transaction, key_count, number):
    variant = f"{rows_per_transaction} rows a transaction"
    lab.fill_redis(key_count, "cached")
    report.add("keys/s", f"redis-benchmark, {variant}", key_count, number, _redis_keys_per_second(lab, key_count))
    _measure_drain(lab, report, rows_per_transaction, key_count, number, variant)


def _measure_drain(lab, report, rows_per_transaction, key_count, number, variant, is_cluster=False, **transport):
    if is_cluster:
        lab.fill_cluster(key_count, "cached")
    else:
        lab.fill_redis(key_count, "cached")
    lab.sql("TRUNCATE uncache.journal")
    lab.sql("SET synchronous_commit = off", f"CALL touch({key_count}, {rows_per_transaction})")
    lab.sql("VACUUM item", "VACUUM ANALYZE uncache.journal", "CHECKPOINT")
    seconds, cpu_seconds, peak_kib = _drain(lab, **transport)
    if (lab.cluster.key_count() if is_cluster else lab.cache.dbsize()) != 0:
        raise processes.Failure("the daemon has left keys")
    report.add("keys/s", variant, key_count, number, key_count / seconds)
    report.add("cpu seconds", variant, key_count, number, cpu_seconds)
    report.add("peak, KiB", variant, key_count, number, peak_kib)


def _measure_transports(lab, report):
    """The same keys over loopback without TLS and with it, at a Redis that has both ports, and at a cluster."""
    certificate = Certificate(lab.dir, lab.user)
    lab.redis.stop()
    lab.start_redis(certificate)
    lab.start_redis_cluster()
    transports = {
        "over TCP": {"redis_url": f"redis://127.0.0.1:{lab.redis.port}"},
        "over TLS": {"redis_url": f"rediss://127.0.0.1:{lab.redis.tls_port}",
                     "env": {"REDIS_TLS_CA_FILE": str(certificate.file)}},
        CLUSTER: {"redis_url": lab.cluster.url(), "is_cluster": True},
    }
    for number in range(1, lab.settings.rounds + 1):
        for variant, transport in transports.items():
            # resyncs: whoever comes from the single one to the cluster, or back, is at another Redis
            _drain(lab, **{name: value for name, value in transport.items() if name != "is_cluster"})
            _measure_drain(lab, report, ROWS_PER_TRANSACTION, lab.settings.drain_tls_keys, number, variant, **transport)


def _redis_keys_per_second(lab, key_count):
    batches = max(2, key_count // BENCHMARK_SHARE // KEYS_PER_COMMAND // PIPELINE)
    text = processes.run([
        "redis-benchmark", "-s", lab.redis.socket, "-c", 1, "-P", PIPELINE, "-n", batches * PIPELINE, "-r", key_count,
        "--csv", "UNLINK", *["key:__rand_int__"] * KEYS_PER_COMMAND,
    ])
    return float(text.splitlines()[-1].split('","')[1].strip('"')) * KEYS_PER_COMMAND


def _drain(lab, **transport):
    """Seconds from the daemon's start to its end, of its processor, and its peak."""
    cpu_seconds = 0.0
    peak_kib = 0
    began = time.monotonic()
    daemon = lab.launch_daemon("--once", **transport)
    while daemon.process.poll() is None:
        try:
            cpu_seconds = processes.cpu_seconds(daemon.pid)
            peak_kib = processes.status_kib(daemon.pid, "VmHWM") or peak_kib
        except (FileNotFoundError, ProcessLookupError):
            pass
        time.sleep(0.005)
    seconds = time.monotonic() - began
    if daemon.process.returncode != 0:
        raise processes.Failure("uncached --once failed")
    return seconds, cpu_seconds, peak_kib


def _measure_while_down(lab, report):
    """Rows of a segment of the journal, one key each, and a Redis that is not there."""
    row_count = lab.settings.down_rows
    daemon = lab.launch_daemon(redis_url=f"unix://{lab.dir}/no-redis.sock")
    lab.sql(
        "INSERT INTO uncache.journal_1 SELECT pg_current_xact_id(), n, now(), 'default', 'keys', ARRAY['key:' || n]"
        f" FROM generate_series(1, {row_count}) n"
    )
    time.sleep(1 if lab.settings.is_smoke else 10)
    report.add("peak while Redis is down, KiB", "daemon", row_count, 1,
               processes.status_kib(daemon.pid, "VmHWM"))
    daemon.stop()


def _summarize(report, shapes):
    settings = report.settings
    for rows_per_transaction, count in shapes:
        variant = f"{rows_per_transaction} rows a transaction"
        is_aim = count >= AIM_KEYS
        report.show_metric("keys/s, redis-benchmark", "keys/s", f"redis-benchmark, {variant}", count)
        report.show_metric(f"keys/s, {variant}", "keys/s", variant, count)
        report.show_ratio(f"keys/s, {variant} / redis-benchmark", "keys/s", count,
                          (variant, f"redis-benchmark, {variant}"), ">= 0.5" if is_aim else None)
        report.show_metric("KiB, the daemon's peak", "peak, KiB", variant, count,
                           "<= 32768" if is_aim else None)
        report.show_metric("processor seconds, the daemon", "cpu seconds", variant, count)
    count = settings.drain_tls_keys
    is_aim = count >= AIM_TLS_KEYS
    for variant in ("over TCP", "over TLS", CLUSTER):
        report.show_metric(f"keys/s, {variant}", "keys/s", variant, count)
        report.show_metric(f"processor seconds, the daemon {variant}", "cpu seconds", variant, count)
    report.show_ratio("keys/s, over TLS / over TCP", "keys/s", count, ("over TLS", "over TCP"), ">= 0.6" if is_aim else None)
    report.show_ratio(f"keys/s, {CLUSTER} / over TCP", "keys/s", count, (CLUSTER, "over TCP"), ">= 0.5" if is_aim else None)
    report.show_metric("KiB, the daemon's peak over TLS", "peak, KiB", "over TLS", count, "<= 24576" if is_aim else None)
    report.show_metric(f"KiB, the daemon's peak {CLUSTER}", "peak, KiB", CLUSTER, count, "<= 24576" if is_aim else None)
    report.show_metric("KiB, the daemon's peak while Redis is down", "peak while Redis is down, KiB", "daemon",
                       settings.down_rows, "<= 32768" if settings.down_rows >= AIM_DOWN_ROWS else None)
