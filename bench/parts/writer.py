"""What a rule costs a writer: single-row UPDATEs, by clients and by rules."""

import variants
from bench_lab import Lab
from report import Report

# the journal's rows of one round are trimmed in the next
RETENTION = "ALTER ROLE uncached SET uncache.retention = 1"
GROWTH_CLIENTS = 16


def run(settings):
    report = Report("writer", settings)
    with Lab(settings) as lab:
        lab.sql(RETENTION)
        daemon = lab.start_daemon()
        every = _create_variants(lab, daemon)
        for number in range(int(settings.is_smoke), settings.rounds + 1):
            _run_round(lab, report, every, number)
    _summarize(report)
    report.finish()


def _create_variants(lab, daemon):
    every = [variants.Plain(lab)]
    every += [variants.Uncache(lab, daemon, count) for count in lab.settings.rules]
    every += [variants.UncacheOneRule(lab, daemon, count) for count in lab.settings.rules[1:]]
    every += [peer(lab) for peer in variants.peer_classes(lab.settings)]
    for variant in every:
        variant.create(lab.settings.table_rows)
    daemon.pause()
    return every


def _clients_of(variant, settings):
    """Growth by clients where there is a target, the rest at one point."""
    if variant.is_for_growth:
        return [GROWTH_CLIENTS]
    return settings.clients


def _run_round(lab, report, every, number):
    """Round 0 warms up. The order turns, so that none is always the first."""
    settings = lab.settings
    shift = number % len(every)
    for client_count in sorted({*settings.clients, GROWTH_CLIENTS}):
        lab.sql("VACUUM", "CHECKPOINT")
        for variant in every[shift:] + every[:shift]:
            if client_count in _clients_of(variant, settings) or (
                client_count == GROWTH_CLIENTS and variant.name == "plain"
            ):
                tps = _measure(lab, variant, client_count, 1 if number == 0 else settings.seconds)
                if number > 0:
                    report.add("tps", variant.name, client_count, number, tps)


def _measure(lab, variant, client_count, seconds):
    variant.start()
    tps = lab.pgbench(
        "update_row.sql", variant.schema, "-c", client_count, "-j", min(client_count, 2),
        "-T", seconds, "-D", f"rows={lab.settings.table_rows}",
    )
    variant.stop()
    return tps


def _summarize(report):
    settings = report.settings
    target = {1: ">= 0.90", 16: ">= 0.85", 64: ">= 0.85"}
    against = {16: ">= 2", 64: ">= 3"}
    for count in settings.clients:
        report.show_metric("tps, no trigger", "tps", "plain", count)
        report.show_ratio("tps, uncache / no trigger", "tps", count, ("uncache", "plain"), target.get(count))
        for peer in ("notify_pg", "notify_postgres", "pgoutput"):
            report.show_ratio(f"tps, {peer} / no trigger", "tps", count, (peer, "plain"))
            report.show_ratio(f"tps, uncache / {peer}", "tps", count, ("uncache", peer),
                              against.get(count) if peer == "notify_pg" else None)
    for rules in settings.rules[1:]:
        report.show_ratio(f"tps, uncache with {rules} rules / no trigger", "tps", GROWTH_CLIENTS,
                          (f"uncache_rules_{rules}", "plain"))
        report.show_ratio(f"tps, uncache with {rules} keys in one rule / no trigger", "tps", GROWTH_CLIENTS,
                          (f"uncache_keys_{rules}", "plain"))
