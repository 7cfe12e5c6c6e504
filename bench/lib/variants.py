"""Who deletes the keys: nobody, uncache, and what a user would write instead.

Each variant has a schema of its own with a table "account"; the key of a row is
"<schema>:<id>". Only the variant that is being measured has its listener at work.
"""

import shutil
import subprocess
from pathlib import Path

from lab import processes
from settings import ROOT

PEERS = ROOT / "bench" / "peers"
SETTLED_ROW = 0

NOTIFY_TRIGGER = """
CREATE FUNCTION {schema}.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_catalog.pg_notify('{schema}', '{schema}:' || NEW.id);
	RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON {schema}.account FOR EACH ROW EXECUTE FUNCTION {schema}.tell();
"""
EMPTY_TRIGGER = """
CREATE FUNCTION {schema}.do_nothing() RETURNS trigger LANGUAGE c AS '{library}', 'empty_trigger';
CREATE TRIGGER do_nothing AFTER INSERT OR UPDATE OR DELETE ON {schema}.account
	FOR EACH ROW EXECUTE FUNCTION {schema}.do_nothing();
"""
RULE_TRIGGER = """
CREATE TRIGGER rule_{number} AFTER INSERT OR UPDATE OR DELETE ON {schema}.account
	FOR EACH ROW EXECUTE FUNCTION uncache.keys('{key}')
"""


def create_table(lab, schema, row_count):
    """Rows 0 to row_count; there is room for HOT updates."""
    lab.sql(
        f"CREATE SCHEMA {schema}",
        f"CREATE TABLE {schema}.account (id int PRIMARY KEY, balance int NOT NULL, note text NOT NULL)"
        " WITH (fillfactor = 50)",
        f"INSERT INTO {schema}.account SELECT n, 0, repeat('x', 80) FROM generate_series(0, {row_count}) n",
        f"VACUUM ANALYZE {schema}.account",
    )


class Plain:
    """No trigger at all."""

    name = "plain"
    # measured at one number of clients only
    is_for_growth = False
    # the process that deletes keys, while it works
    listener_pid = None

    def __init__(self, lab):
        self.lab = lab
        self.schema = self.name

    def create(self, row_count):
        create_table(self.lab, self.schema, row_count)
        self.add_rule()
        self.lab.at_end(self.close)

    def add_rule(self):
        """What makes the table's changes known."""

    def start(self):
        """Its listener works; "stop" is called when the measurement is over."""

    def stop(self):
        pass

    def settle(self):
        """Until all keys that were changed so far are gone."""

    def close(self):
        pass


class EmptyTrigger(Plain):
    """What an AFTER ROW trigger in C costs PostgreSQL in any case."""

    name = "empty_trigger"

    def add_rule(self):
        library = Path(shutil.copy(ROOT / "bench/build/empty_trigger.so", self.lab.dir))
        library.chmod(0o755)
        self.lab.sql(EMPTY_TRIGGER.format(schema=self.schema, library=library))


class Listening(Plain):
    """A variant with a listener, which has to delete what it should."""

    def settle(self):
        key = f"{self.schema}:{SETTLED_ROW}"
        self.lab.cache.set(key, "cached")
        self.lab.sql(f"UPDATE {self.schema}.account SET balance = balance + 1 WHERE id = {SETTLED_ROW}")
        processes.wait_for(lambda: not self.lab.cache.exists(key), f"{key} is not deleted", timeout_s=60)


class Uncache(Listening):
    """Our rule; one daemon for all rounds, so that each pays for trimming."""

    name = "uncache"

    def __init__(self, lab, daemon, rule_count=1):
        super().__init__(lab)
        self.daemon = daemon
        self.listener_pid = daemon.pid
        self.rule_count = rule_count
        self.schema = f"rules_{rule_count}"
        if rule_count > 1:
            self.name = f"uncache_{self.schema}"
            self.is_for_growth = True

    def add_rule(self):
        for number in range(self.rule_count):
            key = f"{self.schema}:{{id}}" + (f":{number}" if number else "")
            self.lab.sql(RULE_TRIGGER.format(number=number, schema=self.schema, key=key))

    def start(self):
        self.daemon.resume()
        self.settle()

    def stop(self):
        self.settle()
        self.lab.wait_until_applied()
        self.daemon.pause()


class UncacheOneRule(Uncache):
    """Several keys by one rule: PostgreSQL fires one trigger for all of them."""

    is_for_growth = True

    def __init__(self, lab, daemon, key_count):
        super().__init__(lab, daemon)
        self.key_count = key_count
        self.schema = f"keys_{key_count}"
        self.name = f"uncache_{self.schema}"

    def add_rule(self):
        keys = [f"{self.schema}:{{id}}"] + [f"{self.schema}:{{id}}:{n}" for n in range(1, self.key_count)]
        self.lab.sql(RULE_TRIGGER.format(number=0, schema=self.schema, key="', '".join(keys)))


class Peer(Listening):
    """A program in Node.js that listens; it says "ready" when it does."""

    script = None

    def __init__(self, lab):
        super().__init__(lab)
        self._process = None

    def arguments(self):
        return [self.schema]

    def start(self):
        self._process = processes.start(
            ["node", PEERS / self.script, self.lab.servers, self.lab.redis.socket, *self.arguments()],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.listener_pid = self._process.pid
        if self._process.stdout.readline() != "ready\n":
            raise processes.Failure(f"{self.script} does not start")
        self.settle()

    def stop(self):
        self.settle()
        self.close()

    def close(self):
        if self._process is not None:
            processes.stop(self._process)
            self._process.stdout.close()
            self._process = None


class NotifyPg(Peer):
    name = "notify_pg"
    script = "notify_pg.js"

    def add_rule(self):
        self.lab.sql(NOTIFY_TRIGGER.format(schema=self.schema))


class NotifyPostgres(NotifyPg):
    name = "notify_postgres"
    script = "notify_postgres.js"


class Pgoutput(Peer):
    """Its slot is there only while it is measured, or it would decode the others' changes."""

    name = "pgoutput"
    script = "pgoutput.js"

    def add_rule(self):
        self.lab.sql(f"CREATE PUBLICATION {self.schema} FOR TABLE {self.schema}.account")

    def arguments(self):
        return [self.schema, f"{self.schema}_slot"]

    def start(self):
        self.lab.sql(f"SELECT pg_create_logical_replication_slot('{self.schema}_slot', 'pgoutput')")
        super().start()

    def close(self):
        super().close()
        processes.wait_for(self._drop_slot, "the slot is not released", timeout_s=60, pause_s=0.1)

    def _drop_slot(self):
        slot = f"FROM pg_replication_slots WHERE slot_name = '{self.schema}_slot'"
        self.lab.sql(f"SELECT pg_drop_replication_slot(slot_name) {slot} AND NOT active")
        return not self.lab.sql(f"SELECT 1 {slot}")


def create_watched(lab):
    """A daemon at work, and a table with our rule."""
    daemon = lab.start_daemon()
    ours = Uncache(lab, daemon)
    ours.create(lab.settings.table_rows)
    return daemon, ours


def peer_classes(settings):
    """Those that can run here; says why if none can."""
    if not settings.with_peers:
        return []
    if shutil.which("node") is None or not (PEERS / "node_modules" / "ioredis").is_dir():
        print("bench: without peers: they need node and npm (see bench/README.md)")
        return []
    return [NotifyPg, NotifyPostgres, Pgoutput]
