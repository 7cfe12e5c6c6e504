"""A private Redis Cluster of primaries without persistence, on loopback."""

import socket

import redis

from lab import processes
from lab.redis_server import debug_options, program

SLOTS = 16384
# where a node listens to the others: its port and this
BUS = 10000
LAST_PORT = 65535


class RedisCluster:
    """Started in "directory", which belongs to its user. Commands go to one node at a time."""

    def __init__(self, directory, log, user=None, node_count=3):
        self._processes = []
        self.ports = [_free_port_with_bus() for _ in range(node_count)]
        for port in self.ports:
            self._processes.append(processes.start_logged(
                [program(), "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                 "--dir", directory, "--cluster-enabled", "yes", "--cluster-config-file", f"nodes-{port}.conf",
                 *debug_options()],
                log, user,
            ))
        self.nodes = [redis.Redis(host="127.0.0.1", port=port) for port in self.ports]
        for node in self.nodes:
            processes.wait_for(lambda node=node: _answers(node), f"{program()} does not start")
        self._join()

    def _join(self):
        share = SLOTS / len(self.nodes)
        for number, node in enumerate(self.nodes):
            slots = range(int(number * share), int((number + 1) * share))
            node.execute_command("CLUSTER", "ADDSLOTS", *slots)
            node.execute_command("CLUSTER", "MEET", "127.0.0.1", self.ports[0])
        for node in self.nodes:
            processes.wait_for(lambda node=node: _is_complete(node), "the cluster is not complete")

    def url(self):
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def flush(self):
        for node in self.nodes:
            node.flushall()

    def key_count(self):
        return sum(node.dbsize() for node in self.nodes)

    def stop(self):
        for process in self._processes:
            processes.stop(process)


def _answers(node):
    try:
        return node.ping()
    except redis.ConnectionError:
        return False


def _is_complete(node):
    return node.execute_command("CLUSTER INFO")["cluster_state"] == "ok"


def _free_port_with_bus():
    while True:
        port = processes.free_port()
        if port + BUS <= LAST_PORT and _is_free(port + BUS):
            return port


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
