"""The lab as the bench has it: settings for a load, all servers started, pgbench."""

import os
import subprocess

from lab import postgres, processes
from lab.lab import Lab as TestLab
from settings import ROOT

DATABASE = "bench"
POSTGRES_SETTINGS = """
autovacuum = off
max_connections = 200
shared_buffers = 512MB
max_wal_size = 16GB
checkpoint_timeout = 1h
wal_level = logical
max_replication_slots = 4
"""
STATEMENTS_SETTINGS = "shared_preload_libraries = 'pg_stat_statements'\n"
# sets key:000000000000 and the like; a call at a time must not take long
FILL = """
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
	redis.call('SET', string.format('key:%012d', i), ARGV[3])
end
"""
FILL_CHUNK = 100000
# the same for a node of a cluster, which refuses keys that are not its own
FILL_OWN = FILL.replace("redis.call", "redis.pcall")


class Lab(TestLab):
    """Servers of one part of the bench, without a daemon. Use it by "with"; KEEP leaves the directory."""

    def __init__(self, settings, postgres_settings=""):
        super().__init__("bench", DATABASE, f"{POSTGRES_SETTINGS}fsync = {settings.fsync}\n{postgres_settings}",
                         is_kept=bool(os.environ.get("KEEP")))
        self.settings = settings

    def __enter__(self):
        super().__enter__()
        try:
            self.start_postgres()
            self.start_redis()
            self.install_uncache()
        except BaseException:
            self.__exit__()
            raise
        return self

    def session(self, database=DATABASE):
        """A psql that stays connected."""
        return postgres.Session(self.postgres, database)

    def pgbench(self, script, schema, *options):
        """Runs a script of bench/pgbench against the tables of a schema; its tps."""
        process = self.start_pgbench(script, schema, *options)
        text, _ = process.communicate()
        for line in text.splitlines():
            if line.startswith("tps = ") and process.returncode == 0:
                return float(line.split()[2])
        raise processes.Failure(f"pgbench said: {text}")

    def start_pgbench(self, script, schema, *options):
        """The same in the background."""
        return processes.start(
            [self.bin / "pgbench", "-n", "-M", "prepared", "-f", ROOT / "bench/pgbench" / script,
             "-h", self.servers, "-U", "postgres", *options, DATABASE],
            env={**os.environ, "PGOPTIONS": f"-c search_path={schema}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def fill_redis(self, key_count, value):
        """So many keys, from key:000000000000 on, and no others."""
        self.cache.flushall()
        _fill(self.cache, FILL, key_count, value)

    def fill_cluster(self, key_count, value):
        """The same keys in the cluster."""
        self.cluster.flush()
        for node in self.cluster.nodes:
            _fill(node, FILL_OWN, key_count, value)
        if self.cluster.key_count() != key_count:
            raise processes.Failure("the cluster lacks keys")


def _fill(client, script, key_count, value):
    for first in range(0, key_count, FILL_CHUNK):
        client.eval(script, 0, first, min(first + FILL_CHUNK, key_count) - 1, value)
