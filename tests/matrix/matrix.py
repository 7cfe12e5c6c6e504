#!/usr/bin/env python3
"""Runs the tests on the PostgreSQLs and Redis servers of several Debian suites.

    tests/matrix/matrix.py [NAME...]        13 15 17 18 19 valkey8 valkey9 upgrade

Without NAME all. Needs root and debootstrap. Each suite has a chroot in
MATRIX_CACHE (default ~/.cache/uncache-matrix), which is made once; the files of
this tree that git knows are copied into it. A run has its own mounts and
processes, so that nothing is left when it ends. MATRIX_MIRROR is Debian's
mirror, where it is not the one that apt has. MATRIX_E2E, names of end-to-end
tests, runs these alone; MATRIX_STEPS, names of columns, these alone.

Prints what passed, and what failed said last. Writes it to
docs/compatibility.md, unless only some steps were asked for. Fails if something
failed, or is not available, that is not allowed to.
"""

import collections
import concurrent.futures
import datetime
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.environ.get("MATRIX_CACHE") or os.path.expanduser("~/.cache/uncache-matrix")
PAGE = os.path.join(ROOT, "docs/compatibility.md")
BEGIN, END = "<!-- matrix -->", "<!-- end of matrix -->"
TREE = "/src/uncache"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

PACKAGES = ("gcc clang libc6-dev pkg-config libpq-dev libhiredis-dev libssl-dev libmicrohttpd-dev check perl libipc-run-perl"
            " openssl pgbouncer prometheus python3").split()

# old: majors to upgrade from, and the suites that have them.
Entry = collections.namedtuple("Entry", "suite major server steps may_fail old", defaults=(None, False, {}))

# In this order; a server of the Redis family has the package's name. Without steps EVERYWHERE.
WITH_REDIS = ("gcc", "e2e", "demo")
ENTRIES = {
    "13": Entry("bullseye", 13, "redis-server"),
    "15": Entry("bookworm", 15, "redis-server"),
    "17": Entry("trixie", 17, "redis-server"),
    "18": Entry("sid", 18, "redis-server"),
    "19": Entry("experimental", 19, "redis-server", None, True),
    "valkey8": Entry("trixie", 17, "valkey-server", WITH_REDIS),
    "valkey9": Entry("sid", 18, "valkey-server", WITH_REDIS),
    "upgrade": Entry("sid", 18, "redis-server", ("gcc", "upgrade"), False, {15: "bookworm", 17: "trixie"}),
}

# Compilers first clean, for objects of another one are no use; gcc's are tested.
BUILD = "make clean && make -j2 WERROR=1 CC=%s extension listener"
STEPS = {
    "clang": BUILD % "clang",
    "gcc": BUILD % "gcc" + " faults",
    "unit": "make -C listener -j2 WERROR=1 check-unit",
    "regress": "tests/lib/regress.sh regress",
    "isolation": "tests/lib/regress.sh isolation",
    "e2e": " ".join(["tests/lib/e2e.sh"] + os.environ.get("MATRIX_E2E", "").split()),
    "demo": "demo/demo.sh",
    "upgrade": "tests/lib/e2e.sh upgrade",
}

ONLY_STEPS = os.environ.get("MATRIX_STEPS", "").split()
# As make check does it: isolation tests wait, mostly.
SIDE_BY_SIDE = ("regress", "isolation")

EVERYWHERE = [step for step in STEPS if step != "upgrade"]

# What a step needs of the packages, below the directory of PGXS.
NEEDS = {
    "isolation": ("src/test/isolation/pg_isolation_regress", "PostgreSQL's isolation driver"),
    "e2e": ("src/test/perl/PostgreSQL/Test/Cluster.pm", "PostgreSQL::Test::Cluster"),
}

VERSIONS = {
    "PostgreSQL": "/usr/lib/postgresql/{major}/bin/postgres --version",
    "Redis": "{server} --version",
    "gcc version": "gcc -dumpfullversion",
    "clang version": "clang --version",
}


class NotAvailable(Exception):
    """What Debian does not have, in words."""


def log_of(name, step):
    directory = os.path.join(CACHE, "logs")
    os.makedirs(directory, exist_ok=True)
    return os.path.join(directory, f"{name}.{step}.log")


def find_mirror():
    """As debootstrap's last arguments: Debian's, from which apt gets this release."""
    if os.environ.get("MATRIX_MIRROR"):
        return [os.environ["MATRIX_MIRROR"]]
    with open("/etc/os-release") as file:
        release = dict(line.strip().replace('"', "").split("=", 1) for line in file if "=" in line)
    if release.get("ID") != "debian":
        return []
    targets = subprocess.run(
        ["apt-get", "indextargets", "--no-release-info", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
         "Identifier: Packages"], check=True, capture_output=True, text=True).stdout
    return [line.split()[0] for line in targets.splitlines()
            if line.split()[1:] in ([release.get("VERSION_CODENAME"), "main"], ["stable", "main"])][:1]


def print_end(log_name):
    with open(log_name, errors="replace") as log:
        print("".join(log.readlines()[-150:]), end="", flush=True)


class Chroot:
    """A suite with one server of the Redis family: a test that starts another one finds none."""

    def __init__(self, entry):
        self.suite = entry.suite
        self.more_suites = list(entry.old.values())
        kind = "upgrade" if entry.old else entry.server
        self.path = os.path.join(CACHE, entry.suite if kind == "redis-server" else f"{entry.suite}-{kind}")

    def make(self):
        """Experimental is a part of sid's archive: a suite to be added to it, as older ones are."""
        if os.path.isdir(self.path):
            return
        unfinished = self.path + ".new"
        shutil.rmtree(unfinished, ignore_errors=True)
        base = "sid" if self.suite == "experimental" else self.suite
        # mounts of its own: debootstrap leaves /proc mounted
        command = ["unshare", "--mount", "debootstrap", "--variant=minbase", "--include=make", base, unfinished] + find_mirror()
        with open(log_of(self.suite, "debootstrap"), "wb") as log:
            if subprocess.run(command, stdout=log, stderr=log).returncode != 0:
                raise NotAvailable(f"debootstrap of {base} failed, see {log.name}")
        sources = os.path.join(unfinished, "etc/apt/sources.list")
        with open(sources) as file:
            lines = file.read()
        with open(sources, "a") as file:
            file.writelines(lines.replace(f" {base} ", f" {suite} ") for suite in [self.suite] + self.more_suites if suite != base)
        os.rename(unfinished, self.path)

    def run(self, command, log, **environment):
        """Runs a shell command in the tree; returns its status. All that it started ends with it."""
        script = ('mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&'
                  ' exec chroot "$0" env -i "${@:2}" sh -c "$1"')
        environment.update(HOME="/root", PATH=PATH, LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive")
        settings = [f"{name}={value}" for name, value in environment.items()]
        return subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--mount", "--pid", "--fork", "--kill-child",
             "bash", "-c", script, self.path, f"mkdir -p {TREE} && cd {TREE} && {command}"] + settings,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT).returncode

    def ask(self, command):
        with open(log_of(self.suite, "ask"), "w+b") as log:
            status = self.run(command, log)
            log.seek(0)
            return log.read().decode(errors="replace").strip() if status == 0 else ""

    def copy_tree(self):
        """A tree of its own each time: what was removed here must not live on there."""
        tree = self.path + TREE
        shutil.rmtree(tree, ignore_errors=True)
        os.makedirs(tree)
        names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                               check=True, capture_output=True).stdout.split(b"\0")
        there = b"\0".join(name for name in names if name and os.path.exists(os.path.join(ROOT.encode(), name)))
        packed = subprocess.run(["tar", "-c", "--null", "-T", "-"], cwd=ROOT, input=there, check=True,
                                capture_output=True).stdout
        subprocess.run(["tar", "-x", "--no-same-owner", "-C", tree], input=packed, check=True)


def install(name, entry, chroot):
    majors = [entry.major] + list(entry.old)
    names = PACKAGES + [entry.server] + [f"{package}-{major}" for major in majors for package in ("postgresql", "postgresql-server-dev")]
    release = "APT::Default-Release=experimental" if entry.suite == "experimental" else ""
    with open(log_of(name, "packages"), "wb") as log:
        if release:
            chroot.run(f"echo '{release.replace('=', ' ')};' >/etc/apt/apt.conf.d/release", log)
        if chroot.run("tests/lib/packages.sh " + " ".join(names), log) != 0:
            raise NotAvailable(f"{entry.suite} does not have all of postgresql-{entry.major} and {entry.server}")


def names_that_failed(text):
    names = re.findall(r"^not ok \d+ +[-+] (\S+)", text, re.M)
    names += re.findall(r"^(?:test| {4,}) *(\S+) +\.\.\. FAILED", text, re.M)
    names += re.findall(r"/tests/(\S+)\.pl +\(Wstat", text)
    return names


def run_step(name, entry, chroot, step):
    """One cell of the matrix, in words."""
    if step in NEEDS:
        path, what = NEEDS[step]
        if not os.path.exists(f"{chroot.path}/usr/lib/postgresql/{entry.major}/lib/pgxs/{path}"):
            return f"not available: Debian's package lacks {what}"
    log_name = log_of(name, step)
    with open(log_name, "wb") as log:
        status = chroot.run(STEPS[step], log, REDIS_SERVER=entry.server, OLD_MAJORS=" ".join(map(str, entry.old)),
                            PG_CONFIG=f"/usr/lib/postgresql/{entry.major}/bin/pg_config")
    with open(log_name, errors="replace") as log:
        text = log.read()
    counted = re.search(r"^Files=(\d+)", text, re.M)
    files = f" ({counted.group(1)} files)" if counted else ""
    if status == 0:
        return "passed" + files
    print_end(log_name)
    failed = names_that_failed(text)
    return "failed" + files + (": " + ", ".join(failed) if failed else "")


def group_steps(steps):
    groups = []
    for step in steps:
        if groups and {step, groups[-1][0]} <= set(SIDE_BY_SIDE):
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def run_steps(name, entry, chroot, steps, row):
    """At the same time, each in processes of its own."""
    with concurrent.futures.ThreadPoolExecutor(len(steps)) as pool:
        for step, words in zip(steps, pool.map(lambda step: run_step(name, entry, chroot, step), steps)):
            row[step] = words
            print(f"{name:8} {step:10} {words}", flush=True)


def run_entry(name):
    """A row of the matrix: what was run on what, and how each step ended."""
    entry = ENTRIES[name]
    chroot = Chroot(entry)
    row = {"name": name, "suite": entry.suite, "date": datetime.date.today().isoformat()}
    try:
        chroot.make()
        chroot.copy_tree()
        install(name, entry, chroot)
    except NotAvailable as reason:
        row["reason"] = f"not available: {reason}"
        print(f"{name:8} {row['reason']}", flush=True)
        return row
    for what, command in VERSIONS.items():
        said = chroot.ask(command.format(major=entry.major, server=entry.server))
        found = re.search(r"\d+(\.\d+)+|\d+(beta|rc)\d+", said)
        row[what] = found.group() if found else "?"
    wanted = [step for step in STEPS if step in (ONLY_STEPS or entry.steps or EVERYWHERE)]
    row.update((step, "–") for step in STEPS if step not in wanted)
    for group in group_steps(wanted):
        run_steps(name, entry, chroot, group, row)
    return row


def format_row(row):
    if "reason" in row:
        return f"| {row['name']} | {row['suite']}, {row['date']} | {row['reason']} |" + " |" * len(STEPS)
    family = "Valkey" if row["name"].startswith("valkey") else "Redis"
    compilers = f"gcc {row['gcc version']}, clang {row['clang version']}"
    servers = f"PostgreSQL {row['PostgreSQL']}, {family} {row['Redis']}; {compilers}"
    return f"| {row['name']} | {row['suite']}, {row['date']} | {servers} | " + " | ".join(row[s] for s in STEPS) + " |"


def write_page(rows):
    """Rows of entries that were not run this time stay as they are."""
    with open(PAGE) as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    lines = {line.split("|")[1].strip(): line for line in old.splitlines() if re.match(r"\| \w+ \| \w+, \d", line)}
    # those of an older table end before columns that are new
    lines = {name: line + " – |" * (len(STEPS) + 4 - line.count("|")) for name, line in lines.items()}
    lines.update((row["name"], format_row(row)) for row in rows)
    head = ["| entry | Debian, date | versions | " + " | ".join(STEPS) + " |", "|---" * (3 + len(STEPS)) + "|"]
    table = "\n".join(head + [lines[name] for name in ENTRIES if name in lines])
    with open(PAGE, "w") as file:
        file.write(f"{before}{BEGIN}\n{table}\n{END}{after}")


def is_bad(row):
    words = [row[step] for step in STEPS if step in row]
    wrong = "failed", *(["not available"] if ONLY_STEPS else [])
    return not ENTRIES[row["name"]].may_fail and ("reason" in row or any(word.startswith(wrong) for word in words))


def main(names):
    unknown = [name for name in names if name not in ENTRIES] + [step for step in ONLY_STEPS if step not in STEPS]
    if unknown:
        sys.exit(f"matrix.py: no {', '.join(unknown)}; there are entries {' '.join(ENTRIES)} and steps {' '.join(STEPS)}")
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        sys.exit("matrix.py: needs root and debootstrap")
    rows = []
    for name in names or ENTRIES:
        rows.append(run_entry(name))
        if not ONLY_STEPS:
            write_page(rows)
    print("\n".join(format_row(row) for row in rows))
    return 1 if any(is_bad(row) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
