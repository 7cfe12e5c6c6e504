"""Random models, rows and querysets: what cacheops answers is what the database has.

Querysets are cached through the ORM, rows are changed by SQL that Django does not see, and
when uncache has applied that, every queryset is asked for again.
"""

import datetime as dt
import os
import random
import unittest
import warnings

import project
from system import System, main

os.environ["SEED"] = os.environ.get("SEED") or "1"
ROUND_COUNT = 30
QUERY_COUNT = 44
CONTROL_ROUND_COUNT = 5
ROW_COUNT = 12


def setUpModule():
    global system, rng
    print("SEED =", os.environ["SEED"])
    warnings.simplefilter("ignore")
    rng = random.Random("rows " + os.environ["SEED"])
    system = System("property", {"default": {"db": 1, "prefix": project.PREFIX}}, files=())
    project.setup(system, apps=["zoo"], cached="zoo.*")
    project.switch_signals_off()
    make_tables()
    fill_tables()


def tearDownModule():
    system.close()


def make_tables():
    from django.core.management import call_command
    from django.db import connection
    from zoo.models import MODELS
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    path = os.path.join(system.directory, "rules.sql")
    with open(path, "w") as file:
        call_command("uncache_sql", stdout=file)
    with open(path) as file:
        system.psql(file.read())


def fill_tables():
    from zoo.models import MODELS
    for model in MODELS:
        for _ in range(ROW_COUNT):
            insert(model)


# --- rows, by SQL ---

def quote(name):
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def table_of(model):
    return quote(model._meta.db_table)


def execute(sql, *values):
    """Over a connection of its own, with settings that an application may have."""
    connection = system.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(rng.choice(["SET timezone = 'America/St_Johns'", "SET datestyle = 'SQL, DMY'",
                                       "SET intervalstyle = 'iso_8601'", "SET extra_float_digits = -10",
                                       "SET session_replication_role = 'replica'", "SELECT 1"]))
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def as_parameter(value):
    return str(value) if type(value).__name__ == "UUID" else value


def random_value(model, field):
    from kinds import KINDS
    if field in model.kinds:
        if model._meta.get_field(field).null and rng.random() < 0.2:
            return None
        return rng.choice(KINDS[model.kinds[field]].values)
    keys = list(model._meta.get_field(field).related_model.objects.nocache().values_list("pk", flat=True))
    return rng.choice(keys + [None])


def plain_fields(model):
    return [*model.kinds, *(["other"] if model.relations else [])]


def column_of(model, field):
    return quote(model._meta.get_field(field).column)


def insert(model):
    fields = plain_fields(model)
    execute(f"INSERT INTO {table_of(model)} (note, {', '.join(column_of(model, f) for f in fields)})"
            f" VALUES ('', {', '.join(['%s'] * len(fields))})",
            *[as_parameter(random_value(model, f)) for f in fields])


def update(model):
    """One to three columns of some rows; or one that takes no part in conditions."""
    fields = rng.sample(plain_fields(model), rng.randint(1, 3))
    sets = [f"{column_of(model, f)} = %s" for f in fields]
    values = [as_parameter(random_value(model, f)) for f in fields]
    if rng.random() < 0.2:
        sets, values = ["note = note || 'x'"], []
    execute(f"UPDATE {table_of(model)} SET {', '.join(sets)} WHERE id IN"
            f" (SELECT id FROM {table_of(model)} ORDER BY random() LIMIT {rng.randint(1, 3)})", *values)


def delete(model):
    execute(f"SET CONSTRAINTS ALL DEFERRED; DELETE FROM {table_of(model)} WHERE id ="
            f" (SELECT min(id) FROM {table_of(model)} t WHERE NOT EXISTS ({referrers(model)}))")
    insert(model)


def referrers(model):
    """Rows that would be left without what they refer to."""
    parts = ["SELECT 1 WHERE false"]
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.one_to_many and relation.concrete is False:
            other = relation.related_model
            parts.append(f"SELECT 1 FROM {table_of(other)} r"
                         f" WHERE r.{quote(relation.field.column)} = t.id")
    return " UNION ALL ".join(parts)


def change_links(model):
    """Adds or removes a row of a many-to-many table."""
    if not model.relations:
        return update(model)
    through = model._meta.get_field("many").remote_field.through
    columns = [f for f in through._meta.local_fields if f.is_relation]
    if rng.random() < 0.4:
        execute(f"DELETE FROM {table_of(through)} WHERE id = (SELECT min(id) FROM {table_of(through)})")
        return None
    keys = [rng.choice(list(f.related_model.objects.nocache().values_list("pk", flat=True))) for f in columns]
    execute(f"INSERT INTO {table_of(through)} ({', '.join(quote(f.column) for f in columns)})"
            f" VALUES (%s, %s) ON CONFLICT DO NOTHING", *keys)
    return None


def truncate_links(model):
    if model.relations:
        execute(f"TRUNCATE {table_of(model._meta.get_field('many').remote_field.through)}")


def change_rows():
    from zoo.models import MODELS
    for _ in range(rng.randint(2, 6)):
        action = rng.choice([insert, update, update, update, update, delete, change_links, change_links,
                             rng.choice([truncate_links, change_links])])
        action(rng.choice(MODELS))


# --- querysets ---

def condition(model, path=""):
    """A random condition, as Q: mostly what cacheops makes a set of."""
    from django.db.models import Q
    from kinds import KINDS
    field = rng.choice(sorted(model.kinds))
    kind = KINDS[model.kinds[field]]
    name = path + field

    def value():
        return rng.choice(list(kind.alike(rng.choice(kind.values))))

    choice = rng.random()
    if choice < 0.55:
        return Q(**{name: value()})
    if choice < 0.7:
        return Q(**{name + "__in": [value() for _ in range(rng.randint(1, 10))]})
    if choice < 0.8:
        return Q(**{name + "__isnull": rng.random() < 0.7})
    if choice < 0.85 and not path:
        return Q(id=rng.randint(1, ROW_COUNT))
    if choice < 0.9:
        return Q(**{name + "__gte": value()}) if field.split("_")[0] not in ("flag", "address") else Q(**{name: value()})
    if not path and model.relations:
        other = model._meta.get_field("other").related_model
        return rng.choice([Q(other=rng.randint(1, ROW_COUNT)), Q(other__isnull=True),
                           Q(many=rng.randint(1, ROW_COUNT)), Q(many__isnull=True),
                           condition(other, "other__"), condition(model._meta.get_field("many").related_model, "many__")])
    return Q(**{name: value()})


def combine(model):
    """Conditions joined by AND and OR.  cacheops expands what is negated: never but one."""
    result = condition(model)
    if rng.random() < 0.1 and not is_about_many(result):
        return ~result
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        other = condition(model)
        result = rng.choice([result & other, result & other, result | other])
    return result


def is_about_many(q):
    """Negated, that is a subquery, which cacheops does not look into."""
    return any(is_about_many(c) if not isinstance(c, tuple) else c[0].startswith("many") for c in q.children)


def ordered(queryset):
    return queryset.order_by("-id").distinct()


READERS = {
    "list": lambda qs: [(o.pk, o.note, *(getattr(o, f) for f in o.kinds)) for o in ordered(qs)],
    "values": lambda qs: list(ordered(qs).values_list("id", *qs.model.kinds)),
    "slice": lambda qs: [o.pk for o in ordered(qs)[:3]],
    "count": lambda qs: qs.count(),
    "exists": lambda qs: qs.exists(),
    "aggregate": lambda qs: qs.aggregate(n=max_id()),
    "first": lambda qs: getattr(ordered(qs).first(), "pk", None),
    "get": lambda qs: get(qs),
    "related": lambda qs: related(qs),
    "links": lambda qs: [list(o.many.order_by("id").values_list("id", "note")) for o in ordered(qs)]
    if qs.model.relations else None,
}


def related(queryset):
    """By prefetch_related: what select_related joins, cacheops does not register."""
    if not queryset.model.relations:
        return None
    return [(o.pk, o.other and (o.other.pk, o.other.note), sorted((m.pk, m.note) for m in o.many.all()))
            for o in ordered(queryset).prefetch_related("other", "many")]


def max_id():
    from django.db.models import Max
    return Max("id")


def get(queryset):
    try:
        return queryset.get().pk
    except queryset.model.DoesNotExist:
        return None
    except queryset.model.MultipleObjectsReturned:
        return "many"


class Question:
    """A queryset, and what is asked of it."""

    def __init__(self):
        from zoo.models import MODELS
        self.model = rng.choice(MODELS)
        self.condition = combine(self.model)
        self.reader = rng.choice(sorted(READERS))
        self.cached = self.ask()

    def ask(self, cached=True):
        queryset = self.model.objects.filter(self.condition)
        return READERS[self.reader](queryset if cached else queryset.nocache())

    def __str__(self):
        queryset = self.model.objects.nocache().filter(self.condition)
        return f"{self.reader} of {self.model.__name__}: {self.condition}\n{queryset.query}"


def play(rounds, fails):
    """Returns how many answers there were, how many from the cache, how many changed ones."""
    from cacheops.signals import cache_read
    counts = {"answers": 0, "hits": 0, "changed": 0}

    def note(sender, func, hit, **rest):
        counts["hits"] += hit

    for _ in range(rounds):
        questions = [Question() for _ in range(QUERY_COUNT)]
        change_rows()
        system.settle()
        cache_read.connect(note)
        answers = [question.ask() for question in questions]
        cache_read.disconnect(note)
        for question, answer in zip(questions, answers):
            expected = question.ask(cached=False)
            counts["answers"] += 1
            counts["changed"] += question.cached != expected
            if answer != expected:
                fails.append(f"{question}\ncached {answer}\nin the database {expected}")
    return counts


class Property(unittest.TestCase):

    def test_1_every_cached_queryset_gives_the_database_s_answer(self):
        fails = []
        start = dt.datetime.now()
        counts = play(ROUND_COUNT, fails)
        print(counts, dt.datetime.now() - start)
        self.assertEqual(fails, [], "\n\n".join(fails[:3]))
        self.assertGreaterEqual(counts["answers"], 1000)
        # something changed, and most of what did not stayed in the cache
        self.assertGreater(counts["changed"], 30)
        self.assertGreater(counts["hits"], counts["answers"] / 2)

    def test_2_nothing_is_left_to_a_scan(self):
        with open(os.path.join(system.log_directory, "property-uncached.log")) as file:
            self.assertNotIn("rows do not tell", file.read())

    def test_3_without_rules_querysets_are_stale(self):
        system.query("SELECT uncache.unwatch(relation) FROM uncache.rules")
        system.redis(1).flushdb()
        fails = []
        play(CONTROL_ROUND_COUNT, fails)
        self.assertGreater(len(fails), 3)


if __name__ == "__main__":
    main()
