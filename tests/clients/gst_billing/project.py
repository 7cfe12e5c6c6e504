"""The Django project of the GST example: its settings, and its cache as an application has it."""

import os
import sys

import django
from django.conf import settings

PREFIX = "gst*1:"


def prefix(query):
    return PREFIX


def setup(system, apps=("billing",), cached="billing.*", **profile):
    """Configures Django for the system's database and Redis.  Once in a process."""
    sys.path.append(os.environ["DJANGO_APP"])
    settings.configure(
        SECRET_KEY="x",
        INSTALLED_APPS=["cacheops", "uncache_django", *apps],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": system.name,
                               "HOST": os.environ["PGHOST"], "USER": os.environ["PGUSER"]}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        TIME_ZONE="Asia/Kolkata",
        CACHEOPS_REDIS={"unix_socket_path": system.socket, "db": 1},
        CACHEOPS_PREFIX=prefix,
        CACHEOPS_DEFAULTS={"timeout": 15 * 60},
        CACHEOPS={cached: {"ops": "all", **profile}},
    )
    django.setup()


def switch_signals_off():
    """As docs/django.md says: cacheops caches, and invalidates nothing by itself."""
    from cacheops import no_invalidation
    type(no_invalidation).active = True
