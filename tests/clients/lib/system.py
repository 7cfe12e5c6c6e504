"""An example system: its database, its Redis server and its daemon.

PostgreSQL is the one that tests/lib/clients.sh has started.
"""

import contextlib
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import psycopg2

from lab import daemon, postgres, processes
from lab.redis_server import RedisServer

DEADLINE_S = 30


class System:
    """One of sql/examples/<example>, in a database of its own.

    targets: alias → dict(db=…, prefix=…, and other options of a target)
    """

    def __init__(self, name, targets, example=None, files=("schema", "data", "rules")):
        self.name = name
        self.example = example or name
        self.directory = tempfile.mkdtemp()
        self.targets = targets
        self.daemon = None
        self.log_directory = os.environ["TESTLOGDIR"]
        self._server = RedisServer(Path(self.directory), self._log("redis"))
        self.socket = str(self._server.socket)
        self._make_database(files)
        self.start_daemon()

    # --- servers ---

    def _log(self, program):
        return os.path.join(self.log_directory, f"{self.name}-{program}.log")

    def _make_database(self, files):
        processes.run(["createdb", self.name])
        for command in daemon.INSTALL:
            self.psql(command)
        for file in files:
            self.psql_file(file)

    def _write_config(self):
        path = os.path.join(self.directory, "uncached.ini")
        with open(path, "w") as file:
            file.write(f'[postgres]\ndsn = dbname={self.name} user={daemon.ROLE}\n')
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
        self.daemon = daemon.Daemon("uncached", ["--config", self._write_config()], self._log("uncached"))
        self.daemon.wait_until_ready(lambda: self.query(daemon.COUNT_READY)[0][0], len(self.targets))
        self.settle()

    def stop_daemon(self):
        self.daemon.stop()
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
        if self.daemon is not None:
            self.daemon.stop()
        self._server.stop()
        shutil.rmtree(self.directory)

    # --- clients ---

    def url(self, db=0):
        return self._server.url(db)

    def redis(self, db=0, **options):
        return self._server.client(db, **options)

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
        return postgres.psql(self.name, script=sql).strip()

    def psql_file(self, file):
        postgres.psql(self.name, "-f", os.path.join(os.environ["EXAMPLES"], self.example, f"{file}.sql"))

    def settle(self):
        """Everything that was committed has been applied."""
        ((done,),) = self.query("SELECT uncache.wait(%s)", f"{DEADLINE_S} s")
        if not done:
            raise processes.Failure("uncache.wait")


def main():
    unittest.main(verbosity=2)
