"""The Django project: two databases, a router between them, and cacheops for everything."""

import os
import sys

import django
from django.conf import settings

OTHER = "django_corners_other"


class Router:
    """As such routers are written: what is archived is never migrated, only written."""

    def db_for_read(self, model, **hints):
        return "other" if model.__name__ in ("Archived", "Elsewhere") else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        if model_name == "elsewhere":
            return None
        return db != "other" and model_name != "archived"


def database(name):
    return {"ENGINE": "django.db.backends.postgresql", "NAME": name,
            "HOST": os.environ["PGHOST"], "USER": os.environ["PGUSER"]}


def setup(system):
    sys.path.append(os.environ["DJANGO_APP"])
    settings.configure(
        SECRET_KEY="x",
        INSTALLED_APPS=["django.contrib.contenttypes", "cacheops", "uncache_django", "corners"],
        DATABASES={"default": database(system.name), "other": database(OTHER)},
        DATABASE_ROUTERS=["project.Router"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        CACHEOPS_REDIS={"unix_socket_path": system.socket, "db": 1},
        CACHEOPS_DEFAULTS={"timeout": 15 * 60},
        CACHEOPS={"corners.rate": None, "corners.*": {"ops": "all"}},
    )
    django.setup()
    from cacheops import no_invalidation
    type(no_invalidation).active = True
