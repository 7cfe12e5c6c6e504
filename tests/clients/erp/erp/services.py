"""What the ERP system caches, through django.core.cache. Nothing here deletes."""

import hashlib
import json
import time

from django.core.cache import caches
from django_redis import get_redis_connection

from erp.models import (Category, Currency, Organization, Permission, Product, TaxRate, User)

LONGEST_TTL = 3600


def key(app_label, model_name, identifier, context):
    """<app_label>:<model_name>:<identifier>:<subset_or_context>"""
    return f"{app_label}:{model_name}:{identifier}:{context}"


def digest(filters):
    return hashlib.md5(json.dumps(filters, sort_keys=True).encode()).hexdigest()


def cached(alias, name, load, version=None):
    cache = caches[alias]
    value = cache.get(name, version=version)
    if value is None:
        value = load()
        cache.set(name, value, version=version)
    return value


# --- permissions ---

def load_permissions(user_id):
    rows = (Permission.objects.filter(role__assignment__user_id=user_id, role__is_active=True)
            .values_list("role__assignment__organization_id", "codename").distinct())
    result = {}
    for organization, codename in sorted(rows):
        result.setdefault(organization, []).append(codename)
    return result


def get_permissions(user_id):
    return cached("permissions", key("rbac", "user", user_id, "org_permissions"),
                  lambda: load_permissions(user_id))


# --- reference data ---

def load_currencies():
    return list(Currency.objects.filter(is_active=True).order_by("code").values_list("code", "name"))


def get_currencies():
    return cached("default", key("core", "currency", "list", "active"), load_currencies)


def load_tax_rate(jurisdiction, category, date):
    return (TaxRate.objects.filter(jurisdiction=jurisdiction, category=category, valid_from__lte=date)
            .order_by("-valid_from").values_list("percent", flat=True).first())


def get_tax_rate(jurisdiction, category, date):
    """Any day may be asked for: registered under a tag of its jurisdiction and category."""
    cache = caches["default"]
    name = key("taxes", "taxrate", f"{jurisdiction}:{category}", date)
    value = cache.get(name)
    if value is None:
        value = load_tax_rate(jurisdiction, category, date)
        tag = cache.make_key(f"tag:taxrate:{jurisdiction}:{category}")
        with get_redis_connection("default").pipeline(transaction=True) as pipe:
            cache.set(name, value, client=pipe)
            pipe.sadd(tag, cache.make_key(name))
            pipe.expire(tag, LONGEST_TTL)
            pipe.execute()
    return value


# --- organizations and profiles ---

def load_summary(organization_id):
    return list(Organization.objects.filter(id=organization_id).values("name", "type__code", "is_active"))


def get_summary(organization_id):
    return cached("default", key("organizations", "organization", organization_id, "summary"),
                  lambda: load_summary(organization_id))


def load_organizations(type_code):
    return list(Organization.objects.filter(type__code=type_code, is_active=True)
                .order_by("id").values("id", "name"))


def get_organizations(type_code):
    return cached("default", key("organizations", "organization", "list", f"active_type_{type_code}"),
                  lambda: load_organizations(type_code))


def load_profile(user_id):
    return list(User.objects.filter(id=user_id).values("full_name", "organization__name"))


def get_profile(user_id):
    return cached("default", key("core", "user", user_id, "profile"), lambda: load_profile(user_id))


# --- products ---

def load_product(product_id, version=1):
    fields = ["sku", "price"] if version == 1 else ["sku", "price", "is_active"]
    return list(Product.objects.filter(id=product_id).values(*fields))


def get_product(product_id, version=1):
    """Servers of the next release store another form, under Django's version=2."""
    return cached("default", key("products", "product", product_id, "details"),
                  lambda: load_product(product_id, version), version)


def get_product_api(product_id):
    return cached("api_responses", key("products", "product", product_id, "api_v1"),
                  lambda: load_product(product_id))


def products_version():
    cache = caches["api_responses"]
    while True:
        version = cache.get("ver:products:product")
        if version is not None:
            return version
        cache.add("ver:products:product", time.time_ns() // 1000, timeout=None)


def load_products(**filters):
    return list(Product.objects.filter(**filters).order_by("id").values("id", "sku", "price"))


def get_products(**filters):
    """A list under Django's version=, which is a counter that products change."""
    version = products_version()
    return cached("api_responses", key("products", "product", "list", digest(filters)),
                  lambda: load_products(**filters), version)


def load_category(category_id, **filters):
    return list(Category.objects.filter(id=category_id, **filters).values("name"))


def get_category(category_id, **filters):
    return cached("api_responses", key("products", "category", category_id, f"tree:{digest(filters)}"),
                  lambda: load_category(category_id, **filters))
