"""A private PostgreSQL, and psql."""

import subprocess
from pathlib import Path

from lab import processes

ROOT = Path(__file__).resolve().parents[2]
PSQL_OPTIONS = ["-XAtq", "-v", "ON_ERROR_STOP=1"]


def install(directory):
    """Copies the installed PostgreSQL, with the extension in it; the directory of its programs."""
    return Path(processes.run([ROOT / "tests/lib/private_postgres.sh", directory]).strip())


def psql(conninfo, *options, program="psql", script=None):
    """What psql prints for its options, or for a script on its standard input."""
    return processes.run([program, *PSQL_OPTIONS, "-d", conninfo, *options], input=script)


class Postgres:
    """A server; its data, socket and log are in "directory", which belongs to its user.

    settings: lines of postgresql.conf
    """

    def __init__(self, bindir, directory, user, settings):
        self.bin = bindir
        self.directory = directory
        self._user = user
        processes.run(
            [bindir / "initdb", "-D", directory / "data", "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--no-locale", "--no-sync"],
            user, cwd=directory,
        )
        with open(directory / "data/postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"{settings}\nlisten_addresses = ''\nunix_socket_directories = '{directory}'\n")
        self._control("-l", directory / "postgres.log", "start")

    def _control(self, *options):
        processes.run([self.bin / "pg_ctl", "-D", self.directory / "data", "-w", *options],
                      self._user, cwd=self.directory)

    def stop(self):
        self._control("-m", "immediate", "stop")

    def create_database(self, name):
        processes.run([self.bin / "createdb", "-h", self.directory, "-U", "postgres", "-T", "template0", name])

    def conninfo(self, database, role="postgres"):
        return f"host={self.directory} dbname={database} user={role}"

    def sql(self, database, *commands):
        """Runs each by itself; the last one's rows, as lines."""
        options = [word for command in commands for word in ("-c", command)]
        return psql(self.conninfo(database), *options, program=self.bin / "psql").splitlines()


class Session:
    """One psql that stays connected."""

    def __init__(self, postgres, database):
        self._process = processes.start(
            [postgres.bin / "psql", *PSQL_OPTIONS, "-d", postgres.conninfo(database)],
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
        raise processes.Failure(f"psql failed at: {script}")

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
