"""manage.py uncache_sql: prints the rules by which uncache invalidates for cacheops."""

import hashlib

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.utils import ConnectionDoesNotExist

from uncache_django import fields
from uncache_django.catalog import Catalog
from uncache_django.found_models import (
    belongs_to, by_table, concrete_models, is_written_to, joined_models, parent_links)

# The longest name in PostgreSQL.
NAME_BYTES = 63

# pg_class.relkind of what can have a rule, and the names of what cannot.
TABLES = ("r", "p")
NO_TABLES = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}


def quote_literal(text):
    """Text as a string of SQL, whatever standard_conforming_strings says."""
    quoted = "'" + text.replace("'", "''") + "'"
    return " E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def quote_array(texts):
    return "ARRAY[{}]".format(", ".join(map(quote_literal, texts)))


def comment(text):
    """On one line, whatever is in it."""
    return "-- " + " ".join(text.split())


def rule_name(table):
    """The name of a rule that takes another table's sets."""
    name = f"uncache_for_{table}"
    if len(name.encode()) <= NAME_BYTES:
        return name
    return "uncache_for_" + hashlib.md5(table.encode()).hexdigest()


class Command(BaseCommand):
    help = ("Prints SQL that makes uncache invalidate what cacheops has cached: a rule for each"
            " table of the models that are cached, of those that their queries can join, and of"
            " those that these can name otherwise.")

    def add_arguments(self, parser):
        parser.add_argument("apps", nargs="*", metavar="app_label",
                            help="only the models of these applications")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS,
                            help="the database: only models that a router may have there, by"
                            " the columns that their tables have there")
        parser.add_argument("--schema", help="the schema of the tables; without it they are"
                            " looked for in search_path")
        parser.add_argument("--target", help="the target in uncache's configuration")
        parser.add_argument("--related", action="store_true",
                            help="only models that are cached, and what relations lead to from"
                            " them: no subquery and no union() names others")

    def handle(self, *args, **options):
        self.options = options
        self.connection = self.connect(options["database"])
        self.catalog = Catalog(self.connection)
        labels = set(options["apps"])
        for label in sorted(labels):
            try:
                apps.get_app_config(label)
            except LookupError as error:
                raise CommandError(error)
        models = [model for model in concrete_models() if belongs_to(model, options["database"])
                  and (not labels or model._meta.app_label in labels)]
        joined = joined_models()
        self.print_rules([model for model in models if model in joined])
        others = [model for model in models if model not in joined]
        if others and not options["related"]:
            self.stdout.write(comment(
                "No relation leads to these from a model that is cached. They matter only to cached queries"
                " that name them in a Subquery or union()."))
            self.print_rules(others)

    def connect(self, database):
        try:
            connection = connections[database]
            if connection.vendor != "postgresql":
                raise CommandError("uncache is for PostgreSQL")
            connection.ensure_connection()
        except (ConnectionDoesNotExist, DatabaseError) as error:
            raise CommandError(f"cannot ask database {database!r} for its tables: {error}")
        return connection

    def print_rules(self, models):
        for sharing in by_table(models):
            for line in self.rules(sharing):
                self.stdout.write(line)

    def rules(self, models):
        """The lines for the models of one table."""
        model = models[0]
        name = self.name(model)
        relation = self.catalog.relation(name)
        if relation is None:
            # in the database that the router writes to it should be there
            if any(is_written_to(other, self.options["database"]) for other in models):
                yield comment(f"{name} is not there: make the table, and print the rules again")
        elif relation.kind in TABLES:
            items = fields.items(models, relation, self.connection)
            yield f"SELECT uncache.watch({quote_literal(name)}, cacheops => {self.arguments(model, items)});"
            yield from self.parent_rules(model)
        else:
            yield from self.base_rules(model, name, relation)

    def name(self, model):
        """The model's table as SQL names it."""
        name = self.connection.ops.quote_name(model._meta.db_table)
        schema = self.options["schema"]
        return f"{self.connection.ops.quote_name(schema)}.{name}" if schema else name

    def arguments(self, model, items):
        table = model._meta.db_table
        target = self.options["target"]
        return quote_array([f"{target}://{table}" if target else table, *items])

    def parent_rules(self, model):
        """
        A child's querysets show columns of its parents' tables, but cacheops registers them under
        the child's.  What is inserted or deleted there comes and goes with the child's row.
        """
        for parent, link in parent_links(model).items():
            name = self.name(parent)
            relation = self.catalog.relation(name)
            if relation is None:
                yield comment(f"{name} is not there, whose columns {self.name(model)} shows")
            elif relation.kind in TABLES:
                yield "SELECT uncache.put_trigger({}, {}, 'cacheops', 'UPDATE', NULL, {});".format(
                    quote_literal(name), quote_literal(rule_name(model._meta.db_table)),
                    self.arguments(model, [*fields.key_items(link, relation, self.connection), "-*"]))
            else:
                yield from self.base_rules(model, name, relation)

    def base_rules(self, model, name, relation):
        """
        What is no table fires no trigger.  If it is a view, any change of a table that it shows
        takes all that is cached of the model.
        """
        kind = NO_TABLES.get(relation.kind, "no table")
        if relation.kind != "v" or not relation.bases:
            yield comment(f"{name} is {kind}: what is cached of {self.name(model)} stays until it expires")
            return
        yield comment(f"{name} is {kind}: any change of {', '.join(relation.bases)} takes all that is cached of"
                      f" {self.name(model)}")
        for base in relation.bases:
            yield "SELECT uncache.put_rule({}, {}, 'cacheops', {}, NULL);".format(
                quote_literal(base), quote_literal(rule_name(model._meta.db_table)),
                self.arguments(model, ["-*"]))
