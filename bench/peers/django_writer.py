"""A Django application that saves random rows; prints how many a second.

Its only argument is a JSON object: host, redis, schema, rows, seconds, seed and
cacheops, which says whether cacheops invalidates in this process.
"""

import importlib
import json
import random
import sys
import time

import django
from django.conf import settings


def configure(options):
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "bench",
                "USER": "postgres",
                "HOST": options["host"],
                "OPTIONS": {"options": f"-c search_path={options['schema']}"},
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=["accounts"] + (["cacheops"] if options["cacheops"] else []),
        CACHEOPS_REDIS={"unix_socket_path": options["redis"]},
        CACHEOPS={"*.*": {"ops": "all", "timeout": 3600}},
        USE_TZ=True,
    )


def load_model():
    django.setup()
    return importlib.import_module("accounts.models").Account


def save_rows(model, options):
    """Saves a second. Each row is one that was read and cached before."""
    chosen = random.Random(options["seed"])
    rows = [
        model.objects.get(pk=pk)
        for pk in chosen.sample(range(1, options["rows"] + 1), min(200, options["rows"]))
    ]
    count = 0
    began = time.monotonic()
    while time.monotonic() - began < options["seconds"]:
        row = rows[count % len(rows)]
        row.balance += 1
        row.save(force_update=True, update_fields=["balance"])
        count += 1
    return count / (time.monotonic() - began)


def main():
    options = json.loads(sys.argv[1])
    configure(options)
    print(save_rows(load_model(), options))


if __name__ == "__main__":
    main()
