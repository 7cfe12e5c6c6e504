"""The servers of a run in a temporary directory: PostgreSQL with one database, Redis, uncached."""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from lab import daemon, postgres, processes
from lab.redis_cluster import RedisCluster
from lab.redis_server import RedisServer

ROOT = postgres.ROOT
WAIT_S = 120


def end_on_signals():
    """For a main program: what it has begun is undone when it is asked to end, too."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))


class Lab:
    """Use it by "with". The caller starts what it needs; the end stops it, and removes the directory.

    settings: lines of postgresql.conf; is_kept: the directory stays
    """

    def __init__(self, name, database, settings, is_kept=False):
        self.database = database
        self.user = processes.server_user()
        self._name = name
        self._settings = settings
        self._is_kept = is_kept
        self._at_end = contextlib.ExitStack()

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix=f"uncache-{self._name}.", dir="/tmp"))
        self.servers = self.dir / "servers"
        try:
            self.dir.chmod(0o755)
            self._uncached = shutil.copy(ROOT / "listener" / "uncached", self.dir)
            self.bin = postgres.install(self.dir / "postgres")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        try:
            self.stop_servers()
        finally:
            if self._is_kept:
                print(f"kept: {self.dir}")
            else:
                shutil.rmtree(self.dir, ignore_errors=True)

    # --- servers ---

    def start_postgres(self):
        """A new one, in an empty directory, with an empty database."""
        shutil.rmtree(self.servers, ignore_errors=True)
        self.servers.mkdir()
        if self.user is not None:
            os.chown(self.servers, self.user.pw_uid, self.user.pw_gid)
        self.postgres = postgres.Postgres(self.bin, self.servers, self.user, self._settings)
        self.at_end(self.postgres.stop)
        self.postgres.create_database(self.database)

    def start_redis(self, certificate=None):
        self.redis = RedisServer(self.servers, self.servers / "redis.log", self.user, certificate)
        self.at_end(self.redis.stop)
        self.cache = self.redis.client()

    def start_redis_cluster(self):
        self.cluster = RedisCluster(self.servers, self.servers / "cluster.log", self.user)
        self.at_end(self.cluster.stop)

    def install_uncache(self):
        self.sql(*daemon.INSTALL)

    def launch_daemon(self, *options, redis_url=None, env=None):
        """A daemon that has just been started. It may be stopped before the lab ends. env: variables to set."""
        launched = daemon.Daemon(
            self._uncached,
            ["--dsn", self.conninfo(daemon.ROLE), "--redis", redis_url or f"unix://{self.redis.socket}", *options],
            self.servers / "uncached.log", self.user, env={**os.environ, **(env or {})},
        )
        self.at_end(launched.stop)
        return launched

    def start_daemon(self):
        """A daemon that has registered itself and done its first resync."""
        launched = self.launch_daemon()
        launched.wait_until_ready(lambda: self.sql(daemon.COUNT_READY)[0])
        return launched

    def stop_servers(self):
        """What was started last is stopped first."""
        self._at_end.close()

    def at_end(self, function):
        """Calls it at the end, before anything is stopped that runs already."""
        self._at_end.callback(function)

    # --- clients ---

    def conninfo(self, role="postgres"):
        return self.postgres.conninfo(self.database, role)

    def sql(self, *commands):
        """Runs each by itself; the last one's rows, as lines."""
        return self.postgres.sql(self.database, *commands)

    def wait_until_applied(self):
        """Everything committed so far has been deleted from Redis."""
        if self.sql(f"SELECT uncache.wait('{WAIT_S} s')") != ["t"]:
            raise processes.Failure("the daemon does not catch up")
