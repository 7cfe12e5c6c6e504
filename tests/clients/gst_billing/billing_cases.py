"""GST billing: cacheops as the application uses it, and every way in which rows change.

Each case caches the same querysets, changes rows, and compares what cacheops answers
with the database.
"""

import datetime as dt
import io
import os
import unittest
import uuid
from decimal import Decimal

import project
from system import System

UTC = dt.timezone.utc


def invoice_id(number):
    return uuid.UUID(f"00000000-0000-4000-8000-{number:012}")


# The test says which.
with_signals = None


def setUpModule():
    global system
    system = System("gst_with_signals" if with_signals else "gst_billing",
                     {"default": {"db": 1, "prefix": project.PREFIX}}, example="gst_billing")
    project.setup(system, cache_on_save=with_signals)
    if not with_signals:
        project.switch_signals_off()


def tearDownModule():
    system.close()


def questions():
    """Name → what is asked of a queryset, and the queryset."""
    from billing.models import Business, Category, Customer, Invoice, LineItem, Product
    from django.db.models import Sum

    def rows(queryset):
        return list(queryset.order_by("pk").values())

    def objects(queryset):
        return [(o.pk, str(o.__dict__.get("total")), o.__dict__.get("name")) for o in queryset.order_by("pk")]

    def pks(queryset):
        return list(queryset.order_by("pk").distinct().values_list("pk", flat=True))

    return {
        "all businesses": (rows, Business.objects.all()),
        "business by GSTIN": (rows, Business.objects.filter(gstin="27ABCDE1001F1Z5")),
        "businesses made then": (pks, Business.objects.filter(created_at=dt.datetime(2024, 1, 2, 4, 30, tzinfo=UTC))),
        "customers of 1": (rows, Customer.objects.filter(business=1)),
        "customers without GSTIN": (pks, Customer.objects.filter(gstin=None)),
        "customers with credit": (pks, Customer.objects.filter(credit_limit=Decimal("1000"))),
        "customers without invoices": (pks, Customer.objects.filter(invoices__isnull=True)),
        "customers with drafts": (pks, Customer.objects.filter(invoices__status="draft")),
        "one customer": (lambda qs: [qs.get().name], Customer.objects.filter(pk=2)),
        "number of customers": (lambda qs: qs.count(), Customer.objects.filter(business=3)),
        "invoices of customer 2": (rows, Invoice.objects.filter(customer=2)),
        "invoices of customer 3": (objects, Invoice.objects.filter(customer_id=3)),
        "drafts": (pks, Invoice.objects.filter(status=Invoice.Status.DRAFT)),
        "paid or sent": (pks, Invoice.objects.filter(status__in=["paid", "sent"], business=1)),
        "interstate": (lambda qs: qs.count(), Invoice.objects.filter(is_interstate=True)),
        "without due date": (pks, Invoice.objects.filter(due_on__isnull=True)),
        "issued then": (pks, Invoice.objects.filter(issued_on=dt.date(2024, 1, 5))),
        "total of 101.25": (pks, Invoice.objects.filter(total=Decimal("101.250"))),
        "one invoice": (rows, Invoice.objects.filter(pk=invoice_id(7))),
        "is there a draft": (lambda qs: qs.exists(), Invoice.objects.filter(status="draft", business=3)),
        "sum": (lambda qs: qs.aggregate(s=Sum("total")), Invoice.objects.filter(business=3)),
        "lines of 7": (rows, LineItem.objects.filter(invoice=invoice_id(7))),
        "lines of product 4": (pks, LineItem.objects.filter(product__sku="SKU-4")),
        "products of category 2": (pks, Product.objects.filter(categories=2)),
        "products without category": (pks, Product.objects.filter(categories__isnull=True)),
        "spices": (pks, Product.objects.filter(categories__name="Spice & salt")),
        "taxed at 18": (pks, Product.objects.filter(tax_percent=18)),
        "categories": (rows, Category.objects.all()),
        "invoices of a state": (pks, Invoice.objects.filter(business__state_code="27", status="paid")),
    }


def answers(cached=True):
    return {name: read(queryset.all() if cached else queryset.nocache())
            for name, (read, queryset) in questions().items()}


class Cases(unittest.TestCase):

    def setUp(self):
        system.psql("TRUNCATE billing_business, billing_customer, billing_category, billing_product,"
                    " billing_product_categories, billing_invoice, billing_lineitem RESTART IDENTITY")
        system.psql_file("data")
        system.settle()
        self.before = answers()
        self.assertEqual(answers(), self.before)

    def check(self, *changed):
        """Every answer is the database's; these are other ones than before."""
        system.settle()
        cached = answers()
        expected = answers(cached=False)
        self.assertEqual({name for name in cached if cached[name] != expected[name]}, set())
        self.assertLessEqual(set(changed), {name for name in expected if expected[name] != self.before[name]})

    # --- the ORM ---

    def test_save(self):
        from billing.models import Customer
        customer = Customer.objects.nocache().get(pk=2)
        customer.name, customer.business_id, customer.gstin = "Renamed", 1, None
        customer.save()
        self.check("one customer", "customers of 1", "customers without GSTIN", "number of customers")

    def test_save_of_a_value_in_another_scale(self):
        from billing.models import Customer
        customer = Customer.objects.nocache().get(pk=5)
        customer.credit_limit = Decimal("1000.000")
        customer.save()
        self.check("customers with credit")

    def test_create_and_delete(self):
        from billing.models import Customer
        customer = Customer.objects.create(business_id=1, name="New", email="n@example.net", credit_limit=0)
        self.check("customers of 1", "customers without invoices")
        self.before = answers()
        customer.delete()
        self.check("customers of 1", "customers without invoices")

    def test_update(self):
        from billing.models import Invoice
        Invoice.objects.filter(customer=2).update(status="paid", total=Decimal("101.25"))
        self.check("invoices of customer 2", "sum", "total of 101.25")

    def test_update_of_a_text_that_is_in_no_condition(self):
        from billing.models import Invoice
        Invoice.objects.filter(pk=invoice_id(7)).update(notes="called")
        self.check("one invoice")

    def test_update_by_an_expression(self):
        from billing.models import Invoice
        from django.db.models import F
        Invoice.objects.filter(business=3).update(total=F("total") + 1)
        self.check("sum")

    def test_bulk_create(self):
        from billing.models import Invoice
        Invoice.objects.bulk_create([
            Invoice(business_id=3, customer_id=3, number=f"B{n}", issued_on=dt.date(2024, 1, 5), total=n) for n in range(3)])
        self.check("invoices of customer 3", "drafts", "issued then", "without due date")

    def test_bulk_update(self):
        from billing.models import Product
        products = list(Product.objects.nocache().filter(pk__lte=6))
        for product in products:
            product.tax_percent = 18
        Product.objects.bulk_update(products, ["tax_percent"])
        self.check("taxed at 18")

    def test_delete_of_a_queryset_that_cascades(self):
        from billing.models import Invoice
        Invoice.objects.filter(pk=invoice_id(7)).delete()
        self.check("one invoice", "lines of 7")

    def test_get_or_create_and_update_or_create(self):
        from billing.models import Category
        Category.objects.get_or_create(name="Tea")
        Category.objects.update_or_create(pk=3, defaults={"name": "Tools & more"})
        self.check("categories")

    def test_many_to_many(self):
        from billing.models import Category, Product
        product = Product.objects.nocache().get(pk=5)
        product.categories.add(2)
        self.check("products of category 2", "products without category", "spices")
        self.before = answers()
        product.categories.remove(Category.objects.nocache().get(pk=2))
        self.check("products of category 2", "products without category", "spices")
        self.before = answers()
        product.categories.set([1, 2])
        product.categories.clear()
        Product.objects.nocache().get(pk=1).categories.clear()
        self.check("products of category 2", "products without category")

    def test_a_row_of_a_joined_table(self):
        from billing.models import Business, Category
        Business.objects.filter(pk=1).update(state_code="07")
        Category.objects.filter(pk=2).update(name="Spices")
        self.check("invoices of a state", "spices", "all businesses")

    # --- transactions ---

    def test_a_transaction_that_is_rolled_back(self):
        from billing.models import Invoice
        from django.db import transaction
        keys = set(system.keys(1))
        with transaction.atomic():
            Invoice.objects.filter(pk=invoice_id(7)).update(total=1)
            self.assertEqual(Invoice.objects.get(pk=invoice_id(7)).total, 1)
            transaction.set_rollback(True)
        self.check()
        self.assertEqual(keys - set(system.keys(1)), set())

    def test_a_transaction_with_a_savepoint(self):
        from billing.models import Invoice
        from django.db import transaction
        with transaction.atomic():
            Invoice.objects.filter(pk=invoice_id(7)).update(total=2)
            try:
                with transaction.atomic():
                    Invoice.objects.filter(customer=3).delete()
                    raise ValueError
            except ValueError:
                pass
        self.check("one invoice")

    # --- without the ORM ---

    def test_raw_sql(self):
        from django.db import connection
        with connection.cursor() as cursor:
            cursor.execute("UPDATE billing_invoice SET status = 'draft', cust = 3 WHERE cust = 2")
        self.check("invoices of customer 2", "invoices of customer 3", "drafts", "customers without invoices")

    def test_psql(self):
        system.psql("UPDATE billing_business SET is_active = false, created_at = '2024-01-02 10:00+05:30';"
                    "INSERT INTO billing_lineitem SELECT nextval('billing_lineitem_id_seq'), invoice_id, product_id,"
                    " 9, 1, 1, 1 FROM billing_lineitem WHERE invoice_id = (SELECT id FROM billing_invoice"
                    " WHERE number = 'INV/8') LIMIT 1")
        self.check("all businesses", "businesses made then")

    def test_copy_and_truncate(self):
        system.psql("COPY billing_category FROM stdin;\n100\tSpice & salt\n\\.\n")
        self.check("categories")
        self.before = answers()
        schemes = project.PREFIX + "schemes:billing_product_categories"
        self.assertIn(schemes, system.keys(1))
        system.psql("TRUNCATE billing_product_categories")
        system.settle()
        self.assertNotIn(schemes, system.keys(1))
        self.check("products of category 2", "products without category", "spices")

    def test_what_has_not_changed_stays_cached(self):
        from cacheops.signals import cache_read
        hits = []

        def note(sender, func, hit, **rest):
            hits.append(hit)
        system.psql("UPDATE billing_category SET name = name || '!' WHERE id = 1")
        system.settle()
        cache_read.connect(note)
        answers()
        cache_read.disconnect(note)
        # only those that read the row, or all rows, of one table of seven
        self.assertGreater(sum(hits), len(hits) - 4)
        self.check("categories")

    # --- the rest of cacheops ---

    def test_cached_as(self):
        from billing.models import Invoice
        from cacheops import cached_as
        calls = []

        @cached_as(Invoice.objects.filter(customer=2), Invoice.objects.filter(status="draft"), keep_fresh=True)
        def report():
            calls.append(1)
            return len(calls)
        self.assertEqual([report(), report()], [1, 1])
        system.psql("UPDATE billing_invoice SET total = 3 WHERE cust = 2")
        system.settle()
        self.assertEqual(report(), 2)
        system.psql("UPDATE billing_invoice SET total = 3 WHERE cust <> 2 AND status = 'paid'")
        system.settle()
        self.assertEqual(report(), 2)

    def test_cached_as_notices_a_change_while_it_is_made(self):
        from billing.models import Invoice
        from cacheops import cached_as
        calls = []

        @cached_as(Invoice.objects.filter(customer=4), keep_fresh=True)
        def report():
            calls.append(1)
            if len(calls) == 1:
                system.psql("UPDATE billing_invoice SET total = 4 WHERE cust = 4")
                system.settle()
            return len(calls)
        self.assertEqual([report(), report(), report()], [1, 2, 2])

    def test_a_set_of_very_many_keys(self):
        from billing.models import Category
        client = system.redis(1)
        list(Category.objects.filter(name="Grain"))
        (name,) = [key for key in system.keys(1) if key.endswith("conj:billing_category:name=Grain")]
        for start in range(0, 20000, 1000):
            client.mset({f"many:{n}": 1 for n in range(start, start + 1000)})
            client.sadd(name, *[f"many:{n}" for n in range(start, start + 1000)])
        system.psql("UPDATE billing_category SET name = 'Grains' WHERE name = 'Grain'")
        self.check("categories")
        self.assertEqual([key for key in system.keys(1) if key.startswith("many:")], [])

    # --- rules ---

    def test_the_command_prints_the_rules(self):
        from django.core.management import CommandError, call_command
        out = io.StringIO()
        call_command("uncache_sql", stdout=out)
        with open(os.path.join(os.environ["EXAMPLES"], "gst_billing", "rules.sql")) as file:
            self.assertEqual(out.getvalue(), "".join(line for line in file if line.startswith("SELECT")))
        out = io.StringIO()
        call_command("uncache_sql", "billing", schema="public", target="orm", stdout=out)
        self.assertIn("""watch('"public"."billing_invoice"', cacheops => ARRAY['orm://billing_invoice',""", out.getvalue())
        with self.assertRaises(CommandError):
            call_command("uncache_sql", "no_such_app", stdout=out)

    def test_a_field_that_the_rule_does_not_know(self):
        system.psql("SELECT uncache.watch('billing_invoice', cacheops => ARRAY['billing_invoice'])")
        try:
            system.psql("UPDATE billing_invoice SET cust = 2, total = 7 WHERE cust = 3")
            self.check("invoices of customer 2", "invoices of customer 3")
        finally:
            system.psql_file("rules")
        with open(os.path.join(system.log_directory, f"{system.name}-uncached.log")) as file:
            self.assertIn("rows do not show which cacheops sets they are in", file.read())

    def test_the_schema_is_what_django_would_make(self):
        from django.apps import apps
        from django.db import connection
        for model in apps.get_app_config("billing").get_models(include_auto_created=True):
            fields = {field.column: (field.rel_db_type(connection) if field.is_relation else field.db_type(connection))
                      .replace("bigserial", "bigint").replace("varchar", "character varying").replace(", ", ",")
                      for field in model._meta.local_concrete_fields}
            columns = dict(system.query("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                                        " WHERE attrelid = %s::regclass AND attnum > 0", model._meta.db_table))
            self.assertEqual({name: kind.replace("timestamp with time zone", "timestamptz") for name, kind in columns.items()},
                             {name: kind.replace("timestamp with time zone", "timestamptz") for name, kind in fields.items()})

    def test_zz_without_the_daemon_answers_are_stale(self):
        with system.daemon_stopped():
            system.psql("UPDATE billing_invoice SET status = 'void' WHERE status = 'draft'")
            self.assertNotEqual(answers()["drafts"], answers(cached=False)["drafts"])
        self.check("drafts")
