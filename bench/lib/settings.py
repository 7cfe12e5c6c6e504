"""What can be set from the environment, and its defaults."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# name: (for a real run, for a smoke run)
DEFAULTS = {
    "ROUNDS": ("5", "1"),
    "SECONDS": ("5", "1"),
    "CLIENTS": ("1 4 16 64", "2"),
    "RULES": ("1 4 16", "1 2"),
    "FSYNC": ("on", "off"),
    "TABLE_ROWS": ("100000", "1000"),
    "BULK_ROWS": ("1 100 10000 100000 1000000", "1 5000"),
    "COMMITS": ("400", "20"),
    "DRAIN_KEYS": ("100000 1000000 5000000", "1000 5000"),
    "DRAIN_SINGLE_KEYS": ("1000000", "1000"),
    "DRAIN_TLS_KEYS": ("1000000", "1000"),
    "DOWN_ROWS": ("10000000", "10000"),
    "IDLE_SECONDS": ("30", "1"),
    "MINUTES": ("0.5", "0.05"),
    "SNAPSHOT_TPS": ("5000", "200"),
    "DDL_RULES": ("0 1000 22000", "0 80"),
    "DDL_REPEATS": ("5", "1"),
    "DDL_PARTITIONS": ("10 100 1000 4000", "10"),
    "COST_ROUNDS": ("8", "1"),
    "COST_PEER_ROUNDS": ("2", "1"),
    "COST_SECONDS": ("2", "1"),
    "COST_CLIENTS": ("8", "2"),
    "COST_RATE": ("3000", "200"),
    "PEERS": ("yes", "yes"),
}


@dataclass(frozen=True)
class Settings:
    """Times in seconds unless the name says otherwise."""

    is_smoke: bool
    rounds: int
    seconds: int
    clients: list
    rules: list
    fsync: str
    table_rows: int
    bulk_rows: list
    commits: int
    drain_keys: list
    drain_single_keys: int
    drain_tls_keys: int
    down_rows: int
    idle_seconds: int
    minutes: float
    snapshot_tps: int
    ddl_rules: list
    ddl_repeats: int
    ddl_partitions: list
    cost_rounds: int
    cost_peer_rounds: int
    cost_seconds: int
    cost_clients: int
    cost_rate: int
    with_peers: bool
    results: Path


def _numbers(text):
    return [int(word) for word in text.split()]


def read():
    """The environment's settings; what is not set has its default."""
    is_smoke = os.environ.get("SMOKE", "") not in ("", "0")
    text = {
        name: os.environ.get(name) or default[is_smoke]
        for name, default in DEFAULTS.items()
    }
    return Settings(
        is_smoke=is_smoke,
        rounds=int(text["ROUNDS"]),
        seconds=int(text["SECONDS"]),
        clients=_numbers(text["CLIENTS"]),
        rules=_numbers(text["RULES"]),
        fsync=text["FSYNC"],
        table_rows=int(text["TABLE_ROWS"]),
        bulk_rows=_numbers(text["BULK_ROWS"]),
        commits=int(text["COMMITS"]),
        drain_keys=_numbers(text["DRAIN_KEYS"]),
        drain_single_keys=int(text["DRAIN_SINGLE_KEYS"]),
        drain_tls_keys=int(text["DRAIN_TLS_KEYS"]),
        down_rows=int(text["DOWN_ROWS"]),
        idle_seconds=int(text["IDLE_SECONDS"]),
        minutes=float(text["MINUTES"]),
        snapshot_tps=int(text["SNAPSHOT_TPS"]),
        ddl_rules=_numbers(text["DDL_RULES"]),
        ddl_repeats=int(text["DDL_REPEATS"]),
        ddl_partitions=_numbers(text["DDL_PARTITIONS"]),
        cost_rounds=int(text["COST_ROUNDS"]),
        cost_peer_rounds=int(text["COST_PEER_ROUNDS"]),
        cost_seconds=int(text["COST_SECONDS"]),
        cost_clients=int(text["COST_CLIENTS"]),
        cost_rate=int(text["COST_RATE"]),
        with_peers=text["PEERS"] == "yes",
        results=Path(os.environ.get("RESULTS") or ROOT / "bench" / "results"),
    )
