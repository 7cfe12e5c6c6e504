"""Programs that end with this one, and waiting for what they do."""

import os
import pwd
import socket
import subprocess
import time


class Failure(Exception):
    """A program failed, or what was waited for did not happen."""


def server_user():
    """Whom servers run as: PostgreSQL refuses to be root. None if we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failure("there is no user that a server could run as")


def _ending_with_us(command, user):
    identity = []
    if user is not None:
        identity = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", "--pdeathsig", "KILL", *identity, "--", *map(str, command)]


def run(command, user=None, **options):
    """The command's standard output; user as server_user() returns it."""
    done = subprocess.run(
        _ending_with_us(command, user),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **options,
    )
    if done.returncode != 0:
        tail = (done.stdout + done.stderr)[-2000:]
        raise Failure(f"failed: {' '.join(map(str, command))}\n{tail}")
    return done.stdout


def start(command, user=None, **options):
    """The command in the background; options are those of Popen."""
    return subprocess.Popen(_ending_with_us(command, user), **options)


def start_logged(command, log, user=None, **options):
    """The same, with what it says appended to the file "log"."""
    with open(log, "ab") as file:
        return start(command, user, stdin=subprocess.DEVNULL, stdout=file, stderr=file, **options)


def stop(process, timeout_s=30):
    """Asks it to end, and waits."""
    if process is not None and process.poll() is None:
        process.terminate()
        process.wait(timeout_s)


def wait_for(condition, problem, timeout_s=30, pause_s=0.002):
    """Until condition() returns something true, which is returned. Otherwise that is the problem."""
    deadline = time.monotonic() + timeout_s
    while True:
        is_late = time.monotonic() > deadline
        result = condition()
        if result:
            return result
        if is_late:
            raise Failure(f"{problem} (waited for {timeout_s} s)")
        time.sleep(pause_s)


def free_port():
    """A port of loopback that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(path):
    """Whether a server accepts connections there: its socket is in the directory before it does."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def status_kib(pid, field):
    """A size of /proc/PID/status: VmHWM is the peak of what is resident."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


def cpu_seconds(pid):
    """Processor time that a single-threaded process has had."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9
