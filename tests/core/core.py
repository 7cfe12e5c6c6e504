#!/usr/bin/python3
"""Runs PostgreSQL's own regression suite without uncache and with it, and tells what differs.

    tests/core/core.py

README.md says how. PG_CONFIG chooses the PostgreSQL, and EXTENSION the directory of the
extension that was built for it. Servers and results live in a temporary directory; KEEP=DIR
copies results, differences and logs there before it goes.
"""

import os
import shutil
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent

sys.path[:0] = [str(HERE), str(HERE.parent)]

import compare  # noqa: E402
from lab import processes  # noqa: E402
from lab.lab import ROOT, Lab, end_on_signals  # noqa: E402

# settings of the server and of the database as pg_regress makes them
POSTGRES_SETTINGS = """
fsync = off
max_prepared_transactions = 2
log_line_prefix = '%m %b[%p] %q%a '
log_lock_waits = on
"""
DATABASE_SETTINGS = ("lc_messages = 'C'", "lc_monetary = 'C'", "lc_numeric = 'C'", "lc_time = 'C'",
                     "bytea_output = 'hex'", "timezone_abbreviations = 'Default'")
DATABASE = "regression"
CONCURRENT_TESTS = 20


def config(option):
    """What pg_config says of a directory."""
    return processes.run([os.environ.get("PG_CONFIG", "pg_config"), f"--{option}"]).strip()


def build_suite(suite):
    """The suite with its library of C functions; two more are contrib's."""
    major = os.environ.get("PG_MAJOR") or "15"
    source = processes.run([ROOT / "tests/lib/postgres_source.sh", ROOT / f"build/postgresql-{major}"]).strip()
    shutil.copytree(Path(source) / "src/test/regress", suite)
    processes.run(["cc", "-O1", "-fPIC", "-fwrapv", "-fno-strict-aliasing", "-shared",
                   f"-I{config('includedir-server')}", "-o", suite / "regress.so", suite / "regress.c"])
    for name in ("autoinc", "refint"):
        shutil.copy(Path(config("pkglibdir")) / f"{name}.so", suite)
    processes.run(["chmod", "-R", "a+rX", suite])


def start_uncache(lab):
    lab.start_redis()
    lab.install_uncache()
    lab.start_daemon()
    lab.sql("SELECT uncache.watch_schema('public')")


def check_uncache(lab):
    """The caches of the suite's tables have to be invalidated still: a key of ours goes, and all is applied."""
    tag = "tag:public.uncache_probe:1"
    lab.cache.sadd(tag, "member")
    lab.sql("CREATE TABLE public.uncache_probe (id int PRIMARY KEY)", "INSERT INTO public.uncache_probe VALUES (1)")
    lab.wait_until_applied()
    if lab.cache.exists(tag):
        raise processes.Failure("after the suite uncache does not invalidate any more")


def run_pg_regress(lab, suite):
    """The suite's exit status says nothing here: its results are compared."""
    program = f"{lab.dir}/postgres{config('pkglibdir')}/pgxs/src/test/regress/pg_regress"
    process = processes.start_logged(
        [program, f"--bindir={lab.bin}", f"--inputdir={suite}", f"--outputdir={lab.servers}",
         f"--dlpath={suite}", f"--host={lab.servers}", "--user=postgres", f"--dbname={DATABASE}", "--use-existing",
         f"--max-concurrent-tests={CONCURRENT_TESTS}", f"--schedule={suite}/parallel_schedule"],
        lab.servers / "suite.log", lab.user, cwd=lab.servers,
    )
    process.wait()
    if not (lab.servers / "results").is_dir():
        raise processes.Failure((lab.servers / "suite.log").read_text(encoding="utf-8", errors="replace"))


def run_suite(lab, suite, logs, with_uncache):
    """Leaves its results, logs and time in the directory "logs"."""
    lab.start_postgres()
    for setting in DATABASE_SETTINGS:
        lab.sql(f"ALTER DATABASE {DATABASE} SET {setting}")
    if with_uncache:
        start_uncache(lab)
    began = time.monotonic()
    run_pg_regress(lab, suite)
    milliseconds = round((time.monotonic() - began) * 1000)
    if with_uncache:
        check_uncache(lab)
    lab.stop_servers()
    logs.mkdir()
    for path in [lab.servers / "results", *lab.servers.glob("*.log")]:
        shutil.move(path, logs)
    (logs / "milliseconds").write_text(f"{milliseconds}\n", encoding="ascii")


def main():
    end_on_signals()
    with Lab("core", DATABASE, POSTGRES_SETTINGS) as lab:
        logs = lab.dir / "logs"
        logs.mkdir()
        try:
            build_suite(lab.dir / "suite")
            for name in ("plain", "watched"):
                run_suite(lab, lab.dir / "suite", logs / name, name == "watched")
            return compare.main(logs, HERE / "allowed")
        finally:
            if os.environ.get("KEEP"):
                shutil.copytree(logs, os.environ["KEEP"], dirs_exist_ok=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except processes.Failure as problem:
        sys.exit(f"{sys.argv[0]}: {problem}")
