"""What uncache costs a command that changes the schema, by how many rules and partitions there are.

Each size has two databases that are alike, but that one has uncache.
"""

import re
from dataclasses import dataclass, replace

from bench_lab import Lab
from report import Report

# locks of a command that touches all partitions
SETTINGS = "max_locks_per_transaction = 1000\n"
TABLES_OF_A_TENANT = 40
RULES_OF_A_TABLE = 2
UNWATCHED_TARGET = "<= 1.2"
WATCHED_TARGET = "<= 2"
# the partitions by which linearity is judged: enough to outweigh what a command costs by itself
LINEAR_FROM = 100

# what the first command does, the last one undoes: they are repeated in a row
UNWATCHED = {
    "CREATE TEMP TABLE, DROP": "CREATE TEMP TABLE x (i int); DROP TABLE x;",
    "CREATE TABLE, DROP": "CREATE TABLE apart.x (id int PRIMARY KEY, v text); DROP TABLE apart.x;",
    "ADD COLUMN, DROP COLUMN": "ALTER TABLE apart.t ADD COLUMN c int; ALTER TABLE apart.t DROP COLUMN c;",
    "CREATE INDEX, DROP": "CREATE INDEX i ON apart.t (v); DROP INDEX apart.i;",
    "CREATE VIEW, DROP": "CREATE VIEW apart.w AS SELECT id FROM apart.t; DROP VIEW apart.w;",
    "CREATE FUNCTION, DROP": "CREATE FUNCTION apart.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION apart.f();",
    "SET STATISTICS": "ALTER TABLE apart.t ALTER v SET STATISTICS 50; ALTER TABLE apart.t ALTER v SET STATISTICS 100;",
    "GRANT, REVOKE": "GRANT SELECT ON apart.t TO pg_monitor; REVOKE SELECT ON apart.t FROM pg_monitor;",
    "COMMENT": "COMMENT ON TABLE apart.t IS 'a'; COMMENT ON TABLE apart.t IS 'b';",
    "CREATE SCHEMA, DROP": "CREATE SCHEMA s; DROP SCHEMA s;",
    "DETACH, ATTACH, of 1,000 partitions": "ALTER TABLE apart.parts DETACH PARTITION apart.parts_7;"
    " ALTER TABLE apart.parts ATTACH PARTITION apart.parts_7 FOR VALUES FROM (7) TO (8);",
}
WATCHED = {
    "ADD COLUMN, DROP COLUMN": "ALTER TABLE tenant_1.t1 ADD COLUMN c int; ALTER TABLE tenant_1.t1 DROP COLUMN c;",
    "RENAME COLUMN": "ALTER TABLE tenant_1.t1 RENAME name TO n; ALTER TABLE tenant_1.t1 RENAME n TO name;",
    "ALTER COLUMN TYPE": "ALTER TABLE tenant_1.t1 ALTER number TYPE bigint; ALTER TABLE tenant_1.t1 ALTER number TYPE int;",
    "SET STATISTICS": "ALTER TABLE tenant_1.t1 ALTER name SET STATISTICS 50; ALTER TABLE tenant_1.t1 ALTER name SET STATISTICS 100;",
    "CREATE INDEX, DROP": "CREATE INDEX i ON tenant_1.t1 (name); DROP INDEX tenant_1.i;",
    "CREATE VIEW, DROP": "CREATE VIEW tenant_1.w AS SELECT id FROM tenant_1.t1; DROP VIEW tenant_1.w;",
    "GRANT, REVOKE": "GRANT SELECT ON tenant_1.t1 TO pg_monitor; REVOKE SELECT ON tenant_1.t1 FROM pg_monitor;",
    "COMMENT": "COMMENT ON TABLE tenant_1.t1 IS 'a'; COMMENT ON TABLE tenant_1.t1 IS 'b';",
    "CREATE TABLE, DROP": "CREATE TABLE tenant_1.x (id int PRIMARY KEY, v text); DROP TABLE tenant_1.x;",
    "CREATE TABLE PARTITION OF, DROP": "CREATE TABLE tenant_1.parts_x PARTITION OF tenant_1.parts FOR VALUES FROM (100) TO (101);"
    " DROP TABLE tenant_1.parts_x;",
    "DETACH, ATTACH, of 10 partitions": "ALTER TABLE tenant_1.parts DETACH PARTITION tenant_1.parts_7;"
    " ALTER TABLE tenant_1.parts ATTACH PARTITION tenant_1.parts_7 FOR VALUES FROM (7) TO (8);",
}
ADD_COLUMN = "BEGIN; ALTER TABLE parts ADD COLUMN c int; ROLLBACK;"

# A transaction for each tenant, for the sake of its locks.
MAKE_TENANTS = """
DO $$ BEGIN
	FOR s IN 1..{tenants} LOOP
		EXECUTE format('CREATE SCHEMA tenant_%s', s);
		FOR t IN 1..{tables} LOOP
			EXECUTE format('CREATE TABLE tenant_%s.t%s (id int PRIMARY KEY, number int, name text)', s, t);
		END LOOP;
		COMMIT;
	END LOOP;
END $$;
"""
MAKE_PARTITIONS = """
CREATE TABLE {name} (id int, v text) PARTITION BY RANGE (id);
DO $$ BEGIN
	FOR n IN 0..{count} - 1 LOOP
		EXECUTE format('CREATE TABLE {name}_%s PARTITION OF {name} FOR VALUES FROM (%s) TO (%s)', n, n, n + 1);
		IF n % 100 = 99 THEN COMMIT; END IF;
	END LOOP;
END $$;
"""
WATCH_TENANTS = """
DO $$ BEGIN
	FOR s IN 1..{tenants} LOOP
		PERFORM uncache.watch_schema(format('tenant_%s', s)::regnamespace);
		COMMIT;
	END LOOP;
END $$;
"""
# Somebody wants what is invalidated; nobody fetches it.
REGISTER = "SELECT state FROM uncache.attach('default');"
TIME = re.compile(r"^Time: ([0-9.]+) ms")


@dataclass
class Pair:
    """Two databases: "plain" and "uncache"."""

    sessions: dict

    def measure(self, report, metric, size, number, script):
        """One after the other; which is the first turns with the round, and round 0 does not count."""
        names = list(self.sessions)
        for name in names[number % 2:] + names[:number % 2]:
            milliseconds = _milliseconds(self.sessions[name], script)
            if number > 0:
                report.add(metric, name, size, number, milliseconds)

    def close(self):
        for session in self.sessions.values():
            session.close()


def _milliseconds(session, script):
    lines = session.run("\\timing on\n" + script.replace("; ", ";\n") + "\n\\timing off")
    return sum(float(match[1]) for match in map(TIME.match, lines) if match)


def run(settings):
    # processor time is what rules cost; a disk would hide it
    settings = replace(settings, fsync="off")
    report = Report("ddl", settings)
    with Lab(settings, SETTINGS) as lab:
        for rules in settings.ddl_rules:
            _measure_rules(lab, report, rules)
        for partitions in settings.ddl_partitions:
            _measure_partitions(lab, report, partitions)
    _summarize(report)
    report.finish()


def _create_pair(lab, make, watch):
    """The second database is a copy of the first one."""
    for name, source in (("plain", "template0"), ("uncache", "plain")):
        lab.sql(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE {source}")
        session = lab.session(name)
        session.run(make if name == "plain" else f"CREATE EXTENSION uncache; {watch}")
        if name == "uncache":
            while session.run(REGISTER) == ["waiting"]:
                pass
            session.run("SELECT uncache.resynced('default');")
        session.run("VACUUM ANALYZE;")
        session.close()
    return Pair({name: lab.session(name) for name in ("plain", "uncache")})


def _measure_rules(lab, report, rules):
    tenants = -(-rules // (TABLES_OF_A_TENANT * RULES_OF_A_TABLE))
    make = "CREATE SCHEMA apart; CREATE TABLE apart.t (id int PRIMARY KEY, v text);"
    make += MAKE_PARTITIONS.format(name="apart.parts", count=1000)
    make += MAKE_TENANTS.format(tenants=tenants, tables=TABLES_OF_A_TENANT)
    if tenants:
        make += MAKE_PARTITIONS.format(name="tenant_1.parts", count=10)
    pair = _create_pair(lab, make, WATCH_TENANTS.format(tenants=tenants))
    try:
        for number in _rounds(report):
            for kind, commands in (("no rule", UNWATCHED), ("watched", WATCHED if tenants else {})):
                for name, script in commands.items():
                    pair.measure(report, f"{kind}: {name}, ms", rules, number, script * report.settings.ddl_repeats)
    finally:
        pair.close()


def _rounds(report):
    """Round 0 warms the sessions up."""
    return range(int(report.settings.is_smoke), report.settings.rounds + 1)


def _measure_partitions(lab, report, partitions):
    make = MAKE_PARTITIONS.format(name="parts", count=partitions)
    pair = _create_pair(lab, make, "SELECT uncache.watch('parts', 'parts:{id}');")
    try:
        for number in _rounds(report):
            pair.measure(report, "partitions: ADD COLUMN, ms", partitions, number, ADD_COLUMN)
    finally:
        pair.close()


def _summarize(report):
    settings = report.settings
    for rules in settings.ddl_rules:
        for kind, commands, target in (("no rule", UNWATCHED, UNWATCHED_TARGET), ("watched", WATCHED, WATCHED_TARGET)):
            for name in commands:
                metric = f"{kind}: {name}, ms"
                report.show_ratio(f"{kind}: {name}", metric, rules, ("uncache", "plain"), target)
    metric = "partitions: ADD COLUMN, ms"
    for partitions in settings.ddl_partitions:
        report.show_metric("ms for ADD COLUMN to a watched table, by partitions", metric, "uncache", partitions)
        report.show_ratio("ADD COLUMN to a watched table, by partitions", metric, partitions, ("uncache", "plain"), WATCHED_TARGET)
    _show_linearity(report, metric, [count for count in settings.ddl_partitions if count >= LINEAR_FROM])


def _show_linearity(report, metric, counts):
    """A partition's share where there are most / where there are fewest."""
    if len(counts) < 2:
        return
    least, most = (report.values(metric, "uncache", count) for count in (min(counts), max(counts)))
    shares = [(most[n] / max(counts)) / (least[n] / min(counts)) for n in most]
    report.show(f"time for a partition, of {max(counts)} / of {min(counts)}", max(counts), shares, "<= 1.5")
