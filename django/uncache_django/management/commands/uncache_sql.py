"""manage.py uncache_sql: prints the rules by which uncache invalidates for cacheops."""

from cacheops.conf import model_profile, settings as cacheops_settings
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections

# The types whose values uncache knows how Python writes, whatever is in brackets behind.
KNOWN_TYPES = {
    "boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "varchar",
    "char", "uuid", "date", "time", "timestamp", "timestamp with time zone", "interval", "inet",
    "serial", "smallserial", "bigserial",
}

# cacheops never registers a query under this table.
IGNORED_TABLES = {"django_content_type"}


def concrete_models():
    """All models with a table of their own, of many-to-many relations too."""
    return [model for model in apps.get_models(include_auto_created=True)
            if not model._meta.proxy and not model._meta.swapped]


def related_models(model):
    """What a query of a model may join to it."""
    fields = model._meta.get_fields(include_hidden=True)
    related = {field.related_model for field in fields if field.is_relation}
    related |= {field.remote_field.through for field in fields
                if field.many_to_many and hasattr(field.remote_field, "through")}
    related |= set(model._meta.get_parent_list())
    return {other._meta.concrete_model for other in related if isinstance(other, type)}


def cached_models():
    """The models that cacheops caches, and all that their queries can join."""
    found = {model for model in concrete_models() if model_profile(model)}
    found |= {model._meta.concrete_model for model in apps.get_models() if model_profile(model)}
    queue = list(found)
    while queue:
        for other in related_models(queue.pop()) - found:
            found.add(other)
            queue.append(other)
    return [model for model in concrete_models() if model in found]


def quote_literal(text):
    """Text as a string of SQL, whatever standard_conforming_strings says."""
    quoted = "'" + text.replace("'", "''") + "'"
    return " E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


class Command(BaseCommand):
    help = ("Prints SQL that makes uncache invalidate what cacheops has cached: a rule for each"
            " table of the models that are cached, and of those that their queries can join.")

    def add_arguments(self, parser):
        parser.add_argument("apps", nargs="*", metavar="app_label",
                            help="only the models of these applications")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS,
                            help="the database whose column types count")
        parser.add_argument("--schema", help="the schema of the tables; without it they are"
                            " looked for in search_path")
        parser.add_argument("--target", help="the target in uncache's configuration")

    def handle(self, *args, **options):
        self.connection = connections[options["database"]]
        if self.connection.vendor != "postgresql":
            raise CommandError("uncache is for PostgreSQL")
        labels = set(options["apps"])
        for label in sorted(labels):
            try:
                apps.get_app_config(label)
            except LookupError as error:
                raise CommandError(error)
        for model in cached_models():
            if model._meta.db_table not in IGNORED_TABLES and \
                    (not labels or model._meta.app_label in labels):
                self.stdout.write(self.rule(model, options["schema"], options["target"]))

    def rule(self, model, schema, target):
        table = model._meta.db_table
        relation = self.connection.ops.quote_name(table)
        if schema:
            relation = f"{self.connection.ops.quote_name(schema)}.{relation}"
        arguments = [f"{target}://{table}" if target else table, *self.items(model)]
        return "SELECT uncache.watch({}, cacheops => ARRAY[{}]);".format(
            quote_literal(relation), ", ".join(map(quote_literal, arguments)))

    def items(self, model):
        """What the columns do not say by themselves."""
        has_datetime = False
        for field in model._meta.local_concrete_fields:
            column_type = self.base_type(field)
            is_known = column_type in KNOWN_TYPES
            has_datetime |= column_type == "timestamp with time zone"
            if field.get_internal_type() in cacheops_settings.CACHEOPS_SKIP_FIELDS:
                if is_known:
                    yield f"-{field.column}"
            elif is_known and field.attname != field.column or column_type == "text":
                yield f"{field.attname}={field.column}"
        if has_datetime and (settings.TIME_ZONE != "UTC" or not settings.USE_TZ):
            yield f"@{settings.TIME_ZONE}"

    def base_type(self, field):
        return (field.db_type(self.connection) or "").partition("(")[0].strip()
