"""A private Redis server without persistence, on a unix socket."""

import redis

from lab import processes


class RedisServer:
    """Started in "directory", which belongs to its user."""

    def __init__(self, directory, log, user=None):
        self.socket = directory / "redis.sock"
        self._process = processes.start_logged(
            ["redis-server", "--port", 0, "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
             "--dir", directory, "--enable-debug-command", "yes"],
            log, user,
        )
        processes.wait_for(lambda: processes.listens(self.socket), "redis-server does not start")

    def url(self, database=0):
        return f"unix://{self.socket}?db={database}"

    def client(self, database=0, **options):
        """A client of redis-py; options are its own."""
        return redis.Redis(unix_socket_path=str(self.socket), db=database, **options)

    def stop(self):
        processes.stop(self._process)
