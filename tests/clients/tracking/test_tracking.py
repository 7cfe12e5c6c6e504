"""Redis' client-side caching: what uncached deletes goes from the memory of processes, too."""

import os
import re
import socket
import subprocess
import sys
import threading
import unittest

from lab.processes import wait_for
from system import DEADLINE_S, System, main

INSTANCE_COUNT = 3


def example():
    """The class of docs/clients.md, as it stands there."""
    with open(os.path.join(os.environ["DOCS"], "clients.md")) as file:
        section = file.read().split("## In-process caches")[1]
    names = {}
    exec(re.search(r"```python\n(.*?)```", section, re.S).group(1), names)
    return names["LocalCache"]


def serve(url):
    """An instance of the application: answers what it is asked on standard input."""
    cache = example()(url)
    wait_for(lambda: cache.is_tracked, "the instance does not listen")
    for line in sys.stdin:
        command, _, key = line.strip().partition(" ")
        if command == "get":
            value = cache.get(key)
            answer = "-" if value is None else value.decode()
        else:
            answer = "yes" if key.encode() in cache.values else "no"
        print(answer, flush=True)


class Instance:
    """A process of the application with a cache in its memory."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, __file__, system.url()], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, command, key):
        print(command, key, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def get(self, key):
        return self.ask("get", key)

    def knows(self, key):
        return self.ask("knows", key) == "yes"

    def close(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)
        self.process.stdout.close()


class Resp3:
    """A connection that speaks RESP3, as far as announcements need it."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(system.socket)
        self.file = self.socket.makefile("rb")
        self.command("HELLO", "3")

    def send(self, *words):
        request = b"*%d\r\n" % len(words)
        for word in words:
            request += b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode())
        self.socket.sendall(request)

    def read(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:].decode()
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2].decode()
        if kind in b"*>~%":
            count = int(rest) * (2 if kind == b"%" else 1)
            return (kind.decode(), *(self.read() for _ in range(count)))
        if kind == b"-":
            raise RuntimeError(rest)
        return None if kind == b"_" else rest

    def command(self, *words):
        self.send(*words)
        return self.read()

    def announced(self):
        kind, word, (_, *keys) = self.read()
        assert (kind, word) == (">", "invalidate"), (kind, word)
        return sorted(keys)

    def close(self):
        self.file.close()
        self.socket.close()


def setUpModule():
    global system, store, instances
    system = System("tracking", {"default": {"stagger": "300ms", "stagger_from": 50}},
                     example="isp_billing")
    system.psql("SELECT uncache.watch('billing.users', tags => ARRAY['user:{id}'],"
                " versions => ARRAY['ver:users'], patterns => ARRAY['page:{id}:*'])")
    store = system.redis()
    instances = [Instance() for _ in range(INSTANCE_COUNT)]


def tearDownModule():
    for instance in instances:
        instance.close()
    store.close()
    system.close()


class InProcessCaches(unittest.TestCase):

    def cache(self, *keys):
        """All instances have the keys in their memory, and read them from there."""
        for key in keys:
            store.set(key, "old", ex=600)
        for instance in instances:
            for key in keys:
                self.assertEqual(instance.get(key), "old")
                wait_for(lambda: instance.get(key) and instance.knows(key), "not kept")

    def expect_forgotten(self, *keys):
        for instance in instances:
            for key in keys:
                wait_for(lambda: not instance.knows(key), f"{key} is kept")
                self.assertEqual(instance.get(key), "-")

    def test_every_instance_forgets_a_changed_row_and_no_other(self):
        self.cache("invoice:1", "invoice:2")
        system.psql("UPDATE billing.invoice SET due_on = due_on + 1 WHERE id = 1")
        self.expect_forgotten("invoice:1")
        for instance in instances:
            self.assertTrue(instance.knows("invoice:2"))

    def test_every_instance_forgets_what_is_taken_with_a_tag(self):
        self.cache("dashboard:5")
        store.sadd("tag:user:5", "dashboard:5")
        system.psql("UPDATE billing.users SET email = 'five@example.net' WHERE id = 5")
        self.expect_forgotten("dashboard:5")

    def test_every_instance_sees_the_new_version(self):
        store.set("ver:users", "1")
        for instance in instances:
            self.assertEqual(instance.get("ver:users"), "1")
        system.psql("UPDATE billing.users SET email = 'six@example.net' WHERE id = 6")
        for instance in instances:
            wait_for(lambda: instance.get("ver:users") not in ("1", "-"), "the old version is kept")

    def test_every_instance_forgets_what_matches_a_pattern(self):
        self.cache("page:7:1", "page:7:2", "page:8:1")
        system.psql("UPDATE billing.users SET email = 'seven@example.net' WHERE id = 7")
        self.expect_forgotten("page:7:1", "page:7:2")
        self.assertTrue(instances[0].knows("page:8:1"))

    def test_every_instance_forgets_all_of_a_truncated_table(self):
        self.cache("invoice:3", "invoice:4", "user_credit_notes:1")
        system.psql("BEGIN; TRUNCATE billing.payment; COMMIT")
        self.expect_forgotten("invoice:3", "invoice:4")
        self.assertTrue(instances[0].knows("user_credit_notes:1"))

    def test_every_instance_forgets_staggered_keys_in_time(self):
        keys = [f"invoice:{n}" for n in range(100, 160)]
        self.cache(*keys)
        system.psql("UPDATE billing.invoice SET due_on = due_on + 1 WHERE id BETWEEN 100 AND 159")
        system.settle()
        for instance in instances:
            wait_for(lambda: [instance.get(key) for key in keys] == ["-"] * len(keys),
                     "staggered keys do not go")

    def test_a_rolled_back_change_is_not_announced(self):
        self.cache("invoice:10", "invoice:11")
        system.psql("BEGIN; UPDATE billing.invoice SET status = 'void' WHERE id = 10; ROLLBACK")
        system.psql("UPDATE billing.invoice SET status = 'void' WHERE id = 11")
        self.expect_forgotten("invoice:11")
        self.assertTrue(all(instance.knows("invoice:10") for instance in instances))

    def test_without_the_daemon_memories_would_be_stale(self):
        self.cache("invoice:12")
        with system.daemon_stopped():
            system.psql("UPDATE billing.invoice SET due_on = due_on + 1 WHERE id = 12")
            self.assertEqual([instance.get("invoice:12") for instance in instances],
                             ["old"] * INSTANCE_COUNT)
        self.expect_forgotten("invoice:12")

    def test_an_instance_that_lost_its_announcements_forgets_all_and_listens_again(self):
        self.cache("invoice:13")
        store.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        for instance in instances:
            wait_for(lambda: not instance.knows("invoice:13"), "kept after the connection was lost")
            wait_for(lambda: instance.get("invoice:13") and instance.knows("invoice:13"),
                     "does not listen again")
        system.psql("UPDATE billing.invoice SET due_on = due_on + 1 WHERE id = 13")
        self.expect_forgotten("invoice:13")

    def test_an_empty_announcement_means_all(self):
        self.cache("invoice:14", "other")
        store.flushdb()
        self.expect_forgotten("invoice:14", "other")

    def test_an_announcement_that_overtakes_the_answer_counts(self):
        forgotten = []

        class NotingCache(example()):
            def forget(self, keys):
                super().forget(keys)
                forgotten.extend(keys or ())

        local = NotingCache(system.url())
        wait_for(lambda: local.is_tracked, "does not listen")
        read = local.client.get

        def read_slowly(key):
            value = read(key)
            system.psql("UPDATE billing.invoice SET due_on = due_on + 1 WHERE id = 40")
            wait_for(lambda: key in forgotten, "not announced")
            return value

        local.client.get = read_slowly
        store.set("invoice:40", "old")
        self.assertEqual(local.get("invoice:40"), b"old")
        self.assertNotIn(b"invoice:40", local.values)

    def test_no_instance_is_stale_while_rows_change(self):
        """Readers fill and read while rows change; at rest every memory equals the database."""
        stop = threading.Event()
        local = example()(system.url())

        def load(connection, key):
            with connection.cursor() as cursor:
                cursor.execute("SELECT due_on FROM billing.invoice WHERE id = %s FOR SHARE",
                               [key.rpartition(":")[2]])
                value = str(cursor.fetchone()[0])
                store.set(key, value)
            connection.commit()

        def read():
            connection = system.connect()
            connection.autocommit = False
            while not stop.is_set():
                for n in range(20, 25):
                    if local.get(f"invoice:{n}") is None:
                        load(connection, f"invoice:{n}")
            connection.close()

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        writer = system.connect()
        with writer.cursor() as cursor:
            for n in range(400):
                cursor.execute("UPDATE billing.invoice SET due_on = due_on + 1 WHERE id = %s",
                               [20 + n % 5])
        writer.close()
        system.settle()
        stop.set()
        for thread in threads:
            thread.join()
        rows = dict(system.query("SELECT id, due_on FROM billing.invoice WHERE id BETWEEN 20 AND 24"))
        for n, due_on in rows.items():
            wait_for(lambda: (local.get(f"invoice:{n}") or str(due_on).encode()).decode() == str(due_on),
                     f"invoice:{n} is stale", 5)


class Resp3Announcements(unittest.TestCase):

    def setUp(self):
        self.client = Resp3()
        self.addCleanup(self.client.close)

    def test_a_connection_is_told_of_the_keys_that_it_has_read(self):
        self.client.command("CLIENT", "TRACKING", "ON")
        for n in (31, 32):
            store.set(f"invoice:{n}", "x")
        self.client.command("GET", "invoice:31")
        system.psql("UPDATE billing.invoice SET due_on = due_on + 1 WHERE id IN (31, 32)")
        self.assertEqual(self.client.announced(), ["invoice:31"])
        self.assertEqual(self.client.command("PING"), "PONG")

    def test_a_connection_is_told_of_all_keys_with_a_prefix(self):
        self.client.command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "invoice:")
        for n in (33, 34):
            store.set(f"invoice:{n}", "x")
            self.assertEqual(self.client.announced(), [f"invoice:{n}"])
        store.set("user_credit_notes:33", "x")
        system.psql("UPDATE billing.invoice SET due_on = due_on + 1 WHERE id IN (33, 34);"
                    " DELETE FROM billing.credit_note WHERE user_id = 33")
        announced = self.client.announced()
        while len(announced) < 2:
            announced = sorted(announced + self.client.announced())
        self.assertEqual(announced, ["invoice:33", "invoice:34"])

    def test_a_connection_is_told_what_a_tag_s_members_were(self):
        self.client.command("CLIENT", "TRACKING", "ON")
        store.set("dashboard:9", "x")
        store.sadd("tag:user:9", "dashboard:9")
        self.client.command("GET", "dashboard:9")
        system.psql("UPDATE billing.users SET email = 'nine@example.net' WHERE id = 9")
        self.assertEqual(self.client.announced(), ["dashboard:9"])


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].startswith("unix:"):
        serve(sys.argv[1])
    else:
        main()
