"""A database with an example system in it, a Redis server and a daemon."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import psycopg2
import redis

DEADLINE_S = 30
PR_SET_PDEATHSIG = 1
ROLE = "uncached"


def _end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def poll(condition, what, deadline_s=DEADLINE_S):
    """Waits until condition() gives something true, and returns that."""
    end = time.monotonic() + deadline_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.002)


def _listens(path):
    """A server's socket is in the directory before it accepts connections."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0


class Lab:
    """One system, of sql/examples/<example>, in a database of its own.

    targets: alias → dict(db=…, prefix=…, and other options of a target)
    """

    def __init__(self, name, targets, example=None, files=("schema", "data", "rules")):
        self.name = name
        self.example = example or name
        self.directory = tempfile.mkdtemp()
        self.socket = os.path.join(self.directory, "redis")
        self.targets = targets
        self.redis_process = None
        self.daemon = None
        self.log_directory = os.environ["TESTLOGDIR"]
        self._start_redis()
        self._make_database(files)
        self.start_daemon()

    # --- servers ---

    def _log(self, program):
        return open(os.path.join(self.log_directory, f"{self.name}-{program}.log"), "ab")

    def _start(self, program, *command):
        with self._log(program) as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    preexec_fn=_end_with_parent)

    def _start_redis(self):
        self.redis_process = self._start("redis", "redis-server", "--port", "0", "--save", "",
                                         "--dir", self.directory, "--unixsocket", self.socket)
        poll(lambda: _listens(self.socket), "redis-server does not start")

    def _make_database(self, files):
        subprocess.run(["createdb", self.name], check=True)
        self.psql("CREATE EXTENSION uncache")
        with contextlib.suppress(subprocess.CalledProcessError):
            self.psql(f"CREATE ROLE {ROLE} LOGIN")
        self.psql(f"SELECT uncache.grant_consumer('{ROLE}')")
        for file in files:
            self.psql_file(file)

    def _write_config(self):
        path = os.path.join(self.directory, "uncached.ini")
        with open(path, "w") as file:
            file.write(f'[postgres]\ndsn = dbname={self.name} user={ROLE}\n')
            for alias, options in self.targets.items():
                file.write(f'[target {alias}]\nurl = {self.url(options.get("db", 0))}\n')
                for option, value in options.items():
                    if option == "prefix":
                        value = f'"{value}"'
                    if option != "db":
                        file.write(f"{option} = {value}\n")
        return path

    def start_daemon(self):
        """Starts the daemon, and waits until every target is applied and at rest."""
        self.daemon = self._start("uncached", "uncached", "--config", self._write_config())
        count = len(self.targets)
        poll(lambda: self.query("SELECT count(*) FROM uncache.status"
                                " WHERE state = 'ready' AND worker_pid IS NOT NULL") == [(count,)],
             "the daemon does not become ready")
        self.settle()

    def stop_daemon(self):
        self.daemon.terminate()
        self.daemon.wait(DEADLINE_S)
        self.daemon = None

    @contextlib.contextmanager
    def daemon_stopped(self):
        """What happens inside is applied only behind it: shows what would be stale without."""
        self.stop_daemon()
        try:
            yield
        finally:
            self.start_daemon()

    def close(self):
        for process in (self.daemon, self.redis_process):
            if process is not None:
                process.terminate()
                process.wait(DEADLINE_S)
        shutil.rmtree(self.directory)

    # --- clients ---

    def url(self, db=0):
        return f"unix://{self.socket}?db={db}"

    def redis(self, db=0, **options):
        return redis.Redis(unix_socket_path=self.socket, db=db, **options)

    def keys(self, db=0):
        """The names of all keys of a database, sorted."""
        return sorted(key.decode() for key in self.redis(db).keys("*"))

    def connect(self, **options):
        """A connection of psycopg2 that commits each statement."""
        connection = psycopg2.connect(dbname=self.name, **options)
        connection.autocommit = True
        return connection

    def query(self, sql, *parameters):
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else None

    def psql(self, sql):
        """Runs SQL by psql, as an operator would."""
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.name],
                              input=sql, text=True, check=True, capture_output=True).stdout.strip()

    def psql_file(self, file):
        path = os.path.join(os.environ["EXAMPLES"], self.example, f"{file}.sql")
        subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", self.name, "-f", path],
                       check=True, stdout=subprocess.DEVNULL)

    def settle(self):
        """Everything that was committed has been applied."""
        ((done,),) = self.query("SELECT uncache.wait(%s)", f"{DEADLINE_S} s")
        if not done:
            raise TimeoutError("uncache.wait")


def main():
    unittest.main(verbosity=2)
