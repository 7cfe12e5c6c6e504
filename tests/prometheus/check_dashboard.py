#!/usr/bin/python3
"""Has each expression of the dashboard data in a Prometheus that scrapes a daemon? Do the alerts' rules load there?

    tests/prometheus/check_dashboard.py

PostgreSQL, Redis, uncached and Prometheus are private, on loopback, in a temporary directory.
"""
import json
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

sys.path[:0] = [str(ROOT / "tests")]

from lab import daemon, processes  # noqa: E402
from lab.lab import Lab, end_on_signals  # noqa: E402

DASHBOARD = ROOT / "docker/grafana/uncached.json"
RULES = ROOT / "docker/prometheus/uncached.rules.yml"
COLUMNS = 24
DATA_S = 60
# what Grafana puts in
VARIABLES = {"$target": ".*", "$__rate_interval": "20s"}
CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: uncached
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def check_shape(dashboard):
    """What a Grafana would trip over; ids, places, references."""
    if not isinstance(dashboard["schemaVersion"], int) or not dashboard["uid"] or not dashboard["title"]:
        yield "it has no schemaVersion, uid or title"
    known = {f"${variable['name']}" for variable in dashboard["templating"]["list"]}
    ids, places = set(), set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        if panel["id"] in ids or not panel["title"] or panel["type"] not in ("row", "timeseries", "stat"):
            yield f"{panel['title']}: its id is not its own, or it has no title or type"
        if cells & places or place["x"] + place["w"] > COLUMNS:
            yield f"{panel['title']}: it lies on another one, or beside the page"
        ids.add(panel["id"])
        places |= cells
        references = [target["refId"] for target in panel.get("targets", [])]
        if len(set(references)) != len(references) or (panel["type"] != "row" and not references):
            yield f"{panel['title']}: its queries have no references of their own"
        for source in (panel.get("datasource"), *(target["datasource"] for target in panel.get("targets", []))):
            if panel["type"] != "row" and (source["type"], source["uid"]) != ("prometheus", "${datasource}"):
                yield f"{panel['title']}: it has a data source of its own"
    if known != {"$datasource", "$target"}:
        yield f"its variables are {known}"


def expressions(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            yield panel["title"], expression


class Prometheus:
    def __init__(self, lab, daemon_port):
        self.port = processes.free_port()
        config = lab.servers / "prometheus.yml"
        rules = lab.servers / "uncached.rules.yml"
        rules.write_text(RULES.read_text())
        config.write_text(CONFIG.format(rules=rules, port=daemon_port))
        data = lab.servers / "prometheus"
        process = processes.start_logged(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}",
             f"--web.listen-address=127.0.0.1:{self.port}"], lab.servers / "prometheus.log", lab.user)
        lab.at_end(lambda: processes.stop(process))
        processes.wait_for(lambda: self.answers("/-/ready"), "Prometheus does not start")

    def answers(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.read()
        except OSError:
            return None

    def query(self, expression):
        """The series' values."""
        answer = self.answers("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        document = json.loads(answer) if answer else {"status": "error"}
        if document["status"] != "success":
            raise processes.Failure(f"Prometheus refuses: {expression}")
        return [series["value"][1] for series in document["data"]["result"]]

    def rules(self):
        groups = json.loads(self.answers("/api/v1/rules"))["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


def work(lab):
    """Something of everything that the dashboard shows."""
    lab.cache.set("key", "x")
    lab.cache.get("key")
    lab.cache.get("none")
    lab.sql("SELECT uncache.invalidate('key'), uncache.invalidate('none')",
            "SELECT uncache.invalidate_tag('tag'), uncache.invalidate_pattern('none*')")


def empty_ones(prometheus, dashboard):
    """A ratio of nothing is no data either."""
    return [f"{title}: {expression}" for title, expression in expressions(dashboard)
            if not any(value != "NaN" for value in prometheus.query(expression))]


def main():
    end_on_signals()
    dashboard = json.loads(DASHBOARD.read_text())
    problems = list(check_shape(dashboard))
    if problems:
        sys.exit("\n".join(problems))
    with Lab("prometheus", "shop", "fsync = off\n") as lab:
        lab.start_postgres()
        lab.start_redis()
        lab.cache.config_set("maxmemory", "100mb")
        lab.install_uncache()
        port = processes.free_port()
        launched = lab.launch_daemon("--http", str(port))
        launched.wait_until_ready(lambda: lab.sql(daemon.COUNT_READY)[0])
        prometheus = Prometheus(lab, port)
        deadline = time.monotonic() + DATA_S
        problems = ["nothing was asked"]
        while problems and time.monotonic() < deadline:
            work(lab)
            time.sleep(1)
            problems = empty_ones(prometheus, dashboard)
        unhealthy = [rule["name"] for rule in prometheus.rules() if rule["health"] != "ok" or rule["state"] == "firing"]
    if problems:
        sys.exit("there is no data for\n" + "\n".join(problems))
    if unhealthy:
        sys.exit(f"alerts that fail, or fire for a daemon that is well: {unhealthy}")
    print(f"{len(list(expressions(dashboard)))} expressions of the dashboard have data")


if __name__ == "__main__":
    main()
