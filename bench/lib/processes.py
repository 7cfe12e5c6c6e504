"""Programs that end with this one."""

import os
import pwd
import socket
import subprocess
import time


def server_user():
    """Whom servers run as: PostgreSQL refuses to be root. None if we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SystemExit("bench: there is no user that a server could run as")


def as_server(command, user):
    """The command so that it runs as the servers' user and ends with us."""
    identity = []
    if user is not None:
        identity = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", "--pdeathsig", "TERM", *identity, "--", *command]


def run(command, **options):
    """The command's standard output; ends the bench with what it said if it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **options,
    )
    if done.returncode != 0:
        tail = (done.stdout + done.stderr)[-2000:]
        raise SystemExit(f"bench: failed: {command}\n{tail}")
    return done.stdout


def start(command, **options):
    """The command in the background."""
    return subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "--", *map(str, command)], **options)


def stop(process, timeout_s=20):
    """Asks it to end, and waits."""
    if process is not None and process.poll() is None:
        process.terminate()
        process.wait(timeout_s)


def wait_for(what, condition, timeout_s=60, pause_s=0.01):
    """Until the condition holds; ends the bench if it does not within the time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: {what} did not happen within {timeout_s} s")
        time.sleep(pause_s)


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
