"""ERP: django-redis' aliases, permissions two joins away, versions, a pattern, and stagger."""

import datetime
import importlib
import os
import time
import unittest

import django
from django import conf

from lab.processes import wait_for
from system import System, main

ALIASES = {"default": (1, 300), "sessions": (2, None), "permissions": (3, 3600), "api_responses": (4, 600)}
# long enough for a busy machine to look while most keys are still there
STAGGER_S = 5
USERS = (1, 2, 10, 20, 1501, 1510, 1901, 1999)
PRODUCTS = (1, 2, 3, 21, 22)
ORGANIZATIONS = (1, 2, 3, 4, 7)
DAYS = (datetime.date(2020, 6, 30), datetime.date(2020, 7, 1), datetime.date(2024, 1, 1))
HERD = range(1001, 4001)


def setUpModule():
    global system, erp, models, caches
    targets = {alias: {"db": ALIASES[alias][0], "prefix": ":1:"}
               for alias in ("default", "permissions", "api_responses")}
    targets["default"].update(stagger=f"{STAGGER_S}s", stagger_from=1000)
    targets["v2"] = {"db": ALIASES["default"][0], "prefix": ":2:"}
    system = System("erp", targets)
    conf.settings.configure(
        INSTALLED_APPS=["erp"], SESSION_CACHE_ALIAS="sessions", USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "erp",
                               "HOST": os.environ["PGHOST"], "USER": os.environ["PGUSER"]}},
        CACHES={alias: {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": system.url(db),
                        "OPTIONS": {"CLIENT_CLASS": "django_redis.client.DefaultClient"},
                        "TIMEOUT": timeout} for alias, (db, timeout) in ALIASES.items()})
    django.setup()
    erp = importlib.import_module("erp.services")
    models = importlib.import_module("erp.models")
    caches = importlib.import_module("django.core.cache").caches


def tearDownModule():
    from django.db import connections
    connections.close_all()
    system.close()


def answers():
    """Everything that is cached: what → (as the cache has it, as the database has it)."""
    both = {"currencies": (erp.get_currencies(), erp.load_currencies())}
    for n in USERS:
        both["permissions", n] = erp.get_permissions(n), erp.load_permissions(n)
        both["profile", n] = erp.get_profile(n), erp.load_profile(n)
    for n in ORGANIZATIONS:
        both["summary", n] = erp.get_summary(n), erp.load_summary(n)
    for code in ("customer", "supplier", "internal"):
        both["organizations", code] = erp.get_organizations(code), erp.load_organizations(code)
    for where in (("DE", "goods"), ("DE", "books"), ("AT", "goods")):
        for day in DAYS:
            both["tax", *where, day] = erp.get_tax_rate(*where, day), erp.load_tax_rate(*where, day)
    for n in PRODUCTS:
        both["product", n] = erp.get_product(n), erp.load_product(n)
        both["product 2", n] = erp.get_product(n, version=2), erp.load_product(n, 2)
        both["api", n] = erp.get_product_api(n), erp.load_product(n)
    for category in (1, 2):
        for filters in ({}, {"name__startswith": "Cat"}):
            both["category", category, len(filters)] = (erp.get_category(category, **filters),
                                                        erp.load_category(category, **filters))
        both["products", category] = (erp.get_products(category_id=category),
                                      erp.load_products(category_id=category))
    return both


def wrong_answers():
    return [what for what, (have, right) in answers().items() if have != right]


def names():
    """alias → keys with values, as Redis has them; no tags or counters."""
    return {alias: {key for key in system.keys(db) if ":tag:" not in key and ":ver:" not in key}
            for alias, (db, _) in ALIASES.items()}


def permissions(*users):
    return {f":1:rbac:user:{n}:org_permissions" for n in users}


def assigned(role):
    return [n for n in USERS
            if models.Assignment.objects.filter(user_id=n, role__name=role).exists()]


class Erp(unittest.TestCase):

    maxDiff = None

    def setUp(self):
        answers()
        self.before = names()

    def expect_gone(self, **expected):
        """Exactly these of each alias have gone; every answer is the database's."""
        system.settle()
        after = names()
        for alias in ALIASES:
            self.assertEqual(self.before[alias] - after[alias],
                             self.before[alias] & set(expected.get(alias, ())), alias)
        self.assertEqual(wrong_answers(), [])

    # --- permissions ---

    def test_role_gets_and_loses_a_permission(self):
        permission = models.Permission.objects.get(codename="delete_user")
        role = models.Role.objects.get(name="clerk")
        for change in (role.permissions.add, role.permissions.remove):
            change(permission)
            self.expect_gone(permissions=permissions(*assigned("clerk")))
            self.setUp()

    def test_permission_is_renamed_three_tables_away(self):
        models.Permission.objects.filter(codename="view_user").update(codename="see_user")
        self.expect_gone(permissions=permissions(*{*assigned("manager"), *assigned("auditor")}))

    def test_role_is_switched_off_and_on(self):
        for is_active in (False, True):
            models.Role.objects.filter(name="manager").update(is_active=is_active)
            self.expect_gone(permissions=permissions(*assigned("manager")))
            self.setUp()

    def test_role_s_name_concerns_nobody(self):
        models.Role.objects.filter(name="auditor").update(name="auditor")
        self.expect_gone()

    def test_user_gets_a_role_and_loses_it(self):
        models.Assignment.objects.create(user_id=2, role_id=2, organization_id=5)
        self.expect_gone(permissions=permissions(2))
        self.assertIn("delete_user", erp.get_permissions(2)[5])
        self.setUp()
        models.Assignment.objects.filter(user_id=2, organization_id=5).delete()
        self.expect_gone(permissions=permissions(2))
        self.assertNotIn(5, erp.get_permissions(2))

    def test_user_is_deleted_with_his_roles_by_the_database(self):
        system.psql("DELETE FROM core_user WHERE id = 1999")
        self.expect_gone(permissions=permissions(1999), default={":1:core:user:1999:profile"})
        self.assertEqual(erp.get_permissions(1999), {})

    # --- reference data ---

    def test_currency_is_switched_off(self):
        models.Currency.objects.filter(code="USD").update(is_active=False)
        self.expect_gone(default={":1:core:currency:list:active"})

    def test_tax_rate_of_some_day_is_corrected(self):
        rate = models.TaxRate.objects.get(jurisdiction="DE", category="goods", valid_from="2020-07-01")
        rate.percent += 1
        rate.save()
        self.expect_gone(default={f":1:taxes:taxrate:DE:goods:{day}" for day in DAYS})

    # --- organizations ---

    def test_organization_is_renamed(self):
        models.Organization.objects.filter(id=2).update(name="Renamed")
        members = [n for n in USERS if models.User.objects.filter(id=n, organization_id=2).exists()]
        self.assertTrue(members)
        self.expect_gone(default={":1:organizations:organization:2:summary",
                                  ":1:organizations:organization:list:active_type_internal"}
                         | {f":1:core:user:{n}:profile" for n in members})

    def test_organization_changes_its_type(self):
        organization = models.Organization.objects.get(id=4)
        self.assertEqual(organization.type.code, "supplier")
        organization.type = models.OrganizationType.objects.get(code="customer")
        organization.save()
        gone = self.before["default"]
        self.expect_gone(default={key for key in gone if key.endswith(("type_supplier", "type_customer"))}
                         | {":1:organizations:organization:4:summary"}
                         | {f":1:core:user:{n}:profile" for n in USERS
                            if models.User.objects.filter(id=n, organization_id=4).exists()})

    # --- products ---

    def lists(self):
        return {key for key in self.before["api_responses"] if ":products:product:list:" in key}

    def test_product_is_saved(self):
        """Both forms of the details and the API's answer go; lists get another version."""
        version = erp.products_version()
        product = models.Product.objects.get(id=21)
        product.price += 1
        product.save()
        self.expect_gone(default={":1:products:product:21:details", ":2:products:product:21:details"},
                         api_responses={":1:products:product:21:api_v1"})
        self.assertNotEqual(erp.products_version(), version)
        self.assertTrue(self.lists() < names()["api_responses"], "old lists stay until they expire")
        self.assertTrue(all(key.startswith(f":{version}:") for key in self.lists()
                            if f":{version}:" in key))

    def test_products_change_in_bulk(self):
        products = list(models.Product.objects.filter(id__in=PRODUCTS))
        for product in products:
            product.price += 2
        models.Product.objects.bulk_update(products, ["price"])
        self.expect_gone(default={f":{v}:products:product:{n}:details" for n in PRODUCTS for v in (1, 2)},
                         api_responses={f":1:products:product:{n}:api_v1" for n in PRODUCTS})
        self.setUp()
        system.psql("UPDATE products_product SET sku = sku || 'x' WHERE id IN (1, 2)")
        self.expect_gone(default={f":{v}:products:product:{n}:details" for n in (1, 2) for v in (1, 2)},
                         api_responses={f":1:products:product:{n}:api_v1" for n in (1, 2)})

    def test_product_is_created_where_a_list_was_cached(self):
        new = models.Product.objects.create(category_id=1, sku="new", price=1, is_active=True)
        system.settle()
        self.assertIn(new.id, [row["id"] for row in erp.get_products(category_id=1)])
        self.assertEqual(wrong_answers(), [])

    def test_category_is_renamed_by_a_pattern(self):
        models.Category.objects.filter(id=2).update(name="Renamed")
        self.expect_gone(api_responses={key for key in self.before["api_responses"]
                                        if key.startswith(":1:products:category:2:")})

    # --- all of them ---

    def test_sessions_are_never_touched(self):
        from django.contrib.sessions.backends.cache import SessionStore

        session = SessionStore()
        session["user"] = 5
        session.save()
        system.psql("UPDATE products_product SET price = price WHERE id < 10; DELETE FROM taxes_taxrate"
                    " WHERE jurisdiction = 'AT'; SELECT uncache.invalidate_all()")
        system.settle()
        self.assertEqual(SessionStore(session_key=session.session_key)["user"], 5)
        self.assertEqual(names()["permissions"] | names()["default"], set())

    def test_what_is_rolled_back_stays(self):
        from django.db import transaction

        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            models.Assignment.objects.all().delete()
            models.Product.objects.update(price=0)
            raise ZeroDivisionError
        self.expect_gone()

    def test_without_the_daemon_answers_would_be_wrong(self):
        with system.daemon_stopped():
            models.Role.objects.get(name="clerk").permissions.clear()
            models.Product.objects.filter(id=1).update(price=7777)
            models.Product.objects.filter(category_id=2).update(price=8888)
            models.Organization.objects.filter(id=3).update(name="Elsewhere")
            wrong = wrong_answers()
            for what in (("permissions", 1), ("product", 1), ("product 2", 1), ("api", 1),
                         ("products", 2), ("summary", 3)):
                self.assertIn(what, wrong)
        self.assertEqual(wrong_answers(), [])


class Herd(unittest.TestCase):
    """Thousands of keys of one change: spread where the target says so, and nowhere else."""

    @staticmethod
    def fill():
        for n in HERD:
            caches["default"].set(f"products:product:{n}:details", "old")
            caches["api_responses"].set(f"products:product:{n}:api_v1", "old")

    @staticmethod
    def present(alias, context):
        keys = [f"products:product:{n}:{context}" for n in HERD]
        return sum(value is not None for value in caches[alias].get_many(keys).values())

    def test_misses_are_spread_over_the_time(self):
        self.fill()
        start = time.monotonic()
        system.psql(f"UPDATE products_product SET price = price + 1 WHERE id >= {HERD[0]}"
                    f" AND id <= {HERD[-1]}")
        wait_for(lambda: self.present("api_responses", "api_v1") == 0, "a target without stagger")
        applied = time.monotonic()
        samples = []
        while not samples or (samples[-1][2] > 0 and samples[-1][0] < applied + STAGGER_S + 5):
            asked = time.monotonic()
            count = self.present("default", "details")
            samples.append((asked, time.monotonic(), count))
            time.sleep(0.02)
        self.assertGreater(samples[0][2], len(HERD) * 0.6, "they do not go at once")
        self.assertGreater(len({count for _, _, count in samples}), 5, "they do not go at once")
        self.assertLess(samples[-1][0] - applied, STAGGER_S + 1, "they go in time")
        self.assertEqual(samples[-1][2], 0)
        for asked, answered, count in samples:
            # what is there at a moment is the rest of an even spread; begun between start and applied
            most = len(HERD) * max(0, 1 - (asked - applied) / STAGGER_S)
            least = len(HERD) * max(0, 1 - (answered - start) / STAGGER_S)
            self.assertLess(count, most + len(HERD) * 0.15)
            self.assertGreater(count, least - len(HERD) * 0.25)
        system.settle()

    def test_one_product_of_a_staggered_herd_is_applied_at_once(self):
        self.fill()
        system.psql(f"UPDATE products_product SET price = price + 1 WHERE id BETWEEN {HERD[0]} AND {HERD[-1]}")
        last = HERD[-1]
        system.psql(f"UPDATE products_product SET price = price + 1 WHERE id = {last}")
        wait_for(lambda: caches["default"].get(f"products:product:{last}:details") is None, "it waits for the herd")
        self.assertGreater(self.present("default", "details"), len(HERD) // 4)
        system.settle()
        self.assertEqual(self.present("default", "details"), 0)

    def test_revoked_permissions_of_1500_users_go_at_once(self):
        for n in range(1, 1501):
            caches["permissions"].set(f"rbac:user:{n}:org_permissions", "old")
        models.Role.objects.filter(name="clerk").update(is_active=False)
        system.settle()
        self.assertEqual([n for n in range(1, 1501)
                          if caches["permissions"].get(f"rbac:user:{n}:org_permissions") == "old"], [])

    def test_no_reader_keeps_a_key_of_the_herd_alive(self):
        self.fill()
        system.psql(f"UPDATE products_product SET price = price + 1 WHERE id BETWEEN {HERD[0]} AND {HERD[-1]}")
        time.sleep(STAGGER_S / 4)
        for n in HERD:
            caches["default"].touch(f"products:product:{n}:details", timeout=3600)
        self.assertGreater(self.present("default", "details"), len(HERD) // 4)
        system.settle()
        self.assertEqual(self.present("default", "details"), 0)


if __name__ == "__main__":
    main()
