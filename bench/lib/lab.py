"""A private PostgreSQL, a private Redis and the daemon, in a temporary directory."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import processes
from settings import ROOT

DATABASE = "bench"
POSTGRES_SETTINGS = """
listen_addresses = ''
autovacuum = off
max_connections = 200
shared_buffers = 512MB
max_wal_size = 16GB
checkpoint_timeout = 1h
wal_level = logical
max_replication_slots = 4
"""


class Daemon:
    """uncached. Paused, it costs the others nothing."""

    def __init__(self, lab, *options, redis=None):
        url = f"unix://{redis or lab.redis_socket}"
        self._log = open(lab.dir / "uncached.log", "ab")
        self.process = subprocess.Popen(
            processes.as_server(
                [str(lab.dir / "uncached"), "--dsn", lab.conninfo("uncached"), "--redis", url, *options],
                lab.user,
            ),
            stdout=self._log,
            stderr=self._log,
        )
        self.pid = self.process.pid

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process.poll() is None:
            self.resume()
        processes.stop(self.process)
        self._log.close()


class Session:
    """One psql that stays connected."""

    def __init__(self, lab, database=DATABASE):
        self._process = processes.start(
            [lab.bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", lab.conninfo(database=database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, script):
        """The rows that the script returns, as lines."""
        self._process.stdin.write(script + "\n\\echo end of script\n")
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            if line == "end of script\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise SystemExit(f"bench: psql failed at: {script}")

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Lab:
    """Servers of one part of the bench. Use it by "with"."""

    def __init__(self, settings, postgres_settings=""):
        self.settings = settings
        self.user = processes.server_user()
        self._redis = None
        self._has_postgres = False
        self._postgres_settings = (
            POSTGRES_SETTINGS + f"fsync = {settings.fsync}\n" + postgres_settings
        )

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="uncache-bench.", dir="/tmp"))
        self.redis_socket = self.dir / "servers" / "redis.sock"
        try:
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        if self._redis is not None:
            processes.stop(self._redis)
        if self._has_postgres:
            self._pg_ctl("-m", "immediate", "-w", "stop")
        if os.environ.get("KEEP"):
            print(f"kept: {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def _prepare(self):
        self.dir.chmod(0o755)
        shutil.copy(ROOT / "listener" / "uncached", self.dir / "uncached")
        self.bin = Path(
            processes.run([ROOT / "tests/lib/private_postgres.sh", self.dir / "postgres"]).strip()
        )
        servers = self.dir / "servers"
        servers.mkdir()
        if self.user is not None:
            os.chown(servers, self.user.pw_uid, self.user.pw_gid)
        self._start_postgres(servers)
        self._start_redis(servers)
        self.sql(
            "CREATE EXTENSION uncache",
            "CREATE ROLE uncached LOGIN",
            "SELECT uncache.grant_consumer('uncached')",
        )

    def _as_server(self, command):
        return processes.run(processes.as_server([str(word) for word in command], self.user), cwd="/")

    def _pg_ctl(self, *options):
        self._as_server([self.bin / "pg_ctl", "-D", self.dir / "servers/data", *options])

    def _start_postgres(self, servers):
        self._as_server(
            [self.bin / "initdb", "-D", servers / "data", "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--no-locale", "--no-sync"]
        )
        with open(servers / "data/postgresql.conf", "a", encoding="ascii") as file:
            file.write(self._postgres_settings)
            file.write(f"unix_socket_directories = '{servers}'\n")
        self._pg_ctl("-l", servers / "postgres.log", "-w", "start")
        self._has_postgres = True
        processes.run([self.bin / "createdb", "-h", servers, "-U", "postgres", DATABASE])

    def _start_redis(self, servers):
        with open(self.dir / "redis.log", "wb") as log:
            self._redis = subprocess.Popen(
                processes.as_server(
                    ["redis-server", "--port", "0", "--unixsocket", str(self.redis_socket),
                     "--save", "", "--appendonly", "no", "--dir", str(servers),
                     "--enable-debug-command", "yes"],
                    self.user,
                ),
                stdout=log,
                stderr=log,
            )
        processes.wait_for("Redis' start", lambda: processes.listens(self.redis_socket))

    def conninfo(self, role="postgres", database=DATABASE):
        return f"host={self.dir / 'servers'} dbname={database} user={role}"

    def sql(self, *commands):
        """Runs each by itself; the last one's rows, as lines."""
        options = [word for command in commands for word in ("-c", command)]
        return processes.run(
            [self.bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.conninfo(), *options]
        ).splitlines()

    def redis(self, *command):
        return processes.run(["redis-cli", "-s", self.redis_socket, *command]).strip()

    def start_daemon(self):
        """A daemon that has registered itself and done its first resync."""
        daemon = Daemon(self)
        processes.wait_for("the daemon's registration", self._daemon_is_ready, pause_s=0.1)
        return daemon

    def _daemon_is_ready(self):
        return self.sql("SELECT state FROM uncache.status WHERE worker_pid IS NOT NULL") == ["ready"]

    def wait_until_applied(self):
        """Everything committed so far has been deleted from Redis."""
        if self.sql("SELECT uncache.wait('1 minute')") != ["t"]:
            raise SystemExit("bench: the daemon does not catch up")

    def pgbench(self, script, schema, *options):
        """Runs a script of bench/pgbench against the tables of a schema; its tps."""
        process = self.start_pgbench(script, schema, *options)
        text, _ = process.communicate()
        for line in text.splitlines():
            if line.startswith("tps = ") and process.returncode == 0:
                return float(line.split()[2])
        raise SystemExit(f"bench: pgbench said: {text}")

    def start_pgbench(self, script, schema, *options):
        """The same in the background."""
        return processes.start(
            [self.bin / "pgbench", "-n", "-M", "prepared", "-f", ROOT / "bench/pgbench" / script,
             "-h", self.dir / "servers", "-U", "postgres", *options, DATABASE],
            env={**os.environ, "PGOPTIONS": f"-c search_path={schema}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
