"""Models that a rule cannot tell from the types of columns: what the command prints for them works.

Each case caches querysets, changes rows by SQL, and compares what cacheops answers
with the database.
"""

import datetime as dt
import io
import subprocess
import unittest
import uuid
from decimal import Decimal

import project
from system import System, main

OWNER = "corners_owner"
UID = uuid.UUID("deadbeef-0000-4000-8000-00000000abcd")


def setUpModule():
    global system
    system = System("django_corners", {"default": {"db": 1}}, files=())
    subprocess.run(["createdb", project.OTHER], check=True)
    project.setup(system)
    make_tables()
    run_script(printed())


def tearDownModule():
    system.close()


def make_tables():
    from django.apps import apps
    from django.db import connections
    system.psql("CREATE COLLATION corners_any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    with connections["default"].schema_editor() as editor, connections["other"].schema_editor() as other:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed:
                (other if model.__name__ in ("Archived", "Elsewhere") else editor).create_model(model)
    system.psql("""
        CREATE VIEW active_customer AS SELECT id, name FROM corners_customer WHERE is_active;
        CREATE TABLE mismatched (id bigserial PRIMARY KEY, name text, number int, level numeric(6, 2), due date);
        CREATE ROLE corners_owner;
        GRANT CREATE ON SCHEMA public TO corners_owner;
        SELECT uncache.grant_author('corners_owner');
        DO $$ DECLARE t regclass; BEGIN
            FOR t IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace = 'public'::regnamespace LOOP
                EXECUTE format('ALTER TABLE %s OWNER TO corners_owner', t);
            END LOOP;
        END $$;""")


def printed(*labels, **options):
    from django.core.management import call_command
    out = io.StringIO()
    call_command("uncache_sql", *labels, stdout=out, **options)
    return out.getvalue()


def run_script(script):
    """As the owner of the tables, who is no superuser, and stopping at the first error."""
    system.psql(f"SET ROLE {OWNER};\n" + script)
    system.settle()


def lines(text, script):
    return [line for line in script.splitlines() if text in line]


def contents(queryset, cached=True):
    """Rows as objects: what values() names is joined in another way."""
    found = list((queryset.all() if cached else queryset.all().nocache()).order_by("pk"))
    return [{name: value for name, value in row.__dict__.items() if not name.startswith("_")} for row in found]


def hits(read):
    """What read() answers, and whether all of it came from the cache."""
    from cacheops.signals import cache_read
    seen = []

    def note(sender, func, hit, **rest):
        seen.append(hit)
    cache_read.connect(note)
    try:
        answer = read()
    finally:
        cache_read.disconnect(note)
    return answer, bool(seen) and all(seen)


class Case(unittest.TestCase):

    def setUp(self):
        system.redis(1).flushdb()

    def check_fresh(self, queryset, sql, *values):
        """A change by SQL changes the answer, and the cached one with it."""
        system.settle()
        before = contents(queryset)
        self.assertEqual(hits(lambda: contents(queryset)), (before, True), "it is not cached")
        system.query(sql, *values)
        system.settle()
        expected = contents(queryset, cached=False)
        self.assertNotEqual(expected, before, "the change does not matter")
        self.assertEqual(contents(queryset), expected)

    def check_stays(self, queryset, sql, *values):
        system.settle()
        list(queryset.all())
        system.query(sql, *values)
        system.settle()
        self.assertTrue(hits(lambda: list(queryset.all()))[1], "it has gone")


class WhichTables(Case):

    def test_content_types(self):
        from corners.models import Labelled
        system.psql("INSERT INTO django_content_type VALUES (900, 'one', 'x');"
                    " INSERT INTO corners_labelled (id, object_id, content_type_id) VALUES (1, 7, 900)")
        self.check_fresh(Labelled.objects.filter(content_type__app_label="one"),
                         "UPDATE django_content_type SET app_label = 'two' WHERE id = 900")

    def test_a_view(self):
        from corners.models import ActiveCustomer
        script = printed()
        self.assertEqual(lines("uncache.watch('\"active_customer", script), [])
        line = lines("active_customer", script)[0]
        self.assertRegex(line, '^-- "active_customer" is a view: any change of public.corners_customer takes all')
        system.psql("INSERT INTO corners_customer VALUES (40, 'x', true, 0)")
        self.check_fresh(ActiveCustomer.objects.filter(pk=40), "UPDATE corners_customer SET name = 'y' WHERE id = 40")
        self.check_fresh(ActiveCustomer.objects.filter(name="y"), "UPDATE corners_customer SET is_active = false")
        self.check_fresh(ActiveCustomer.objects.all(), "UPDATE corners_customer SET is_active = true WHERE id = 40")
        self.check_fresh(ActiveCustomer.objects.all(), "TRUNCATE corners_customer CASCADE")

    def test_a_materialized_view_is_a_comment(self):
        system.psql('CREATE MATERIALIZED VIEW "missing; DROP TABLE corners_order;\n-- x" AS SELECT id, name FROM corners_customer')
        try:
            self.assertRegex(lines("missing;", printed())[0], "^-- .* is a materialized view")
            self.assertEqual(len(lines("missing;", printed())), 1)
        finally:
            system.psql('DROP MATERIALIZED VIEW "missing; DROP TABLE corners_order;\n-- x"')

    def test_a_table_that_is_not_there_is_a_comment_on_one_line(self):
        script = printed()
        (line,) = lines("missing;", script)
        self.assertRegex(line, r"^-- ")
        self.assertEqual(lines("-- x", script), [line])

    def test_only_models_of_this_database(self):
        self.assertEqual(lines("corners_archived", printed()) + lines("corners_elsewhere", printed()), [])
        script = printed(database="other")
        self.assertEqual(script, "SELECT uncache.watch('\"corners_archived\"', cacheops => ARRAY['corners_archived']);\n"
                                 "SELECT uncache.watch('\"corners_elsewhere\"', cacheops => ARRAY['corners_elsewhere']);\n")

    def test_an_unrelated_model(self):
        from corners.models import Order, Rate
        from django.db.models import OuterRef, Subquery
        system.psql("TRUNCATE corners_rate; INSERT INTO corners_customer VALUES (50, 'x', true, 0);"
                    " INSERT INTO corners_order (id, state, cust) VALUES (50, 'new', 50);"
                    " INSERT INTO corners_rate VALUES (50, 'new', 5)")
        rate = Rate.objects.filter(state=OuterRef("state")).values("percent")[:1]
        self.check_fresh(Order.objects.annotate(percent=Subquery(rate)),
                         "UPDATE corners_rate SET percent = 6 WHERE id = 50")
        states = Order.objects.order_by().values_list("state")

        def union(cached=True):
            first = states.all() if cached else states.all().nocache()
            return sorted(first.all().union(Rate.objects.order_by().values_list("state")))
        union()
        system.psql("UPDATE corners_rate SET state = 'other' WHERE id = 50")
        system.settle()
        self.assertEqual(union(), union(cached=False))

    def test_two_models_of_a_table(self):
        from corners.models import Order, Purchase
        self.assertEqual(len(lines("uncache.watch('\"corners_order\"", printed())), 1)
        system.psql("INSERT INTO corners_customer VALUES (30, 'x', true, 0), (31, 'x', true, 0);"
                    " INSERT INTO corners_order (id, state, cust) VALUES (30, 'new', 30)")
        self.check_fresh(Purchase.objects.filter(buyer=30), "UPDATE corners_order SET cust = 31 WHERE id = 30")
        self.check_fresh(Order.objects.filter(customer=31), "UPDATE corners_order SET cust = 30 WHERE id = 30")
        # to one of them it is a TextField
        self.check_stays(Order.objects.filter(state="old"), "UPDATE corners_order SET cust = 30 WHERE id = 30")
        self.check_fresh(Order.objects.filter(state="new"), "UPDATE corners_order SET cust = 31 WHERE id = 30")

    def test_names_of_rules_are_no_longer_than_postgresql_s(self):
        from uncache_django.management.commands.uncache_sql import rule_name
        self.assertEqual(rule_name("x" * 51), "uncache_for_" + "x" * 51)
        names = {rule_name(end + "é" * 40 + end) for end in "abc"}
        self.assertEqual([len(name.encode()) <= 63 for name in names], [True] * 3)

    def test_unrelated_models_can_be_left_out(self):
        self.assertEqual(lines("corners_rate", printed(related=True)), [])
        self.assertEqual(len(lines("uncache.watch('\"corners_order\"", printed(related=True))), 1)

    def test_the_script_can_be_run_again(self):
        def rules():
            return system.query("SELECT tgrelid, tgname, oid FROM pg_trigger WHERE tgname ~ '^uncache' ORDER BY 1, 2")
        before = rules()
        run_script(printed())
        self.assertEqual(rules(), before)
        self.assertEqual(system.query("SELECT * FROM uncache.check_rules()"), [])


class WhatIsStored(Case):

    def setUp(self):
        super().setUp()
        system.psql("TRUNCATE corners_coded, corners_codedkey, corners_codedpart, mismatched CASCADE")
        system.settle()

    def check_coded(self, **condition):
        from corners.models import Coded
        system.psql("INSERT INTO corners_coded (id, uid, word, shout, loose, code, \"Tag\", plain) VALUES"
                    f" (1, '{UID.hex}', 'cba', 'LOUD', 'x ', 'code:7', 'Mixed', 'before')")
        system.settle()
        self.check_fresh(Coded.objects.filter(**condition), "UPDATE corners_coded SET plain = 'after'")

    def test_a_uuid_in_text(self):
        self.check_coded(uid=UID)

    def test_a_field_with_its_own_preparation_for_the_database(self):
        self.check_coded(word="abc")

    def test_a_field_that_is_compared_by_an_expression(self):
        self.check_coded(shout="loud")

    def test_a_field_with_its_own_equality(self):
        self.check_coded(loose=" x")

    def test_a_field_with_its_own_preparation_for_both_keeps_its_rule(self):
        from corners.models import Coded
        self.check_coded(code=7)
        self.check_stays(Coded.objects.filter(code=8), "UPDATE corners_coded SET plain = 'again'")

    def test_a_collation_that_takes_other_texts_for_equal(self):
        self.check_coded(tag="mIXED")

    def test_a_foreign_key_to_such_a_field(self):
        from corners.models import CodedPart
        system.psql(f"INSERT INTO corners_codedkey (id, note) VALUES ('{UID.hex}', 'x');"
                    f" INSERT INTO corners_codedpart VALUES (1, 'x', '{UID.hex}')")
        self.check_fresh(CodedPart.objects.filter(coded_id=UID), "UPDATE corners_codedpart SET word = 'y'")

    def test_columns_of_other_types_than_the_model_says(self):
        from corners.models import Mismatched
        system.psql("INSERT INTO mismatched VALUES (1, 'x', 7, 3, '2024-01-31')")
        for condition in ([{"name": "x"}, {"number": "07"}, {"level": 3},
                                       {"due": dt.datetime(2024, 1, 31, tzinfo=dt.timezone.utc)}]):
            with self.subTest(condition=condition):
                self.check_fresh(Mismatched.objects.filter(**condition), "UPDATE mismatched SET id = id + 1")

    def test_decimals_in_exponent_form(self):
        from corners.models import Customer
        system.psql("INSERT INTO corners_customer VALUES (60, 'x', true, 12300), (61, 'x', true, 0)")
        for number in ("123E+2", "1.23E+4", "12.30E+3", "1230E1", "0E+2", "0E-6", "-0E+3"):
            with self.subTest(number=number):
                self.check_fresh(Customer.objects.filter(credit=Decimal(number)),
                                 "UPDATE corners_customer SET name = name || '!' WHERE id IN (60, 61)")


class Inheritance(Case):

    def setUp(self):
        super().setUp()
        system.psql("""TRUNCATE corners_animal, corners_machine CASCADE;
            INSERT INTO corners_animal VALUES (1, 'Tom', 4), (2, 'Leo', 4), (3, 'R2', 3), (4, 'Rex', 4);
            INSERT INTO corners_cat VALUES (1, 'grey'), (2, 'yellow');
            INSERT INTO corners_lion VALUES (2, 'north');
            INSERT INTO corners_machine VALUES (9, 'S1');
            INSERT INTO corners_robot (machine_ptr_id, beast) VALUES (9, 3)""")
        system.settle()

    def test_a_parent_s_row(self):
        from corners.models import Cat, Lion, Robot
        for queryset, key in ((Cat.objects.all(), 1), (Cat.objects.filter(colour="grey"), 1), (Cat.objects.filter(pk=1), 1),
                              (Lion.objects.all(), 2), (Lion.objects.filter(pride="north"), 2), (Lion.objects.filter(pk=2), 2),
                              (Cat.objects.filter(name="Tom"), 1), (Robot.objects.all(), 3),
                              (Robot.objects.filter(animal_ptr=3), 3), (Robot.objects.filter(pk=9), 3)):
            with self.subTest(query=str(queryset.query)):
                self.check_fresh(queryset, "UPDATE corners_animal SET legs = legs + 1 WHERE id = %s", key)

    def test_the_parent_between(self):
        from corners.models import Lion
        self.check_fresh(Lion.objects.filter(pk=2), "UPDATE corners_cat SET colour = 'white' WHERE animal_ptr_id = 2")

    def test_another_row_of_the_parent(self):
        from corners.models import Cat, Lion
        self.check_stays(Cat.objects.filter(pk=1), "UPDATE corners_animal SET legs = 2 WHERE id = 4")
        self.check_stays(Lion.objects.filter(pk=2), "UPDATE corners_animal SET legs = 2 WHERE id = 1")

    def test_a_new_row_of_the_parent_is_no_child_s(self):
        from corners.models import Cat
        self.check_stays(Cat.objects.filter(colour="grey"), "INSERT INTO corners_animal VALUES (5, 'Ant', 6)")

    def test_a_parent_whose_key_is_stored_in_another_text(self):
        from corners.models import CodedChild
        system.psql(f"TRUNCATE corners_codedkey CASCADE; INSERT INTO corners_codedkey (id, note) VALUES ('{UID.hex}', 'x');"
                    f" INSERT INTO corners_codedchild VALUES ('{UID.hex}', 'grey')")
        for queryset in (CodedChild.objects.all(), CodedChild.objects.filter(pk=UID)):
            self.check_fresh(queryset, "UPDATE corners_codedkey SET note = note || 'y'")

    def test_a_parent_that_is_a_view(self):
        from corners.models import Pet
        system.psql("TRUNCATE corners_customer, corners_pet CASCADE; INSERT INTO corners_customer VALUES (1, 'x', true, 0);"
                    " INSERT INTO corners_pet (active_id, chip) VALUES (1, 'chip')")
        for queryset in (Pet.objects.all(), Pet.objects.filter(pk=1), Pet.objects.filter(chip="chip")):
            self.check_fresh(queryset, "UPDATE corners_customer SET name = name || 'y'")

    def test_what_is_not_a_child(self):
        from corners.models import Animal
        self.check_fresh(Animal.objects.filter(cat__isnull=True), "INSERT INTO corners_cat VALUES (4, 'white')")


class Names(Case):
    """Names of sets as joins can make them, registered by cacheops' own script."""

    def register(self, table, **conditions):
        from cacheops.query import cache_thing
        cache_thing("", "q:joined", "x", {table: [conditions]}, 100)
        self.assertTrue(system.redis(1).exists("q:joined"))

    def check_gone(self, sql):
        system.psql(sql)
        system.settle()
        self.assertFalse(system.redis(1).exists("q:joined"))

    def log(self):
        with open(f"{system.log_directory}/{system.name}-uncached.log") as file:
            return file.read()

    def test_a_value_and_the_null_of_a_key_that_an_outer_join_found_nothing_for(self):
        self.register("corners_customer", is_active=True, id=None)
        self.check_gone("INSERT INTO corners_customer VALUES (70, 'new', true, 0)")
        self.register("corners_customer", is_active=True, id=None)
        system.psql("INSERT INTO corners_customer VALUES (71, 'new', false, 0)")
        system.settle()
        self.assertTrue(system.redis(1).exists("q:joined"))

    def test_the_name_of_a_column(self):
        before = len(self.log())
        system.psql("INSERT INTO corners_customer VALUES (80, 'x', true, 0), (81, 'x', true, 0)")
        system.settle()
        self.register("corners_order", cust=80, state="new")
        system.psql("INSERT INTO corners_order (id, state, cust) VALUES (80, 'new', 81)")
        system.settle()
        self.assertTrue(system.redis(1).exists("q:joined"))
        self.check_gone("INSERT INTO corners_order (id, state, cust) VALUES (81, 'new', 80)")
        self.register("corners_order", customer_id=80, state="new")
        self.check_gone("INSERT INTO corners_order (id, state, cust) VALUES (82, 'new', 80)")
        self.assertNotIn("rows do not tell", self.log()[before:])


class Renames(Case):

    def test_a_renamed_model(self):
        system.psql("ALTER TABLE corners_profile RENAME TO corners_card")
        try:
            ((relation, problem, hint),) = system.query("SELECT relation::text, problem, hint FROM uncache.check_rules()")
            self.assertEqual(relation, "corners_card")
            self.assertIn("corners_profile", problem)
            system.psql(hint)
            self.assertEqual(system.query("SELECT * FROM uncache.check_rules()"), [])
        finally:
            system.psql("ALTER TABLE corners_card RENAME TO corners_profile")
        ((_, _, hint),) = system.query("SELECT relation::text, problem, hint FROM uncache.check_rules()")
        system.psql(hint)


class Limits(Case):
    """What docs/django.md says stays stale, in cacheops itself."""

    def check_stale(self, queryset, sql):
        system.settle()
        before = contents(queryset)
        system.psql(sql)
        system.settle()
        self.assertNotEqual(contents(queryset, cached=False), before)
        self.assertEqual(contents(queryset), before)

    def setUp(self):
        super().setUp()
        system.psql("TRUNCATE corners_customer CASCADE; TRUNCATE corners_rate;"
                    " INSERT INTO corners_customer VALUES (1, 'a', true, 0);"
                    " INSERT INTO corners_order (id, state, cust) VALUES (1, 'new', 1);"
                    " INSERT INTO corners_rate VALUES (1, 'new', 5)")
        system.settle()

    def test_exists(self):
        from corners.models import Order, Rate
        from django.db.models import Exists, OuterRef
        rate = Rate.objects.filter(state=OuterRef("state"))
        self.check_stale(Order.objects.annotate(known=Exists(rate)), "DELETE FROM corners_rate")
        system.psql("INSERT INTO corners_rate VALUES (1, 'new', 5)")
        self.check_stale(Order.objects.filter(Exists(rate)), "DELETE FROM corners_rate")

    def test_a_subquery_in_a_condition(self):
        from corners.models import Order, Rate
        self.check_stale(Order.objects.filter(state__in=Rate.objects.values("state")), "DELETE FROM corners_rate")

    def test_a_subquery_in_a_subquery(self):
        from corners.models import Customer, Order, Rate
        from django.db.models import OuterRef, Subquery
        rate = Rate.objects.filter(state=OuterRef("state")).values("percent")[:1]
        order = Order.objects.filter(customer=OuterRef("pk")).annotate(percent=Subquery(rate)).values("percent")[:1]
        self.check_stale(Customer.objects.annotate(percent=Subquery(order)), "UPDATE corners_rate SET percent = 6")

    def test_extra_tables(self):
        from corners.models import Order
        self.check_stale(Order.objects.extra(tables=["corners_rate"], where=["corners_rate.state = corners_order.state"],
                                             select={"percent": "corners_rate.percent"}),
                         "UPDATE corners_rate SET percent = 6")

    def test_select_related(self):
        from corners.models import Order
        queryset = Order.objects.select_related("customer")

        def names(cached=True):
            return [order.customer.name for order in (queryset.all() if cached else queryset.all().nocache())]
        self.assertEqual(names(), ["a"])
        system.psql("UPDATE corners_customer SET name = 'b'")
        system.settle()
        self.assertEqual((names(), names(cached=False)), (["a"], ["b"]))


class Refusals(Case):

    def test_a_database_that_cannot_be_asked(self):
        from django.core.management import CommandError
        from django.db import connections
        connection = connections["other"]
        connection.close()
        name, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], "no_such_database"
        try:
            with self.assertRaisesRegex(CommandError, "no_such_database"):
                printed(database="other")
        finally:
            connection.settings_dict["NAME"] = name
        with self.assertRaisesRegex(CommandError, "nowhere"):
            printed(database="nowhere")


class Control(Case):

    def test_zz_without_the_daemon_answers_are_stale(self):
        from corners.models import Order
        system.psql("TRUNCATE corners_customer CASCADE; INSERT INTO corners_customer VALUES (1, 'a', true, 0);"
                    " INSERT INTO corners_order (id, state, cust) VALUES (1, 'new', 1)")
        with system.daemon_stopped():
            queryset = Order.objects.filter(customer=1)
            before = contents(queryset)
            system.psql("UPDATE corners_order SET state = 'old'")
            self.assertEqual(contents(queryset), before)
        self.assertNotEqual(contents(queryset), before)


if __name__ == "__main__":
    main()
