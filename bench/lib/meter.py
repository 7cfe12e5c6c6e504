"""What the servers of a lab use: processor time by role, WAL by kind of record."""

import time
from dataclasses import dataclass
from pathlib import Path

from lab import processes

WRITERS, BACKEND, LISTENER, REDIS, BACKGROUND = ROLES = ("writers", "its backend", "listener", "Redis", "background")
# the sum in a dictionary of kinds
ALL = "all"
# pgbench names itself; whoever else is connected works for a listener
BACKENDS = f"""
SELECT pid,
	CASE WHEN application_name = 'pgbench' THEN '{WRITERS}'
		WHEN backend_type IN ('client backend', 'walsender') THEN '{BACKEND}'
		ELSE '{BACKGROUND}' END
FROM pg_stat_activity WHERE pid <> pg_backend_pid()
"""
POSITION = "SELECT pg_current_wal_insert_lsn()"
# the log up to here can be read
FLUSH = "SELECT pg_logical_emit_message(true, '', '')"
RECORDS = """
SELECT "resource_manager/record_type", record_size, fpi_size
FROM pg_get_wal_stats('{}', '{}', true) WHERE count > 0
"""
OWN_TABLES = "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'uncache'::regnamespace AND relkind = 'r'"


@dataclass(frozen=True)
class Sample:
    """at: seconds, by the clock of pgbench's log; used_ns: what each process has had; position: in the WAL."""

    at: float
    used_ns: dict
    position: str


class Meter:
    """Reads by a session of its own, whose processor time does not count."""

    def __init__(self, lab):
        lab.sql("CREATE EXTENSION pg_walinspect")
        self._session = lab.session()
        lab.at_end(self._session.close)
        self._pid = int(self.value("SELECT pg_backend_pid()"))
        self._redis_pid = lab.cache.info("server")["process_id"]

    def value(self, query):
        return self._session.run(query + ";")[0]

    def roles(self, variant):
        """Process to role, of all that work while the variant is measured."""
        roles = {self._redis_pid: REDIS}
        if variant.listener_pid is not None:
            roles[variant.listener_pid] = LISTENER
        for line in self._session.run(BACKENDS + ";"):
            pid, role = line.split("|")
            roles[int(pid)] = role
        return roles

    def sample(self, roles):
        """All of these must live until the next sample: what an ended process had is lost."""
        used_ns = {pid: process_ns(pid) for pid in roles}
        return Sample(time.time(), used_ns, self.value(POSITION))

    def wal(self, before, after):
        """Kind of record to bytes. Images of pages are left out: checkpoints decide how many there are."""
        self.value(FLUSH)
        sizes = {}
        images = 0
        for line in self._session.run(RECORDS.format(before.position, after.position) + ";"):
            kind, size, image_size = line.split("|")
            sizes[kind] = int(size)
            images += int(image_size)
        difference = int(self.value(f"SELECT pg_wal_lsn_diff('{after.position}', '{before.position}')"))
        return {**sizes, ALL: difference - images}

    def vacuum(self):
        """What autovacuum would do about our tables: its nanoseconds, its bytes of WAL."""
        tables = self._session.run(OWN_TABLES + ";")
        own = {self._pid: BACKGROUND}
        before = self.sample(own)
        self._session.run(f"VACUUM {', '.join(tables)};")
        after = self.sample(own)
        return used_ns(own, before, after)[BACKGROUND], self.wal(before, after)[ALL]


def used_ns(roles, before, after):
    """Role to what its processes had between two samples."""
    used = dict.fromkeys(ROLES, 0)
    for pid, role in roles.items():
        used[role] += after.used_ns[pid] - before.used_ns[pid]
    return used


def process_ns(pid):
    """Of all threads. The scheduler counts nanoseconds; "stat" would be ticks."""
    try:
        return sum(int(file.read_text("ascii").split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    except OSError as problem:
        raise processes.Failure(f"process {pid} ended while it was measured") from problem
