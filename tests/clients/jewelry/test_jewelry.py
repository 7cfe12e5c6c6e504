"""Jewelry shops: four aliases of django-redis, tenants, template fragments, reports."""

import datetime
import itertools
import types
import unittest

import shop
from system import System, main

TENANTS = (1, 2, 3)
ROLES = ("owner", "manager", "employee")
LANGUAGES = ("en", "de", "hi")
TODAY = datetime.date(2024, 2, 10)
PARAMS = ({"start_date": "2024-01-01", "end_date": "2024-12-31"},
          {"start_date": "2024-02-01", "end_date": "2024-02-29"})


def setUpModule():
    global system, app, caches, template
    targets = {alias: {"db": db, "prefix": f"{prefix}:1:"}
               for alias, (db, prefix, _) in shop.ALIASES.items()}
    system = System("jewelry", targets)
    shop.configure("jewelry", system.url)
    app = types.SimpleNamespace(**shop.define())
    from django.core.cache import caches
    from django.template import engines
    template = engines["django"].from_string(shop.FRAGMENTS)


def tearDownModule():
    from django.db import connections
    connections.close_all()
    system.close()


class Categories:
    """A tenant's categories; a list is loaded only if its fragment is rendered."""

    def __init__(self, category, wholesale):
        self.category = category
        self.wholesale = wholesale
        self.name = category.name

    def list(self):
        return ", ".join(app.InventoryItem.objects
                         .filter(category_id=self.category.id, is_wholesale=self.wholesale)
                         .order_by("id").values_list("sku", flat=True)) + f" {self.category.name}"


def context(tenant_id, language, role, wholesale, today):
    from django.db.models import Sum

    sales = app.Sale.objects.filter(tenant_id=tenant_id)
    tenant = app.Tenant.objects.filter(id=tenant_id).first() or app.Tenant(tenant_id, "?")
    return {"tenant": tenant, "LANGUAGE_CODE": language, "role": role, "wholesale": wholesale,
            "branches": app.Branch.objects.filter(tenant_id=tenant_id).order_by("id"),
            "categories": [Categories(c, wholesale) for c in
                           app.Category.objects.filter(tenant_id=tenant_id).order_by("id")],
            "sold": sales.aggregate(s=Sum("total"))["s"], "today": today,
            "sold_today": sales.filter(created_at__date=today).aggregate(s=Sum("total"))["s"]}


def render(*arguments):
    return template.render(context(*arguments))


def pages():
    return ((tenant, language, role, wholesale, TODAY)
            for tenant in TENANTS
            for language, role, wholesale in zip(LANGUAGES, ROLES, (True, False, True)))


def render_uncached(*arguments):
    """The same page without {% cache %}: its text between the tags."""
    import re
    from django.template import engines

    text = re.sub(r"{% (end)?cache[^%]*%}|{% load cache %}", "", shop.FRAGMENTS)
    return engines["django"].from_string(text).render(context(*arguments))


def answers():
    """Everything that the platform shows, as its caches have it, and as the database has it."""
    shown, right = {}, {}

    def note(what, value, truth):
        shown[what], right[what] = value, shop.plain(truth)

    note("gold rate", app.get_gold_rate(), app.load_gold_rate())
    for t in TENANTS:
        note(("dashboard", t), app.get_dashboard(t), app.load_dashboard(t))
        for branch in (2 * t - 1, 2 * t):
            note(("branch", t, branch), app.get_branch_inventory(t, branch), app.load_branch_inventory(t, branch))
            note(("inventory", t, branch), app.get_inventory_items(t, branch_id=branch),
                 app.get_inventory_items.uncached(t, branch_id=branch))
        note(("inventory", t), app.get_inventory_items(t), app.get_inventory_items.uncached(t))
        for query in ("", "1-"):
            note(("products", t, query), app.list_products(t, query=query),
                 app.list_products.uncached(t, query=query))
        for number, params in enumerate(PARAMS):
            note(("report", t, number), app.get_report(t, params), app.load_report(t, params))
            dates = {"start": params["start_date"], "end": params["end_date"]}
            note(("summary", t, number), app.get_sales_summary(t, **dates),
                 app.get_sales_summary.uncached(t, **dates))
    for page in pages():
        note(("page", *page[:4]), render(*page), render_uncached(*page))
    return shown, right


def wrong_answers():
    shown, right = answers()
    return [what for what, value in shown.items() if value != right[what]]


def names(alias):
    """An alias' keys with values, without its prefix; no tags or counters."""
    db, prefix, _ = shop.ALIASES[alias]
    keys = [key[len(prefix) + 3:] for key in system.keys(db)]
    return {key for key in keys if not key.startswith(("tag:", "ver:"))}


def fragment(name, *vary_on):
    from django.core.cache.utils import make_template_fragment_key

    return make_template_fragment_key(name, vary_on)


def widgets(tenant):
    return {fragment("dashboard_widgets", tenant, role) for role in ROLES}


def navigation(tenant):
    return {fragment("navigation", tenant, language) for language in LANGUAGES}


class Jewelry(unittest.TestCase):

    maxDiff = None

    def setUp(self):
        answers()
        self.before = {alias: names(alias) for alias in shop.ALIASES}

    def expect_gone(self, **expected):
        """Exactly these have gone, by alias; every answer is the database's."""
        system.settle()
        for alias in shop.ALIASES:
            self.assertEqual(self.before[alias] - names(alias),
                             self.before[alias] & set(expected.get(alias, ())), alias)
        self.assertEqual(wrong_answers(), [])

    def of_tenant(self, alias, tenant, *prefixes):
        return {key for key in self.before[alias] for prefix in prefixes
                if key.startswith(f"tenant:{tenant}:{prefix}")}

    def test_keys_are_django_s_own(self):
        self.assertIn(fragment("daily_stats", 1, TODAY), self.before["template"])
        self.assertIn(fragment("product_list", 2, "Ketten & Ähren: 18k", True), self.before["template"])
        self.assertIn("tenant:1:dashboard", self.before["default"])
        self.assertEqual({alias: bool(keys) for alias, keys in self.before.items()},
                         dict.fromkeys(shop.ALIASES, True))
        self.assertIn("jewelry_shop_query:1:tag:tenant:1:sales", system.keys(1))
        for alias, (db, _, timeout) in shop.ALIASES.items():
            ttl = system.redis(db).ttl(caches[alias].make_key(sorted(self.before[alias])[0]))
            self.assertGreater(ttl, 0)

    # --- what the document's signals did ---

    def test_inventory_item_is_saved(self):
        item = app.InventoryItem.objects.get(sku="1-2-1")
        item.price += 1
        item.save()
        category = app.Category.objects.get(id=2).name
        self.expect_gone(default={"tenant:1:dashboard", "tenant:1:branch:1:inventory"},
                         query=self.of_tenant("query", 1, "inventory_list"),
                         api=self.of_tenant("api", 1, "product_list"),
                         template={fragment("product_list", 1, category, False)})

    def test_inventory_item_is_created_and_deleted(self):
        for change in ("create", "delete"):
            if change == "create":
                app.InventoryItem.objects.create(tenant_id=2, branch_id=3, category_id=4, sku="new",
                                                 weight_grams=1, price=2, is_wholesale=True)
            else:
                app.InventoryItem.objects.filter(sku="new").delete()
            category = app.Category.objects.get(id=4).name
            self.expect_gone(default={"tenant:2:dashboard", "tenant:2:branch:3:inventory"},
                             query=self.of_tenant("query", 2, "inventory_list"),
                             api=self.of_tenant("api", 2, "product_list"),
                             template={fragment("product_list", 2, category, True)})
            self.setUp()

    def test_item_moves_to_another_branch_and_category(self):
        app.InventoryItem.objects.filter(sku="5-7-2").update(branch_id=6, category_id=8)
        names_of = dict(app.Category.objects.values_list("id", "name"))
        self.expect_gone(default={"tenant:3:dashboard", "tenant:3:branch:5:inventory",
                                  "tenant:3:branch:6:inventory"},
                         query=self.of_tenant("query", 3, "inventory_list"),
                         api=self.of_tenant("api", 3, "product_list"),
                         template={fragment("product_list", 3, names_of[n], True) for n in (7, 8)})

    def test_sale_counts_on_the_shop_s_day(self):
        """20:00 in Greenwich is 1:30 of the next day in the shop."""
        app.Sale.objects.create(tenant_id=1, branch_id=1, total=10, created_at=datetime.datetime(
            2024, 2, 9, 20, tzinfo=datetime.timezone.utc))
        self.expect_gone(default={"tenant:1:dashboard"},
                         query=self.of_tenant("query", 1, "sales_summary"),
                         template=widgets(1) | {fragment("daily_stats", 1, TODAY)})

    def test_sale_of_another_day_leaves_today_s_fragment(self):
        app.Sale.objects.create(tenant_id=1, branch_id=1, total=10, created_at=datetime.datetime(
            2024, 2, 9, 18, tzinfo=datetime.timezone.utc))
        self.expect_gone(default={"tenant:1:dashboard"},
                         query=self.of_tenant("query", 1, "sales_summary"), template=widgets(1))

    def test_gold_rate_is_updated(self):
        app.GoldRate.objects.filter(karat=22).update(price="76.55")
        self.expect_gone(default={"gold_rate"} | {f"tenant:{t}:dashboard" for t in TENANTS})

    # --- all of a tenant, without a scan ---

    def test_tenant_is_renamed(self):
        scans = system.redis().info("commandstats").get("cmdstat_scan", {}).get("calls", 0)
        app.Tenant.objects.filter(id=2).update(name="Goldsmith & Söhne")
        self.expect_gone(default={"tenant:2:dashboard", "tenant:2:branch:3:inventory",
                                  "tenant:2:branch:4:inventory"},
                         query=self.of_tenant("query", 2, "inventory_list", "sales_summary"),
                         api=self.of_tenant("api", 2, ""),
                         template=navigation(2) | widgets(2) | {fragment("sidebar", 2)})
        commands = system.redis().info("commandstats")
        self.assertEqual(commands.get("cmdstat_scan", {}).get("calls", 0), scans)

    def test_all_of_a_tenant_is_invalidated_by_hand(self):
        system.psql("SELECT uncache.invalidate_tag('tenant:3', 'query://tenant:3', 'api://tenant:3')")
        system.settle()
        self.assertEqual({key for alias in ("query", "api") for key in names(alias)
                          if key.startswith("tenant:3:") and ":report:" not in key}, set())
        self.assertEqual(self.before["api"] - names("api"), self.of_tenant("api", 3, ""))

    def test_reports_of_an_old_version_are_not_read_again(self):
        before = shop.tenant_version(1)
        app.Sale.objects.filter(tenant_id=1).update(total=1)
        system.settle()
        self.assertNotEqual(shop.tenant_version(1), before)
        self.assertEqual(wrong_answers(), [])

    def test_tenant_is_deleted_in_the_database(self):
        system.psql("INSERT INTO core_tenant VALUES (900, 'Gone soon');"
                    " INSERT INTO core_branch VALUES (901, 900, 'b');"
                    " INSERT INTO inventory_category VALUES (902, 900, 'c');"
                    " INSERT INTO inventory_inventoryitem VALUES (903, 900, 901, 902, 's', 1, 1, true)")
        system.settle()
        page = (900, "en", "owner", True, TODAY)
        shown = (app.get_dashboard(900), app.get_inventory_items(900), app.list_products(900), render(*page))
        self.assertIn("Gone soon", shown[3])
        system.psql("DELETE FROM core_tenant WHERE id = 900")
        system.settle()
        self.assertEqual((app.get_inventory_items(900), app.list_products(900)), ([], []))
        self.assertEqual(app.get_dashboard(900)["tenant"], [])
        self.assertNotIn("Gone soon", render(*page))

    # --- what signals do not see ---

    def test_bulk_updates_and_raw_sql(self):
        items = list(app.InventoryItem.objects.filter(tenant_id__in=TENANTS))
        for item in items:
            item.price += 3
        app.InventoryItem.objects.bulk_update(items, ["price"])
        app.Sale.objects.bulk_create([app.Sale(tenant_id=t, branch_id=2 * t, total=9, created_at=datetime.datetime(
            2024, 2, 10, 12, tzinfo=datetime.timezone.utc)) for t in TENANTS])
        system.psql("UPDATE inventory_category SET name = name || '!' WHERE tenant_id = 1;"
                    " UPDATE core_branch SET name = 'Main' WHERE id = 5")
        system.settle()
        self.assertEqual(wrong_answers(), [])

    def test_what_is_rolled_back_stays(self):
        from django.db import transaction

        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            app.InventoryItem.objects.update(price=0)
            app.Tenant.objects.update(name="x")
            raise ZeroDivisionError
        self.expect_gone()

    def test_without_the_daemon_answers_would_be_wrong(self):
        with system.daemon_stopped():
            app.InventoryItem.objects.filter(tenant_id=1).update(price=77, is_wholesale=True)
            app.Sale.objects.filter(tenant_id=2).update(total=88)
            app.Tenant.objects.filter(id=3).update(name="Changed")
            wrong = wrong_answers()
            for what in itertools.chain(
                    [("branch", 1, 1), ("inventory", 1), ("products", 1, ""), ("dashboard", 2),
                     ("report", 2, 0), ("summary", 2, 1)], (("page", *p[:4]) for p in pages())):
                self.assertIn(what, wrong)
        self.assertEqual(wrong_answers(), [])


if __name__ == "__main__":
    main()
