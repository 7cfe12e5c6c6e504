"""The jewelry platform's settings, models, cache utilities and views, with django-redis.

Nothing here invalidates: there are no signals, and no cache.delete.
"""

import functools
import hashlib
import json
import os
import time

import django
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

ALIASES = {"default": (0, "jewelry_shop", 300), "query": (1, "jewelry_shop_query", 900),
           "template": (2, "jewelry_shop_template", 600), "api": (3, "jewelry_shop_api", 180)}
LONGEST_TTL = 3600


def configure(database, url):
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": database,
                               "HOST": os.environ["PGHOST"], "USER": os.environ["PGUSER"]}},
        CACHES={alias: {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": url(db),
                        "OPTIONS": {"CLIENT_CLASS": "django_redis.client.DefaultClient"},
                        "KEY_PREFIX": prefix, "TIMEOUT": timeout}
                for alias, (db, prefix, timeout) in ALIASES.items()},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField", USE_TZ=True, TIME_ZONE="Asia/Kolkata")
    django.setup()


# --- cache utilities ---

def get_tenant_cache_key(tenant_id, prefix, **params):
    if not params:
        return f"tenant:{tenant_id}:{prefix}"
    text = json.dumps(params, sort_keys=True, default=str)
    return f"tenant:{tenant_id}:{prefix}:{hashlib.md5(text.encode()).hexdigest()}"


def remember(alias, key, value, tags, timeout=None):
    """Caches a value and registers its key under tags, in one step."""
    from django.core.cache import caches
    from django_redis import get_redis_connection

    cache = caches[alias]
    with get_redis_connection(alias).pipeline(transaction=True) as pipe:
        cache.set(key, value, timeout or ALIASES[alias][2], client=pipe)
        for tag in tags:
            name = cache.make_key("tag:" + tag)
            pipe.sadd(name, cache.make_key(key))
            pipe.expire(name, LONGEST_TTL)
        pipe.execute()


def plain(value):
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


def cached(alias, key, load, tags=()):
    from django.core.cache import caches

    value = caches[alias].get(key)
    if value is None:
        value = plain(load())
        remember(alias, key, value, tags)
    return value


def cache_tenant_query(key_prefix, topic, alias="query"):
    """For functions whose first argument is the tenant; topic says what their rows are."""
    def decorator(function):
        @functools.wraps(function)
        def wrapper(tenant_id, **params):
            key = get_tenant_cache_key(tenant_id, key_prefix, **params)
            return cached(alias, key, lambda: function(tenant_id, **params),
                          [f"tenant:{tenant_id}", f"tenant:{tenant_id}:{topic}"])
        wrapper.uncached = function
        return wrapper
    return decorator


def tenant_version(tenant_id):
    """Stands in the names of reports: read it before the database."""
    from django.core.cache import caches

    cache = caches["query"]
    while True:
        version = cache.get(f"ver:tenant:{tenant_id}")
        if version is not None:
            return version
        cache.add(f"ver:tenant:{tenant_id}", time.time_ns() // 1000, timeout=None)


# --- what is cached ---

def define():
    """Models and functions, as soon as Django is configured."""
    from django.db import models
    from django.db.models import Count, Sum

    class Shop(models.Model):
        class Meta:
            abstract = True
            app_label = "shop"
            managed = False

    class Tenant(Shop):
        name = models.CharField(max_length=100)

        class Meta(Shop.Meta):
            db_table = "core_tenant"

    class Branch(Shop):
        tenant = models.ForeignKey(Tenant, models.DO_NOTHING)
        name = models.CharField(max_length=100)

        class Meta(Shop.Meta):
            db_table = "core_branch"

    class Category(Shop):
        tenant = models.ForeignKey(Tenant, models.DO_NOTHING)
        name = models.CharField(max_length=100)

        class Meta(Shop.Meta):
            db_table = "inventory_category"

    class InventoryItem(Shop):
        tenant = models.ForeignKey(Tenant, models.DO_NOTHING)
        branch = models.ForeignKey(Branch, models.DO_NOTHING)
        category = models.ForeignKey(Category, models.DO_NOTHING)
        sku = models.CharField(max_length=40)
        weight_grams = models.DecimalField(max_digits=10, decimal_places=3)
        price = models.DecimalField(max_digits=12, decimal_places=2)
        is_wholesale = models.BooleanField()

        class Meta(Shop.Meta):
            db_table = "inventory_inventoryitem"

    class Sale(Shop):
        tenant = models.ForeignKey(Tenant, models.DO_NOTHING)
        branch = models.ForeignKey(Branch, models.DO_NOTHING)
        total = models.DecimalField(max_digits=12, decimal_places=2)
        created_at = models.DateTimeField()

        class Meta(Shop.Meta):
            db_table = "sales_sale"

    class GoldRate(Shop):
        karat = models.IntegerField(primary_key=True)
        price = models.DecimalField(max_digits=12, decimal_places=2)

        class Meta(Shop.Meta):
            db_table = "rates_goldrate"

    def load_gold_rate():
        return list(GoldRate.objects.order_by("karat").values("karat", "price"))

    def load_dashboard(tenant_id):
        weight = InventoryItem.objects.filter(tenant_id=tenant_id).aggregate(
            weight=Sum("weight_grams"), items=Count("id"))
        return {"tenant": list(Tenant.objects.filter(id=tenant_id).values_list("name", flat=True)),
                "branches": list(Branch.objects.filter(tenant_id=tenant_id).order_by("id").values("name")),
                "sales": Sale.objects.filter(tenant_id=tenant_id).aggregate(total=Sum("total")),
                "stock": weight, "rates": load_gold_rate()}

    def load_branch_inventory(tenant_id, branch_id):
        return list(InventoryItem.objects.filter(tenant_id=tenant_id, branch_id=branch_id)
                    .order_by("id").values("sku", "price", "weight_grams"))

    @cache_tenant_query("inventory_list", "inventory")
    def get_inventory_items(tenant_id, branch_id=None):
        items = InventoryItem.objects.filter(tenant_id=tenant_id)
        if branch_id:
            items = items.filter(branch_id=branch_id)
        return list(items.order_by("id").values("sku", "price", "branch__name", "category__name"))

    @cache_tenant_query("sales_summary", "sales")
    def get_sales_summary(tenant_id, start, end):
        return Sale.objects.filter(tenant_id=tenant_id, created_at__date__range=[start, end]).aggregate(
            total=Sum("total"), count=Count("id"))

    @cache_tenant_query("product_list", "inventory", alias="api")
    def list_products(tenant_id, query=""):
        return list(InventoryItem.objects.filter(tenant_id=tenant_id, sku__contains=query)
                    .order_by("id").values("id", "sku", "price", "category__name"))

    def load_report(tenant_id, params):
        return list(Sale.objects.filter(tenant_id=tenant_id,
                                        created_at__date__range=[params["start_date"], params["end_date"]])
                    .values("branch__name").annotate(total=Sum("total")).order_by("branch_id"))

    def get_report(tenant_id, params):
        prefix = f"v{tenant_version(tenant_id)}:report:sales_report"
        return cached("query", get_tenant_cache_key(tenant_id, prefix, **params),
                      lambda: load_report(tenant_id, params))

    def get_dashboard(tenant_id):
        return cached("default", get_tenant_cache_key(tenant_id, "dashboard"),
                      lambda: load_dashboard(tenant_id))

    def get_branch_inventory(tenant_id, branch_id):
        return cached("default", get_tenant_cache_key(tenant_id, f"branch:{branch_id}:inventory"),
                      lambda: load_branch_inventory(tenant_id, branch_id), [f"tenant:{tenant_id}"])

    def get_gold_rate():
        return cached("default", "gold_rate", load_gold_rate)

    return {name: value for name, value in locals().items() if name != "models"}


FRAGMENTS = """{% load cache %}
{% cache 600 sidebar tenant.id using="template" %}{{ tenant.name }}{% for b in branches %} {{ b.name }}{% endfor %}{% endcache %}
{% cache 3600 navigation tenant.id LANGUAGE_CODE using="template" %}{{ LANGUAGE_CODE }} {{ tenant.name }}{% for c in categories %} {{ c.name }}{% endfor %}{% endcache %}
{% cache 1800 dashboard_widgets tenant.id role using="template" %}{{ tenant.name }} {{ role }} {{ sold }}{% endcache %}
{% cache 300 daily_stats tenant.id today using="template" %}{{ today.isoformat }} {{ sold_today }}{% endcache %}
{% for c in categories %}{% cache 600 product_list tenant.id c.name wholesale using="template" %}{{ c.list }}{% endcache %}
{% endfor %}"""
