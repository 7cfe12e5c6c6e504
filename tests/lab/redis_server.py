"""A private Redis server without persistence, on a unix socket; with a certificate, on loopback too."""

import os
import re
import subprocess

import redis

from lab import processes


def program():
    """The server that the environment's REDIS_SERVER names, for instance valkey-server."""
    return os.environ.get("REDIS_SERVER") or "redis-server"


def debug_options():
    """Redis 6 and older do not know the setting, and have DEBUG always."""
    text = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout
    major = int(re.search(r"\bv=(\d+)", text)[1])
    return ["--enable-debug-command", "yes"] if major >= 7 else []


class RedisServer:
    """Started in "directory", which belongs to its user. With a certificate it has a port, and one with TLS."""

    def __init__(self, directory, log, user=None, certificate=None):
        self.socket = directory / "redis.sock"
        self.port = self.tls_port = 0
        tls = []
        if certificate is not None:
            self.port, self.tls_port = processes.free_port(), processes.free_port()
            tls = ["--tls-port", self.tls_port, "--tls-cert-file", certificate.file,
                   "--tls-key-file", certificate.key_file, "--tls-auth-clients", "no"]
        self._process = processes.start_logged(
            [program(), "--port", self.port, "--bind", "127.0.0.1", "--unixsocket", self.socket, "--save", "",
             "--appendonly", "no", "--dir", directory, *debug_options(), *tls],
            log, user,
        )
        processes.wait_for(lambda: processes.listens(self.socket), f"{program()} does not start")

    def url(self, database=0):
        return f"unix://{self.socket}?db={database}"

    def client(self, database=0, **options):
        """A client of redis-py; options are its own."""
        return redis.Redis(unix_socket_path=str(self.socket), db=database, **options)

    def stop(self):
        processes.stop(self._process)
