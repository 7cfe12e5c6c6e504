"""uncached, and the database that it works for."""

import signal

from lab import processes

ROLE = "uncached"
COUNT_READY = "SELECT count(*) FROM uncache.status WHERE state = 'ready' AND worker_pid IS NOT NULL"
INSTALL = (
    "CREATE EXTENSION uncache",
    f"DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
    f"SELECT uncache.grant_consumer('{ROLE}')",
)


class Daemon:
    """A running uncached with these arguments. Paused, it costs the others nothing."""

    def __init__(self, program, arguments, log, user=None, **options):
        self.process = processes.start_logged([program, *arguments], log, user, **options)
        self.pid = self.process.pid

    def wait_until_ready(self, count_ready, target_count=1):
        """Until so many targets are registered and have had their first resync.

        count_ready() runs COUNT_READY.
        """
        processes.wait_for(lambda: int(count_ready()) == target_count, "the daemon does not become ready", pause_s=0.02)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process.poll() is None:
            self.resume()
        processes.stop(self.process)
